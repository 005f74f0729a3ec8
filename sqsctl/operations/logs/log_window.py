"""The newest part of a log group, in few calls, however much it holds.

Newest first where the endpoint can; where it answers oldest first, the window is
narrowed from now back. What is older than what was read is searched for the words of
failures only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqsctl.aws.cloudwatch.logs import LogClient, LogPage, milliseconds
from sqsctl.model.logline import LogEvent

MAX_EVENTS = 10_000
MAX_CALLS = 8
MAX_OLD_FAILURES = 2_000
# One of these stands in every failure that AWS or a runtime writes.
FAILURES = (
    '?"Status: error" ?"Status: timeout" ?"Task timed out" ?errorType ?"[ERROR]" ?ERROR '
    '?Traceback ?"Runtime exited" ?AccessDenied ?"not authorized"'
)

_NARROWER = (0.1, 0.01, 0.001)
_FUNCTION_IN_STREAM = re.compile(r"\d{4}/\d\d/\d\d/(?P<name>[\w-]+)\[")


@dataclass(frozen=True, slots=True)
class Window:
    """Events oldest first. ``truncated``: there was more in the time asked for.

    ``log_class`` and ``scanned_bytes`` where only Logs Insights reads the group.
    """

    events: tuple[LogEvent, ...]
    truncated: bool = False
    log_class: str | None = None
    scanned_bytes: int | None = None


def read_window(
    client: LogClient, group: str, *, since: datetime, until: datetime, function: str | None = None
) -> Window:
    """The newest events since a moment. Raises NotFoundError where the group is missing.

    With ``function``, events of other functions in a shared group are left out.
    """
    reader = _WindowReader(client, group, milliseconds(since), milliseconds(until))
    window = replace(reader.read(), log_class=reader.log_class, scanned_bytes=reader.scanned_bytes)
    if function is None or group == f"/aws/lambda/{function}":
        return window
    own = tuple(each for each in window.events if function_of(each.stream) in {None, function})
    return replace(window, events=own)


@lru_cache(4_096)
def function_of(stream: str) -> str | None:
    """The function that a stream of a shared group belongs to; None in a group of one's own."""
    match = _FUNCTION_IN_STREAM.match(stream)
    return match["name"] if match else None


class _WindowReader:
    def __init__(self, client: LogClient, group: str, since_ms: int, until_ms: int) -> None:
        self._ask: Callable[..., LogPage] = client.page
        self.log_class: str | None = None
        self.scanned_bytes: int | None = None
        self._group = group
        self._since_ms = since_ms
        self._until_ms = until_ms
        self._calls = 0

    def read(self) -> Window:
        page = self._first(self._since_ms, newest_first=True)
        events = page.events
        if page.token is None and not page.cut:
            return Window(_oldest_first(events))
        if _ascending(events):
            return self._narrowed(page)
        if not events:
            return Window((), truncated=True)  # nothing found within the calls allowed
        older = self._failures_before(events)
        return Window(_oldest_first((*events, *older)), truncated=True)

    def _page(self, group: str, **asked: Any) -> LogPage:
        page = self._ask(group, **asked)
        self.log_class = page.log_class
        if page.scanned_bytes is not None:
            self.scanned_bytes = (self.scanned_bytes or 0) + page.scanned_bytes
        return page

    def _first(self, start_ms: int, *, newest_first: bool) -> LogPage:
        """The first page that holds anything: empty ones with a token lead on."""
        token: str | None = None
        while True:
            page = self._page(
                self._group,
                start_ms=start_ms,
                end_ms=self._until_ms,
                token=token,
                limit=MAX_EVENTS,
                newest_first=newest_first,
            )
            self._calls += 1
            if page.events or page.token is None or self._calls >= MAX_CALLS:
                return page
            token = page.token

    def _narrowed(self, widest: LogPage) -> Window:
        """The endpoint gave the oldest events: look at ever shorter times before now."""
        last = widest
        for share in _NARROWER:
            start = self._until_ms - max(1_000, int((self._until_ms - self._since_ms) * share))
            page = self._first(start, newest_first=False)
            if page.events:
                last = page
            if page.token is None and not page.cut:
                break
        return Window(_oldest_first(last.events), truncated=True)

    def _failures_before(self, events: tuple[LogEvent, ...]) -> tuple[LogEvent, ...]:
        oldest = min((milliseconds(each.timestamp) for each in events if each.timestamp), default=0)
        if oldest <= self._since_ms or self._calls >= MAX_CALLS:
            return ()
        page = self._page(
            self._group,
            start_ms=self._since_ms,
            end_ms=oldest - 1,
            pattern=FAILURES,
            limit=MAX_OLD_FAILURES,
            newest_first=True,
        )
        return page.events


def _ascending(events: tuple[LogEvent, ...]) -> bool:
    times = [each.timestamp for each in events if each.timestamp]
    return len(times) > 1 and times[0] < times[-1]


def _oldest_first(events: tuple[LogEvent, ...]) -> tuple[LogEvent, ...]:
    """By time, stably; events of one moment in the order in which they were written."""
    given = events if _ascending(events) else tuple(reversed(events))
    if not any(each.timestamp for each in given):
        return events
    times = {each.timestamp for each in events}
    if len(times) == 1:
        return events  # one moment only: no telling which way round they came
    return tuple(
        sorted(given, key=lambda each: milliseconds(each.timestamp) if each.timestamp else 0)
    )
