"""Where a log group was read to, and which events were already shown.

CloudWatch Logs takes in events late, several in the same millisecond, and gives no place
to go on from. So each look goes back an overlap behind the newest event, and what was
seen before is recognised: by its event id, else by stream, time, text and how many such
there were before it in the same look. Memory is bounded: where events come faster than
they can be remembered, the overlap shrinks instead.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqsctl.model.logline import LogEvent

OVERLAP = timedelta(seconds=60)
REMEMBERED = 200_000
MOMENT = timedelta(milliseconds=1)  # CloudWatch Logs counts no finer


class Cursor:
    """One log group's reading position.

    Use: ``begin`` a look at ``start``; ask for the ``key`` of each event in the order in
    which they were read, then ``take`` those that are shown. What was not taken (the
    look broke off) comes again. An event that is in the future, by somebody's skewed
    clock, moves nothing.
    """

    def __init__(
        self, since: datetime, *, overlap: timedelta = OVERLAP, remembered: int = REMEMBERED
    ) -> None:
        self._overlap = overlap
        self._remembered = remembered
        self._newest: datetime | None = None
        self._floor = since
        self._seen: dict[int, datetime] = {}
        self._look: Counter[int] = Counter()
        self._limit = remembered

    @property
    def start(self) -> datetime:
        """Where the next look has to begin."""
        if self._newest is None:
            return self._floor
        return max(self._floor, self._newest - self._overlap)

    def begin(self) -> None:
        """A look begins: events that repeat each other are counted afresh."""
        self._look.clear()
        if len(self._seen) > self._remembered // 4:
            self._forget_before(self.start)

    def key(self, event: LogEvent) -> int:
        """What the event is recognised by in later looks."""
        if event.event_id:
            return hash(event.event_id)
        same = hash((event.stream, event.timestamp, event.message))
        self._look[same] += 1
        return hash((same, self._look[same]))

    def take(self, key: int, at: datetime, now: datetime) -> bool:
        """Remember an event; False where it was taken before."""
        if key in self._seen or at < self._floor:
            return False
        self._seen[key] = at
        counted = min(now, at)
        if self._newest is None or counted > self._newest:
            self._newest = counted
        if len(self._seen) > self._limit:
            self._shrink()
        return True

    def _forget_before(self, start: datetime) -> None:
        """Drop what no later look can meet."""
        self._floor = max(self._floor, start)
        floor = self._floor
        self._seen = {key: at for key, at in self._seen.items() if at >= floor}

    def _shrink(self) -> None:
        self._forget_before(self.start)
        if len(self._seen) > self._remembered:
            times = sorted(self._seen.values())
            cut = times[len(times) // 2]
            newest = times[-1] if self._newest is None else self._newest
            if cut < min(newest, times[-1]):
                self._forget_before(cut + MOMENT)
        # Many in one moment cannot be told apart by time: they are kept, and not sorted
        # again with every further one.
        self._limit = max(self._remembered, 2 * len(self._seen))
