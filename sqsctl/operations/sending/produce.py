"""Send many messages and measure: the numbers that k6 gives, for queues too.

Workers take numbers from one counter, make the messages, send them and count; nothing
is kept per message, so a million of them need no more memory than ten. With a rate
the arrivals follow a clock, whatever the answers take (open model). A stop finishes
what is in flight and summarises it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from sqsctl.errors import SqsctlError, UsageError
from sqsctl.model.message import Outgoing
from sqsctl.model.transfer import ProduceProgress, ProduceSummary, Via
from sqsctl.operations.sending.bodies import Make, NoMoreBodies
from sqsctl.operations.sending.tally import INTEGRATION_TIMEOUT_MS, Tally
from sqsctl.operations.sending.thresholds import Threshold
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import BATCH, RetryPolicy, deliver, pack
from sqsctl.operations.shared.interfaces import PostsBodies, SendsMessages
from sqsctl.operations.shared.server_presence import (
    GONE_AFTER_S,
    Presence,
    WatchedApi,
    WatchedQueue,
)
from sqsctl.operations.shared.validation import MAX_BYTES, problem

DEFAULT_CONCURRENCY = 4
MAX_CONCURRENCY = 64
_LATE_S = 1.0
_TICK_S = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, how fast. One of ``count`` and ``duration_s`` is needed; both may be given.

    ``rate`` is messages per second, None as fast as it goes. ``concurrency`` is the number of
    requests at a time. ``until_dry``: neither is needed, the bodies have an end.
    """

    count: int | None = None
    duration_s: float | None = None
    rate: float | None = None
    concurrency: int = DEFAULT_CONCURRENCY
    until_dry: bool = False

    def checked(self) -> Plan:
        """Itself; raises UsageError where it makes no sense."""
        if self.count is None and self.duration_s is None and not self.until_dry:
            raise UsageError("say how many (count) or how long (duration)")
        for name, value in (
            ("count", self.count),
            ("duration", self.duration_s),
            ("rate", self.rate),
            ("concurrency", self.concurrency),
        ):
            if value is not None and value <= 0:
                raise UsageError(f"{name} must be above 0, not {value:g}")
        if self.concurrency > MAX_CONCURRENCY:
            raise UsageError(f"concurrency goes up to {MAX_CONCURRENCY}, not {self.concurrency}")
        return self


class QueueSink:
    """Batches of ten into a queue, with the retries of ``delivery``."""

    via: Via = "sqs"

    def __init__(
        self,
        queue: SendsMessages,
        *,
        fifo: bool = False,
        max_bytes: int = MAX_BYTES,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._queue = queue
        self._fifo = fifo
        self._max_bytes = max_bytes
        self._policy = policy
        self.batch = BATCH

    def tally(self) -> Tally:
        return Tally()

    def watched(self, presence: Presence) -> QueueSink:
        """The same, telling ``presence`` of every answer."""
        return QueueSink(
            WatchedQueue(self._queue, presence),
            fifo=self._fifo,
            max_bytes=self._max_bytes,
            policy=self._policy,
        )

    def put(self, messages: Sequence[Outgoing], tally: Tally, control: Control) -> None:
        sound: list[Outgoing] = []
        for each in messages:
            if trouble := problem(each, fifo=self._fifo, max_bytes=self._max_bytes):
                tally.refused(trouble)
            else:
                sound.append(each)
        for packed in pack(sound, max_bytes=MAX_BYTES):
            started = time.perf_counter()
            result = deliver(self._queue, packed, control=control, policy=self._policy)
            tally.batch(result, (time.perf_counter() - started) * 1000)
            if result.error:
                raise result.error


class ApiSink:
    """One POST per message; the body is all that HTTP carries. Nothing is tried again.

    ``timeout_ms`` is how long the API waits for the function behind it.
    """

    via: Via = "http"

    def __init__(self, api: PostsBodies, *, timeout_ms: float | None = None) -> None:
        self._api = api
        self._timeout_ms = timeout_ms or INTEGRATION_TIMEOUT_MS
        self.batch = 1

    def tally(self) -> Tally:
        return Tally(self._timeout_ms)

    def watched(self, presence: Presence) -> ApiSink:
        """The same, telling ``presence`` of every answer."""
        return ApiSink(WatchedApi(self._api, presence), timeout_ms=self._timeout_ms)

    def put(self, messages: Sequence[Outgoing], tally: Tally, control: Control) -> None:  # noqa: ARG002
        for each in messages:
            tally.answer(self._api.post(each.body))


def produce(
    sink: QueueSink | ApiSink,
    make: Make,
    plan: Plan,
    *,
    control: Control | None = None,
    progress: Callable[[ProduceProgress], None] | None = None,
    thresholds: Sequence[Threshold] = (),
    gone_after_s: float = GONE_AFTER_S,
) -> ProduceSummary:
    """Send the messages ``make(1)``, ``make(2)``, … as ``plan`` says; return the figures.

    ``progress`` is called about ten times a second from the calling thread. What makes going
    on pointless (credentials, no such queue) is raised where nothing was accepted;
    otherwise it ends the run and stands among ``errors``. Where nothing has answered for
    ``gone_after_s`` the run gives up, and the summary says so. NoMoreBodies from ``make``
    ends it as well, and so does UsageError: what it says is ``ended_by``, raised where no message
    came before it.
    """
    control = control or Control()
    presence = Presence(control, patience_s=gone_after_s)
    run = _Run(sink.watched(presence), make, plan.checked(), control, presence)
    return run.run(progress, thresholds)


class _Run:
    def __init__(
        self,
        sink: QueueSink | ApiSink,
        make: Make,
        plan: Plan,
        control: Control,
        presence: Presence,
    ) -> None:
        self._presence = presence
        self._dry = threading.Event()
        self._sink = sink
        self._make = make
        self._plan = plan
        self._control = control
        self._lock = threading.Lock()
        self._next = 1
        self._started = 0.0
        self._late_s = 0.0
        self._bad: UsageError | None = None
        self._failed = threading.Event()
        self._size = _batch_size(sink.batch, plan.rate)
        workers = plan.concurrency
        if plan.count is not None:
            workers = min(workers, -(-plan.count // self._size))
        self._tallies = [sink.tally() for _ in range(workers)]

    def run(
        self,
        progress: Callable[[ProduceProgress], None] | None,
        thresholds: Sequence[Threshold],
    ) -> ProduceSummary:
        self._started = time.monotonic()
        with ThreadPoolExecutor(len(self._tallies), "produce") as pool:
            workers = [pool.submit(self._work, tally) for tally in self._tallies]
            try:
                self._watch(workers, progress)
            except BaseException:
                # An interrupt, or a progress display that broke: let nobody go on unseen.
                self._control.stop()
                raise
        total = Tally.merged(self._tallies)
        for error in filter(None, (each.exception() for each in workers)):
            if not total.accepted or not isinstance(error, SqsctlError):
                raise error
        if self._bad and not total.taken:
            raise self._bad
        summary = self._summary(total)
        return replace(summary, thresholds=tuple(each.judge(summary) for each in thresholds))

    def _watch(
        self,
        workers: list[Future[None]],
        progress: Callable[[ProduceProgress], None] | None,
    ) -> None:
        pending: set[Future[None]] = set(workers)
        while pending:
            try:
                _, pending = wait(pending, timeout=_TICK_S, return_when=FIRST_EXCEPTION)
            except KeyboardInterrupt:
                if self._control.stopping:
                    raise
                self._control.stop()
            if progress:
                progress(self._progress())

    def _work(self, tally: Tally) -> None:
        try:
            while (numbers := self._take()) is not None:
                messages = self._made(numbers, tally)
                tally.taken += len(messages)
                self._sink.put(messages, tally, self._presence)
        except BaseException:
            self._failed.set()
            raise

    def _made(self, numbers: range, tally: Tally) -> list[Outgoing]:
        """The messages of these numbers; fewer where the bodies are at their end."""
        messages: list[Outgoing] = []
        try:
            for number in numbers:
                messages.append(self._make(number))  # noqa: PERF401 - keeps what came before the end
        except NoMoreBodies:
            self._dry.set()
        except UsageError as error:  # what came before it is sent, nothing after it
            self._bad = self._bad or error
            tally.error(error.message)
            self._dry.set()
        return messages

    def _take(self) -> range | None:
        """The next numbers, once their time has come; None when there is nothing to do."""
        plan = self._plan
        with self._lock:
            first = self._next
            last = first + self._size - 1
            if plan.count is not None:
                last = min(last, plan.count)
            if last < first:
                return None
            due = self._started + ((first - 1) / plan.rate if plan.rate else 0.0)
            if plan.duration_s is not None:
                end = self._started + plan.duration_s
                if max(due, time.monotonic()) >= end:
                    return None
            self._next = last + 1
        if plan.rate:
            ahead = due - time.monotonic()
            self._late_s = max(self._late_s, -ahead)
            if ahead > 0 and not self._presence.pause(ahead):
                return None
        if self._presence.stopping or self._failed.is_set() or self._dry.is_set():
            return None
        return range(first, last + 1)

    def _progress(self) -> ProduceProgress:
        total = Tally.counts(self._tallies)
        return ProduceProgress(
            self._plan.count,
            *total,
            elapsed_s=time.monotonic() - self._started,
            latency_ms=Tally.latency_ms(self._tallies),
        )

    def _summary(self, total: Tally) -> ProduceSummary:
        elapsed = time.monotonic() - self._started
        plan = self._plan
        by_count = plan.count is not None and plan.duration_s is None and not self._dry.is_set()
        requested = plan.count if by_count and plan.count is not None else total.taken
        return ProduceSummary(
            via=self._sink.via,
            requested=requested,
            accepted=total.accepted,
            rejected=total.rejected,
            unknown=total.unknown,
            possible_duplicates=total.duplicates,
            duration_s=elapsed,
            rate_per_s=total.accepted / elapsed if elapsed else 0.0,
            latency=total.good.summary(),
            failed_latency=total.bad.summary(),
            status_codes=dict(sorted(total.status_codes.items())),
            errors=dict(sorted(total.errors.items(), key=lambda each: -each[1])),
            interrupted=self._control.stopping,
            rate_held=None if plan.rate is None else self._late_s <= _LATE_S,
            rate_asked=plan.rate,
            late_s=self._late_s,
            gave_up=self._presence.gone,
            ended_by=self._bad.message if self._bad else None,
            slow_status_codes=dict(total.slow),
        )


def concurrency_for(rate: float | None) -> int:
    """How many requests at a time an arrival rate takes: arrivals do not wait for answers.

    Enough for answers that take a quarter of a second; without a rate 4.
    """
    if rate is None:
        return DEFAULT_CONCURRENCY
    return min(MAX_CONCURRENCY, max(DEFAULT_CONCURRENCY, math.ceil(rate / 4)))


def _batch_size(most: int, rate: float | None) -> int:
    """At low rates smaller batches: arrivals ten times a second, not in lumps of ten."""
    return most if rate is None else max(1, min(most, int(rate / 10)))
