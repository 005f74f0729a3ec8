"""How many messages a queue holds, where nothing may fail for not knowing."""

from __future__ import annotations

from sqsctl.errors import SqsctlError
from sqsctl.model.queues import Queue
from sqsctl.operations.shared.interfaces import KnowsQueues


def remaining(queues: KnowsQueues, queue: Queue) -> int | None:
    """What the queue holds now, about; None where it cannot be asked."""
    try:
        return queues.describe(queue.ref).approximate_total
    except SqsctlError:
        return None
