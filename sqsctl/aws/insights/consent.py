"""Whether logs may be read by queries that cost, and what they have cost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqsctl.errors import SqsctlError


@dataclass
class LogQueries:
    """What a person decided about queries, and what they have cost so far.

    ``notify`` is called before the first one. ``scanned_bytes`` counts those of this run.
    """

    allowed: bool = True
    notify: Callable[[str], None] | None = None
    scanned_bytes: int = 0
    count: int = 0
    _told: bool = field(default=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def announce(self, what: str) -> None:
        """Say once that queries cost; raises SqsctlError where they are declined."""
        if not self.allowed:
            raise SqsctlError(
                f"{what} can be read by Logs Insights alone, and --no-insights declines that",
                hint="leave --no-insights away; a query is billed by what it scans",
                code="insights_declined",
            )
        with self._lock:
            told, self._told = self._told, True
        if not told and self.notify:
            self.notify(f"{what} is read by Logs Insights, which AWS bills by what it scans")

    def add(self, scanned_bytes: int) -> None:
        """Count a query."""
        with self._lock:
            self.count += 1
            self.scanned_bytes += scanned_bytes
