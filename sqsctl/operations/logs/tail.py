"""Follow the logs of several functions: nothing lost, nothing repeated, in time order.

``tail`` reads what was logged since a moment and, if asked to, what comes after. Within
one look at the logs events are ordered by time, stably; an event that CloudWatch took
in late comes out late. Past events are read page by page, lazily.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

from sqsctl.aws.cloudwatch.logs import Limiter, LogClient, LogPage, milliseconds, missing
from sqsctl.aws.parallel import Pool
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.logline import LogEvent
from sqsctl.operations.logs.cursor import MOMENT, OVERLAP, Cursor
from sqsctl.operations.logs.log_window import function_of

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

INTERVAL_S = 1.0
SLOWEST_INTERVAL_S = 5.0
CALLS_PER_SECOND = 4
# How long trouble is borne while following: somebody has to sign in again; AWS has to
# recover. Before the first success there is little to wait for.
SIGN_IN_PATIENCE_S = 300.0
AWS_PATIENCE_S = 600.0
FIRST_PATIENCE_S = 3.0
MISSING_EVERY = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATE = timedelta(seconds=5)

_EXPIRED = frozenset({"credentials_expired", "credentials_invalid"})
_WEATHER = frozenset({"throttled", "unavailable", "unreachable"})


class Source(Protocol):
    """Where pages of events come from: LogClient, or a fake."""

    def page(
        self,
        group: str,
        *,
        start_ms: int,
        end_ms: int | None = None,
        pattern: str = "",
        token: str | None = None,
    ) -> LogPage: ...


@dataclass(frozen=True, slots=True)
class Tailed:
    """A log event and the function that logged it."""

    function: str
    event: LogEvent


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know while following: a group is missing, AWS throttles.

    ``kind``: log_group_missing, log_group_appeared, throttled, credentials_expired, recovered.
    """

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, injected: ``now`` as a moment in UTC, ``sleep`` in seconds."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


def tail(
    session: Session,
    groups: Mapping[str, str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    follow: bool = True,
    filter_pattern: str = "",
    interval_s: float = INTERVAL_S,
    overlap_s: float = OVERLAP.total_seconds(),
    clock: Clock | None = None,
    notify: Callable[[Notice], None] | None = None,
) -> Iterator[Tailed]:
    """Yield events of ``groups`` (function name to log group), oldest first.

    ``since`` is a moment (default: now when following, else an hour ago); ``until`` ends
    it, also when following. Following waits for a log group that is not there yet,
    and survives throttling and expired credentials for a while before it raises (exit
    6 and 7). Without ``follow`` a missing group is a NotFoundError if all are missing,
    else a notice.
    """
    ticking = clock or Clock()
    limiter = Limiter(sleep=ticking.sleep) if session.target.endpoint is None else None
    source = LogClient(session, limiter)
    return follow_groups(
        source,
        groups,
        since=since,
        until=until,
        follow=follow,
        filter_pattern=filter_pattern,
        interval_s=interval_s,
        overlap_s=overlap_s,
        clock=ticking,
        notify=notify,
        renew=_renewal(session, limiter),
    )


def _renewal(session: Session, limiter: Limiter | None) -> Callable[[], Source]:
    """A source with the credentials read anew: somebody may have signed in again meanwhile."""
    return lambda: LogClient(session.renewed(), limiter)


def follow_groups(
    source: Source,
    groups: Mapping[str, str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    follow: bool = True,
    filter_pattern: str = "",
    interval_s: float = INTERVAL_S,
    overlap_s: float = OVERLAP.total_seconds(),
    clock: Clock | None = None,
    notify: Callable[[Notice], None] | None = None,
    renew: Callable[[], Source] | None = None,
    threads: bool = True,
) -> Iterator[Tailed]:
    """The same over any source. ``threads`` False reads one page after the other."""
    ticking = clock or Clock()
    begin = since or (ticking.now() if follow else ticking.now() - timedelta(hours=1))
    end = until if until is not None or follow else ticking.now()
    tailer = _Tailer(
        source,
        groups,
        begin=_whole(begin),
        end=end,
        pattern=filter_pattern,
        overlap=timedelta(seconds=overlap_s),
        clock=ticking,
        notify=notify or (lambda _: None),
        renew=renew,
        follow=follow,
    )
    return tailer.run(interval_s, threads=threads)


class _Tailer:
    def __init__(
        self,
        source: Source,
        groups: Mapping[str, str],
        *,
        begin: datetime,
        end: datetime | None,
        pattern: str,
        overlap: timedelta,
        clock: Clock,
        notify: Callable[[Notice], None],
        renew: Callable[[], Source] | None,
        follow: bool,
    ) -> None:
        self._source = source
        # Two functions may share a log group: it is read once.
        self._groups: dict[str, list[str]] = {}
        for function, group in groups.items():
            self._groups.setdefault(group, []).append(function)
        self._cursors = {group: Cursor(begin, overlap=overlap) for group in self._groups}
        self._end = end
        self._pattern = pattern
        self._clock = clock
        self._notify = notify
        self._renew = renew
        self._follow = follow
        self._missing: dict[str, int] = {}
        self._looks = 0
        self._troubled_since: datetime | None = None
        self._succeeded = False

    def run(self, interval_s: float, *, threads: bool) -> Iterator[Tailed]:
        pace = _Pace(interval_s, len(self._groups))
        pool = Pool(min(8, max(2, len(self._groups)))) if threads else None
        try:
            while True:
                found = False
                last = self._last_look()
                began = self._clock.now()
                trouble: SqsctlError | None = None
                try:
                    for event in self._look(pool):
                        found = True
                        yield event
                except SqsctlError as error:
                    trouble = self._weather(error)
                if trouble is None:
                    self._settled()
                    if last:
                        return
                    pace.after(found=found)
                    took = (self._clock.now() - began).total_seconds()
                    self._clock.sleep(pace.rest_s(took))
                else:
                    pace.back_off()
                    self._clock.sleep(pace.wait_s)
        finally:
            if pool:
                pool.close()

    def _last_look(self) -> bool:
        if not self._follow:
            return True
        # What was logged until then is not all readable at once.
        return self._end is not None and self._clock.now() > self._end + LATE

    def _look(self, pool: Pool | None) -> Iterator[Tailed]:
        """Everything new in all groups, merged by time."""
        due = [group for group in self._groups if self._due(group)]
        self._looks += 1
        streams = [self._group(group, pool) for group in due]
        merged = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=itemgetter(0))
        now = self._clock.now()
        for at, key, event in merged:
            # Taken only now: had the look broken off, it would have to come again.
            if self._cursors[event.group].take(key, at, now):
                function = self._function(event)
                if function:
                    yield Tailed(function, event)
        if not self._follow and self._missing and len(self._missing) == len(self._groups):
            raise missing(", ".join(sorted(self._missing)))

    def _function(self, event: LogEvent) -> str | None:
        """Whose event it is; None for another function's in a shared group."""
        names = self._groups[event.group]
        name = function_of(event.stream)
        if name is None:
            return names[0]
        return name if name in names else None

    def _due(self, group: str) -> bool:
        """A group that is missing is asked for less often."""
        at = self._missing.get(group)
        return at is None or (self._looks - at) % MISSING_EVERY == 0

    def _group(self, group: str, pool: Pool | None) -> Iterator[tuple[datetime, int, LogEvent]]:
        cursor = self._cursors[group]
        for page in self._pages(group, cursor, pool):
            timed = [(event.timestamp or EPOCH, event) for event in page.events]
            timed.sort(key=itemgetter(0))
            for at, event in timed:
                yield at, cursor.key(event), event

    def _pages(self, group: str, cursor: Cursor, pool: Pool | None) -> Iterator[LogPage]:
        """The pages from the cursor on; the next one is fetched while this one is used."""
        cursor.begin()
        start, token = cursor.start, None
        ahead = _fetch(pool, self._asker(group, start, token))
        while True:
            page = self._arrived(group, ahead)
            if page is None:
                return
            if page.token:
                if page.token == token:
                    return  # CloudWatch repeats the token at the end of some calls
                token = page.token
                ahead = _fetch(pool, self._asker(group, start, token))
                yield page
            elif page.cut:
                yield page
                last = max((each.timestamp or EPOCH for each in page.events), default=start)
                if last < start:
                    return  # the endpoint does not look at startTime: there is no going on
                # Full of one single moment: there is no way to read what else it holds.
                start = last if last > start else last + MOMENT
                if self._end is not None and start > self._end:
                    return
                token = None
                cursor.begin()
                ahead = _fetch(pool, self._asker(group, start, None))
            else:
                yield page
                return

    def _asker(self, group: str, start: datetime, token: str | None) -> Callable[[], LogPage]:
        source, pattern, begin = self._source, self._pattern, milliseconds(start)
        end = None if self._end is None else milliseconds(self._end)
        return lambda: source.page(group, start_ms=begin, end_ms=end, pattern=pattern, token=token)

    def _arrived(self, group: str, ahead: Callable[[], LogPage]) -> LogPage | None:
        try:
            page = ahead()
        except SqsctlError as error:
            if error.exit is not Exit.NOT_FOUND:
                raise
            if group not in self._missing:
                self._notify(Notice("log_group_missing", error.message))
            self._missing[group] = self._looks
            return None
        if self._missing.pop(group, None) is not None:
            self._notify(Notice("log_group_appeared", f"log group {group} is there now"))
        return page

    def _weather(self, error: SqsctlError) -> SqsctlError:
        """Bear what may pass; raise what does not, or does not in time."""
        expired = error.code in _EXPIRED
        bearable = error.code in _WEATHER or expired if self._follow else error.code == "throttled"
        if not bearable:
            raise error
        now = self._clock.now()
        if self._troubled_since is None:
            self._troubled_since = now
            kind = "credentials_expired" if expired else "throttled"
            advice = f" ({error.hint})" if expired and error.hint else ""
            self._notify(Notice(kind, f"{error.message}{advice}; trying on"))
        elif now - self._troubled_since > timedelta(seconds=self._patience_s(expired=expired)):
            raise error
        if expired and self._renew:
            self._source = self._renew()
        return error

    def _patience_s(self, *, expired: bool) -> float:
        if not self._succeeded and expired:
            return FIRST_PATIENCE_S
        return SIGN_IN_PATIENCE_S if expired else AWS_PATIENCE_S

    def _settled(self) -> None:
        self._succeeded = True
        if self._troubled_since is not None:
            self._troubled_since = None
            self._notify(Notice("recovered", "following again"))


class _Pace:
    """How far apart looks begin: closer while events come, under the quota always."""

    def __init__(self, interval_s: float, groups: int) -> None:
        self._fastest = max(interval_s, groups / CALLS_PER_SECOND)
        self._slowest = max(SLOWEST_INTERVAL_S, self._fastest)
        self._idle = 0
        self.wait_s = self._fastest

    def after(self, *, found: bool) -> None:
        # A person watching expects the next line soon: slow down after minutes, not seconds.
        self._idle = 0 if found else self._idle + 1
        self.wait_s = self._fastest
        if self._idle > 120:
            self.wait_s = min(self._slowest, self._fastest * 2 ** ((self._idle - 120) / 30))

    def rest_s(self, took_s: float) -> float:
        """What is left to wait after a look that took so long; never nothing."""
        return min(self.wait_s, max(self.wait_s - took_s, self.wait_s / 10))

    def back_off(self) -> None:
        self.wait_s = min(self.wait_s * 2, 10.0)


def _fetch(pool: Pool | None, ask: Callable[[], LogPage]) -> Callable[[], LogPage]:
    """The page, asked for at once where there is a pool, else when it is needed."""
    if pool is None:
        return ask
    future: Future[LogPage] = pool.submit(ask)
    return future.result


def _whole(at: datetime) -> datetime:
    """A moment as CloudWatch Logs counts it: in whole milliseconds."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
