"""The queue's own policy denies.

## What it does
Reads the policy of each queue for denies of sending, receiving or deleting. The usual deny of
unencrypted transport is none: SDKs use TLS.

## Why it matters
A deny in a resource policy wins over every allow in a role. The role looks right, a
simulation of the role says allowed, and the call is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.access.policies import Statement, statements
from sqsctl.checks.support.evidence import of_queue
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.intents import TakeDenyAway, remedy
from sqsctl.model.stack import Fact, Queue, Stack

_WATCHED = ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


class QueuePolicyDeny(Check):
    meta = Meta(
        id="queue-policy-deny",
        title="No queue policy denies the stack's own functions",
        severity=Severity.ERROR,
        needs=frozenset({Fact.QUEUES}),
        uses=frozenset({Fact.FUNCTIONS}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-basic-examples-of-sqs-policies.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        roles = {each.role_arn for each in stack.functions if each.role_arn}
        for queue in stack.queues:
            for each in statements(queue.policy):
                actions = [action for action in _WATCHED if each.covers(action)]
                if each.effect != "Deny" or not actions or each.only_for_plain_http:
                    continue
                if not _meets(each, roles):
                    continue
                yield self._denies(queue, each, actions)

    def _denies(self, queue: Queue, each: Statement, actions: list[str]) -> Finding:
        who = ", ".join(each.principals[:3]) or "everyone"
        conditional = bool(each.conditions)
        when = " under a condition" if conditional else ""
        return self.found(
            f"the policy of {queue.name} denies {', '.join(actions)} to {who}{when}",
            evidence=(of_queue(queue, f"Policy statement {each.sid}".strip(), each.raw),),
            remedy=remedy(
                "take the statement out of the queue's policy, or narrow its principals and "
                "condition",
                TakeDenyAway(tuple(actions), queue.arn, by="resource"),
            ),
            subject=queue.name,
            severity=Severity.INFO if conditional else Severity.ERROR,
            kind=Kind.RISK if conditional else Kind.CAUSE,
            confidence=Confidence.LOW if conditional else Confidence.HIGH,
        )


def _meets(each: Statement, roles: set[str]) -> bool:
    """Whether the deny can be about one of the stack's roles."""
    if not roles or not each.principals:
        return True
    for principal in each.principals:
        if principal == "*" or principal in roles or principal.endswith(":root"):
            return True
        if principal.isdigit() and any(f":{principal}:" in role for role in roles):
            return True
    return False
