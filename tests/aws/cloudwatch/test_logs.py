"""Pages of log events, and the quota they are read under."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.aws.cloudwatch.logs import Limiter, LogClient, milliseconds
from sqsctl.errors import NotFoundError
from sqsctl.model.times import from_epoch_ms as moment
from tests.aws.stubs import Stubbed

NOW_MS = 1_795_000_000_000


def test_newest_first_is_asked_for_on_the_first_page_only() -> None:
    aws = Stubbed()
    base = {"logGroupName": "g", "startTime": NOW_MS, "limit": 10_000}
    aws.answer("logs", "filter_log_events", {"nextToken": "t"}, {**base, "startFromHead": False})
    aws.answer("logs", "filter_log_events", {}, {**base, "nextToken": "t"})
    client = LogClient(aws.session)
    first = client.page("g", start_ms=NOW_MS, newest_first=True)
    assert (first.events, first.token, first.cut) == ((), "t", False)
    last = client.page("g", start_ms=NOW_MS, newest_first=True, token=first.token)
    assert (last.token, last.cut) == (None, False)
    aws.done()


def test_newest_first_is_not_asked_for_where_aws_would_refuse_it() -> None:
    aws = Stubbed()
    aws.answer(
        "logs",
        "filter_log_events",
        {},
        {"logGroupName": "g", "startTime": 0, "limit": 10_000},
    )
    LogClient(aws.session).page("g", start_ms=-5, newest_first=True)
    aws.done()


def test_a_full_page_without_a_token_is_cut() -> None:
    aws = Stubbed()
    events = [{"message": str(n), "timestamp": n, "logStreamName": "s"} for n in range(3)]
    aws.answer("logs", "filter_log_events", {"events": events})
    page = LogClient(aws.session).page("g", start_ms=0, limit=3)
    assert page.cut
    assert [each.message for each in page.events] == ["0", "1", "2"]
    assert page.events[2].timestamp == datetime(1970, 1, 1, 0, 0, 0, 2000, tzinfo=UTC)
    assert page.events[0].group == "g"


def test_a_group_that_is_not_there() -> None:
    aws = Stubbed()
    aws.refuse("logs", "filter_log_events", "ResourceNotFoundException")
    with pytest.raises(NotFoundError) as raised:
        LogClient(aws.session).page("g", start_ms=0)
    assert raised.value.code == "log_group_not_found"


def test_a_group_exists_by_its_whole_name() -> None:
    aws = Stubbed()
    aws.answer("logs", "describe_log_groups", {"logGroups": [{"logGroupName": "group-2"}]})
    assert not LogClient(aws.session).exists("group")


@given(st.lists(st.floats(0, 0.7), max_size=60))
def test_no_second_holds_more_calls_than_allowed(gaps: list[float]) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    limiter = Limiter(4, 1.0, now=lambda: now[0], sleep=sleep)
    starts = []
    for gap in gaps:
        now[0] += gap
        limiter.wait()
        starts.append(now[0])
    for first, fifth in zip(starts, starts[4:], strict=False):
        assert fifth - first >= 1.0 - 1e-9


@given(st.integers(0, 4_000_000_000_000))
def test_times_survive_the_way_there_and_back(at_ms: int) -> None:
    at = moment(at_ms)
    assert at is not None
    assert milliseconds(at) == at_ms
