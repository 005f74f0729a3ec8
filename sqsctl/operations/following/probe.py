"""One canary through the whole pipeline, with a time for each hop.

The canary carries a correlation id in its body. Its way is read from where it leaves
traces: the API's answer, the producer's log, the consumer's log, the dead-letter queue's
count. Where a function does not log what it handles, its invocation is found by time
alone; such a hop is not ``certain``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from sqsctl.aws.cloudwatch.logs import LogPage, milliseconds
from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.model.http_answer import HttpAnswer
from sqsctl.model.logline import Attempt, LogEvent
from sqsctl.model.message import Outgoing
from sqsctl.model.queues import Queue
from sqsctl.operations.following.probe_hops import Canary, Hop, HopName, Route
from sqsctl.operations.logs.tail import Clock
from sqsctl.operations.shared.interfaces import PostsBodies, SendsMessages

TIMEOUT_S = 60.0
POLL_S = 0.5

# Clocks differ a little between here and AWS.
_SKEW = timedelta(seconds=5)
_NEAR = timedelta(milliseconds=500)
# How long to hope for a line with the id before an invocation by time alone is taken.
_PATIENCE = timedelta(seconds=3)
_PATIENCE_BRIEF = timedelta(seconds=1)
# Throttling is told at once; an API that waited longer gave up waiting.
_AT_ONCE_MS = 1_000
_DIED = "a message was dead-lettered meanwhile"


class ReadsLogs(Protocol):
    """LogClient, or a fake."""

    def page(
        self,
        group: str,
        *,
        start_ms: int,
        end_ms: int | None = None,
        pattern: str = "",
        token: str | None = None,
        streams: tuple[str, ...] = (),
    ) -> LogPage: ...


def probe(
    logs: ReadsLogs,
    route: Route,
    message: Canary,
    *,
    api: PostsBodies | None = None,
    queue: SendsMessages | None = None,
    group_id: str | None = None,
    timeout_s: float = TIMEOUT_S,
    clock: Clock | None = None,
) -> Iterator[Hop]:
    """Send the canary by ``api`` or straight to ``queue``; yield each hop when it is known.

    It ends with the hop where the canary stopped (``failed`` or ``missing``), else with the
    consumer's ``log``. Raises SqsctlError only where the canary could not even be sent.
    """
    tracer = _Tracer(logs, route, message, timeout_s, clock or Clock())
    if api is not None:
        yield from tracer.over_http(api)
    elif queue is not None:
        yield from tracer.over_sqs(queue, group_id)
    else:
        raise UsageError("a probe needs an API or a queue to start from")


class _Tracer:
    def __init__(
        self, logs: ReadsLogs, route: Route, message: Canary, timeout_s: float, clock: Clock
    ) -> None:
        self._logs = logs
        self._route = route
        self._canary = message
        self._clock = clock
        self._marks: tuple[str, ...] = (message.id,)
        self._began = clock.now()
        self._deadline = self._began + timedelta(seconds=timeout_s)
        self._dead_before = self._dead_letters()
        self._absent: set[str] = set()  # log groups that are not there

    # -- ways in --------------------------------------------------------------------------

    def over_http(self, api: PostsBodies) -> Iterator[Hop]:
        began = self._clock.now()
        answer = api.post(self._canary.body)
        ended = self._clock.now()
        if answer.status is None:
            raise SqsctlError(
                f"the API did not answer: {answer.error}",
                hint="check the URL and the network",
                exit=Exit.UNAVAILABLE,
                code="unreachable",
            )
        hop = Hop("api", "ok", began, ended, answer.latency_ms, f"answered {answer.status}")
        if not answer.ok:
            text = " ".join(answer.body.split())[:200]
            yield replace(hop, status="failed", detail=f"answered {answer.status}: {text}")
            yield from self._failing_producer(answer, ended)
            return
        yield hop
        sent_at = ended
        if self._route.producer:
            # By the time of the answer the producer is done; its log may need a moment.
            found = self._wait_for(self._route.producer[1], self._began, ended, brief=True)
            if found:
                attempt, certain = found
                yield self._invocation("producer", attempt, certain=certain)
                if attempt.failure:
                    return
                sent_at = attempt.ended_at or ended
        yield from self._consumed(sent_at)

    def over_sqs(self, queue: SendsMessages, group_id: str | None) -> Iterator[Hop]:
        began = self._clock.now()
        unique = self._canary.id if group_id is not None else None
        result = queue.send(
            [Outgoing(self._canary.body, group_id=group_id, deduplication_id=unique)]
        )
        ended = self._clock.now()
        if not result.accepted:
            why = result.rejected[0].message if result.rejected else result.unknown_reason
            raise SqsctlError(f"SQS did not take the canary: {why}", code="not_sent")
        identity = result.accepted[0].message_id
        self._marks = (*self._marks, identity)
        took = (ended - began).total_seconds() * 1000
        yield Hop("api", "ok", began, ended, took, f"SQS took it as {identity}")
        yield from self._consumed(ended)

    def _failing_producer(self, answer: HttpAnswer, ended: datetime) -> Iterator[Hop]:
        """The producer's invocation behind a 5xx, where there was one.

        Throttled calls (429, a fast 503) and refused ones never reach it.
        """
        status = answer.status or 0
        throttled = status == 503 and answer.latency_ms < _AT_ONCE_MS
        if self._route.producer is None or status < 500 or throttled:
            return
        # Nobody knows whether there was one: what ran a few seconds off is not taken for it.
        group = self._route.producer[1]
        found = self._wait_for(group, self._began, ended, brief=True, slacks=(_NEAR,))
        if found is None:
            return
        attempt, certain = found
        hop = self._invocation("producer", attempt, certain=certain)
        if attempt.failure is None:
            hop = replace(hop, status="failed", detail=f"it answered {status} itself")
        yield hop

    # -- behind the queue -----------------------------------------------------------------

    def _consumed(self, sent_at: datetime) -> Iterator[Hop]:
        if self._route.consumer is None:
            yield Hop("queue", "missing", sent_at, detail="nothing consumes the queue")
            return
        if self._route.blocked:
            yield Hop("queue", "failed", sent_at, detail=self._route.blocked)
            return
        found = self._wait_for(self._route.consumer[1], sent_at, None)
        if found is None:
            waited = (self._clock.now() - sent_at).total_seconds() * 1000
            yield from self._not_consumed(sent_at, waited)
            return
        attempt, certain = found
        started = attempt.started_at or sent_at
        waited = max(0.0, (started - sent_at).total_seconds() * 1000)
        yield Hop("queue", "ok", sent_at, started, waited, "waited for its consumer", None, certain)
        yield self._invocation("consumer", attempt, certain=certain)
        if attempt.failure:
            if self._one_more_died():
                yield Hop("dead-letter", "failed", detail=_DIED)
            return
        yield self._readable(attempt, certain=certain)

    def _not_consumed(self, sent_at: datetime, waited_ms: float) -> Iterator[Hop]:
        """Where it stopped, as the figures of the queues tell it."""
        name, group = self._route.consumer or ("the consumer", "")
        silent = f"no trace of it in the log of {name}"
        if group in self._absent:
            silent = f"there is no log group {group}"
        if self._one_more_died():
            yield Hop("queue", "ok", sent_at)
            yield Hop("dead-letter", "failed", sent_at, detail=_DIED)
            return
        queue = self._depth()
        if queue is not None and not queue.in_flight and queue.visible + queue.delayed:
            lying = queue.visible + queue.delayed
            said = f"nobody takes it: {lying} in {queue.name}, none in flight"
            yield Hop("queue", "missing", sent_at, duration_ms=waited_ms, detail=said)
            return
        yield Hop("queue", "ok", sent_at)
        if queue is not None and not queue.approximate_total:
            said = f"it left {queue.name}, but {silent}"
            yield Hop("log", "missing", sent_at, duration_ms=waited_ms, detail=said)
            return
        if queue is not None:
            silent += f"; {queue.in_flight} in flight: at work, or failed and not visible again yet"
        yield Hop("consumer", "missing", sent_at, duration_ms=waited_ms, detail=silent)

    def _invocation(self, name: HopName, attempt: Attempt, *, certain: bool) -> Hop:
        failure = attempt.failure
        detail = f"{failure.error_type}: {failure.message}"[:300] if failure else ""
        return Hop(
            name,
            "failed" if failure else "ok",
            attempt.started_at,
            attempt.ended_at,
            attempt.duration_ms,
            detail,
            attempt.request_id,
            certain,
        )

    def _readable(self, attempt: Attempt, *, certain: bool) -> Hop:
        """How long it took from the last line until CloudWatch had it."""
        last = attempt.lines[-1] if attempt.lines else None
        if last is None or last.timestamp is None or last.ingested_at is None:
            return Hop("log", "ok", attempt.ended_at, certain=certain)
        took = max(0.0, (last.ingested_at - last.timestamp).total_seconds() * 1000)
        return Hop("log", "ok", last.timestamp, last.ingested_at, took, "readable", None, certain)

    # -- looking into logs ------------------------------------------------------------------

    def _wait_for(
        self,
        group: str,
        after: datetime,
        before: datetime | None,
        *,
        brief: bool = False,
        slacks: tuple[timedelta, ...] = (_NEAR, _SKEW),
    ) -> tuple[Attempt, bool] | None:
        """The invocation that handled the canary, and whether that is certain."""
        began = self._clock.now()
        until = min(self._deadline, began + timedelta(seconds=6)) if brief else self._deadline
        by_time_since: datetime | None = None
        while True:
            exact = self._by_mark(group)
            if exact:
                return exact, True
            near = self._by_time(group, after, before, slacks)
            if near is not None:
                by_time_since = by_time_since or self._clock.now()
                if self._clock.now() - by_time_since >= (_PATIENCE_BRIEF if brief else _PATIENCE):
                    return near, False
            if self._clock.now() >= until:
                return (near, False) if near is not None else None
            self._clock.sleep(POLL_S)

    def _by_mark(self, group: str) -> Attempt | None:
        """The finished invocation one of whose lines holds the canary's id."""
        start = milliseconds(self._began - _SKEW)
        for mark in self._marks:
            hits = self._read(group, start, pattern=f'"{mark}"')
            streams = tuple(dict.fromkeys(each.stream for each in hits if mark in each.message))
            if not streams:
                continue
            for attempt in self._attempts(group, start, streams):
                if any(mark in line.message for line in attempt.lines) and _finished(attempt):
                    return attempt
        return None

    def _by_time(
        self,
        group: str,
        after: datetime,
        before: datetime | None,
        slacks: tuple[timedelta, ...],
    ) -> Attempt | None:
        """The finished invocation that fits in time; None where several do.

        Where all of them failed they are taken for retries of one, and the first stands.
        """
        attempts = self._attempts(group, milliseconds(after - _SKEW), ())
        for slack in slacks:
            fitting = [
                each
                for each in attempts
                if each.started_at
                and each.started_at >= after - slack
                and (before is None or each.started_at <= before + slack)
                and _finished(each)
            ]
            if len(fitting) == 1 or (fitting and all(each.failure for each in fitting)):
                return fitting[0]
            if fitting or before is None:
                return None
        return None

    def _attempts(self, group: str, start_ms: int, streams: tuple[str, ...]) -> tuple[Attempt, ...]:
        from sqsctl.logtext import read

        return read(self._read(group, start_ms, streams=streams)).attempts

    def _read(
        self, group: str, start_ms: int, *, pattern: str = "", streams: tuple[str, ...] = ()
    ) -> tuple[LogEvent, ...]:
        """One page: of the seconds since the canary was sent. A missing group is empty yet."""
        try:
            return self._logs.page(
                group, start_ms=start_ms, pattern=pattern, streams=streams
            ).events
        except SqsctlError as error:
            if error.exit is Exit.NOT_FOUND:
                self._absent.add(group)
                return ()
            if error.code == "throttled":
                return ()
            raise

    def _one_more_died(self) -> bool:
        now, before = self._dead_letters(), self._dead_before
        return now is not None and before is not None and now > before

    def _dead_letters(self) -> int | None:
        """None where they cannot be counted: that only sharpens the answer."""
        try:
            return self._route.dead_letters() if self._route.dead_letters else None
        except SqsctlError:
            return None

    def _depth(self) -> Queue | None:
        try:
            return self._route.depth() if self._route.depth else None
        except SqsctlError:
            return None


def _finished(attempt: Attempt) -> bool:
    return attempt.duration_ms is not None or attempt.failure is not None
