"""A function runs into its timeout.

## What it does
Reads the platform's own words for it: `Task timed out after …`, `Sandbox.Timedout`,
REPORT and platform.report with status timeout. Compares with the configured timeout and
with the visibility timeout of the queues that the function consumes, so that the fix
raises both together.

Where the log does not tell, a run that failed after just that time does, by the metrics Duration
and Errors.

It also warns before it happens: where two invocations or more since the function was last
changed took at least 80 % of the timeout and none was stopped yet, by their REPORT lines or by
the metric Duration. Durations vary by more than the fifth that is left. One long invocation
alone is no sign, and a timeout below 3 s (Lambda's own default) is not judged: a single slow
connection fills it.

## Why it matters
Lambda stops the function in the middle of its work. The message counts as not handled and
comes back: work already done is done again, and after maxReceiveCount turns the message is
dead-lettered though it may have been handled each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil

from sqsctl.checks.base import Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_function, of_queue
from sqsctl.checks.support.failures.failure_cases import Case, reading_of
from sqsctl.checks.support.failures.freshness import newest_moment
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import Look, Option, Redrive, Remedy, Set, Tell, call, remedy
from sqsctl.model.stack import (
    Fact,
    Queue,
    Stack,
)
from sqsctl.remedies.cli import FUNCTION

_AFTER = re.compile(r"timed out after (\d{1,6}(?:\.\d{1,3})?) seconds")
LONGEST_S = 900
NEAR_PERCENT = 80
LEAST_S = 3
SIGNS = 2


class FunctionTimeout(LogCheck[str]):
    meta = Meta(
        id="function-timeout",
        title="Functions come to their end within their timeout",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | {Fact.QUEUES, Fact.METRICS},
        reference="https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html",
    )

    def recognise(self, case: Case) -> str | None:
        return "timeout" if timed_out(case) else None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        stopped, told = set(), set()
        for finding in super().diagnose(stack):
            told.add(finding.subject)
            if not finding.past:
                stopped.add(finding.subject)
            yield finding
        for function in stack.functions:
            if function.name in stopped or function.timeout_s < LEAST_S:
                continue
            measured = None if function.name in told else _stopped_in_metrics(stack, function)
            if measured is not None:
                yield self._measured(function, measured, stack)
            else:
                near = _near_in_log(stack, function) or _near_in_metrics(stack, function)
                if near:
                    yield self._close(function, *near, stack)

    def _measured(
        self, function: Function, evidence: tuple[Evidence, ...], stack: Stack
    ) -> Finding:
        """Where the log does not tell: runs that failed after just the timeout."""
        queues = tuple(q for q, f, _ in stack.consumed() if f.name == function.name)
        return self.found(
            f"{function.name} is stopped at its timeout of {function.timeout_s} s, by its figures",
            evidence=(
                *evidence,
                of_function(function, "Timeout", f"{function.timeout_s} s"),
                *_queues_evidence(queues),
            ),
            remedy=longer(function.name, function.timeout_s, queues, function),
            subject=function.name,
            confidence=Confidence.MEDIUM,
        )

    def _close(
        self, function: Function, longest_s: float, evidence: Evidence, stack: Stack
    ) -> Finding:
        queues = tuple(q for q, f, _ in stack.consumed() if f.name == function.name)
        share = _percent(longest_s * 1000, function)
        return self.found(
            f"{function.name} comes close to its timeout of {function.timeout_s} s: it took up "
            f"to {longest_s:.1f} s ({share:.0f} %)",
            evidence=(
                evidence,
                of_function(function, "Timeout", f"{function.timeout_s} s"),
                *_queues_evidence(queues),
            ),
            remedy=longer(function.name, function.timeout_s, queues, function),
            subject=function.name,
            severity=Severity.WARNING,
            kind=Kind.RISK,
            explains=(),
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        function = stack.function(seen.function)
        limit = _limit_then(seen, function)
        queues = tuple(q for q, f, _ in stack.consumed() if f.name == seen.function)
        times = f" ({seen.count} times)" if seen.count > 1 else ""
        of = f" of {limit:g} s" if limit else ""
        return self.found(
            f"{seen.who} is stopped at its timeout{of}{times}",
            evidence=(
                *seen.evidence(),
                *(
                    (of_function(function, "Timeout", f"{function.timeout_s} s"),)
                    if function
                    else ()
                ),
                *_queues_evidence(queues),
            ),
            remedy=longer(seen.function, limit, queues, function),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _percent(duration_ms: float, function: Function) -> float:
    """A duration as part of the function's timeout."""
    return duration_ms / (10 * function.timeout_s)


def _near_in_log(stack: Stack, function: Function) -> tuple[float, Evidence] | None:
    """The longest of the invocations that came close, as REPORT tells, and how many there were."""
    for logs in stack.logs:
        if logs.function != function.name:
            continue
        found = [
            (each.duration_ms / 1000, moment)
            for each in reading_of(logs)[0]
            if each.duration_ms is not None
            and each.failure is None
            and _percent(each.duration_ms, function) >= NEAR_PERCENT
            and (moment := newest_moment(each))
            and (function.last_modified is None or moment > function.last_modified)
        ]
        if len(found) >= SIGNS:
            longest, at = max(found)
            said = f"{longest * 1000:.0f} ms, one of {len(found)} that took at least 80 %"
            return longest, Evidence(f"log {logs.group}", "REPORT Duration", said, at)
    return None


def _near_in_metrics(stack: Stack, function: Function) -> tuple[float, Evidence] | None:
    """The same by CloudWatch's figures, a point for each minute or more."""
    found = figures.series(stack, function.name, "Duration", statistic="Maximum")
    near = [
        (value / 1000, at)
        for at, value in (found.points if found else ())
        if NEAR_PERCENT <= _percent(value, function) < 100
        and (function.last_modified is None or at > function.last_modified)
    ]
    if found is None or len(near) < SIGNS:
        return None
    longest, at = max(near)
    said = f"{longest * 1000:.0f} ms; {len(near)} points of {found.period_s} s at 80 % or more"
    source = f"cloudwatch {found.namespace} {found.resource}"
    return longest, Evidence(source, "Duration Maximum", said, at)


def _stopped_in_metrics(stack: Stack, function: Function) -> tuple[Evidence, ...] | None:
    """Figures of the newest period that had both errors and a run as long as the timeout."""
    longest = figures.series(stack, function.name, "Duration", statistic="Maximum")
    errors = figures.series(stack, function.name, "Errors")
    failed = {at: value for at, value in (errors.points if errors else ()) if value > 0}
    if longest is None or errors is None or not failed:
        return None
    newest, value = longest.points[-1]
    changed = function.last_modified
    if newest not in failed or _percent(value, function) < 100 or (changed and newest < changed):
        return None
    source = f"cloudwatch {longest.namespace} {function.name}"
    return (
        Evidence(source, "Duration Maximum", f"{value:.0f} ms", newest),
        Evidence(source, "Errors", f"{failed[newest]:.0f}", newest),
    )


def timed_out(case: Case) -> bool:
    """Whether the platform stopped the invocation at its timeout."""
    kind = case.failure.error_type
    return kind == "Sandbox.Timedout" or (
        not case.failure.logged
        and kind in {"", "Unknown"}
        and bool(_AFTER.search(case.failure.message))
    )


def _queues_evidence(queues: tuple[Queue, ...]) -> tuple[Evidence, ...]:
    return tuple(of_queue(q, "VisibilityTimeout", f"{q.visibility_timeout_s} s") for q in queues)


def _limit_then(seen: Seen[str], function: Function | None) -> float | None:
    """The timeout at which it was stopped, in seconds; today's may be another by now."""
    if match := _AFTER.search(seen.newest.failure.message):
        # Timeouts are whole seconds; runtimes of before 2020 told how long it had run.
        ran = float(match.group(1))
        return ran // 1 or ran
    return (function.timeout_s if function else None) or seen.newest.timeout_s


def longer(
    name: str, limit: float | None, queues: tuple[Queue, ...], function: Function | None
) -> Remedy:
    """Raise the timeout, after the visibility of its queues: Lambda refuses the other order.

    ``limit`` is what it had when it was stopped; where it has more today, there is nothing to
    raise before it was stopped again.
    """
    less = Option(
        (Tell("do less in one invocation: a smaller batch, a timeout on each call that it makes"),),
        "where the time goes into waiting, or into too many records",
    )
    if limit is None:
        asked = Look(
            call("lambda", "get_function_configuration", FunctionName=name or FUNCTION),
            query="Timeout",
        )
        return remedy(
            "raise the timeout well above what an invocation takes, or do less in one",
            asked,
            Tell("raise it above what a good invocation takes, six times that on its queue"),
            other=(less,),
            afterwards=Redrive(),
        )
    today = function.timeout_s if function and function.arn else None
    wanted = min(LONGEST_S, max(30, ceil(limit * 5)))
    if today is not None and today >= wanted:
        return remedy(
            f"its timeout is {today} s today, {limit:g} s when it was stopped: see whether it "
            "still is",
            Look(words=("logs", "tail", "--errors", "--function", name)),
            other=(less,),
            afterwards=Redrive(),
        )
    short = [each for each in queues if each.visibility_timeout_s < 6 * wanted]
    raised = f" and the queue's visibility timeout to {6 * wanted} s" if short else ""
    before = {"Timeout": today} if today is not None else {}
    longest = limit >= LONGEST_S
    return Remedy(
        "it runs as long as Lambda lets anything run (900 s): do less in one invocation"
        if longest
        else f"raise the timeout to {wanted} s{raised}, or do less in one invocation "
        "(a smaller batch, a timeout on each call that it makes)",
        (less,)
        if longest
        else (
            Option(
                (
                    *(
                        Set(
                            "queue",
                            each.url,
                            {"VisibilityTimeout": min(43_200, 6 * wanted)},
                            {"VisibilityTimeout": each.visibility_timeout_s},
                        )
                        for each in short
                    ),
                    Set("function", name, {"Timeout": wanted}, before),
                    *(
                        ()
                        if today is not None
                        else (
                            Tell(
                                "where a queue feeds it, give the queue a visibility timeout of "
                                f"{min(43_200, 6 * wanted)} s first (six times as long)"
                            ),
                        )
                    ),
                ),
            ),
            less,
        ),
        "safe" if today is not None and not longest else "manual",
        Redrive(),
    )
