"""A message, batch, request or answer is larger than allowed.

## What it does
Reads the size errors of SQS, SNS, EventBridge and Lambda, with the limit that they name.

## Why it matters
It fails each time: size does not change with a retry. SQS takes 1 MiB, counting names and values of
the message attributes, and less where the queue's MaximumMessageSize says so; a batch may have no
more in total.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.deploys.errors import of_a_deploy
from sqsctl.checks.support.evidence import of_queue
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import MESSAGES, NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.services import TOO_LARGE
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.intents import ChangeCode, Option, Remedy, Set, remedy
from sqsctl.model.queues import Queue
from sqsctl.model.stack import Stack

_LARGEST = 1_048_576


class MessageTooLarge(LogCheck[tuple[str, str]]):
    meta = Meta(
        id="message-too-large",
        title="Nothing is larger than its service takes",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES_SWALLOWED | MESSAGES,
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "quotas-messages.html"
        ),
    )
    precedence = 36
    minds_swallowed = True
    by_message = True

    def recognise(self, case: Case) -> tuple[str, str] | None:
        text = case.everything
        match = TOO_LARGE.search(text)
        if not match or of_a_deploy(text):
            return None
        what = match.group()
        limit = match.group("limit") or match.group("batch") or match.group("request") or ""
        if "esponse" in what or "allowed payload" in what:
            return "answer", limit
        if "atch" in what or "entries" in what:
            return "batch", limit
        return "payload" if "payload" in what or "equest" in what else "message", limit

    def report(self, seen: Seen[tuple[str, str]], stack: Stack) -> Finding:
        kind, limit = seen.sign
        most = f" ({limit} bytes)" if limit else ""
        small = [q for q in stack.queues if q.maximum_message_bytes < _LARGEST]
        title = {
            "answer": f"{seen.who} returns more than Lambda passes on (6 MB)",
            "batch": f"{seen.who} sends a batch that is larger than SQS takes{most}",
            "payload": f"{seen.who} sends a request that is larger than the service takes{most}",
        }.get(kind, f"{seen.who} sends a message that is larger than the queue takes{most}")
        return self.found(
            title,
            evidence=(
                *seen.evidence(),
                *(
                    of_queue(q, "MaximumMessageSize", f"{q.maximum_message_bytes} bytes")
                    for q in small
                ),
            ),
            remedy=_smaller(kind, small),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _smaller(kind: str, small: list[Queue]) -> Remedy:
    if kind == "answer":
        said = (
            "return less than 6 MB: put the content into S3 and return its key, or page the answer"
        )
        return remedy(said, ChangeCode(said))
    said = (
        "put the content into S3 and send its key (the SQS extended client does that); fill "
        "batches by size, not only by number"
    )
    larger = tuple(
        Set(
            "queue",
            each.url,
            {"MaximumMessageSize": _LARGEST},
            {"MaximumMessageSize": each.maximum_message_bytes},
        )
        for each in small
    )
    code = Option((ChangeCode(said),), "where it may grow larger still" if larger else "")
    raised = Option(larger, f"where {_LARGEST} bytes are enough")
    return Remedy(said, (raised, code) if larger else (code,))
