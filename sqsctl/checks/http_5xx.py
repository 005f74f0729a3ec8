"""The API answers with server errors.

## What it does
Counts 5xx answers of the stack's APIs and says which kind the figures point at: throttled
(503 within milliseconds, Throttles on the function), integration timeout (about 30 s), or
the function's own error.

## Why it matters
Each is a request that a client made for nothing; a message that never reached the queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.failures.log_check import past
from sqsctl.model.finding import Evidence, Finding, Kind, Severity
from sqsctl.model.intents import Look, remedy
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Api, Fact, Series, Stack

_SLOW_MS = 28_000


class Http5xx(Check):
    meta = Meta(
        id="http-5xx",
        title="The API answers without server errors",
        severity=Severity.WARNING,
        kind=Kind.SYMPTOM,
        needs=frozenset({Fact.APIS, Fact.METRICS}),
        uses=frozenset({Fact.FUNCTIONS}),
        reference=(
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for api in stack.apis:
            failed = figures.series(stack, figures.api_resource(api), *figures.FIVE_HUNDREDS)
            if failed is None or figures.total(failed) <= 0:
                continue
            found = self._found(api, failed, stack)
            over = _over(api, failed, stack)
            yield past(found, over) if over else found

    def _found(self, api: Api, failed: Series, stack: Stack) -> Finding:
        resource = figures.api_resource(api)
        count = figures.series(stack, resource, "Count")
        latency = figures.series(stack, resource, "IntegrationLatency")
        number, asked = figures.total(failed), figures.total(count)
        many = f"{number:.0f} of {counted(round(asked), 'request')}"
        answered = many if asked else counted(round(number), "request")
        evidence = [figures.evidence(failed, failed.metric, f"{number:.0f} in all")]
        if count:
            evidence.append(figures.evidence(count, "Count", f"{asked:.0f} in all"))
        if latency:
            evidence.append(
                figures.evidence(
                    latency, "IntegrationLatency", f"{figures.peak(latency):.0f} ms at most"
                )
            )
        evidence += _functions(api, stack)
        found = self.found(
            f"API {api.name or api.id} answered {answered} with 5xx{_kind(latency)}",
            evidence=evidence,
            remedy=remedy(
                "see the cause above; a fast 503 is throttling, one after 30 s the integration's "
                "timeout, a 500 the function's error or a missing permission",
                *_looks(api, stack),
            ),
            subject=api.name or api.id,
        )
        last = figures.last_above(failed)
        ended = last + timedelta(seconds=failed.period_s) if last else None
        return replace(found, since=figures.first_above(failed), until=ended)


def _looks(api: Api, stack: Stack) -> tuple[Look, ...]:
    """What looks closer; without a stack, at the functions behind the API."""
    names = dict.fromkeys(route.function_name for route in api.routes if route.function_name)
    which = () if stack.stack_name else [word for name in names for word in ("--function", name)]
    if not stack.stack_name and not which:
        return ()
    return Look(words=("logs", "tail", "--errors", *which)), Look(words=("metrics", *which))


def _kind(latency: Series | None) -> str:
    return ", after the integration timed out" if figures.peak(latency) >= _SLOW_MS else ""


def _functions(api: Api, stack: Stack) -> list[Evidence]:
    """What the functions behind the API were measured to do."""
    found: list[Evidence] = []
    for name in dict.fromkeys(route.function_name for route in api.routes if route.function_name):
        for metric in ("Throttles", "Errors"):
            measured = figures.series(stack, name, metric)
            if measured and figures.total(measured) > 0:
                found.append(
                    figures.evidence(measured, metric, f"{figures.total(measured):.0f} in all")
                )
    return found


def _over(api: Api, failed: Series, stack: Stack) -> str:
    """Why it is over: requests since the last failure succeeded, or its function was changed."""
    last = figures.last_above(failed)
    if last is None:
        return "none in the last of its periods"
    count = figures.series(stack, figures.api_resource(api), "Count")
    after = figures.total_after(count, last) if count else 0
    if after > 0:
        return f"{counted(round(after), 'request')} after the last one succeeded"
    names = {route.function_name for route in api.routes}
    changed = [
        each.last_modified for each in stack.functions if each.name in names and each.last_modified
    ]
    # The failure may lie anywhere in its period: only a change after its end proves anything.
    since = [at for at in changed if (at - last).total_seconds() > failed.period_s]
    return f"its function was changed at {max(since):%Y-%m-%d %H:%M:%S}Z" if since else ""
