"""A queue grows, or its oldest message grows old.

## What it does
Looks at the number of waiting messages and the age of the oldest over time. The causes
stand above it: a mapping that is off, a consumer that fails or is throttled, a filter.

## Why it matters
What waits longer than the retention period is lost, and what arrives late may be worthless: a queue
hides from its producer that nobody keeps up.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_queue
from sqsctl.checks.support.queue_use import received_by_hand
from sqsctl.checks.support.unconsumed_queues import consumed_by_design
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.intents import Look, remedy
from sqsctl.model.plurals import waiting as told
from sqsctl.model.stack import Fact, Queue, Series, Stack

_MANY = 100
_POINTS = 5


class BacklogGrowing(Check):
    meta = Meta(
        id="backlog-growing",
        title="Queues are processed",
        severity=Severity.WARNING,
        kind=Kind.SYMPTOM,
        needs=frozenset({Fact.QUEUES, Fact.METRICS}),
        uses=frozenset({Fact.MAPPINGS, Fact.FUNCTIONS, Fact.APIS, Fact.PACKAGES, Fact.PERMISSIONS}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-available-cloudwatch-metrics.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        targets = stack.dead_letter_queues()
        for queue in stack.queues:
            if queue.arn in targets or queue.visible == 0 or _parked(queue, stack):
                continue
            age = figures.series(stack, queue.name, "ApproximateAgeOfOldestMessage")
            waiting = figures.series(stack, queue.name, "ApproximateNumberOfMessagesVisible")
            oldest = figures.newest(age)
            old = oldest is not None and oldest > max(300, 3 * queue.visibility_timeout_s)
            if old or (waiting and _grows(waiting)):
                yield self._found(queue, age, waiting)

    def _found(self, queue: Queue, age: Series | None, waiting: Series | None) -> Finding:
        oldest = figures.newest(age)
        since = f", the oldest for {_span(oldest)}" if oldest else ""
        return self.found(
            f"{told(queue.visible)} in {queue.name}{since}",
            evidence=(
                of_queue(queue, "ApproximateNumberOfMessages", queue.visible),
                *(
                    (figures.evidence(age, "ApproximateAgeOfOldestMessage", f"{oldest:.0f} s"),)
                    if age and oldest is not None
                    else ()
                ),
                *(
                    (
                        figures.evidence(
                            waiting,
                            "ApproximateNumberOfMessagesVisible",
                            " → ".join(f"{value:.0f}" for _, value in waiting.points[-_POINTS:]),
                        ),
                    )
                    if waiting
                    else ()
                ),
            ),
            remedy=remedy(
                "see the cause above; if there is none, the consumer is slower than what comes "
                "in: a larger batch, more concurrency, less work a message",
                Look(words=("queue", "watch"), queue=queue.name),
                Look(words=("metrics",), queue=queue.name),
            ),
            subject=queue.name,
            confidence=Confidence.HIGH,
        )


def _parked(queue: Queue, stack: Stack) -> bool:
    """Whether it is known that nothing consumes it, and nothing says that anything should."""
    consumed = any(each.queue_arn == queue.arn for each in stack.mappings)
    received = figures.total(figures.series(stack, queue.name, "NumberOfMessagesReceived"))
    consumed = consumed or received_by_hand(queue, stack) is not None
    return not (consumed or received or stack.mappings.unread or consumed_by_design(queue, stack))


def _grows(waiting: Series) -> bool:
    """Whether it rose steadily over the last points, to a number that matters."""
    last = [value for _, value in waiting.points[-_POINTS:]]
    if len(last) < _POINTS or last[-1] < _MANY:
        return False
    return all(left <= right for left, right in pairwise(last)) and last[-1] > last[0]


def _span(seconds: float) -> str:
    if seconds >= 7200:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
