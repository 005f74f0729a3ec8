"""Where a log group was read to, and which events were already shown.

CloudWatch Logs takes in events late, several in the same millisecond, and gives no place
to go on from. So each look goes back an overlap behind the newest event, and what was
seen before is recognised: by its event id, else by stream, time, text and how many such
there were before it in the same look. Memory is bounded: where events come faster than
they can be remembered, the overlap shrinks instead.
"""

from __future__ import annotations

from collections import Counter

from sqsctl.model.logline import LogEvent

OVERLAP_MS = 60_000
REMEMBERED = 200_000


class Cursor:
    """One log group's reading position.

    Use: ``begin`` a look at ``start_ms``; ask for the ``key`` of each event in the order in
    which they were read, then ``take`` those that are shown. What was not taken (the
    look broke off) comes again. An event that lies in the future, by somebody's skewed
    clock, moves nothing.
    """

    def __init__(
        self, since_ms: int, *, overlap_ms: int = OVERLAP_MS, remembered: int = REMEMBERED
    ) -> None:
        self._since_ms = since_ms
        self._overlap_ms = overlap_ms
        self._remembered = remembered
        self._newest_ms: int | None = None
        self._floor_ms = since_ms
        self._seen: dict[int, int] = {}
        self._look: Counter[int] = Counter()
        self._limit = remembered

    @property
    def start_ms(self) -> int:
        """Where the next look has to begin."""
        if self._newest_ms is None:
            return self._floor_ms
        return max(self._floor_ms, self._newest_ms - self._overlap_ms)

    @property
    def newest_ms(self) -> int | None:
        """The time of the newest event, None before the first."""
        return self._newest_ms

    def begin(self) -> None:
        """A look begins: events that repeat each other are counted afresh."""
        self._look.clear()
        start = self.start_ms
        if len(self._seen) > self._remembered // 4:
            self._forget_before(start)

    def key(self, event: LogEvent, at_ms: int) -> int:
        """What the event is recognised by in later looks."""
        if event.event_id:
            return hash(event.event_id)
        same = hash((event.stream, at_ms, event.message))
        self._look[same] += 1
        return hash((same, self._look[same]))

    def take(self, key: int, at_ms: int, now_ms: int) -> bool:
        """Remember an event; False where it was taken before."""
        if key in self._seen or at_ms < self._floor_ms:
            return False
        self._seen[key] = at_ms
        counted = min(at_ms, now_ms)
        if self._newest_ms is None or counted > self._newest_ms:
            self._newest_ms = counted
        if len(self._seen) > self._limit:
            self._shrink()
        return True

    def _forget_before(self, start: int) -> None:
        """Drop what no later look can meet."""
        self._floor_ms = max(self._floor_ms, start)
        self._seen = {key: at for key, at in self._seen.items() if at >= self._floor_ms}

    def _shrink(self) -> None:
        self._forget_before(self.start_ms)
        if len(self._seen) > self._remembered:
            times = sorted(self._seen.values())
            cut = times[len(times) // 2]
            newest = times[-1] if self._newest_ms is None else self._newest_ms
            if cut < min(newest, times[-1]):
                self._forget_before(cut + 1)
        # Many in one moment cannot be told apart by time: they are kept, and not sorted
        # again with every further one.
        self._limit = max(self._remembered, 2 * len(self._seen))
