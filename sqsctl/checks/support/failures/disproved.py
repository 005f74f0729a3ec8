"""Errors in a log that AWS's own figures contradict: the program printed them.

A log in the text format may not say how a run ended. The metrics do: where a function ran and
counts no error in the minutes around it, a line that looks like the runtime's was printed by the
code, whatever it names.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqsctl.checks.support import figures
from sqsctl.checks.support.failures.failure_cases import reading_of
from sqsctl.checks.support.failures.freshness import newest_moment
from sqsctl.model.logline import Attempt, Failure
from sqsctl.model.stack import FunctionLogs, Group, Series, Stack

# Younger figures may not be complete yet.
_LATE = timedelta(minutes=10)


def without_disproved(stack: Stack) -> Stack:
    """The stack, its logs without such failures. Reads LOGS and METRICS."""
    read = tuple(believed(each, stack) for each in stack.logs)
    if all(one is other for one, other in zip(read, stack.logs.items, strict=True)):
        return stack
    return replace(stack, logs=Group(read, stack.logs.unread))


def believed(logs: FunctionLogs, stack: Stack) -> FunctionLogs:
    """One log without such failures. Reads METRICS."""
    if stack.observed_at is None or not stack.metrics.items:
        return logs
    until = stack.observed_at - _LATE
    errors = figures.series(stack, logs.function, "Errors")
    runs = figures.series(stack, logs.function, "Invocations")
    if errors is None or runs is None:
        return logs
    attempts, failures = reading_of(logs)
    printed = {
        each.request_id
        for each in attempts
        if each.failure is not None
        and each.status in {None, "success", "ok"}
        and (at := newest_moment(each)) is not None
        and at < until
        and _counted_good(at, errors, runs)
    }
    if not printed:
        return logs
    kept = tuple(
        replace(each, failure=None) if each.request_id in printed else each for each in attempts
    )
    return replace(logs, attempts=kept, failures=_left(failures, attempts, printed))


def doubt(failures: Collection[Failure], logs: FunctionLogs | None, stack: Stack) -> str:
    """Why nothing but its own lines says that an error ended a run; empty where more does.

    In the text format REPORT may name no error: then figures have to. Of text that a person gave
    nobody knows more: what it says is taken as it is. Reads METRICS.
    """
    if all(each.doubt for each in failures):
        return next((each.doubt for each in failures), "")
    if logs is None or stack.observed_at is None:
        return ""
    if figures.total(figures.series(stack, logs.function, "Errors")) > 0:
        return ""
    alike = {(each.error_type, each.message) for each in failures}
    runs = [each for each in reading_of(logs)[0] if _key(each) in alike]
    # An init's error is told by the platform, a status in REPORT as well.
    if not runs or any(each.status is not None for each in runs):
        return ""
    return "REPORT names no error, and no figure of CloudWatch counts one (yet)"


def _left(
    failures: tuple[Failure, ...], attempts: tuple[Attempt, ...], printed: set[str]
) -> tuple[Failure, ...]:
    """The failures that some other run had, or none that is seen (an init's)."""
    gone = {_key(each) for each in attempts if each.request_id in printed}
    true = [each for each in attempts if each.failure and each.request_id not in printed]
    still = {_key(each) for each in true}
    return tuple(
        each
        for each in failures
        if (key := (each.error_type, each.message)) not in gone or key in still
    )


def _key(attempt: Attempt) -> tuple[str, str]:
    failure = attempt.failure
    return (failure.error_type, failure.message) if failure else ("", "")


def _counted_good(at: datetime, errors: Series, runs: Series) -> bool:
    """Whether the function ran around that moment, and no run of that time failed."""
    near = timedelta(seconds=2 * errors.period_s)
    told = [value for moment, value in errors.points if abs(moment - at) <= near]
    ran = [value for moment, value in runs.points if abs(moment - at) <= near]
    return bool(told) and not any(told) and any(ran)
