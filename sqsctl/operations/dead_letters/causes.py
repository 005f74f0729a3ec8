"""What dead letters died of, as their consumers' logs tell.

Looks at most a day back from now: a log window is bounded, and older failures are rarely
the ones that somebody looks for. Whatever cannot be read leaves the cause open.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqsctl.checks.support.failures.attribution import Match, consumers_logs, match
from sqsctl.checks.support.failures.caught_errors import with_caught
from sqsctl.model.deployed import StackRef
from sqsctl.model.logline import Attempt
from sqsctl.model.message import Message
from sqsctl.model.stack import DeadLetters, Fact, Group, Stack
from sqsctl.model.unread import Unread
from sqsctl.operations.dead_letters.delivery_causes import delivery_match
from sqsctl.operations.diagnosis.observe import observe

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

# What names a failure, here as in doctor: the code's package tells whose field was read, the
# figures whether an error was only printed.
FACTS = frozenset({Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.LOGS})
SHARPENING = frozenset({Fact.PACKAGES, Fact.METRICS})
FURTHEST = timedelta(days=1)
MARGIN = timedelta(minutes=5)


class CauseFinder:
    """Finds causes of one dead-letter queue's messages; reads the logs once, when first asked.

    ``since`` bounds the logs; by default FURTHEST ago. Thread-safe. Raises SqsctlError only
    where AWS cannot be reached or the credentials are no good.
    """

    def __init__(
        self, session: Session, ref: StackRef, queue_arn: str, *, since: datetime | None = None
    ) -> None:
        self._session = session
        self._ref = ref
        self._queue_arn = queue_arn
        self._since = since
        self._stack: Stack | None = None
        self._lock = threading.Lock()

    @property
    def stack(self) -> Stack:
        """What was read of the stack."""
        with self._lock:
            if self._stack is None:
                since = self._since or datetime.now(UTC) - FURTHEST
                self._stack = observe(
                    self._session, self._ref, needs=FACTS | SHARPENING, since=since
                )
            return self._stack

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What of the stack could not be read: a cause that stays unknown may be there."""
        stack = self.stack
        gaps = [gap for fact in Fact if fact in FACTS for gap in stack.gaps(fact)]
        # Code and figures may name another cause: who may not read them has to know it.
        gaps += [gap for fact in sorted(SHARPENING) for gap in stack.gaps(fact) if gap.action]
        return tuple(dict.fromkeys(gaps))

    def of(self, message: Message) -> Match | None:
        """What the message died of, None where nothing is known."""
        return self.of_all((message,)).get(message.message_id)

    def of_all(self, messages: Sequence[Message]) -> dict[str, Match]:
        """Message id to what it died of; messages of which nothing is known are absent."""
        # What another service could not deliver says itself why: no log has to be read for it.
        told = {each.message_id: delivery_match(each) for each in messages}
        known = {key: each for key, each in told.items() if each and each.cause}
        unknown = [each for each in messages if told[each.message_id] is None]
        if not unknown:
            return known
        dead = self._dead(unknown)
        found = match(replace(self.stack, dead_letters=Group((dead,))), dead)
        return known | {each.message_id: each for each in found if each.cause and each.message_id}

    def attempts(self, message: Message) -> tuple[Attempt, ...]:
        """The consumers' invocations; those failed, too, that caught an error for their records."""
        stack = replace(self.stack, dead_letters=Group((self._dead((message,)),)))
        return tuple(
            each
            for logs in consumers_logs(stack, self._queue_arn)
            for each in with_caught(stack, logs, message.message_id)
        )

    def _dead(self, messages: Sequence[Message]) -> DeadLetters:
        return DeadLetters(
            queue_name=self._queue_arn.rpartition(":")[2],
            queue_arn=self._queue_arn,
            count=len(messages),
            samples=tuple(messages),
        )


def earliest(messages: Sequence[Message]) -> datetime:
    """From when logs can tell of these messages, but not longer ago than FURTHEST."""
    now = datetime.now(UTC)
    received = [each.first_received_at for each in messages if each.first_received_at]
    return max(min(received, default=now) - MARGIN, now - FURTHEST)
