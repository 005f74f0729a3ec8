"""The dead-letter queue keeps messages no longer than their source.

## What it does
Compares the retention periods of each queue and its dead-letter queue.

## Why it matters
On a standard queue the clock keeps running from the first send: a message that spent three
days being retried has one day left in a dead-letter queue of four. With equal periods it
can expire on the day that it arrives, before anyone has looked.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_queue
from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.intents import Set, remedy
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Fact, Stack

LONGEST_S = 1_209_600


class DlqRetention(Check):
    meta = Meta(
        id="dlq-retention",
        title="Dead letters are kept longer than the messages of their source",
        severity=Severity.WARNING,
        kind=Kind.RISK,
        needs=frozenset({Fact.QUEUES}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-dead-letter-queues.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for queue in stack.queues:
            dlq = stack.queue(queue.dead_letter_target_arn or "")
            # Whether a FIFO queue's clock starts anew is not documented beyond doubt.
            if dlq is None or queue.fifo or dlq.retention_s > queue.retention_s:
                continue
            if dlq.retention_s >= LONGEST_S:
                continue
            yield self.found(
                f"{dlq.name} keeps messages for {_days(dlq.retention_s)}, {queue.name} for "
                f"{_days(queue.retention_s)}: a dead letter may expire as soon as it arrives",
                evidence=(
                    of_queue(dlq, "MessageRetentionPeriod", f"{dlq.retention_s} s"),
                    of_queue(queue, "MessageRetentionPeriod", f"{queue.retention_s} s"),
                ),
                remedy=remedy(
                    "keep dead letters for 14 days, the longest there is",
                    Set(
                        "queue",
                        dlq.url,
                        {"MessageRetentionPeriod": LONGEST_S},
                        {"MessageRetentionPeriod": dlq.retention_s},
                    ),
                    disposition="safe",
                ),
                subject=dlq.name,
            )


def _days(seconds: int) -> str:
    days = seconds / 86_400
    return counted(days, "day") if days >= 1 else counted(seconds / 3600, "hour")
