"""Following logs: nothing lost, nothing repeated, whatever CloudWatch does meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqsctl.aws.cloudwatch.logs import LogPage, milliseconds, missing
from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.model.logline import LogEvent
from sqsctl.operations.logs.cursor import Cursor
from sqsctl.operations.logs.tail import Clock, Notice, Tailed, follow_groups

START = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
GROUP = "/aws/lambda/worker"


@dataclass(frozen=True)
class Written:
    """An event of a history: when it says it happened, and when it can be read."""

    at_ms: int
    readable_ms: int
    stream: str
    message: str
    event_id: str = ""

    def event(self, group: str = GROUP) -> LogEvent:
        return LogEvent(
            self.message,
            datetime.fromtimestamp(self.at_ms / 1000, tz=UTC),
            self.stream,
            group,
            self.event_id,
        )


@dataclass
class FakeTime:
    at: datetime = START

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, self.sleep)


@dataclass
class FakeLogs:
    """FilterLogEvents over a history: pages of any size, empty ones, tokens, a hard stop."""

    time: FakeTime
    history: dict[str, list[Written]]
    page_size: int = 3
    empty_pages: int = 0
    hard_stop: bool = False
    failures: list[SqsctlError] = field(default_factory=list)
    absent_until: dict[str, datetime] = field(default_factory=dict)
    calls: int = 0
    failing_calls: frozenset[int] = frozenset()
    failing_with: SqsctlError | None = None

    def page(
        self,
        group: str,
        *,
        start_ms: int,
        end_ms: int | None = None,
        pattern: str = "",
        token: str | None = None,
    ) -> LogPage:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        if self.failing_with and self.calls in self.failing_calls:
            raise self.failing_with
        if group not in self.history or self.time.at < self.absent_until.get(group, START):
            raise missing(group)
        # A token goes on with what was there when its first page was asked for.
        offset, readable_ms = 0, milliseconds(self.time.at)
        if token:
            place, moment = token.split("@")
            offset, readable_ms = int(place), int(moment)
        matching = sorted(
            (
                each
                for each in self.history[group]
                if each.readable_ms <= readable_ms
                and pattern in each.message
                and each.at_ms >= start_ms
                and (end_ms is None or each.at_ms <= end_ms)
            ),
            key=lambda each: (each.at_ms, each.readable_ms),
        )
        if offset < 0 or (self.empty_pages and not token):
            left = -offset if offset < 0 else self.empty_pages
            following = f"{-(left - 1)}@{readable_ms}" if left > 1 else f"0@{readable_ms}"
            return LogPage((), following)
        shown = tuple(each.event(group) for each in matching[offset : offset + self.page_size])
        rest = len(matching) > offset + self.page_size
        if self.hard_stop:
            return LogPage(shown, None, cut=len(shown) >= self.page_size)
        return LogPage(shown, f"{offset + self.page_size}@{readable_ms}" if rest else None)


def followed(logs: FakeLogs, until: datetime, **options: object) -> list[Tailed]:
    groups = {name.rpartition("/")[2]: name for name in logs.history}
    return list(
        follow_groups(
            logs,
            groups,
            since=START,
            until=until,
            clock=logs.time.clock,
            threads=False,
            **options,  # type: ignore[arg-type]
        )
    )


def seen(events: list[Tailed]) -> Counter[tuple[int, str, str]]:
    return Counter(
        (milliseconds(each.event.timestamp or START), each.event.stream, each.event.message)
        for each in events
    )


START_MS = milliseconds(START)


@st.composite
def histories(draw: st.DrawFn) -> list[Written]:
    """Up to 80 events of 20 streams: late by up to 50 s, equal in time, text and stream."""
    with_ids = draw(st.booleans())
    found = []
    for number in range(draw(st.integers(0, 80))):
        at = START_MS + draw(st.integers(0, 90)) * draw(st.sampled_from([1, 500, 1_000]))
        late = draw(st.sampled_from([0, 0, 0, 1, 700, 5_000, 50_000]))
        early = draw(st.sampled_from([0, 0, 0, 0, 30_000]))  # a writer whose clock is ahead
        found.append(
            Written(
                at_ms=at + early,
                readable_ms=at + late,
                stream=f"stream-{draw(st.integers(0, 19))}",
                message=draw(st.sampled_from(["same", "same", "other", f"own {number}"])),
                event_id=f"id-{number}" if with_ids else "",
            )
        )
    return found


@given(
    history=histories(),
    page_size=st.integers(1, 7),
    empty_pages=st.integers(0, 3),
    failing=st.frozensets(st.integers(1, 40), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_and_nothing_repeated(
    history: list[Written], page_size: int, empty_pages: int, failing: frozenset[int]
) -> None:
    time = FakeTime()
    throttled = SqsctlError("slow down", exit=Exit.UNAVAILABLE, code="throttled")
    logs = FakeLogs(
        time,
        {GROUP: history},
        page_size=page_size,
        empty_pages=empty_pages,
        failing_calls=failing,
        failing_with=throttled,
    )
    expected = Counter((each.at_ms, each.stream, each.message) for each in history)
    assert seen(followed(logs, START + timedelta(seconds=220))) == expected


@given(history=histories(), page_size=st.integers(2, 9))
@settings(max_examples=25, deadline=None)
def test_an_endpoint_that_stops_without_a_token_is_read_to_its_end(
    history: list[Written], page_size: int
) -> None:
    time = FakeTime(START + timedelta(seconds=300))
    # No more of one moment than fit a page: such an endpoint has no way to give the others.
    per_moment: Counter[int] = Counter()
    kept = []
    for each in history:
        per_moment[each.at_ms] += 1
        if per_moment[each.at_ms] < page_size:
            kept.append(each)
    logs = FakeLogs(time, {GROUP: kept}, page_size=page_size, hard_stop=True)
    found = list(
        follow_groups(
            logs, {"worker": GROUP}, since=START, follow=False, clock=time.clock, threads=False
        )
    )
    assert seen(found) == Counter((each.at_ms, each.stream, each.message) for each in kept)


def test_an_endpoint_that_ignores_the_start_time_does_not_keep_it_going_for_ever() -> None:
    class Ignorant(FakeLogs):
        def page(self, group: str, **asked: object) -> LogPage:
            self.calls += 1
            return LogPage(tuple(each.event() for each in self.history[group]), None, cut=True)

    time = FakeTime(START + timedelta(minutes=1))
    logs = Ignorant(time, {GROUP: [Written(START_MS + n, START_MS, "s", f"{n}") for n in range(9)]})
    found = list(follow_groups(logs, {"w": GROUP}, since=START, follow=False, clock=time.clock))
    assert len(found) == 9
    assert logs.calls <= 4


@given(history=histories())
@settings(max_examples=25, deadline=None)
def test_past_events_come_in_time_order_across_groups(history: list[Written]) -> None:
    time = FakeTime(START + timedelta(seconds=300))
    groups = {f"/aws/lambda/f{n}": history[n::3] for n in range(3)}
    logs = FakeLogs(time, groups, page_size=4)
    found = list(
        follow_groups(
            logs,
            {name.rpartition("/")[2]: name for name in groups},
            since=START,
            follow=False,
            clock=time.clock,
        )
    )
    times = [each.event.timestamp for each in found]
    assert times == sorted(times, key=lambda each: each or START)
    assert seen(found) == Counter((each.at_ms, each.stream, each.message) for each in history)
    assert {each.function for each in found} <= {"f0", "f1", "f2"}


def test_a_look_that_breaks_off_loses_nothing_of_the_other_groups() -> None:
    time = FakeTime()
    one = [Written(START_MS + n, START_MS, "s", f"one {n}") for n in range(0, 60, 2)]
    two = [Written(START_MS + n, START_MS, "s", f"two {n}") for n in range(1, 60, 2)]
    reset = SqsctlError("connection reset", exit=Exit.UNAVAILABLE, code="unreachable")
    logs = FakeLogs(
        time,
        {"/aws/lambda/one": one, "/aws/lambda/two": two},
        page_size=5,
        failing_calls=frozenset({4, 9, 15}),
        failing_with=reset,
    )
    found = followed(logs, START + timedelta(seconds=10))
    assert seen(found) == Counter((each.at_ms, "s", each.message) for each in (*one, *two))


def test_a_clock_that_runs_ahead_does_not_hide_what_comes_after() -> None:
    time = FakeTime()
    history = [
        Written(START_MS + 3_600_000, START_MS, "ahead", "from the future"),
        *(Written(START_MS + n * 1000, START_MS + n * 1000, "s", f"{n}") for n in range(100)),
    ]
    logs = FakeLogs(time, {GROUP: history}, page_size=50)
    found = followed(logs, START + timedelta(seconds=3_700), overlap_s=60)
    assert len(found) == 101


def test_the_filter_pattern_is_left_to_cloudwatch() -> None:
    time = FakeTime(START + timedelta(minutes=1))
    history = [Written(START_MS + n, START_MS, "s", text) for n, text in enumerate("abab")]
    logs = FakeLogs(time, {GROUP: history})
    found = follow_groups(
        logs, {"w": GROUP}, since=START, follow=False, filter_pattern="b", clock=time.clock
    )
    assert [each.event.message for each in found] == ["b", "b"]


def test_past_events_are_read_lazily() -> None:
    time = FakeTime(START + timedelta(hours=1))
    history = [Written(START_MS + n, START_MS, "s", f"{n}") for n in range(1000)]
    logs = FakeLogs(time, {GROUP: history}, page_size=10)
    lines: Iterator[Tailed] = follow_groups(
        logs, {"worker": GROUP}, since=START, follow=False, clock=time.clock, threads=False
    )
    for _ in range(10):
        next(lines)
    assert logs.calls <= 2


def test_a_missing_group_is_waited_for_when_following() -> None:
    time = FakeTime()
    notices: list[Notice] = []
    logs = FakeLogs(
        time,
        {GROUP: [Written(START_MS + 20_000, START_MS + 20_000, "s", "hello")]},
        absent_until={GROUP: START + timedelta(seconds=20)},
    )
    found = followed(logs, START + timedelta(seconds=60), notify=notices.append)
    assert [each.event.message for each in found] == ["hello"]
    assert [each.kind for each in notices] == ["log_group_missing", "log_group_appeared"]


def test_a_missing_group_is_not_found_when_not_following() -> None:
    logs = FakeLogs(FakeTime(), {})
    with pytest.raises(NotFoundError, match="no log group /aws/lambda/worker"):
        list(follow_groups(logs, {"worker": GROUP}, follow=False, clock=logs.time.clock))


def test_one_missing_group_among_several_is_said_and_the_others_read() -> None:
    time = FakeTime(START + timedelta(minutes=5))
    notices: list[Notice] = []
    logs = FakeLogs(time, {GROUP: [Written(START_MS, START_MS, "s", "hello")]})
    groups = {"worker": GROUP, "other": "/aws/lambda/other"}
    found = list(
        follow_groups(
            logs, groups, since=START, follow=False, clock=time.clock, notify=notices.append
        )
    )
    assert [each.event.message for each in found] == ["hello"]
    assert "/aws/lambda/other" in notices[0].message


def expired() -> SqsctlError:
    return SqsctlError("expired", exit=Exit.DENIED, code="credentials_expired")


def test_expired_credentials_are_renewed_while_following() -> None:
    time = FakeTime()
    history = {GROUP: [Written(START_MS + 5_000, START_MS + 5_000, "s", "after")]}
    old = FakeLogs(time, history)
    new = FakeLogs(time, history)
    old.failing_calls, old.failing_with = frozenset(range(3, 1000)), expired()
    found = followed(old, START + timedelta(seconds=30), renew=lambda: new)
    assert [each.event.message for each in found] == ["after"]
    assert new.calls


def test_credentials_that_stay_expired_end_it_with_exit_7() -> None:
    time = FakeTime()
    logs = FakeLogs(time, {GROUP: []}, failing_calls=frozenset(range(3, 10_000)))
    logs.failing_with = expired()
    with pytest.raises(SqsctlError) as raised:
        followed(logs, START + timedelta(hours=1), renew=lambda: logs)
    assert raised.value.exit is Exit.DENIED
    waited = (time.at - START).total_seconds()
    assert 300 < waited < 400


def test_throttling_is_survived_and_slows_down() -> None:
    time = FakeTime()
    slow = SqsctlError("slow down", exit=Exit.UNAVAILABLE, code="throttled")
    logs = FakeLogs(time, {GROUP: [Written(START_MS + 1, START_MS + 1, "s", "x")]})
    logs.failures = [slow, slow, slow, slow]
    notices: list[Notice] = []
    found = followed(logs, START + timedelta(seconds=60), notify=notices.append)
    assert [each.event.message for each in found] == ["x"]
    assert [each.kind for each in notices] == ["throttled", "recovered"]


def test_access_denied_is_raised_at_once() -> None:
    logs = FakeLogs(FakeTime(), {GROUP: []})
    logs.failures = [SqsctlError("no", exit=Exit.DENIED, code="access_denied")]
    with pytest.raises(SqsctlError) as raised:
        followed(logs, START + timedelta(seconds=5))
    assert raised.value.code == "access_denied"


def test_many_groups_stay_under_the_quota() -> None:
    time = FakeTime()
    logs = FakeLogs(time, {f"/aws/lambda/f{n}": [] for n in range(20)})
    followed(logs, START + timedelta(seconds=60))
    assert logs.calls <= 5 * (time.at - START).total_seconds()


def test_functions_that_share_a_group_are_told_apart_by_their_streams() -> None:
    time = FakeTime(START + timedelta(minutes=1))
    history = [
        Written(START_MS + 1, START_MS, "2026/11/23/one[$LATEST]abc", "from one"),
        Written(START_MS + 2, START_MS, "2026/11/23/two[$LATEST]abc", "from two"),
        Written(START_MS + 3, START_MS, "2026/11/23/foreign[$LATEST]abc", "not ours"),
    ]
    logs = FakeLogs(time, {"shared": history})
    found = list(
        follow_groups(
            logs,
            {"one": "shared", "two": "shared"},
            since=START,
            follow=False,
            clock=time.clock,
        )
    )
    assert [(each.function, each.event.message) for each in found] == [
        ("one", "from one"),
        ("two", "from two"),
    ]


def test_memory_is_bounded_and_the_overlap_shrinks_instead() -> None:
    cursor = Cursor(START, remembered=1_000)
    now = START + timedelta(seconds=30)
    taken = 0
    for number in range(20_000):
        event = Written(START_MS + number, 0, "s", f"{number}").event()
        taken += cursor.take(cursor.key(event), event.timestamp or START, now)
    assert taken == 20_000
    assert len(cursor._seen) <= 2_001
    behind = START + timedelta(milliseconds=20_000) - cursor.start
    assert timedelta() <= behind <= timedelta(milliseconds=2_001)
