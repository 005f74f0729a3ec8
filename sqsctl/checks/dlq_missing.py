"""A queue with a consumer and no dead-letter queue.

## What it does
Looks for a RedrivePolicy on every queue that a function consumes, and for the queue that
it names.

## Why it matters
A message that cannot be handled is delivered again and again until its retention ends, up
to 14 days: it costs invocations, blocks a FIFO group, and then is lost without a trace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_queue
from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.plurals import counted
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import Fact, Queue, Stack
from sqsctl.remedies.shell import aws, queue_attributes_command, step, yml_worker

RECEIVES = 5


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
                yield self._none(queue, stack)

    def _none(self, queue: Queue, stack: Stack) -> Finding:
        stem = queue.name.removesuffix(".fifo")
        name = f"{stem}-dlq.fifo" if queue.fifo else f"{stem}-dlq"
        prefix = queue.arn.rsplit(":", 1)[0]
        policy = json.dumps(
            {"deadLetterTargetArn": f"{prefix}:{name}", "maxReceiveCount": RECEIVES},
            separators=(",", ":"),
        )
        attributes = {"MessageRetentionPeriod": "1209600"}
        if queue.fifo:
            attributes["FifoQueue"] = "true"
        shorthand = ",".join(f"{key}={value}" for key, value in attributes.items())
        return self.found(
            f"{queue.name} has no dead-letter queue: a message that fails is retried for "
            f"{_days(queue.retention_s)} and then lost",
            evidence=(
                of_queue(queue, "RedrivePolicy", "not set"),
                of_queue(queue, "MessageRetentionPeriod", f"{queue.retention_s} s"),
            ),
            fix=Fix(
                f"create {name} and let {queue.name} move messages there after {RECEIVES} receives",
                disposition="unsafe",
                commands=(
                    aws(
                        stack,
                        "sqs",
                        "create-queue",
                        "--queue-name",
                        name,
                        "--attributes",
                        shorthand,
                    ),
                    queue_attributes_command(stack, queue.url, {"RedrivePolicy": policy}),
                ),
                serverless_yml=yml_worker(queue, "type: queue", f"maxRetries: {RECEIVES}"),
                keeps=(
                    step("sqs", "create_queue", QueueName=name, Attributes=attributes),
                    step(
                        "sqs",
                        "set_queue_attributes",
                        QueueUrl=queue.url,
                        Attributes={"RedrivePolicy": policy},
                    ),
                ),
            ),
            subject=queue.name,
        )


def _days(seconds: int) -> str:
    if seconds >= 86_400:
        return counted(seconds / 86_400, "day")
    return counted(seconds / 3600, "hour") if seconds >= 3600 else f"{seconds} s"
