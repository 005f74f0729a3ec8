"""What dead letters died of, as their consumers' logs tell.

Looks at most a day back from now: a log window is bounded, and older failures are rarely
the ones that somebody looks for. Whatever cannot be read leaves the cause open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqsctl.checks.support.matching import Match, match
from sqsctl.model.deployed import StackRef
from sqsctl.model.message import Message
from sqsctl.model.stack import DeadLetters, Fact, Group
from sqsctl.operations.observe import observe

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

FACTS = frozenset({Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.LOGS})
FURTHEST = timedelta(days=1)
MARGIN = timedelta(minutes=5)


def causes_of(
    session: Session, ref: StackRef, queue_arn: str, messages: Sequence[Message]
) -> dict[str, Match]:
    """Message id to what it died of; messages of which nothing is known are absent.

    Raises SqsctlError only where AWS cannot be reached or the credentials are no good.
    """
    if not messages:
        return {}
    now = datetime.now(UTC)
    received = [each.first_received_at for each in messages if each.first_received_at]
    since = max(min(received, default=now) - MARGIN, now - FURTHEST)
    stack = observe(session, ref, needs=FACTS, since=since)
    dead = DeadLetters(
        queue_name=queue_arn.rpartition(":")[2],
        queue_arn=queue_arn,
        count=len(messages),
        samples=tuple(messages),
    )
    found = match(replace(stack, dead_letters=Group((dead,))), dead)
    return {each.message_id: each for each in found if each.cause and each.message_id}
