"""Messages that fail again and again are not in the age of the oldest message.

## What it does
Compares how often messages of a standard queue were received with how many were deleted, and
with those that are still in it. Where each of them must have been received three times or more,
and the age of the oldest message is low all the same, that figure hides them.

## Why it matters
On a standard queue, a message that was received three times goes to the back and leaves
ApproximateAgeOfOldestMessage. An alarm on the age stays quiet while the same messages fail for
days, and take the time of the consumer.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_queue
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.intents import Look, Option, Remedy, Set, Tell
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Fact, Queue, Series, Stack

_AGE = "ApproximateAgeOfOldestMessage"
_HIDDEN_FROM = 3
_OLD_S = 300
_RECEIVES = 5


class PoisonHidden(Check):
    meta = Meta(
        id="poison-hidden",
        title="No failing message is hidden from the age of the oldest message",
        severity=Severity.WARNING,
        kind=Kind.SYMPTOM,
        needs=frozenset({Fact.QUEUES, Fact.METRICS}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-available-cloudwatch-metrics.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        targets = stack.dead_letter_queues()
        for queue in stack.queues:
            if queue.fifo or queue.arn in targets or not queue.approximate_total:
                continue
            if queue.max_receive_count and queue.max_receive_count <= _HIDDEN_FROM:
                continue  # they leave for the dead-letter queue before they can hide
            age = figures.series(stack, queue.name, _AGE)
            oldest = figures.newest(age)
            if (
                age is None
                or oldest is None
                or oldest > max(_OLD_S, 3 * queue.visibility_timeout_s)
            ):
                continue  # unknown, or high: then it hides nothing
            failed = _failed_receives(queue, stack)
            if failed >= _HIDDEN_FROM * queue.approximate_total:
                yield self._found(queue, age, failed, stack)

    def _found(self, queue: Queue, age: Series, failed: float, stack: Stack) -> Finding:
        present = counted(queue.approximate_total, "message")
        each = failed / queue.approximate_total
        received = figures.series(stack, queue.name, "NumberOfMessagesReceived")
        deleted = figures.series(stack, queue.name, "NumberOfMessagesDeleted")
        dead = _grown(queue, stack)
        return self.found(
            f"{present} of {queue.name} failed about {each:.0f} times each, while the age of the "
            f"oldest message says {figures.newest(age):.0f} s: it leaves out what was received "
            "three times",
            evidence=(
                of_queue(queue, "messages in it", queue.approximate_total),
                *(
                    figures.evidence(one, one.metric, f"{figures.total(one):.0f}")
                    for one in (received, deleted)
                    if one
                ),
                figures.evidence(age, _AGE, f"{figures.newest(age):.0f} s"),
                *(
                    (figures.evidence(dead, f"{dead.metric}, grown by", f"{_growth(dead):.0f}"),)
                    if dead and _growth(dead)
                    else ()
                ),
                of_queue(queue, "maxReceiveCount", queue.max_receive_count or "not set"),
            ),
            remedy=_remedy(queue),
            subject=queue.name,
            confidence=Confidence.MEDIUM,
        )


def _failed_receives(queue: Queue, stack: Stack) -> float:
    """Receives that no delete followed, of messages that are still in the queue.

    Less those of messages in a consumer's hands now, and of those that SQS dead-lettered.
    """
    received = figures.series(stack, queue.name, "NumberOfMessagesReceived")
    deleted = figures.series(stack, queue.name, "NumberOfMessagesDeleted")
    dead = _growth(_grown(queue, stack)) * (queue.max_receive_count or 0)
    return figures.total(received) - figures.total(deleted) - queue.in_flight - dead


def _grown(queue: Queue, stack: Stack) -> Series | None:
    """The depth of the queue's dead-letter queue over time."""
    name = (queue.dead_letter_target_arn or "").rpartition(":")[2]
    return figures.series(stack, name, "ApproximateNumberOfMessagesVisible") if name else None


def _growth(found: Series | None) -> float:
    return max(0.0, found.points[-1][1] - found.points[0][1]) if found else 0.0


def _remedy(queue: Queue) -> Remedy:
    look = (
        Look(words=("doctor",), queue=queue.name),
        Tell(
            "an alarm on the age does not tell of them: watch the depth of the dead-letter queue, "
            "and let messages reach it"
        ),
    )
    if not queue.dead_letter_target_arn or not queue.max_receive_count:
        return Remedy(
            "give the queue a dead-letter queue (see dlq-missing), so that messages which fail "
            "leave it",
            (Option(look),),
        )
    policy = {"deadLetterTargetArn": queue.dead_letter_target_arn}
    fewer = (
        (
            Option(
                (
                    Set(
                        "queue",
                        queue.url,
                        {"RedrivePolicy": {**policy, "maxReceiveCount": _RECEIVES}},
                        {"RedrivePolicy": {**policy, "maxReceiveCount": queue.max_receive_count}},
                    ),
                ),
                "to have them dead-lettered sooner",
            ),
        )
        if queue.max_receive_count > _RECEIVES
        else ()
    )
    return Remedy(
        "find out why they fail; they leave the queue when they reach maxReceiveCount",
        (*fewer, Option(look, "to see what fails" if fewer else "")),
    )
