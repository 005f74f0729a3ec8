"""Whether a failure is still so, or was mended since.

A log keeps yesterday's errors. One of these says that a failure is over: the function was
changed after it, or invocations after it succeeded. A failure that depends on the message
is over only once no such message is left: successes with other messages prove nothing.
Of a log that came as text nobody knows what followed it: there nothing is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import pairwise

from sqsctl.checks.support.failures.failure_cases import function_of, reading_of, survived_of
from sqsctl.model.logline import Attempt, Failure
from sqsctl.model.stack import FunctionLogs, Stack


def mended(
    stack: Stack, logs: FunctionLogs | None, failures: Collection[Failure], *, by_message: bool
) -> str:
    """Why the failures are over, for a person; empty while they are not.

    Reads FUNCTIONS, LOGS, and for ``by_message`` QUEUES, MAPPINGS and DEAD_LETTERS.
    """
    last = _newest(each.timestamp for each in failures)
    if logs is None or last is None or _text_alone(stack):
        return ""
    function = function_of(stack, logs)
    if function and function.last_modified and function.last_modified > last:
        return f"the function was changed at {_clock(function.last_modified)}, after the last one"
    attempts = reading_of(logs)[0]
    after = [each for each in attempts if _moment(each) and _moment(each) > last]  # type: ignore[operator]
    caught = _caught_in(logs, failures)
    good = [each for each in after if succeeded(each) and each.request_id not in caught]
    # Errors that code caught leave an attempt that looks well: the newest one had it.
    if all(each.logged and each.led_to != "records" for each in failures):
        return ""
    if not good or any(each.failure for each in after if _same(each, failures)):
        return ""
    if by_message and _messages_left(stack, logs.function):
        return ""
    if _intermittent(attempts, failures, len(good), caught):
        return ""
    times = f"{len(good)} invocation{'s' if len(good) > 1 else ''}"
    return f"{times} succeeded after the last one at {_clock(last)}"


def _text_alone(stack: Stack) -> bool:
    return bool(stack.mappings.unread) and not stack.mappings.items


def succeeded(attempt: Attempt) -> bool:
    """An invocation that came to its end without a failure."""
    return attempt.failure is None and (
        attempt.ended_at is not None or attempt.duration_ms is not None
    )


def _same(attempt: Attempt, failures: Iterable[Failure]) -> bool:
    return attempt.failure is not None and any(
        attempt.failure.error_type == each.error_type for each in failures
    )


def _caught_in(logs: FunctionLogs, failures: Iterable[Failure]) -> frozenset[str | None]:
    """Requests that logged one of the errors which code reported as failed records."""
    kinds = {each.error_type for each in failures if each.led_to == "records"}
    if not kinds:
        return frozenset()
    return frozenset(each.request_id for each in survived_of(logs)[1] if each.error_type in kinds)


def _intermittent(
    attempts: tuple[Attempt, ...],
    failures: Iterable[Failure],
    good: int,
    caught: frozenset[str | None],
) -> bool:
    """Whether failures and successes alternate, so that a short good run proves nothing.

    The good run has to be longer than those between failures were on average: two outages with
    a good time between them are no alternation.
    """
    kinds = {each.error_type for each in failures}
    ordered = sorted((each for each in attempts if _moment(each)), key=lambda a: str(_moment(a)))
    hits = [
        index
        for index, each in enumerate(ordered)
        if (each.failure and each.failure.error_type in kinds) or each.request_id in caught
    ]
    gaps = [
        sum(succeeded(each) for each in ordered[left + 1 : right]) for left, right in pairwise(hits)
    ]
    return bool(gaps) and good <= sum(gaps) / len(gaps)


def _messages_left(stack: Stack, function: str) -> bool:
    """Whether the function's queues or their dead-letter queues still hold messages."""
    arns = {each.queue_arn for each in stack.mappings if each.function_name == function}
    for arn in tuple(arns):
        queue = stack.queue(arn)
        if queue and queue.dead_letter_target_arn:
            arns.add(queue.dead_letter_target_arn)
    waiting = sum(
        each.visible + each.in_flight + each.delayed for each in stack.queues if each.arn in arns
    )
    dead = sum(each.count + each.in_flight for each in stack.dead_letters if each.queue_arn in arns)
    return waiting + dead > 0


def newest_moment(attempt: Attempt) -> datetime | None:
    """When an attempt began, else when it ended."""
    return _moment(attempt)


def _moment(attempt: Attempt) -> datetime | None:
    return attempt.started_at or attempt.ended_at


def _newest(moments: Iterable[datetime | None]) -> datetime | None:
    known = [each for each in moments if each]
    return max(known) if known else None


def _clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")
