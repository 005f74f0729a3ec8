"""Messages are in a dead-letter queue.

## What it does
Counts the messages of each dead-letter queue, says since when they come, and which cause
explains them: dead letters are matched to failed invocations by message id where both are
known, else to what failed between their sending and their death.

## Why it matters
Each of them is work that was accepted and not done. They expire: on a standard queue the
retention counts from the first send, not from the move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_queue
from sqsctl.checks.support.failures.attribution import Match, killed_between, match
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.intents import Look, Redrive, remedy
from sqsctl.model.stack import DeadLetters as Dead
from sqsctl.model.stack import Fact, Stack


class DeadLetters(Check):
    meta = Meta(
        id="dead-letters",
        title="No message is in a dead-letter queue",
        severity=Severity.WARNING,
        kind=Kind.SYMPTOM,
        needs=frozenset({Fact.DEAD_LETTERS}),
        uses=frozenset(
            {
                Fact.QUEUES,
                Fact.MAPPINGS,
                Fact.FUNCTIONS,
                Fact.LOGS,
                Fact.PACKAGES,
                Fact.METRICS,
                Fact.DEAD_LETTER_FEEDS,
            }
        ),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-dead-letter-queues.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for dead in stack.dead_letters:
            if dead.count + dead.in_flight > 0:
                yield self._found(dead, stack)

    def _found(self, dead: Dead, stack: Stack) -> Finding:
        count = dead.count + dead.in_flight
        matches = match(stack, dead)
        causes = Counter(each.cause for each in matches if each.cause)
        since = f" since {dead.first_arrived_at:%Y-%m-%d %H:%M}Z" if dead.first_arrived_at else ""
        # Without samples it is known what the consumer died of, not how often.
        by = ", ".join(
            f"{number} by {cause}" if dead.samples else cause
            for cause, number in causes.most_common(3)
        )
        sources = [q.name for q in stack.queues if q.dead_letter_target_arn == dead.queue_arn]
        sources += [each.told for each in stack.feeds_of(dead.queue_arn)]
        origin = f", from {', '.join(sources)}" if sources else ""
        plural = "s are" if count != 1 else " is"
        found = self.found(
            f"{count} message{plural} in {dead.queue_name}{since}{origin}",
            evidence=tuple(_evidence(dead, stack, matches, by)),
            remedy=remedy(
                "fix the cause first, then move them back",
                Look(words=("dlq", "groups"), queue=dead.queue_name),
                afterwards=Redrive(queue=dead.queue_name),
            ),
            subject=dead.queue_name,
            confidence=Confidence.HIGH,
        )
        first, last = killed_between(stack, dead)
        by_cause = tuple(cause for cause, _ in causes.most_common())
        return replace(found, because=by_cause, since=first, until=last)


def _evidence(dead: Dead, stack: Stack, matches: tuple[Match, ...], by: str) -> Iterator[Evidence]:
    queue = stack.queue(dead.queue_arn)
    source = f"sqs GetQueueAttributes {dead.queue_name}"
    yield Evidence(source, "ApproximateNumberOfMessages", str(dead.count))
    if dead.in_flight:
        yield Evidence(source, "ApproximateNumberOfMessagesNotVisible", str(dead.in_flight))
    if queue:
        yield of_queue(queue, "MessageRetentionPeriod", f"{queue.retention_s} s")
    if dead.oldest_age_s is not None:
        yield Evidence(
            f"cloudwatch AWS/SQS {dead.queue_name}",
            "ApproximateAgeOfOldestMessage",
            f"{dead.oldest_age_s:.0f} s",
        )
    if by:
        yield Evidence("failed invocations of the consumer", "causes", by)
    for each in matches[:3]:
        if each.message_id and each.cause:
            yield Evidence(
                f"message {each.message_id}",
                f"cause ({each.confidence.label})",
                each.cause,
                each.at,
            )
