"""One dead letter's way: sent, each attempt with its log lines, dead-lettered, expires."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqsctl.model.dead_letters import MessageHistory
from sqsctl.model.logline import Attempt
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.operations.dead_letters.forecast import forecast

_SLACK = timedelta(seconds=5)
_LATEST = datetime.max.replace(tzinfo=UTC)
# A shorter body stands in lines that are not about it.
_TELLING = 8


def history_of(
    message: Message,
    queue: Queue,
    attempts: Iterable[Attempt],
    *,
    cause: str = "",
    now: datetime,
    visibility: timedelta | None = None,
    limit: int | None = None,
) -> MessageHistory:
    """Tell what is known of ``message``, as received from the dead-letter queue ``queue``.

    ``attempts`` are its consumers' invocations. Those whose lines name the message count, by its
    id, else by its body while it was being received; if none does, those that failed while it was
    being received, one for each receive (``visibility`` is the source queue's timeout, which
    spaces the receives; ``limit`` is how many of them its redrive policy allows: looks at the
    dead-letter queue count as receives, too). The other failed ones of that time are ``others``.
    """
    received = min(message.receive_count, limit or message.receive_count)
    known = sorted(attempts, key=lambda each: each.started_at or _LATEST)
    named = [each for each in known if message.message_id in each.message_ids]
    near = [each for each in known if _in_time(each, message, visibility, received)]
    if not named:
        named = _one_a_receive([e for e in near if _has_body(e, message)], visibility, received)
    failed = [each for each in near if each.failure is not None and not each.message_ids]
    own = named or _one_a_receive(failed, visibility, received)
    return MessageHistory(
        message=message,
        origin=message.dead_letter_source_arn,
        cause=cause,
        attempts=tuple(own),
        certain=bool(named),
        forecast=forecast(message, queue, now=now),
        receives=limit,
        others=tuple(each for each in failed if each not in own),
    )


def _in_time(
    attempt: Attempt, message: Message, visibility: timedelta | None, received: int
) -> bool:
    first, began = message.first_received_at, attempt.started_at
    if first is None or began is None:
        return False
    span = (visibility or timedelta(seconds=30)) * max(1, received)
    return first - _SLACK <= began <= first + span + _SLACK


def _has_body(attempt: Attempt, message: Message) -> bool:
    body = message.body.strip()
    return len(body) >= _TELLING and any(body in each.message for each in attempt.lines)


def _one_a_receive(
    attempts: Sequence[Attempt], visibility: timedelta | None, received: int
) -> list[Attempt]:
    """At most as many as it was received, each hidden from the next for the visibility timeout."""
    found: list[Attempt] = []
    for each in attempts:
        if len(found) < max(1, received) and not (found and _hidden(each, found[-1], visibility)):
            found.append(each)
    return found


def _hidden(attempt: Attempt, before: Attempt, visibility: timedelta | None) -> bool:
    """Whether it began too early to be the next receive of the same message."""
    if attempt.started_at is None or before.started_at is None or visibility is None:
        return False
    return attempt.started_at < before.started_at + visibility - _SLACK
