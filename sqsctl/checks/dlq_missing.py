"""A queue with a consumer and no dead-letter queue.

## What it does
Looks for a RedrivePolicy on every queue that a function consumes, and for the queue that
it names.

## Why it matters
A message that cannot be handled is delivered again and again until its retention ends, up
to 14 days: it costs invocations, blocks a FIFO group, and then is lost without a trace.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_queue
from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.intents import REMOVED, Create, Set, remedy
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Fact, Queue, Stack
from sqsctl.remedies.names import dead_letter_name

RECEIVES = 5
LONGEST_S = 1_209_600


class DlqMissing(Check):
    meta = Meta(
        id="dlq-missing",
        title="Every consumed queue has a dead-letter queue",
        severity=Severity.WARNING,
        kind=Kind.RISK,
        needs=frozenset({Fact.QUEUES, Fact.MAPPINGS}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-dead-letter-queues.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        consumed = {each.queue_arn for each in stack.mappings}
        targets = stack.dead_letter_queues()
        for queue in stack.queues:
            if queue.arn not in consumed or queue.arn in targets:
                continue
            if queue.dead_letter_target_arn is None:
                yield self._none(queue)

    def _none(self, queue: Queue) -> Finding:
        name = dead_letter_name(queue.name)
        kept: dict[str, object] = {"MessageRetentionPeriod": LONGEST_S}
        if queue.fifo:
            kept["FifoQueue"] = True
        policy = {
            "deadLetterTargetArn": f"{queue.arn.rpartition(':')[0]}:{name}",
            "maxReceiveCount": RECEIVES,
        }
        return self.found(
            f"{queue.name} has no dead-letter queue: a message that fails is retried for "
            f"{_days(queue.retention_s)} and then lost",
            evidence=(
                of_queue(queue, "RedrivePolicy", "not set"),
                of_queue(queue, "MessageRetentionPeriod", f"{queue.retention_s} s"),
            ),
            remedy=remedy(
                f"create {name} and let {queue.name} move messages there after {RECEIVES} receives",
                Create("queue", name, kept),
                Set("queue", queue.url, {"RedrivePolicy": policy}, {"RedrivePolicy": REMOVED}),
                disposition="unsafe",
            ),
            subject=queue.name,
        )


def _days(seconds: int) -> str:
    if seconds >= 86_400:
        return counted(seconds / 86_400, "day")
    return counted(seconds / 3600, "hour") if seconds >= 3600 else f"{seconds} s"
