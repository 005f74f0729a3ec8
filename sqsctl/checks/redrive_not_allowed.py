"""The dead-letter queue does not take this queue's dead letters.

## What it does
Reads the redrive allow policy of each dead-letter queue, and compares kind, region and
account of the pair; a target that is not there is told, too.

## Why it matters
SQS moves messages only between queues of the same kind, region and account, and only where
the target allows it. Otherwise they stay in the source queue, are received again and again,
and expire.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_queue
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.intents import REMOVED, Create, Set, remedy
from sqsctl.model.stack import Fact, Queue, Stack
from sqsctl.remedies.names import dead_letter_name


class RedriveNotAllowed(Check):
    meta = Meta(
        id="redrive-not-allowed",
        title="Every dead-letter queue takes the dead letters of its sources",
        severity=Severity.ERROR,
        needs=frozenset({Fact.QUEUES}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-configure-dead-letter-queue.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for queue in stack.queues:
            target = queue.dead_letter_target_arn
            if not target:
                continue
            dlq = stack.queue(target)
            if dlq is None:
                yield from self._gone(queue, target, stack)
                continue
            if dlq.fifo != queue.fifo:
                yield self._kinds(queue, dlq)
            elif _place(queue.arn) != _place(target):
                yield self._places(queue, target)
            if not _takes(dlq, queue.arn):
                yield self._refuses(queue, dlq)

    def _gone(self, queue: Queue, target: str, stack: Stack) -> Iterator[Finding]:
        name = target.rsplit(":", 1)[-1]
        missing = any(
            name in gap.what.split() and ("missing" in gap.reason or "not exist" in gap.reason)
            for gap in stack.queues.unread
        )
        if missing:
            yield self.found(
                f"{queue.name} dead-letters to {name}, which does not exist",
                evidence=(of_queue(queue, "RedrivePolicy.deadLetterTargetArn", target),),
                remedy=remedy(
                    f"create {name} again, or set another dead-letter queue",
                    _create(name, queue),
                ),
                subject=queue.name,
            )

    def _kinds(self, queue: Queue, dlq: Queue) -> Finding:
        kind = {True: "FIFO", False: "standard"}
        return self.found(
            f"{queue.name} is {kind[queue.fifo]}, its dead-letter queue {dlq.name} is "
            f"{kind[dlq.fifo]}",
            evidence=(
                of_queue(queue, "FifoQueue", queue.fifo),
                of_queue(dlq, "FifoQueue", dlq.fifo),
            ),
            remedy=remedy(
                f"create a {kind[queue.fifo]} dead-letter queue and name it in the RedrivePolicy",
                *_pair_anew(queue),
            ),
            subject=queue.name,
        )

    def _places(self, queue: Queue, target: str) -> Finding:
        return self.found(
            f"{queue.name} and its dead-letter queue are in different regions or accounts",
            evidence=(
                of_queue(queue, "QueueArn", queue.arn),
                of_queue(queue, "RedrivePolicy.deadLetterTargetArn", target),
            ),
            remedy=remedy(
                "create the dead-letter queue in the region and account of its source",
                *_pair_anew(queue),
            ),
            subject=queue.name,
            confidence=Confidence.HIGH,
        )

    def _refuses(self, queue: Queue, dlq: Queue) -> Finding:
        known = _document(dlq.redrive_allow_policy)
        sources = known.get("sourceQueueArns")
        kept = [str(each) for each in sources] if isinstance(sources, list) else []
        policy = {"redrivePermission": "byQueue", "sourceQueueArns": [*kept, queue.arn]}
        before = {"RedriveAllowPolicy": known or REMOVED}
        return self.found(
            f"{dlq.name} does not allow {queue.name} to dead-letter to it",
            evidence=(of_queue(dlq, "RedriveAllowPolicy", dlq.redrive_allow_policy),),
            remedy=remedy(
                f"allow {queue.name} in the redrive allow policy",
                Set("queue", dlq.url, {"RedriveAllowPolicy": policy}, before),
                disposition="unsafe",
            ),
            subject=dlq.name,
        )


def _pair_anew(queue: Queue) -> tuple[Create, Set]:
    """A dead-letter queue that fits, and the source told of it."""
    name = dead_letter_name(queue.name, "-dlq2")

    def policy(arn: str) -> dict[str, object]:
        return {"deadLetterTargetArn": arn, "maxReceiveCount": queue.max_receive_count or 5}

    return _create(name, queue), Set(
        "queue",
        queue.url,
        {"RedrivePolicy": policy(f"{queue.arn.rpartition(':')[0]}:{name}")},
        {"RedrivePolicy": policy(queue.dead_letter_target_arn or "")},
    )


def _create(name: str, source: Queue) -> Create:
    kept: dict[str, object] = {"MessageRetentionPeriod": 1_209_600}
    return Create("queue", name, kept | ({"FifoQueue": True} if source.fifo else {}))


def _place(arn: str) -> tuple[str, ...]:
    return tuple(arn.split(":")[3:5])


def _takes(dlq: Queue, source: str) -> bool:
    """What RedriveAllowPolicy says; allowAll is the default, also for what cannot be read."""
    policy = _document(dlq.redrive_allow_policy)
    match policy.get("redrivePermission"):
        case "denyAll":
            return False
        case "byQueue":
            sources = policy.get("sourceQueueArns")
            return not isinstance(sources, list) or source in sources
        case _:
            return True


def _document(text: str | None) -> dict[str, object]:
    """A policy; empty where there is none, or it cannot be read."""
    try:
        policy = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return policy if isinstance(policy, dict) else {}
