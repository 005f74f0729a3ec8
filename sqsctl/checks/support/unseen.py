"""What could hide a failure and was not seen: without it nobody can call a stack healthy.

A verdict needs each source queue and its dead-letter queue, each mapping, the configuration of
each function, what the APIs lead to, the figures Errors and Throttles, and the log of each function
that failed. What only sharpens a diagnosis (IAM simulations, packages, keys, networks) is not
among it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sqsctl.checks.support import figures
from sqsctl.checks.support.failures.failure_cases import reading_of
from sqsctl.checks.support.failures.freshness import newest_moment
from sqsctl.checks.support.missing_queues import MISSING, missing_queues
from sqsctl.model.finding import CheckOutcome, CheckResult, Unseen
from sqsctl.model.functions import Function
from sqsctl.model.stack import Fact, Stack
from sqsctl.model.unread import Unread

CHECK_FAILED = "the check failed"
# What a failure can hide in, whatever else was read.
_ALWAYS = (Fact.QUEUES, Fact.DEAD_LETTERS, Fact.MAPPINGS, Fact.FUNCTIONS, Fact.APIS, Fact.METRICS)
# Figures of the last minutes are not in CloudWatch yet.
_LATE = timedelta(minutes=15)
_AGAIN = frozenset(
    {"timed out", "AWS is throttling", "AWS could not answer", "unreachable", "not in one answer"}
)


def unseen(stack: Stack, results: Iterable[CheckResult] = ()) -> tuple[Unseen, ...]:
    """What was not seen of it, each thing once. ``results`` are how the checks ended.

    Reads QUEUES, DEAD_LETTERS, MAPPINGS, FUNCTIONS, APIS, METRICS, LOGS and CONCURRENCY.
    """
    found = [
        *(_of_gap(gap) for fact in _ALWAYS for gap in _open(stack, fact)),
        *(_of_gap(gap) for gap in _open(stack, Fact.CONCURRENCY) if _limits(gap, stack)),
        *_without_figures(stack),
        *_hidden_filters(stack),
        *(_of_gap(gap) for gap in _open(stack, Fact.LOGS) if _matters(gap, stack)),
        *_nothing_there(stack),
        *_broken_checks(results),
    ]
    return tuple({each.what: each for each in reversed(found)}.values())[::-1]


def _open(stack: Stack, fact: Fact) -> Iterator[Unread]:
    """Gaps that no finding tells of: what is missing for certain has one."""
    told = _told_missing(stack)
    # Sorted: what was read at the same time fails in any order.
    for gap in sorted(stack.gaps(fact), key=lambda each: (each.what, each.reason)):
        if not gap.on_purpose and not (gap.reason == MISSING and gap.what in told):
            yield gap


def _told_missing(stack: Stack) -> frozenset[str]:
    """What is missing and has a finding: queues, mappings, and functions that a mapping feeds."""
    queues = {f"queue {each.name}" for each in missing_queues(stack) if not each.elsewhere}
    mappings = {each.what for each in stack.mappings.unread if each.reason == MISSING}
    return frozenset(queues | mappings | {f"function {each}" for each in stack.consumers()})


def _of_gap(gap: Unread) -> Unseen:
    return Unseen(gap.what, gap.reason, remedy(gap), gap.action)


def remedy(gap: Unread) -> str:
    """What to do so that it can be read, in a line."""
    if gap.reason == MISSING:
        return "deploy the stack again, or let it no longer name it"
    if gap.action:
        return f"allow {gap.action} (sqsctl iam doctor prints the whole policy)"
    if gap.reason.startswith("more than are read"):
        return "name the functions that matter: --function"
    if "of class" in gap.reason:
        return "send its lines to a group of class STANDARD: a group's class cannot be changed"
    if gap.reason in _AGAIN or gap.reason.startswith("AWS is throttling"):
        return "run it again"
    if gap.reason == "not offered by this endpoint":
        return "look on AWS itself: this endpoint does not have it"
    return "look at it in the AWS console, or run it again"


def _limits(gap: Unread, stack: Stack) -> bool:
    """Whether it is the concurrency of a function that is there, or the account's where one was
    throttled: else that hides nothing."""
    names = [each.name for each in stack.functions]
    if gap.what == "account settings":
        return any(figures.total(figures.series(stack, each, "Throttles")) > 0 for each in names)
    return any(gap.what == f"concurrency of {each}" for each in names)


def _matters(gap: Unread, stack: Stack) -> bool:
    """Whether a failure can be told in a log that was not read."""
    if any(_open(stack, Fact.METRICS)):
        return True
    written = [each for each in stack.functions if gap.what == f"log group {each.log_group}"]
    if not written:  # a log of whoever: of several functions, or of one that could not be read
        read = {each.function for each in stack.logs}
        written = [each for each in stack.functions if each.name not in read]
    return any(_failed(each, stack) for each in written)


def _failed(function: Function, stack: Stack) -> bool:
    return figures.total(figures.series(stack, function.name, "Errors")) > 0


def _without_figures(stack: Stack) -> Iterator[Unseen]:
    """Functions that ran, by their own log, and of which CloudWatch tells nothing at all."""
    if stack.observed_at is None or any(stack.gaps(Fact.METRICS)):
        return
    for logs in stack.logs:
        moments = [
            at
            for each in reading_of(logs)[0]
            if (at := newest_moment(each)) and at < stack.observed_at - _LATE
        ]
        if moments and figures.series(stack, logs.function, "Invocations") is None:
            yield Unseen(
                f"figures of {logs.function}",
                "CloudWatch returned none, though its log tells of runs",
                "run it again; if it stays so, look at the function's metrics in the console",
            )


def _hidden_filters(stack: Stack) -> Iterator[Unseen]:
    """Filters that a key hides: whether they drop messages cannot be said."""
    for mapping in stack.mappings:
        if mapping.filters_error:
            yield Unseen(
                f"the filters of {mapping.function_name}'s mapping {mapping.uuid}",
                mapping.filters_error,
                "allow kms:Decrypt on the key that encrypts them",
                "kms:Decrypt",
            )


def _nothing_there(stack: Stack) -> Iterator[Unseen]:
    """A stack of which nothing was found is not a healthy one."""
    groups = (stack.queues, stack.mappings, stack.functions, stack.apis)
    if stack.stack_name and not any(len(each) or each.unread for each in groups):
        yield Unseen(
            f"the parts of {stack.stack_name}",
            "CloudFormation lists no queue, mapping, function or API",
            "name the stack, or the queue, that is meant: sqsctl stack ls, --queue",
        )


def _broken_checks(results: Iterable[CheckResult]) -> Iterator[Unseen]:
    for each in results:
        if each.outcome is CheckOutcome.SKIPPED and each.reason.startswith(CHECK_FAILED):
            yield Unseen(
                f"what the check {each.id} looks for", each.reason, "report it as a fault of sqsctl"
            )
