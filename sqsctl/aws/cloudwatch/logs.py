"""CloudWatch Logs: pages of events, oldest or newest first, under the service's quota.

A page may be empty and still have a successor: only a missing token is the end. Some
endpoints stop at their limit without a token; ``LogPage.cut`` says so.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.model.logline import LogEvent
from sqsctl.model.times import from_epoch_ms

PAGE_EVENTS = 10_000  # FilterLogEvents' own maximum
CALLS_PER_SECOND = 4  # a few regions allow 5
# startFromHead=False is refused for start times before this day (botocore logs model).
NEWEST_FIRST_SINCE_MS = 1_704_067_200_000
QUERY_EVERY_S = 10.0  # of who follows a group that only queries read
# "The log group X is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported …"
_CLASS = re.compile(r"log-group-class (?P<name>\w+)")


class Limiter:
    """At most ``calls`` in any ``window_s``, for all threads that share it."""

    def __init__(
        self,
        calls: int = CALLS_PER_SECOND,
        window_s: float = 1.0,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._calls = calls
        self._window_s = window_s
        self._now = now
        self._sleep = sleep
        self._starts: deque[float] = deque(maxlen=calls)
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next call may be made."""
        with self._lock:
            now = self._now()
            if len(self._starts) == self._calls:
                ready = self._starts[0] + self._window_s
                if ready > now:
                    self._sleep(ready - now)
                    now = max(ready, self._now())
            self._starts.append(now)


@dataclass(frozen=True, slots=True)
class LogPage:
    """One answer of FilterLogEvents.

    ``cut``: it is as full as it can be, and no token leads on, though there may be more.
    ``log_class`` is the group's where FilterLogEvents refused it; ``scanned_bytes`` is what the
    query in its place read.
    """

    events: tuple[LogEvent, ...]
    token: str | None = None
    cut: bool = False
    log_class: str | None = None
    scanned_bytes: int | None = None


class LogClient:
    """The log groups of one target.

    ``limiter`` keeps FilterLogEvents under the region's quota; None leaves it to botocore's
    retries (an endpoint of one's own has no quota).
    """

    def __init__(self, session: Session, limiter: Limiter | None = None) -> None:
        self.session = session
        self._limiter = limiter
        self._classes: dict[str, str] = {}  # of groups that FilterLogEvents refused
        self._queried: dict[str, float] = {}

    def page(
        self,
        group: str,
        *,
        start_ms: int,
        end_ms: int | None = None,
        pattern: str = "",
        token: str | None = None,
        limit: int = PAGE_EVENTS,
        newest_first: bool = False,
        streams: tuple[str, ...] = (),
    ) -> LogPage:
        """One page of a group's events. Times are milliseconds, both ends included.

        ``newest_first`` is a wish: endpoints that do not know it answer oldest first.
        Raises NotFoundError where the group is missing.
        """
        request: dict[str, Any] = {
            "logGroupName": group,
            "startTime": max(0, start_ms),
            "limit": limit,
        }
        if end_ms is not None:
            request["endTime"] = max(0, end_ms)
        if pattern:
            request["filterPattern"] = pattern
        if token:
            request["nextToken"] = token
        elif newest_first and start_ms >= NEWEST_FIRST_SINCE_MS:
            request["startFromHead"] = False
        if streams:
            request["logStreamNames"] = list(streams)
        if group in self._classes:
            return self._by_query(request, newest_first=newest_first)
        if self._limiter:
            self._limiter.wait()
        client: Any = self.session.logs()
        try:
            answer = self._asked(group, lambda: client.filter_log_events(**request))
        except SqsctlError as error:
            told = _CLASS.search(error.message)
            if told is None:
                raise
            self._classes[group] = self.log_class(group) or told["name"]
            return self._by_query(request, newest_first=newest_first)
        events = tuple(log_event(each, group) for each in answer.get("events") or ())
        following = answer.get("nextToken") or None
        return LogPage(events, following, cut=following is None and len(events) >= limit)

    def retention_days(self, group: str) -> int | None:
        """How long a group keeps its lines (DescribeLogGroups); None: for ever, or nobody knows."""
        client: Any = self.session.logs()
        with offered("log groups"):
            page = client.describe_log_groups(logGroupNamePrefix=group, limit=50)
        for each in page.get("logGroups") or ():
            if each.get("logGroupName") == group:
                days = each.get("retentionInDays")
                return int(days) if days else None
        return None

    def log_class(self, group: str) -> str | None:
        """A group's class (DescribeLogGroups); None where it is gone or may not be read."""
        client: Any = self.session.logs()
        try:
            with offered(f"log group {group}"):
                answer = client.describe_log_groups(logGroupNamePrefix=group, limit=50)
        except SqsctlError as error:
            if error.exit is Exit.UNAVAILABLE:
                raise
            return None
        for each in answer.get("logGroups") or ():
            if each.get("logGroupName") == group:
                return str(each.get("logGroupClass") or "STANDARD")
        return None

    def _by_query(self, request: Mapping[str, Any], *, newest_first: bool) -> LogPage:
        """What FilterLogEvents refuses, by Logs Insights."""
        from sqsctl.aws.insights.reader import READABLE, InsightsReader, filters_of

        group = str(request["logGroupName"])
        log_class = self._classes[group]
        if log_class != READABLE:
            raise SqsctlError(
                f"log group {group} is of class {log_class}: neither FilterLogEvents nor, as far "
                "as is known, Logs Insights reads it",
                hint="a log group of class STANDARD can be read (the class cannot be changed: "
                "LoggingConfig.LogGroup names another group)",
                code="log_class_unreadable",
            )
        queries = self.session.log_queries
        queries.announce(f"log group {group} (class {log_class})")
        now_ms = milliseconds(datetime.now(UTC))
        # Whoever follows asks every second; each query scans, and costs.
        following = "endTime" not in request and not newest_first
        asked_at = time.monotonic()
        if following and asked_at - self._queried.get(group, float("-inf")) < QUERY_EVERY_S:
            return LogPage((), log_class=log_class)
        streams = request.get("logStreamNames") or ()
        alternatives = " or ".join(f"@logStream = '{each}'" for each in streams)
        found = InsightsReader(self.session.logs(), queries).events(
            (group,),
            start_ms=request["startTime"],
            end_ms=request.get("endTime", now_ms + 1_000),
            filters=(
                *filters_of(request.get("filterPattern", "")),
                *([alternatives] if alternatives else []),
            ),
            limit=request["limit"],
            newest_first=newest_first,
        )
        if not found.cut:
            self._queried[group] = asked_at
        return LogPage(
            found.events, None, found.cut, log_class=log_class, scanned_bytes=found.scanned_bytes
        )

    def exists(self, group: str) -> bool:
        """Whether the group is there (DescribeLogGroups)."""
        return any(each == group for each in self.groups(group, limit=50))

    def groups(self, prefix: str, limit: int = 1_000) -> Iterator[str]:
        """Names of groups that start with ``prefix``, page by page."""
        client: Any = self.session.logs()
        token: str | None = None
        seen = 0
        while True:
            request: dict[str, Any] = {"logGroupNamePrefix": prefix} if prefix else {}
            if token:
                request["nextToken"] = token
            with offered("log groups"):
                page = client.describe_log_groups(**request)
            for each in page.get("logGroups") or ():
                yield each["logGroupName"]
                seen += 1
                if seen >= limit:
                    return
            token = page.get("nextToken")
            if not token:
                return

    def _asked(self, group: str, call: Callable[[], Any]) -> Mapping[str, Any]:
        try:
            with offered(f"log group {group}"):
                answer: Mapping[str, Any] = call()
                return answer
        except SqsctlError as error:
            if error.code != "not_found":
                raise
            raise missing(group) from error


def missing(group: str) -> NotFoundError:
    """The error for a log group that is not there."""
    return NotFoundError(
        f"there is no log group {group}",
        hint="Lambda makes it when a function first logs; was it ever invoked?",
        code="log_group_not_found",
    )


def log_event(shape: Mapping[str, Any], group: str) -> LogEvent:
    """A FilteredLogEvent as the model has it. Times are milliseconds since 1970, UTC."""
    return LogEvent(
        message=shape.get("message", ""),
        timestamp=from_epoch_ms(shape.get("timestamp")),
        stream=shape.get("logStreamName", ""),
        group=group,
        event_id=shape.get("eventId", "") or "",
        ingested_at=from_epoch_ms(shape.get("ingestionTime")),
    )


def milliseconds(at: datetime) -> int:
    """A time as CloudWatch Logs counts it; exact, where a float would round."""
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
