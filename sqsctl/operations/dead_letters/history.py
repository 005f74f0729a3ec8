"""One dead letter's way: sent, each attempt with its log lines, dead-lettered, expires."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqsctl.model.dead_letters import MessageStory
from sqsctl.model.logline import Attempt
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.operations.dead_letters.forecast import forecast

_SLACK = timedelta(seconds=5)
_LATEST = datetime.max.replace(tzinfo=UTC)


def story_of(
    message: Message,
    queue: Queue,
    attempts: Iterable[Attempt],
    *,
    cause: str = "",
    now: datetime,
    visibility: timedelta | None = None,
    limit: int | None = None,
) -> MessageStory:
    """Tell what is known of ``message``, as received from the dead-letter queue ``queue``.

    ``attempts`` are its consumers' invocations. Those whose lines name the message count; if
    none does, those that failed while it was being received (``visibility`` is the source
    queue's timeout, which spaces the receives; ``limit`` is how many of them its redrive policy
    allows: looks at the dead-letter queue count as receives, too).
    """
    received = min(message.receive_count, limit or message.receive_count)
    known = list(attempts)
    named = [each for each in known if message.message_id in each.message_ids]
    fitting = named or [each for each in known if _fits(each, message, visibility, received)]
    return MessageStory(
        message=message,
        origin=message.dead_letter_source_arn,
        cause=cause,
        attempts=tuple(sorted(fitting, key=lambda each: each.started_at or _LATEST)),
        certain=bool(named),
        forecast=forecast(message, queue, now=now),
        receives=limit,
    )


def _fits(attempt: Attempt, message: Message, visibility: timedelta | None, received: int) -> bool:
    first, began = message.first_received_at, attempt.started_at
    if attempt.failure is None or attempt.message_ids or first is None or began is None:
        return False
    span = (visibility or timedelta(seconds=30)) * max(1, received)
    return first - _SLACK <= began <= first + span + _SLACK
