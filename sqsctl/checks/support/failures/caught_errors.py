"""Errors that a consumer caught, logged, and reported as failed records.

``batchItemFailures`` makes a message come back though its invocation succeeded: no error is
counted, and the log holds no more than what the code wrote. Whether such a line was the end of a
message, a log alone cannot tell. Here the stack does: the mapping listens to reported failures,
and messages came to the dead-letter queue, or the same message's error stands in two invocations.
Errors that ended an invocation explain dead letters better; and an error that stands in more
invocations than the dead letters had receives is one that the code got past.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from sqsctl.checks.support.failures.failure_cases import Case, case_of, reading_of, survived_of
from sqsctl.logtext import merge
from sqsctl.logtext import patterns as p
from sqsctl.logtext.entry import LOUD
from sqsctl.logtext.handled_errors import goes_on
from sqsctl.model.finding import Confidence
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.logline import Attempt, Failure
from sqsctl.model.stack import (
    FunctionLogs,
    Queue,
    Stack,
)

_NUMBERS = re.compile(r"\d+|'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"")
# How far apart two receives can be, beside the queue's visibility timeout.
_SLACK = timedelta(minutes=5)


def caught(stack: Stack) -> Iterator[tuple[Case, FunctionLogs]]:
    """Such errors of a stack's consumers, the same error once.

    Reads MAPPINGS, QUEUES, DEAD_LETTERS, LOGS and FUNCTIONS.
    """
    for logs in stack.logs:
        for failure in merge(caught_by(stack, logs)):
            yield case_of(stack, failure, logs), logs


def caught_by(stack: Stack, logs: FunctionLogs) -> tuple[Failure, ...]:
    """Such errors of one consumer, each as often as it was logged."""
    mappings = _reporting(stack, logs.function)
    if not mappings:
        return ()
    attempts, survived = survived_of(logs)
    errors = _told(survived)
    if not errors:
        return ()
    came_back = _failed_again(attempts, errors)
    ended = any(not each.logged for each in reading_of(logs)[1])
    found: list[Failure] = []
    for sign, same in _alike(errors).items():
        again = sign in came_back
        if again or (not ended and any(_dead_letters_of(stack, m, same) for m in mappings)):
            found += same
    return tuple(_of_records(each) for each in found)


def caught_again(
    stack: Stack, function: str, attempts: Iterable[Attempt], survived: Iterable[Failure]
) -> tuple[Failure, ...]:
    """Those of them whose message failed again of the same, by the runs that were seen so far."""
    errors = _told(survived) if _reporting(stack, function) else []
    if not errors:
        return ()
    came_back = _failed_again(attempts, errors)
    return tuple(_of_records(each) for each in errors if _sign(each) in came_back)


def _reporting(stack: Stack, function: str) -> list[EventSourceMapping]:
    """The function's mappings that listen to reported failures."""
    return [
        each
        for each in stack.mappings
        if each.function_name == function and each.reports_batch_item_failures
    ]


def _told(survived: Iterable[Failure]) -> list[Failure]:
    return [each for each in survived if each.request_id and told_as_error(each)]


def _of_records(failure: Failure) -> Failure:
    return replace(failure, confidence=Confidence.MEDIUM, logged=True, led_to="records")


def with_caught(stack: Stack, logs: FunctionLogs, message_id: str = "") -> tuple[Attempt, ...]:
    """The log's attempts, those that failed for a record alone with the error that they logged.

    Of several the last; with ``message_id`` the last of those whose line names the message.
    """
    errors: dict[str, Failure] = {}
    for each in caught_by(stack, logs):
        known = errors.get(each.request_id or "")
        if not (message_id and known and message_id in known.line and message_id not in each.line):
            errors[each.request_id or ""] = each
    return tuple(
        replace(each, failure=errors[each.request_id])
        if each.failure is None and each.request_id in errors
        else each
        for each in reading_of(logs)[0]
    )


def told_as_error(failure: Failure) -> bool:
    """Whether code logged it as an error, and does not say that it went on all the same."""
    if goes_on(failure.line):
        return False
    return failure.level in LOUD or (not failure.level and bool(failure.trace))


def _alike(errors: Iterable[Failure]) -> dict[tuple[str, str], list[Failure]]:
    found: dict[tuple[str, str], list[Failure]] = defaultdict(list)
    for each in errors:
        found[_sign(each)].append(each)
    return found


def _sign(failure: Failure) -> tuple[str, str]:
    """The same for errors that differ in ids, numbers and quoted values alone."""
    return failure.error_type, _NUMBERS.sub("#", p.uuid.sub("#", failure.message))[:80]


def _failed_again(attempts: Iterable[Attempt], errors: list[Failure]) -> frozenset[tuple[str, str]]:
    """Errors whose line names an id in several attempts, the newest that names it among them.

    An id that a later attempt names without the error was a message that a retry got through.
    """
    newest: dict[str, str] = {}
    for attempt in sorted(attempts, key=lambda each: str(each.started_at or each.ended_at)):
        for each in attempt.message_ids:
            newest[each] = attempt.request_id
    seen: dict[tuple[tuple[str, str], str], set[str]] = defaultdict(set)
    for error in errors:
        for match in p.uuid.finditer(error.line):
            if match.group().lower() != error.request_id:
                seen[(_sign(error), match.group())].add(error.request_id or "")
    return frozenset(
        sign
        for (sign, named), requests in seen.items()
        if len(requests) > 1 and newest.get(named) in requests
    )


def _dead_letters_of(stack: Stack, mapping: EventSourceMapping, errors: list[Failure]) -> bool:
    """Whether the mapping's dead letters can be those that had the errors."""
    queue = stack.queue(mapping.queue_arn)
    target = queue.dead_letter_target_arn if queue else None
    if queue is None or not target:
        return False
    for dead in stack.dead_letters:
        count = dead.count + dead.in_flight
        if dead.queue_arn != target or not count:
            continue
        receives = max(1, queue.max_receive_count or 1)
        since = None
        if dead.first_arrived_at:
            span = timedelta(seconds=queue.visibility_timeout_s * receives)
            since = dead.first_arrived_at - span - _SLACK
        near = {
            each.request_id
            for each in errors
            if since is None or each.timestamp is None or each.timestamp >= since
        }
        # Samples are some of the dead letters: they bound nothing.
        if near and (dead.samples or len(near) <= (count + _waiting(queue)) * receives):
            return True
    return False


def _waiting(queue: Queue) -> int:
    return queue.visible + queue.in_flight + queue.delayed
