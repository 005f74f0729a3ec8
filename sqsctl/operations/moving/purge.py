"""Empty a queue. There is no way back; asking is the caller's duty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqsctl.errors import SqsctlError
from sqsctl.model.queues import Queue, QueueRef
from sqsctl.operations.shared.control import Control

WAIT_S = 60.0


class PurgesQueues(Protocol):
    def purge(self, queue: QueueRef) -> None: ...


@dataclass(frozen=True, slots=True)
class Purged:
    """``messages`` were there before, about, those in flight included: purging deletes
    them too, and possibly what is sent up to 60 s later. ``waited_s`` for a purge before."""

    queue: Queue
    messages: int
    waited_s: float = 0.0


def purge(queues: PurgesQueues, facts: Queue, *, control: Control | None = None) -> Purged:
    """Delete everything in the queue. SQS allows it once a minute: waits once for that."""
    control = control or Control()
    ref = facts.ref
    try:
        queues.purge(ref)
    except SqsctlError as error:
        if error.code != "purge_in_progress" or not control.pause(WAIT_S):
            raise
        queues.purge(ref)
        return Purged(facts, facts.approximate_total, WAIT_S)
    return Purged(facts, facts.approximate_total)
