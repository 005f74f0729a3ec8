"""What will become of a message: attempt n of m, dead-lettered when, expired when."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqsctl.model.dead_letters import Forecast
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue


def forecast(
    message: Message, queue: Queue, *, now: datetime, visible_at: datetime | None = None
) -> Forecast:
    """Reckon from a message as it was received from ``queue``.

    ``visible_at``: when it can be received again, None for now. A standard queue's clock of
    retention starts with the first send, also in a dead-letter queue; on FIFO queues a
    move may have started it anew, so nothing is said there of a dead letter.
    """
    used, most = message.receive_count, queue.max_receive_count
    dead_at = None
    if most is not None:
        left = max(0, most - used)
        dead_at = (visible_at or now) + left * timedelta(seconds=queue.visibility_timeout_s)
    moved_here = message.dead_letter_source_arn is not None
    expires_at = None
    if message.sent_at is not None and not (queue.fifo and moved_here):
        expires_at = message.sent_at + timedelta(seconds=queue.retention_s)
    return Forecast(used, most, visible_at, dead_at, expires_at)
