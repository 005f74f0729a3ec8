"""Messages are dead-lettered after very few receives.

## What it does
Compares maxReceiveCount with AWS's advice for Lambda consumers, at least 5. Three and four (Lift's
default is 3) are told as information, one and two as a warning.

## Why it matters
A throttled invocation counts as a receive, and so does a look at the message. With a count of 1 a
single hiccup of a database sends good messages to the dead-letter queue.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_queue
from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.intents import Set, remedy
from sqsctl.model.stack import Fact, Queue, Stack

ADVISED = 5
_TOLERABLE = 3


class MaxReceiveCountLow(Check):
    meta = Meta(
        id="max-receive-count-low",
        title="A message gets at least five attempts",
        severity=Severity.WARNING,
        kind=Kind.RISK,
        needs=frozenset({Fact.QUEUES, Fact.MAPPINGS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        consumed = {each.queue_arn for each in stack.mappings}
        for queue in stack.queues:
            count = queue.max_receive_count
            if queue.arn in consumed and count is not None and count < ADVISED:
                yield self._low(queue, count)

    def _low(self, queue: Queue, count: int) -> Finding:
        def policy(receives: int) -> dict[str, object]:
            return {
                "deadLetterTargetArn": queue.dead_letter_target_arn,
                "maxReceiveCount": receives,
            }

        times = "receive" if count == 1 else "receives"
        return self.found(
            f"{queue.name}: {count} {times} before the DLQ; AWS advises {ADVISED} or more",
            evidence=(of_queue(queue, "RedrivePolicy.maxReceiveCount", count),),
            remedy=remedy(
                f"let a message be received {ADVISED} times",
                Set(
                    "queue",
                    queue.url,
                    {"RedrivePolicy": policy(ADVISED)},
                    {"RedrivePolicy": policy(count)},
                ),
                disposition="safe",
            ),
            subject=queue.name,
            severity=Severity.INFO if count >= _TOLERABLE else Severity.WARNING,
        )
