"""Runs that failed without a reason: how many, since when, and how to get at it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.logline import LogEvent
from sqsctl.model.stack import DeadLetters, FunctionLogs, Group, Stack, Unread
from sqsctl.operations.diagnosis.explain import explain
from tests.checks.build import (
    DLQ,
    NOW,
    PREFIX,
    PRODUCER,
    WORKER,
    ago,
    function,
    invocation,
    of_events,
    series,
    stack,
)

GROUP = f"/aws/lambda/{WORKER}"
FIGURES = (series(WORKER, "Errors", 2, 3, ends=600), series(WORKER, "Invocations", 2, 3, ends=600))
SILENT = FunctionLogs(WORKER, GROUP)
ERROR = (
    "[ERROR] KeyError: 'size'\nTraceback (most recent call last):\n"
    '  File "/var/task/w.py", line 3, in handler'
)


def found(broken: Stack) -> Finding:
    return next(each for each in diagnose(broken).findings if each.id == "failures-unexplained")


def read(*logs: FunctionLogs, gap: Unread | None = None, **fields: Any) -> Stack:
    broken = stack(logs=logs, metrics=FIGURES, functions=(function(**fields), function(PRODUCER)))
    return replace(broken, logs=Group(broken.logs.items, (gap,) if gap else ()))


def commands(finding: Finding) -> str:
    return "\n".join(finding.fix.commands)


def test_how_many_of_how_many_since_when() -> None:
    told = found(read(SILENT))
    assert "failed 5 of 5 runs since 2026-11-23 11:49Z" in told.title
    assert "its log is silent" in told.title
    assert told.severity is Severity.ERROR


def test_a_log_that_may_not_be_read_names_the_action() -> None:
    gap = Unread(f"log group {GROUP}", "access denied", "logs:FilterLogEvents")
    told = found(read(gap=gap))
    assert "logs:FilterLogEvents" in told.title
    assert "allow logs:FilterLogEvents" in told.fix.summary
    # The same is among what was not seen, with what to do.
    (unseen,) = diagnose(read(gap=gap)).unseen
    assert (unseen.action, "logs:FilterLogEvents" in unseen.remedy) == (gap.action, True)


def test_a_group_that_cannot_be_filtered_is_queried() -> None:
    told = found(read(FunctionLogs(WORKER, GROUP, log_class="INFREQUENT_ACCESS")))
    assert "cannot be filtered" in told.title
    assert "aws logs start-query" in commands(told)
    assert GROUP in commands(told)


def test_levels_that_drop_the_lines() -> None:
    told = found(read(SILENT, log_format="JSON", application_log_level="ERROR"))
    assert "drop lines" in told.title
    assert "INFO" in commands(told)


def test_lines_that_have_expired() -> None:
    long_ago = 3 * 86_400
    figures = (
        series(WORKER, "Errors", 5, ends=long_ago),
        series(WORKER, "Invocations", 5, ends=long_ago),
    )
    logs = FunctionLogs(WORKER, GROUP, retention_days=1)
    unchanged = (function(last_modified=ago(10 * 86_400)),)
    broken = stack(logs=(logs,), metrics=figures, functions=unchanged)
    assert "keeps lines for 1 day" in found(broken).title


def test_no_group_wants_the_role_to_write() -> None:
    told = found(read(FunctionLogs(WORKER, GROUP, exists=False)))
    assert "no log group" in told.title
    assert "attach-role-policy" in commands(told)


def test_what_the_log_explains_is_no_riddle() -> None:
    figures = (series(WORKER, "Errors", 1, ends=60), series(WORKER, "Invocations", 1, ends=60))
    broken = stack(logs=(of_events(invocation(7, ERROR, at=ago(60))),), metrics=figures)
    assert [each.id for each in diagnose(broken).findings] == ["unhandled-error"]


def test_other_failures_than_those_that_the_log_tells() -> None:
    """A log that tells of one error does not explain those of another hour."""
    figures = (
        series(WORKER, "Errors", *([4] + [0] * 119 + [1])),
        series(WORKER, "Invocations", *([4] + [0] * 119 + [1])),
    )
    told = found(stack(logs=(of_events(invocation(7, ERROR, at=ago(30))),), metrics=figures))
    assert "failed 4 of 5 runs" in told.title


def test_a_run_of_which_report_alone_says_that_it_failed() -> None:
    log = of_events(invocation(7, "working", at=ago(60), report="Status: error"))
    told = found(stack(logs=(log,)))
    assert "failed 1 of 1 run" in told.title
    text = "\n".join(each.message for each in invocation(7, at=NOW, report="Status: error"))
    assert [each.id for each in explain(text).findings] == ["failures-unexplained"]


@pytest.mark.parametrize("since", ["changed", "runs"])
def test_what_is_over_is_told_as_past(since: str) -> None:
    worker = function(last_modified=ago(300)) if since == "changed" else function()
    figures = (
        (series(WORKER, "Errors", 4, ends=600), series(WORKER, "Invocations", 4, ends=600))
        if since == "changed"
        else (series(WORKER, "Errors", 4, 0, 0), series(WORKER, "Invocations", 4, 3, 3))
    )
    wrote = of_events(invocation(7, "done", at=ago(5_000)))
    broken = stack(functions=(worker,), logs=(wrote,), metrics=figures)
    assert found(broken).past
    assert diagnose(broken).verdict == "healthy"


def test_dead_letters_and_silent_failures_belong_together() -> None:
    dead = (DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 3),)
    broken = stack(logs=(SILENT,), metrics=FIGURES, dead_letters=dead)
    letters = next(each for each in diagnose(broken).findings if each.id == "dead-letters")
    assert letters.explained_by == "failures-unexplained"


REPORTED = (
    '{"time":"2026-11-23T08:00:00.000Z","type":"platform.report","record":{"requestId":'
    '"5954b0b1-0155-4220-9ff3-d0841f795c48","status":"%s","errorType":"%s","metrics":'
    '{"durationMs":906.0,"billedDurationMs":907,"memorySizeMB":128,"maxMemoryUsedMB":60}}}'
)


@pytest.mark.parametrize(
    ("status", "kind", "check"),
    [
        ("error", "Runtime.ImportModuleError", "import-module-missing"),
        ("error", "Runtime.HandlerNotFound", "handler-not-found"),
        ("error", "Runtime.UserCodeSyntaxError", "syntax-error"),
        ("error", "Runtime.OutOfMemory", "out-of-memory"),
        ("error", "Runtime.ExitError", "runtime-exit"),
        ("timeout", "Sandbox.Timedout", "function-timeout"),
        ("error", "KeyError", "unhandled-error"),
        ("error", "AccessDeniedException", "access-denied"),
        ("error", "AccessDenied", "access-denied"),
        ("error", "UnauthorizedOperation", "access-denied"),
        ("error", "ModuleNotFoundError", "import-module-missing"),
        ("error", "QueueDoesNotExist", "queue-not-found"),
        ("error", "KMSDisabledException", "kms-access-denied"),
        ("error", "ThrottlingException", "throttled"),
        ("error", "EndpointConnectionError", "network-unreachable"),
        ("error", "AccessGate", "unhandled-error"),
        ("error", "", "failures-unexplained"),
    ],
)
def test_the_type_that_report_names_is_taken_for_what_it_is(
    status: str, kind: str, check: str
) -> None:
    """The levels dropped everything else."""
    found = explain(REPORTED % (status, kind))
    assert [each.id for each in found.findings] == [check]
    (finding,) = found.findings
    assert kind.removeprefix("Runtime.") in finding.evidence[0].value
    if kind and not kind.startswith(("Runtime.", "Sandbox.", "Extension.")):
        assert finding.confidence < Confidence.HIGH


def test_a_refusal_of_which_the_type_is_left_is_found_out_first() -> None:
    """Which call it was nobody knows: nothing is allowed blindly, the level is lowered."""
    events = tuple(
        LogEvent(text, ago(60), "s", f"/aws/lambda/{WORKER}")
        for text in (REPORTED % ("error", "AccessDeniedException")).split("\n")
    )
    own = (function(log_format="JSON", application_log_level="ERROR", system_log_level="WARN"),)
    found = diagnose(stack(functions=own, logs=(of_events(events),))).findings
    (finding,) = (each for each in found if each.id == "access-denied")
    assert finding.confidence is Confidence.LOW
    assert "which one the log does not tell" in finding.title
    words = " ".join(finding.fix.commands)
    assert "ApplicationLogLevel" in words
    assert "logs tail --errors" in words
    assert "iam" not in words
