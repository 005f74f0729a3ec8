"""What operations need of queues and APIs. ``aws`` has the real ones, tests exact fakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from sqsctl.model.http_answer import HttpAnswer
from sqsctl.model.message import Message, Outgoing
from sqsctl.model.outcome import BatchResult
from sqsctl.model.queues import MoveTask, Queue, QueueRef


class SendsMessages(Protocol):
    """A queue that messages go into, up to ten a call, never retried by itself."""

    def send(self, batch: Sequence[Outgoing]) -> BatchResult: ...


@runtime_checkable
class TellsTime(Protocol):
    """A place whose server tells its time: seconds since 1970, None as long as it did not."""

    def server_time(self) -> float | None: ...


class HandsOutMessages(Protocol):
    """A queue that messages come out of. ``hide`` with 0 seconds hands them back."""

    def receive(
        self, limit: int = 10, *, wait_s: int = 0, visibility_s: int | None = None
    ) -> tuple[Message, ...]: ...

    def delete(self, messages: Sequence[Message]) -> BatchResult: ...

    def hide(self, messages: Sequence[Message], seconds: int) -> BatchResult: ...


class MovesMessages(SendsMessages, HandsOutMessages, Protocol):
    """Both ways."""


class KnowsQueues(Protocol):
    """Finds and describes queues."""

    def resolve(self, reference: str) -> QueueRef: ...

    def describe(self, queue: QueueRef) -> Queue: ...

    def dead_letter_sources(self, queue: QueueRef) -> tuple[QueueRef, ...]: ...


class OpensQueues(KnowsQueues, Protocol):
    """Finds queues and opens them. ``place`` tells one server from another."""

    place: str

    def open(self, queue: QueueRef) -> MovesMessages: ...


class MoveTasks(Protocol):
    """SQS's own redrive."""

    def start(
        self, source_arn: str, *, destination_arn: str | None = None, rate: int | None = None
    ) -> str: ...

    def tasks(self, source_arn: str) -> tuple[MoveTask, ...]: ...

    def cancel(self, handle: str) -> int: ...


class PostsBodies(Protocol):
    """An HTTP API."""

    def post(self, body: str | bytes) -> HttpAnswer: ...
