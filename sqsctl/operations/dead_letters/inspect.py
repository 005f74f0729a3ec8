"""A queue's facts, from SQS alone: two or three calls, one client."""

from __future__ import annotations

from sqsctl.errors import SqsctlError
from sqsctl.model.queues import QueueReport
from sqsctl.operations.shared.interfaces import KnowsQueues
from sqsctl.operations.stacks.queue_pairs import dead_letter_queue_of


def inspect(queues: KnowsQueues, reference: str) -> QueueReport:
    """Describe a queue (name, URL or ARN) and its dead-letter queue.

    A dead-letter queue that cannot be read is told, and does not fail the rest.
    """
    queue = queues.describe(queues.resolve(reference))
    try:
        return QueueReport(queue, dead_letter_queue_of(queues, queue))
    except SqsctlError as error:
        return QueueReport(queue, None, error.message)
