"""Diagnose log text alone, offline: for a person who can only paste."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqsctl.checks.rank import diagnose
from sqsctl.logtext import Reading, events_from_text, read, unwrapped
from sqsctl.model.finding import Confidence, Diagnosis, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.logline import LogEvent
from sqsctl.model.stack import (
    ErrorText,
    Fact,
    FunctionLogs,
    Group,
    Stack,
    Unread,
)

_NAME = "the text"
_LAMBDA = "/aws/lambda/"


def explain(
    text: str, *, runtime: str | None = None, function_timeout_s: int | None = None
) -> Diagnosis:
    """What log text, or the error that a deploy or a call printed, says is wrong.

    ``runtime`` and ``function_timeout_s`` are what the text does not tell. Everything else of
    a stack counts as unread, so checks that need it are skipped with that reason.
    """
    found, survived = _diagnosed(text, runtime, function_timeout_s)
    if _names_a_cause(found) or survived or len(text) > _MOST_WRAPPED:
        return found
    # A copy may have broken the very words that tell the cause.
    for each in unwrapped(text):
        again, _ = _diagnosed(each, runtime, function_timeout_s)
        if _names_a_cause(again):
            return again
    return found


# Nobody copies more than that out of a terminal.
_MOST_WRAPPED = 200_000
# What these say is true of any failure: a check that knows the failure says more.
_GENERAL = frozenset({"unhandled-error", "runtime-exit", "downstream-error"})


def _names_a_cause(found: Diagnosis) -> bool:
    return any(
        each.severity >= Severity.WARNING
        and each.id not in _GENERAL
        # A refusal in AWS's words alone, of which nothing more is known.
        and not (each.id == "deploy-rejected" and each.confidence is Confidence.LOW)
        for each in found.findings
    )


def _diagnosed(
    text: str, runtime: str | None, function_timeout_s: int | None
) -> tuple[Diagnosis, bool]:
    """The diagnosis, and whether the text tells of errors that code lived through."""
    events = events_from_text(text)
    reading = read(events, excerpt=True)
    understood = bool(reading.failures or reading.attempts or reading.survived)
    logs = _by_group(events, reading) if understood else ()
    errors = () if understood else (ErrorText(text),)
    functions = _functions(logs, runtime, function_timeout_s)
    stack = replace(
        _nothing_read(),
        functions=Group(functions) if functions else _unread(Fact.FUNCTIONS),
        logs=Group(logs),
        errors=Group(errors),
    )
    return diagnose(stack), bool(reading.survived)


def _nothing_read() -> Stack:
    return Stack(
        name=_NAME,
        region="",
        queues=_unread(Fact.QUEUES),
        mappings=_unread(Fact.MAPPINGS),
        apis=_unread(Fact.APIS),
        concurrency=_unread(Fact.CONCURRENCY),
        recursion=_unread(Fact.RECURSION),
        policies=_unread(Fact.POLICIES),
        permissions=_unread(Fact.PERMISSIONS),
        packages=_unread(Fact.PACKAGES),
        dead_letters=_unread(Fact.DEAD_LETTERS),
        dead_letter_feeds=_unread(Fact.DEAD_LETTER_FEEDS),
        metrics=_unread(Fact.METRICS),
        networks=_unread(Fact.NETWORKS),
        keys=_unread(Fact.KEYS),
        named_queues=_unread(Fact.NAMED_QUEUES),
        alarms=_unread(Fact.ALARMS),
        project=_unread(Fact.PROJECT),
    )


def _unread(fact: Fact) -> Group[Any]:
    return Group(unread=(Unread(fact.value, "only text was given", on_purpose=True),))


def _by_group(events: tuple[LogEvent, ...], whole: Reading) -> tuple[FunctionLogs, ...]:
    groups: dict[str, list[LogEvent]] = {}
    for event in events:
        groups.setdefault(event.group, []).append(event)
    found = []
    for group, own in groups.items():
        reading = read(own, excerpt=True) if len(groups) > 1 else whole
        found.append(
            FunctionLogs(
                function=group.removeprefix(_LAMBDA) if group.startswith(_LAMBDA) else "",
                group=group,
                attempts=reading.attempts,
                failures=reading.failures,
                events=tuple(own),
            )
        )
    return tuple(found)


def _functions(
    logs: tuple[FunctionLogs, ...], runtime: str | None, timeout_s: int | None
) -> tuple[Function, ...]:
    if runtime is None and timeout_s is None:
        return ()
    names = [each.function for each in logs if each.function] or [""]
    defaults = Function(name="", arn="")
    return tuple(
        Function(
            name=name,
            arn="",
            runtime=runtime,
            timeout_s=timeout_s if timeout_s is not None else defaults.timeout_s,
        )
        for name in names
    )
