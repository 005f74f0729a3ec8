"""The time that an invocation itself took, on a machine that has other work, too.

Lambda gives each environment its share of a processor; this machine may let a function wait
for one while it compiles something else, and a healthy lab would time out. So what counts is
wall time without the time in which the kernel had the function ready and did not run it, and
without the lab's own lateness, which a function waits for that calls it. Never less than
the processor time that the function used: an endless loop ends.
Source of the figures: Linux, Documentation/scheduler/sched-stats.rst (/proc/<pid>/schedstat:
nanoseconds on a processor, nanoseconds runnable without one, for each thread under task/).
Where there is none (macOS), only the lab's lateness is known.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sqsctl.lab.fidelity import loop

_PROC = Path("/proc")
_NANO = 1e-9


class Scheduled(NamedTuple):
    """Seconds that a thread ran, and that it was ready to run and did not."""

    ran_s: float = 0.0
    waited_s: float = 0.0


Threads = dict[str, Scheduled]


class OwnTime:
    """A stopwatch for one process, from now on."""

    def __init__(
        self,
        pid: int,
        *,
        now: Callable[[], float] = time.monotonic,
        threads: Callable[[int], Threads] | None = None,
        lateness: Callable[[], float] | None = None,
    ) -> None:
        self._pid = pid
        self._now = now
        self._threads = threads or scheduled
        self._lateness = lateness or loop.lateness
        self._started = now()
        self._before = self._threads(pid)
        self._late_before = self._lateness()

    def wall_s(self) -> float:
        """All the time that passed: never less than what counts."""
        return self._now() - self._started

    def used_s(self) -> float:
        """What counts of it."""
        wall = self.wall_s()
        ran, waited = 0.0, 0.0
        for thread, after in self._threads(self._pid).items():
            before = self._before.get(thread, Scheduled())
            ran += after.ran_s - before.ran_s
            # Threads wait beside each other: the one that waited longest says how long.
            waited = max(waited, after.waited_s - before.waited_s)
        late = self._lateness() - self._late_before
        return min(wall, max(ran, wall - waited - late))


def scheduled(pid: int) -> Threads:
    """How the kernel treated each thread of a process; empty where it does not say."""
    found: Threads = {}
    try:
        for each in (_PROC / str(pid) / "task").iterdir():
            ran, waited = (each / "schedstat").read_text(encoding="ascii").split()[:2]
            found[each.name] = Scheduled(int(ran) * _NANO, int(waited) * _NANO)
    except (OSError, ValueError):
        pass  # it ended, or this kernel keeps no account
    return found
