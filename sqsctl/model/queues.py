"""Queues as one addresses them, and tasks of SQS that move their messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QueueRef:
    """Where a queue is. ``arn`` is None while nobody asked SQS for it.

    ``url`` is what every SQS call needs; ``name`` its last part.
    """

    name: str
    url: str
    arn: str | None = None

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")


@dataclass(frozen=True, slots=True)
class MoveTask:
    """A server-side redrive (sqs ListMessageMoveTasks).

    ``status``: RUNNING, COMPLETED, CANCELLING, CANCELLED, FAILED. ``handle`` is only there
    while it runs. ``destination_arn`` None: back to where each message came from.
    ``rate`` is messages per second, None where SQS chooses.
    """

    source_arn: str
    status: str
    handle: str | None = None
    destination_arn: str | None = None
    rate: int | None = None
    moved: int = 0
    to_move: int | None = None
    failure: str | None = None
    started_at: datetime | None = None

    @property
    def running(self) -> bool:
        return self.status in {"RUNNING", "CANCELLING"}
