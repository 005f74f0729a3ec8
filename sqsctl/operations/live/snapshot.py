"""The stack at a glance, again and again: depths, rates, the last failures.

``Board`` gathers what comes in over time; ``look`` makes a picture of this moment. Lines of
the log may be added from another thread. Memory is bounded.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqsctl.model.queues import Queue
from sqsctl.model.stack import Group, Stack
from sqsctl.operations.logs.annotation import Annotated

HISTORY = 40
FAILURES = 50
WINDOW = timedelta(seconds=60)
MAX_TIMES = 20_000
# What says no more than that something failed.
VAGUE = frozenset({None, "unhandled-error"})


@dataclass(frozen=True, slots=True)
class Failing:
    """A run that failed, or a record of it; ``check`` where it is known of what.

    ``text`` is the line that says so.
    """

    at: datetime | None
    function: str
    check: str | None
    text: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue now. ``change_per_s`` is how its total moved since the last look (None: first).

    ``history`` are its totals at the last looks, the oldest first.
    """

    queue: Queue
    dead_letters: bool
    change_per_s: float | None
    history: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """A function over the last minute, as its log tells: invocations that ended, failures."""

    function: str
    invocations: int
    failures: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole at one moment. ``trouble`` says what could not be read just now."""

    at: datetime
    stack: Stack
    depths: tuple[Depth, ...]
    activity: tuple[Activity, ...]
    failures: tuple[Failing, ...]
    trouble: tuple[str, ...] = ()


class Board:
    """What a dashboard remembers between two looks."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._history: dict[str, deque[tuple[datetime, int]]] = {}
        self._ended: dict[str, deque[datetime]] = {}
        self._failed: dict[str, deque[datetime]] = {}
        self._failures: deque[Failing] = deque(maxlen=FAILURES)

    def replace_stack(self, stack: Stack) -> None:
        """The stack was read anew: functions and mappings may have changed."""
        self._stack = stack

    def add(self, lines: Iterable[Annotated]) -> None:
        """Take in log lines, until they end."""
        for line in lines:
            self._add(line)

    def _add(self, line: Annotated) -> None:
        at, failure = line.event.timestamp, line.failure
        if at is None:
            return
        with self._lock:
            if line.phase == "report":
                _times(self._ended, line.function).append(at)
            if failure is None:
                return
            if failure.led_to != "records":  # the invocation went well, a record of it did not
                _times(self._failed, line.function).append(at)
            text = (failure.line or line.event.message).strip().partition("\n")[0]
            self._failures.append(
                Failing(at, line.function, line.check, text[:300], line.request_id)
            )

    def look(
        self, queues: Mapping[str, Queue], at: datetime, trouble: Iterable[str] = ()
    ) -> Picture:
        """The picture with fresh figures of the queues, by ARN; absent ones keep their old."""
        dead = self._stack.dead_letter_queues()
        sources_first = sorted(self._stack.queues, key=lambda each: each.arn in dead)
        items = tuple(queues.get(each.arn, each) for each in sources_first)
        stack = replace(self._stack, queues=Group(items, self._stack.queues.unread))
        depths = tuple(
            self._depth(each, at, fresh=each.arn in queues, dead=each.arn in dead) for each in items
        )
        with self._lock:
            activity = tuple(
                Activity(
                    each.name,
                    _recent(self._ended.get(each.name), at),
                    _recent(self._failed.get(each.name), at),
                )
                for each in stack.functions
            )
            failures = tuple(reversed(self._failures))
        return Picture(at, stack, depths, activity, failures, tuple(trouble))

    def _depth(self, queue: Queue, at: datetime, *, fresh: bool, dead: bool) -> Depth:
        history = self._history.setdefault(queue.arn, deque(maxlen=HISTORY))
        change: float | None = None
        if fresh:
            if history:
                before, total = history[-1]
                seconds = (at - before).total_seconds()
                if seconds > 0:
                    change = (queue.approximate_total - total) / seconds
            history.append((at, queue.approximate_total))
        return Depth(queue, dead, change, tuple(total for _, total in history))


def _times(kept: dict[str, deque[datetime]], function: str) -> deque[datetime]:
    return kept.setdefault(function, deque(maxlen=MAX_TIMES))


def _recent(times: deque[datetime] | None, now: datetime) -> int:
    return sum(1 for each in times or () if now - WINDOW < each)
