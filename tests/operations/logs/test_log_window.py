"""The newest part of a log group in few calls, from any kind of endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from sqsctl.aws.cloudwatch.logs import LogClient, LogPage, milliseconds
from sqsctl.model.logline import LogEvent
from sqsctl.operations.logs import log_window
from sqsctl.operations.logs.log_window import Window, read_window

UNTIL = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=3)


@dataclass
class FakeGroup:
    """FilterLogEvents over one group; ``newest_first`` and ``tokens`` say what it can."""

    events: list[LogEvent]
    newest_first: bool = True
    tokens: bool = True
    empty_pages: int = 0
    calls: list[dict[str, object]] = field(default_factory=list)

    def page(
        self,
        group: str,
        *,
        start_ms: int,
        end_ms: int | None = None,
        pattern: str = "",
        token: str | None = None,
        limit: int = 10_000,
        newest_first: bool = False,
    ) -> LogPage:
        self.calls.append({"start_ms": start_ms, "pattern": pattern, "limit": limit})
        if len(self.calls) <= self.empty_pages:
            return LogPage((), "more")
        found = [
            each
            for each in self.events
            if start_ms <= milliseconds(each.timestamp or UNTIL) <= (end_ms or 2**53)
            and (not pattern or "ERROR" in each.message)
        ]
        if self.newest_first and newest_first:
            found.reverse()
        rest = len(found) > limit
        return LogPage(
            tuple(found[:limit]),
            "token" if rest and self.tokens else None,
            cut=rest and not self.tokens,
        )


def events(count: int, *, each_s: float = 0.5, error_at: int = -1) -> list[LogEvent]:
    """``count`` events up to UNTIL, ``each_s`` seconds apart, oldest first."""
    return [
        LogEvent(
            f"{'ERROR ' if number == error_at else ''}{number}",
            UNTIL - timedelta(seconds=(count - 1 - number) * each_s),
            "s",
            "g",
        )
        for number in range(count)
    ]


def read(group: FakeGroup, function: str | None = None, name: str = "g") -> Window:
    return read_window(cast("LogClient", group), name, since=SINCE, until=UNTIL, function=function)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_small_group_is_read_whole_in_one_call(*, newest_first: bool) -> None:
    group = FakeGroup(events(100), newest_first=newest_first)
    window = read(group)
    assert [each.message for each in window.events] == [str(n) for n in range(100)]
    assert not window.truncated
    assert len(group.calls) == 1


def test_of_a_large_group_the_newest_is_read_and_older_failures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_window, "MAX_EVENTS", 50)
    group = FakeGroup(events(1000, error_at=3))
    window = read(group)
    assert [each.message for each in window.events] == [
        "ERROR 3",
        *(str(n) for n in range(950, 1000)),
    ]
    assert window.truncated
    assert len(group.calls) == 2


@pytest.mark.parametrize("tokens", [True, False])
def test_an_endpoint_that_answers_oldest_first_is_asked_for_shorter_times(
    monkeypatch: pytest.MonkeyPatch, *, tokens: bool
) -> None:
    monkeypatch.setattr(log_window, "MAX_EVENTS", 500)
    group = FakeGroup(events(20_000), newest_first=False, tokens=tokens)
    window = read(group)
    assert window.truncated
    assert window.events[-1].message == "19999"
    assert len(group.calls) <= log_window.MAX_CALLS


def test_empty_pages_are_not_the_end_and_not_followed_for_ever() -> None:
    group = FakeGroup(events(10), empty_pages=3)
    assert len(read(group).events) == 10
    endless = FakeGroup(events(10), empty_pages=10_000)
    window = read(endless)
    assert window.truncated
    assert len(endless.calls) == log_window.MAX_CALLS


def test_events_of_one_moment_keep_the_order_in_which_they_were_written() -> None:
    written = [
        LogEvent(text, UNTIL - timedelta(seconds=10 - second), "s", "g")
        for second in range(3)
        for text in (f"{second} START", f"{second} middle", f"{second} END")
    ]
    for newest_first in (True, False):
        window = read(FakeGroup(list(written), newest_first=newest_first))
        assert list(window.events) == written


def test_other_functions_in_a_shared_group_are_left_out() -> None:
    shared = [
        LogEvent("ours", UNTIL, "2026/11/23/worker[$LATEST]a", "shared"),
        LogEvent("theirs", UNTIL, "2026/11/23/other[$LATEST]b", "shared"),
        LogEvent("nobody's", UNTIL, "own-stream", "shared"),
    ]
    window = read(FakeGroup(shared), function="worker", name="shared")
    assert {each.message for each in window.events} == {"ours", "nobody's"}
