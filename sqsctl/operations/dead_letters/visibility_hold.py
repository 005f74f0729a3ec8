"""Received messages that are kept hidden until somebody decides about them.

Each hold lapses on its own after ``seconds``; ``tend`` renews those past the half.
What has lapsed may be in other hands by now: never send it, and do not trust its
deletion. Time is counted through a suspended machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqsctl.errors import SqsctlError
from sqsctl.model.message import Message
from sqsctl.operations.shared.interfaces import HandsOutMessages

if TYPE_CHECKING:
    from sqsctl.operations.dead_letters.handle_file import HandleFile

BATCH = 10
Clock = Callable[[], float]


def steady() -> float:
    """Seconds that never jump and go on while the machine sleeps, where the system has them."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


@dataclass(slots=True)
class _Held:
    message: Message
    until: float


class VisibilityHold:
    """The messages of one queue that are held. Thread-safe."""

    def __init__(self, queue: HandsOutMessages, seconds: int, *, clock: Clock = steady) -> None:
        self.seconds = seconds
        self._queue = queue
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def now(self) -> float:
        return self._clock()

    def receive(self, limit: int, *, wait_s: int) -> tuple[Message, ...]:
        """Receive up to ``limit`` messages and hold them."""
        asked_at = self._clock()
        batch = self._queue.receive(limit, wait_s=wait_s, visibility_s=self.seconds)
        self.take(batch, asked_at)
        return batch

    def take(self, messages: Iterable[Message], asked_at: float) -> None:
        """VisibilityHold what was received; ``asked_at`` is ``now()`` from before the call.

        Of a message that comes again the newer receipt handle counts. Bodies are let go:
        a held message costs little, however large it is.
        """
        until = asked_at + self.seconds
        with self._lock:
            for each in messages:
                slim = Message(each.message_id, "", each.receipt_handle)
                self._held[each.message_id] = _Held(slim, until)

    def drop(self, messages: Iterable[Message]) -> None:
        """No longer ours: deleted."""
        with self._lock:
            for each in messages:
                self._held.pop(each.message_id, None)

    def hand_over(self, messages: Sequence[Message], handles: HandleFile) -> None:
        """Let a handles hold these from now on: nothing more is to be decided about them."""
        for each in messages:
            with self._lock:
                held = self._held.pop(each.message_id, None)
            if held is not None:
                handles.add([held.message], held.until)

    def newest(self, message: Message) -> Message:
        """The message with the last receipt handle seen of it: an older one may be dead."""
        with self._lock:
            held = self._held.get(message.message_id)
        return held.message if held else message

    def lapsed(self, message: Message, *, margin_s: float = 0.0) -> bool:
        """Whether the message may be visible to others again by now (plus ``margin_s``)."""
        with self._lock:
            held = self._held.get(message.message_id)
        return held is None or self._clock() + margin_s >= held.until

    def tend(self) -> int:
        """Renew what is past its half; returns how many holds were lost on the way."""
        now = self._clock()
        with self._lock:
            due = [each for each in self._held.values() if each.until - now < self.seconds / 2]
        lost = 0
        for batch in _tens(due):
            lost += self._renew(batch)
        return lost

    def release(self) -> int:
        """Hand everything back at once; returns how many did not go back.

        Those become visible by themselves after ``seconds``. Never raises: this runs when
        something else already went wrong.
        """
        with self._lock:
            everything = list(self._held.values())
            self._held.clear()
        left = 0
        for batch in _tens(everything):
            try:
                result = self._queue.hide([each.message for each in batch], 0)
            except SqsctlError:
                left += len(batch)
                continue
            left += len(batch) - len(result.accepted)
        return left

    def _renew(self, batch: Sequence[_Held]) -> int:
        asked_at = self._clock()
        result = self._queue.hide([each.message for each in batch], self.seconds)
        with self._lock:
            for accepted in result.accepted:
                batch[accepted.index].until = asked_at + self.seconds
            gone = [batch[each.index] for each in result.rejected if each.sender_fault]
            for each in gone:
                # The handle is dead: expired, or the message was deleted elsewhere.
                if self._held.get(each.message.message_id) is each:
                    del self._held[each.message.message_id]
        return len(gone)


def _tens(held: Sequence[_Held]) -> Iterable[Sequence[_Held]]:
    return (held[start : start + BATCH] for start in range(0, len(held), BATCH))
