"""Holding very many messages: their handles lie in a file, not in memory.

Like ``hold.VisibilityHold`` for messages about which nothing more has to be decided: they are kept
hidden until the end and then handed back. SQS lets 120,000 messages of a standard queue
be in flight; this needs a few bytes of memory for each.
"""

from __future__ import annotations

import json
import threading
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Self

from sqsctl import private_files
from sqsctl.errors import SqsctlError
from sqsctl.model.message import Message
from sqsctl.operations.dead_letters.visibility_hold import BATCH, Clock, steady
from sqsctl.operations.shared.interfaces import HandsOutMessages


class HandleFile:
    """Held messages in batches, oldest first. Thread-safe; close it, or use ``with``."""

    def __init__(self, queue: HandsOutMessages, seconds: int, *, clock: Clock = steady) -> None:
        self.seconds = seconds
        self.messages = 0
        self._queue = queue
        self._clock = clock
        with _no_room():
            self._file: IO[bytes] = private_files.unnamed()
        self._places = array("Q")
        self._until = array("d")
        self._quiet_until = 0.0  # nothing is due before
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def receive(self, limit: int, *, wait_s: int) -> tuple[Message, ...]:
        """Receive up to ``limit`` messages and hold them."""
        asked_at = self._clock()
        batch = self._queue.receive(limit, wait_s=wait_s, visibility_s=self.seconds)
        self.add(batch, asked_at + self.seconds)
        return batch

    def add(self, batch: Sequence[Message], until: float) -> None:
        """Take over messages that are hidden until then."""
        for start in range(0, len(batch), BATCH):
            part = batch[start : start + BATCH]
            line = json.dumps([[each.message_id, each.receipt_handle] for each in part])
            with self._lock, _no_room():
                place = self._file.seek(0, 2)
                self._file.write(line.encode("ascii") + b"\n")
                self._file.flush()
                self._places.append(place)
                self._until.append(until)
                self._quiet_until = min(self._quiet_until, until - self.seconds / 2)
                self.messages += len(part)

    def tend(self) -> int:
        """Renew what is past its half; returns how many were lost on the way."""
        lost = 0
        if self._clock() < self._quiet_until:
            return lost
        for number in range(len(self._until)):
            asked_at = self._clock()
            if self._until[number] - asked_at >= self.seconds / 2:
                continue
            batch = self._batch(number)
            result = self._queue.hide(batch, self.seconds)
            self._until[number] = asked_at + self.seconds
            lost += len(batch) - len(result.accepted)
        self._quiet_until = min(self._until, default=0.0) - self.seconds / 2
        return lost

    def release(self) -> int:
        """Hand everything back; returns how many did not go. Never raises."""
        left = 0
        for number in range(len(self._places)):
            batch = self._batch(number)
            try:
                left += len(batch) - len(self._queue.hide(batch, 0).accepted)
            except SqsctlError:
                left += len(batch)
        with self._lock:
            del self._places[:], self._until[:]
            self.messages = 0
            self._file.truncate(0)
        return left

    def _batch(self, number: int) -> list[Message]:
        with self._lock:
            self._file.seek(self._places[number])
            pairs = json.loads(self._file.readline())
        return [Message(key, "", handle) for key, handle in pairs]


@contextmanager
def _no_room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SqsctlError(
            f"no temporary file for what is held: {error.strerror or error}",
            hint="free some space, or set TMPDIR to a folder that has it",
            code="no_temporary_file",
        ) from error
