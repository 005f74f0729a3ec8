"""A limit on messages per second, shared by threads."""

from __future__ import annotations

import threading
import time

from sqsctl.operations.shared.control import Control


class Limiter:
    """Spreads messages evenly; there is no burst beyond one batch."""

    def __init__(self, per_second: float | None) -> None:
        self._per_second = per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, messages: int, control: Control) -> bool:
        """Wait until ``messages`` may go; False when asked to stop meanwhile."""
        if self._per_second is None:
            return not control.stopping
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + messages / self._per_second
        return control.pause(max(0.0, turn - now))
