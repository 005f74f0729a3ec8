"""CloudWatch Logs: pages of events, oldest or newest first, under the service's quota.

A page may be empty and still have a successor: only a missing token is the end. Some
endpoints stop at their limit without a token; ``LogPage.cut`` says so.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import NotFoundError, SqsctlError
from sqsctl.model.logline import LogEvent
from sqsctl.model.times import from_epoch_ms

PAGE_EVENTS = 10_000  # FilterLogEvents' own maximum
CALLS_PER_SECOND = 4  # a few regions allow 5
# startFromHead=False is refused for start times before this day (botocore logs model).
NEWEST_FIRST_SINCE_MS = 1_704_067_200_000


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
    """

    events: tuple[LogEvent, ...]
    token: str | None = None
    cut: bool = False


class LogClient:
    """The log groups of one target.

    ``limiter`` keeps FilterLogEvents under the region's quota; None leaves it to botocore's
    retries (an endpoint of one's own has no quota).
    """

    def __init__(self, session: Session, limiter: Limiter | None = None) -> None:
        self.session = session
        self._limiter = limiter

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
        if self._limiter:
            self._limiter.wait()
        client: Any = self.session.logs()
        answer = self._asked(group, lambda: client.filter_log_events(**request))
        events = tuple(log_event(each, group) for each in answer.get("events") or ())
        following = answer.get("nextToken") or None
        return LogPage(events, following, cut=following is None and len(events) >= limit)

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
