"""Noticing that a server has gone away, so that a run ends instead of trying for minutes.

Gone means: for some seconds no request of any worker was answered at all. An answer of any
kind, a refusal or a 5xx too, shows that somebody is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from sqsctl.model.http_answer import HttpAnswer
from sqsctl.model.message import Outgoing
from sqsctl.model.outcome import BatchResult
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.interfaces import PostsBodies, SendsMessages

GONE_AFTER_S = 8.0
_STEP_S = 0.2


class Presence(Control):
    """When the server last answered. As a Control it stops what runs once it is gone.

    ``gone`` holds the reason. A stop of ``outer`` stops this too, not the other way round:
    being gone is no interrupt.
    """

    def __init__(
        self,
        outer: Control,
        *,
        patience_s: float = GONE_AFTER_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._outer = outer
        self._patience_s = patience_s
        self._now = now
        self._lock = threading.Lock()
        self._silent_since: float | None = None
        self._answered_at = float("-inf")
        self.gone: str | None = None

    @property
    def stopping(self) -> bool:
        return self._stop.is_set() or self._outer.stopping

    def pause(self, seconds: float) -> bool:
        until = self._now() + seconds
        while not self.stopping:
            left = until - self._now()
            if left <= 0:
                return True
            self._stop.wait(min(left, _STEP_S))
        return False

    def answered(self) -> None:
        """Somebody is there."""
        self._answered_at = self._now()
        if self._silent_since is not None:
            with self._lock:
                self._silent_since = None

    def asked(self) -> float:
        """A request goes out; what ``silent`` wants to know of it."""
        return self._now()

    def silent(self, why: str, asked_at: float) -> None:
        """A request got no answer: nobody was there since it was sent, or others were answered."""
        now = self._now()
        with self._lock:
            since = max(asked_at, self._answered_at)
            if self._silent_since is None or since < self._silent_since:
                self._silent_since = since
            waited = now - self._silent_since
            if waited < self._patience_s:
                return
            self.gone = self.gone or f"no answer for {waited:.0f} s: {why}"
        self.stop()


class WatchedQueue:
    """A queue whose answers are noticed."""

    def __init__(self, queue: SendsMessages, presence: Presence) -> None:
        self._queue = queue
        self._presence = presence

    def send(self, batch: Sequence[Outgoing]) -> BatchResult:
        """As the queue does it."""
        asked_at = self._presence.asked()
        result = self._queue.send(batch)
        if (why := _silence(result)) is None:
            self._presence.answered()
        else:
            self._presence.silent(why, asked_at)
        return result


class WatchedApi:
    """An API whose answers are noticed."""

    def __init__(self, api: PostsBodies, presence: Presence) -> None:
        self._api = api
        self._presence = presence

    def post(self, body: str | bytes) -> HttpAnswer:
        """As the API does it."""
        asked_at = self._presence.asked()
        answer = self._api.post(body)
        if answer.status is None:
            self._presence.silent(answer.error or "no answer", asked_at)
        else:
            self._presence.answered()
        return answer


def _silence(result: BatchResult) -> str | None:
    """Why there was no answer; None where there was one."""
    if result.accepted or result.damaged:
        return None
    if result.unknown:
        reason = result.unknown_reason
        answered = reason[:1] == "5" or "does not mention" in reason
        return None if answered else reason
    if result.rejected and all(each.code == "unreachable" for each in result.rejected):
        return result.rejected[0].message
    return None
