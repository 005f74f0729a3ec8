"""Queues: where they are, what SQS knows of them, and its tasks that move their messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_NAMES_ONE = re.compile(r"(?:.*_)?(?:QUEUE|SQS|DLQ)(?:_?NAME)?", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?")


def names_a_queue(variable: str, value: object) -> bool:
    """Whether an environment variable is called as one that holds a queue's name, and can be it."""
    return bool(_NAMES_ONE.fullmatch(variable) and _NAME.fullmatch(str(value)))


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
class Queue:
    """Attributes of a queue (sqs GetQueueAttributes). Seconds and bytes.

    ``redrive_policy_*`` are None where no RedrivePolicy is set. ``logical_id`` is the
    CloudFormation logical id, where known. ``policy`` and ``redrive_allow_policy``
    are the JSON texts as AWS returns them. ``holds_dead_letters``: it is known to be a
    dead-letter queue though no queue that was read dead-letters to it (its source is gone).
    """

    name: str
    url: str
    arn: str
    fifo: bool = False
    visible: int = 0
    in_flight: int = 0
    delayed: int = 0
    visibility_timeout_s: int = 30
    retention_s: int = 345_600
    delay_s: int = 0
    receive_wait_s: int = 0
    maximum_message_bytes: int = 1_048_576
    dead_letter_target_arn: str | None = None
    max_receive_count: int | None = None
    redrive_allow_policy: str | None = None
    policy: str | None = None
    kms_key_id: str | None = None
    sse_sqs: bool = False
    content_based_deduplication: bool = False
    logical_id: str | None = None
    created_at: datetime | None = None
    holds_dead_letters: bool = False
    # When its settings were last changed (LastModifiedTimestamp).
    modified_at: datetime | None = None

    @property
    def ref(self) -> QueueRef:
        """Where it is."""
        return QueueRef(self.name, self.url, self.arn)

    @property
    def approximate_total(self) -> int:
        """Messages in it, whether visible, in flight or delayed."""
        return self.visible + self.in_flight + self.delayed


@dataclass(frozen=True, slots=True)
class NamedQueue:
    """A queue outside of the stack that a function's environment names, by URL or ARN."""

    reference: str
    exists: bool


@dataclass(frozen=True, slots=True)
class QueueReport:
    """A queue's facts, from SQS alone.

    ``dead_letters`` is its dead-letter queue; None without one, or where it could not be
    read (``dead_letters_unread`` says why).
    """

    queue: Queue
    dead_letters: Queue | None = None
    dead_letters_unread: str | None = None


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
