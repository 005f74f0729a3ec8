"""Visibility timeout shorter than the function may run.

## What it does
Compares each queue's visibility timeout with the timeout of the function that consumes it.
Also knows the words of Lambda when it refuses such a mapping at deployment.

## Why it matters
A message that is still being handled becomes visible again and is handled twice; after
maxReceiveCount turns it is dead-lettered though nothing failed. Lambda checks the rule when
the mapping or the function is changed, not when the queue is: lowering the visibility
timeout on the queue slips through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_function, of_mapping, of_queue
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import LogCheck, Seen
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.intents import Set, remedy
from sqsctl.model.stack import (
    Fact,
    Queue,
    Stack,
)

_REFUSED = re.compile(
    r"[Qq]ueue visibility timeout: (?P<vt>\d{1,6}) seconds is less than "
    r"[Ff]unction timeout: (?P<ft>\d{1,6}) seconds"
)
LONGEST_S = 43_200


class VisibilityBelowTimeout(LogCheck[tuple[int, int]]):
    meta = Meta(
        id="visibility-below-timeout",
        title="The queue hides a message for as long as its consumer may run",
        severity=Severity.ERROR,
        needs=frozenset({Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS}),
        uses=frozenset({Fact.LOGS, Fact.ERRORS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    )

    def recognise(self, case: Case) -> tuple[int, int] | None:
        match = _REFUSED.search(case.everything)
        return (int(match.group("vt")), int(match.group("ft"))) if match else None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for queue, function, mapping in stack.consumed():
            if queue.visibility_timeout_s < function.timeout_s:
                yield self._short(queue, function, mapping)
        yield from super().diagnose(stack)

    def _short(self, queue: Queue, function: Function, mapping: EventSourceMapping) -> Finding:
        wanted = min(LONGEST_S, 6 * function.timeout_s + mapping.window_s)
        return self.found(
            f"{queue.name} hides a message for {queue.visibility_timeout_s} s, but "
            f"{function.name} may run {function.timeout_s} s",
            evidence=(
                of_queue(queue, "VisibilityTimeout", f"{queue.visibility_timeout_s} s"),
                of_function(function, "Timeout", f"{function.timeout_s} s"),
                of_mapping(mapping, "MaximumBatchingWindowInSeconds", f"{mapping.window_s} s"),
            ),
            remedy=remedy(
                f"set the visibility timeout to {wanted} s (six times the function's timeout, "
                "plus the batch window)",
                Set(
                    "queue",
                    queue.url,
                    {"VisibilityTimeout": wanted},
                    {"VisibilityTimeout": queue.visibility_timeout_s},
                ),
                disposition="safe",
            ),
            subject=queue.name,
        )

    def report(self, seen: Seen[tuple[int, int]], stack: Stack) -> Finding:
        del stack
        hidden, runs = seen.sign
        wanted = min(LONGEST_S, 6 * runs)
        return self.found(
            f"Lambda refuses the event source: the queue hides a message for {hidden} s, the "
            f"function may run {runs} s",
            evidence=seen.evidence(),
            remedy=remedy(
                f"set the queue's visibility timeout to {wanted} s, then deploy again",
                Set("queue", "", {"VisibilityTimeout": wanted}, {"VisibilityTimeout": hidden}),
                phase="deploy",
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )
