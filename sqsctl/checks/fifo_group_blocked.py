"""A message group of a FIFO queue waits for its first message.

## What it does
Looks for FIFO queues where messages wait while others are in flight for longer than the
consumer can have been working: the oldest message grows older, or nobody is working at all.

## Why it matters
FIFO means that nothing of a group is handed out while an earlier message of it is in
flight. One message that fails, or that somebody received by hand and never finished, stops
its whole group until its visibility timeout ends, again and again until it is
dead-lettered.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_queue
from sqsctl.checks.support.failures.failure_cases import reading_of
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import Look, call, remedy
from sqsctl.model.plurals import counted
from sqsctl.model.stack import (
    Fact,
    Queue,
    Stack,
)


class FifoGroupBlocked(Check):
    meta = Meta(
        id="fifo-group-blocked",
        title="No FIFO group waits for its head",
        severity=Severity.WARNING,
        needs=frozenset({Fact.QUEUES}),
        uses=frozenset({Fact.MAPPINGS, Fact.FUNCTIONS, Fact.LOGS, Fact.METRICS}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "FIFO-queue-understanding-logic.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        targets = stack.dead_letter_queues()
        for queue in stack.queues:
            if not queue.fifo or queue.arn in targets or not (queue.in_flight and queue.visible):
                continue
            sure = _blocked(queue, stack)
            if sure is not None:
                yield self._found(queue, sure, stack)

    def _found(self, queue: Queue, sure: Confidence, stack: Stack) -> Finding:
        age = figures.series(stack, queue.name, "ApproximateAgeOfOldestMessage")
        return self.found(
            f"{counted(queue.visible, 'message')} of {queue.name} "
            f"wait{'s' if queue.visible == 1 else ''} behind {queue.in_flight} in flight that "
            "nobody finishes",
            evidence=(
                of_queue(queue, "ApproximateNumberOfMessages", queue.visible),
                of_queue(queue, "ApproximateNumberOfMessagesNotVisible", queue.in_flight),
                of_queue(queue, "VisibilityTimeout", f"{queue.visibility_timeout_s} s"),
                *(
                    (
                        figures.evidence(
                            age, "ApproximateAgeOfOldestMessage", f"{figures.newest(age):.0f} s"
                        ),
                    )
                    if age
                    else ()
                ),
            ),
            remedy=remedy(
                "mend what makes the head fail, or let it be dead-lettered (RedrivePolicy); a "
                "message held by hand comes back when its visibility timeout ends",
                Look(
                    call("sqs", "get_queue_attributes", QueueUrl=queue.url, AttributeNames=["All"])
                ),
                Look(words=("queue", "watch"), queue=queue.name),
            ),
            subject=queue.name,
            confidence=sure,
        )


def _blocked(queue: Queue, stack: Stack) -> Confidence | None:
    """How surely the head is stuck: its age outgrew the visibility, or nobody works on it."""
    age = figures.newest(figures.series(stack, queue.name, "ApproximateAgeOfOldestMessage"))
    if age is not None and age > 2 * max(30, queue.visibility_timeout_s):
        return Confidence.HIGH
    consumers = [
        function
        for mapping in stack.mappings
        if mapping.queue_arn == queue.arn and (function := stack.function(mapping.function_name))
    ]
    if not consumers or stack.observed_at is None:
        return None
    logs = [each for each in stack.logs if each.function in {f.name for f in consumers}]
    if not logs or any(_working(function, stack) for function in consumers):
        return None
    return Confidence.MEDIUM


def _working(function: Function, stack: Stack) -> bool:
    """Whether an invocation began and may still run."""
    if stack.observed_at is None:
        return True
    earliest = stack.observed_at - timedelta(seconds=function.timeout_s + 5)
    for logs in stack.logs:
        if logs.function != function.name:
            continue
        for attempt in reading_of(logs)[0]:
            if attempt.started_at and attempt.started_at >= earliest and attempt.ended_at is None:
                return True
    return False
