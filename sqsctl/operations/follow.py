"""What became of the messages of one run: processed, dead-lettered, or still on their way.

The counts come from the queue and its dead-letter queue, compared with what these held
before the run: ``processed`` is what was accepted and is in neither, so that the three add
up to what was accepted. The consumer's log is read beside it for the marks of ``bodies.Marks``:
where it shows every message of the run the counts are certain, and it tells how long each
stage took. A consumer that does not log what it gets leaves only the counts.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqsctl.errors import SqsctlError
from sqsctl.model.queues import Queue, QueueRef
from sqsctl.model.times import from_epoch_ms
from sqsctl.model.transfer import Latency
from sqsctl.operations.annotate import Annotated
from sqsctl.operations.bodies import RUN_KEY
from sqsctl.operations.control import Control
from sqsctl.operations.latency import Histogram
from sqsctl.operations.patience import patiently

POLL_S = 1.0
QUIET = 3  # looks in a row that have to find the queue empty: its figures are approximate
LOG_GRACE_S = 10.0  # how long the log may be behind the queue
MAX_REQUESTS = 10_000
SKEW = timedelta(seconds=5)


class DescribesQueues(Protocol):
    """QueueClient, or a fake."""

    def describe(self, queue: QueueRef) -> Queue: ...


@dataclass(frozen=True, slots=True)
class Held:
    """What the queues held: all messages of the queue, of the dead-letter queue (None: none)."""

    queued: int
    dead: int | None


@dataclass(frozen=True, slots=True)
class Fate:
    """``processed`` + ``dead_lettered`` + ``waiting`` is what was accepted.

    ``seen`` messages of the run were found in the consumer's log (None where their bodies
    could not be marked or the log could not be read). ``certain`` says whether the counts can
    be relied on, ``method`` how they came about. ``stages`` are durations: ``queue`` from
    sending to the consumer's start, ``consumer`` its duration, ``end-to-end`` both.
    """

    accepted: int
    processed: int
    dead_lettered: int
    waiting: int
    timed_out: bool
    certain: bool
    method: str
    waited_s: float
    seen: int | None = None
    stages: tuple[tuple[str, Latency], ...] = ()


class Sightings:
    """Collects what the consumer's log says about one run. Memory: a bit a message."""

    def __init__(self, run: str) -> None:
        self._mark = re.compile(
            rf'{RUN_KEY}\\*["\']\s*:\s*\\*["\']{re.escape(run)}\.(?P<number>\d{{1,12}})\.(?P<sent>\d{{1,15}})'
        )
        self._seen = bytearray()
        self._requests: dict[str, _Request] = {}
        self.count = 0
        self._queue = Histogram()
        self._consumer = Histogram()
        self._whole = Histogram()

    def read(self, lines: Iterable[Annotated]) -> None:
        """Take in lines in the order of the log."""
        for line in lines:
            self.add(line)

    def add(self, line: Annotated) -> None:
        """Take in one line."""
        identity, at, text = line.request_id, line.event.timestamp, line.event.message
        if identity is None or at is None:
            for match in self._mark.finditer(text):
                self._note(int(match["number"]))
            return
        request = self._requests.get(identity)
        if line.platform and text.startswith("START "):
            if len(self._requests) >= MAX_REQUESTS:
                self._requests.pop(next(iter(self._requests)))
            self._requests[identity] = _Request(at)
            return
        for match in self._mark.finditer(text):
            sent = from_epoch_ms(match["sent"])
            first = self._note(int(match["number"]))
            if first and sent and request is not None:
                request.sent.append(sent)
                self._queue.add(_ms(sent, request.started))
        if line.platform and text.startswith(("END ", "REPORT ")) and request is not None:
            if text.startswith("REPORT "):
                self._requests.pop(identity)
            if request.ended:
                return
            request.ended = True
            if request.sent:
                self._consumer.add(_ms(request.started, at))
            for each in request.sent:
                self._whole.add(_ms(each, at))

    def stages(self) -> tuple[tuple[str, Latency], ...]:
        """The stages of which anything is known."""
        named = (
            ("queue", self._queue),
            ("consumer", self._consumer),
            ("end-to-end", self._whole),
        )
        found = ((name, each.summary()) for name, each in named)
        return tuple((name, each) for name, each in found if each.count)

    def _note(self, number: int) -> bool:
        """Whether it is the first sight of this message."""
        place, bit = divmod(number, 8)
        if place > 20_000_000:
            return False  # no number of ours
        if place >= len(self._seen):
            self._seen.extend(bytes(place + 1 - len(self._seen)))
        if self._seen[place] & (1 << bit):
            return False
        self._seen[place] |= 1 << bit
        self.count += 1
        return True


@dataclass(slots=True)
class _Request:
    started: datetime
    sent: list[datetime] = field(default_factory=list)
    ended: bool = False


class LogReader:
    """Reads a log in a thread of its own, until it is told to stop.

    ``read`` takes the lines in; it returns when they end. ``lines`` gets a sleep function that
    raises Stopped once that is so. ``trouble`` is why the log could not be read.
    """

    def __init__(
        self,
        read: Callable[[Iterable[Annotated]], None],
        lines: Callable[[Callable[[float], None]], Iterable[Annotated]],
    ) -> None:
        self._read = read
        self._lines = lines
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)
        self.trouble: str | None = None

    def start(self) -> LogReader:
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the reading; waits a moment for it."""
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        try:
            self._read(self._lines(self._sleep))
        except Stopped:
            return
        except SqsctlError as error:
            self.trouble = error.message

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped


class Stopped(Exception):  # noqa: N818 - the reading was ended, nothing went wrong
    """Enough was read."""


def held(queues: DescribesQueues, queue: QueueRef, dead: QueueRef | None) -> Held:
    """What the two queues hold now, about."""
    return Held(
        queues.describe(queue).approximate_total,
        queues.describe(dead).approximate_total if dead else None,
    )


def follow(
    look: Callable[[], Held],
    before: Held,
    accepted: int,
    *,
    timeout_s: float,
    sightings: Sightings | None = None,
    marked: int | None = None,
    trouble: Callable[[], str | None] = lambda: None,
    control: Control | None = None,
    progress: Callable[[Fate], None] | None = None,
    now: Callable[[], float] = time.monotonic,
) -> Fate:
    """Wait until none of the ``accepted`` messages is under way any more, or time is up.

    ``sightings`` is filled meanwhile by somebody else; ``marked`` of the messages carry a mark
    (default: all). A stop ends the wait with what is
    known. Raises SqsctlError where the queues cannot be read.
    """
    control = control or Control()
    expected = accepted if marked is None else min(marked, accepted)
    began = now()
    quiet = 0
    empty_since: float | None = None
    while True:
        current = patiently(look, control)
        waited = now() - began
        fate = _fate(before, current, accepted, waited)
        quiet = quiet + 1 if fate.waiting == 0 else 0
        empty_since = (empty_since if empty_since is not None else now()) if quiet else None
        if progress:
            progress(fate)
        caught_up = (
            sightings is None
            or trouble() is not None
            or sightings.count >= expected
            or (empty_since is not None and now() - empty_since >= LOG_GRACE_S)
        )
        done = quiet >= QUIET and caught_up
        if done or accepted == 0 or waited >= timeout_s or not control.pause(POLL_S):
            timed_out = fate.waiting > 0 and waited >= timeout_s
            return _judged(
                replace(fate, timed_out=timed_out), before, expected, sightings, trouble()
            )


def _fate(before: Held, current: Held, accepted: int, waited_s: float) -> Fate:
    dead = max(0, (current.dead or 0) - (before.dead or 0))
    dead = min(dead, accepted)
    waiting = min(current.queued, accepted - dead)
    return Fate(accepted, accepted - dead - waiting, dead, waiting, False, False, "", waited_s)


def _judged(
    fate: Fate, before: Held, expected: int, sightings: Sightings | None, trouble: str | None
) -> Fate:
    said = ["figures of the queue and its dead-letter queue"]
    if before.dead is None:
        said = ["figures of the queue, which has no dead-letter queue"]
    seen = sightings.count if sightings and trouble is None else None
    certain = before.queued == 0 and fate.waiting == 0
    if before.queued:
        said.append(f"the queue held {before.queued} before, so others' messages may count as ours")
    if sightings is None:
        said.append("bodies that are no JSON objects carry no mark")
    elif trouble is not None:
        said.append(f"the consumer's log could not be read: {trouble}")
    elif seen is not None and seen >= expected > 0:
        those = "each message" if expected == fate.accepted else f"each of the {expected} marked"
        said.append(f"{those} was seen in the consumer's log")
        certain = fate.waiting == 0 and (certain or expected == fate.accepted)
    elif seen:
        said.append(f"{seen} of them were seen in the consumer's log")
        certain = certain and seen >= fate.processed
    else:
        said.append("the consumer's log does not show its messages")
        certain = False
    if sightings is None or trouble is not None:
        certain = False
    stages = sightings.stages() if sightings else ()
    return replace(fate, seen=seen, certain=certain, method="; ".join(said), stages=stages)


def _ms(first: datetime, last: datetime) -> float:
    """Never below zero: clocks differ a little between here and AWS."""
    return max(0.0, (last - first).total_seconds() * 1000)
