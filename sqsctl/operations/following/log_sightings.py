"""What the consumers' log says about one run: which messages were seen, how long it took,
and what invocations died of meanwhile.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqsctl.errors import SqsctlError
from sqsctl.model.times import from_epoch_ms
from sqsctl.model.transfer import Latency
from sqsctl.operations.logs.annotation import Annotated
from sqsctl.operations.sending.bodies import RUN_KEY
from sqsctl.operations.sending.latency import Histogram

MAX_REQUESTS = 10_000


@dataclass(frozen=True, slots=True)
class Invocations:
    """The consumers' invocations during a run, whoever's messages they handled.

    ``failed`` of the ``ended`` ones did not end well; ``checks`` says how many of which known
    kind, the most frequent first.
    """

    ended: int
    failed: int
    checks: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class _Request:
    started: datetime
    sent: list[datetime] = field(default_factory=list)


class Sightings:
    """Collects what the consumers' log says about one run. Memory: a bit a message.

    Filled by one thread, read by another. Invocations that began before ``since`` are not the
    run's; ``earlier`` says whether there were such.
    """

    def __init__(self, run: str, since: datetime | None = None) -> None:
        self._since = since
        self.earlier = False
        self._mark = re.compile(
            rf'{RUN_KEY}\\*["\']\s*:\s*\\*["\']{re.escape(run)}\.(?P<number>\d{{1,12}})\.(?P<sent>\d{{1,15}})'
        )
        self._seen = bytearray()
        self._requests: dict[str, _Request] = {}
        self.count = 0
        self._queue = Histogram()
        self._consumer = Histogram()
        self._whole = Histogram()
        self._any = Histogram()  # every invocation that ended
        self._ended = 0
        self._failed: dict[str, None] = {}  # the last requests
        self._failures = 0
        self._checks: Counter[str] = Counter()

    def read(self, lines: Iterable[Annotated]) -> None:
        """Take in lines in the order of the log."""
        for line in lines:
            at = line.event.timestamp
            if self._since is not None and at is not None and at < self._since:
                self.earlier = True
            else:
                self.add(line)

    def add(self, line: Annotated) -> None:
        """Take in one line."""
        identity, at, text = line.request_id, line.event.timestamp, line.event.message
        if line.failure is not None:
            self._failing(line)
        if identity is None or at is None:
            for match in self._mark.finditer(text):
                self._note(int(match["number"]))
            return
        request = self._requests.get(identity)
        if line.phase == "start":
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
        if line.phase == "report" and request is not None:
            self._end(self._requests.pop(identity), at, line.duration_ms)

    def _end(self, request: _Request, at: datetime, duration_ms: float | None) -> None:
        """An invocation is over: Lambda's own figure, else the time between its lines."""
        took = _ms(request.started, at) if duration_ms is None else duration_ms
        self._ended += 1
        self._any.add(took)
        if request.sent:
            self._consumer.add(took)
        for each in request.sent:
            self._whole.add(_ms(each, request.started) + took)

    def stages(self) -> tuple[tuple[str, Latency], ...]:
        """The stages of which anything is known.

        Where no message was seen ``consumer`` is the duration of every invocation.
        """
        named = (
            ("queue", self._queue),
            ("consumer", self._consumer),
            ("end-to-end", self._whole),
        )
        found = ((name, each.summary()) for name, each in named)
        known = tuple((name, each) for name, each in found if each.count)
        return known or ((("consumer", self._any.summary()),) if self._ended else ())

    def invocations(self) -> Invocations:
        """What ended since the run began, and what of it failed."""
        return Invocations(self._ended, self._failures, tuple((+self._checks).most_common()))

    def _failing(self, line: Annotated) -> None:
        """A failed run ended with this line; a second word for it counts no other one."""
        identity = line.request_id or ""
        if identity and identity in self._failed:
            return
        if len(self._failed) >= MAX_REQUESTS:
            self._failed.pop(next(iter(self._failed)))
        self._failed[identity] = None
        self._failures += 1
        if line.check:
            self._checks[line.check] += 1

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


def _ms(first: datetime, last: datetime) -> float:
    """Never below zero: clocks differ a little between here and AWS."""
    return max(0.0, (last - first).total_seconds() * 1000)
