"""Log events: ids, pages, an order that paging keeps."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqsctl.aws.lab_state import LabState
from sqsctl.lab.fidelity import filter_patterns
from sqsctl.lab.fidelity.functions import lambda_logs
from tests.lab.conftest import Functions, session_on

pytestmark = pytest.mark.lab


SINCE = 1_704_067_200_000  # 2024-01-01: since when startFromHead=False is served


@pytest.fixture
def logs(lab_state: LabState) -> Any:
    return session_on(lab_state).logs()


def group_with(logs: Any, streams: dict[str, list[tuple[int, str]]]) -> str:
    name = f"group-{time.time_ns()}"
    logs.create_log_group(logGroupName=name)
    for stream, events in streams.items():
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        ordered = sorted(events)
        for start in range(0, len(ordered), 5000):
            logs.put_log_events(
                logGroupName=name,
                logStreamName=stream,
                logEvents=[
                    {"timestamp": at, "message": text} for at, text in ordered[start : start + 5000]
                ],
            )
    return name


def paged(logs: Any, group: str, **options: Any) -> list[list[Any]]:
    found = [logs.filter_log_events(logGroupName=group, **options)]
    while "nextToken" in found[-1]:
        token = found[-1]["nextToken"]
        found.append(logs.filter_log_events(logGroupName=group, nextToken=token, **options))
    return [page["events"] for page in found]


events = st.lists(st.tuples(st.integers(0, 20), st.text("ab", min_size=1, max_size=3)), max_size=15)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=events, second=events, limit=st.integers(1, 7))
def test_pages_hold_every_event_once_in_order(
    logs: Any, first: list[tuple[int, str]], second: list[tuple[int, str]], limit: int
) -> None:
    base = int(time.time() * 1000) - 1000
    shift = [[(base + at, text) for at, text in each] for each in (first, second)]
    group = group_with(logs, {"s1": shift[0], "s2": shift[1]})
    pages = paged(logs, group, limit=limit, startTime=0)
    assert all(len(page) <= limit for page in pages)
    everything = [event for page in pages for event in page]
    assert sorted((each["timestamp"], each["message"]) for each in everything) == sorted(
        shift[0] + shift[1]
    )
    assert [each["timestamp"] for each in everything] == sorted(
        each["timestamp"] for each in everything
    )
    ids = [each["eventId"] for each in everything]
    assert len(set(ids)) == len(ids)
    again = [each["eventId"] for page in paged(logs, group, startTime=0) for each in page]
    assert again == ids
    backward = paged(logs, group, limit=limit, startTime=SINCE, startFromHead=False)
    assert [each["eventId"] for page in backward for each in page] == list(reversed(ids))
    logs.delete_log_group(logGroupName=group)


def test_more_than_ten_thousand_events(logs: Any) -> None:
    base = int(time.time() * 1000) - 60_000
    group = group_with(logs, {"s": [(base + n // 7, f"event {n}") for n in range(12_345)]})
    pages = paged(logs, group, startTime=0)
    assert len(pages) > 1
    assert [each["message"] for page in pages for each in page] == [
        f"event {n}" for n in range(12_345)
    ] or len({each["message"] for page in pages for each in page}) == 12_345
    logs.delete_log_group(logGroupName=group)


def test_a_page_is_a_megabyte_at_most(logs: Any) -> None:
    base = int(time.time() * 1000) - 60_000
    group = group_with(logs, {"s": [(base + n, "메" * 80_000) for n in range(4)]})
    assert [len(page) for page in paged(logs, group, startTime=0)] == [4]
    more = group_with(logs, {"s": [(base + n, "x" * 240_000) for n in range(9)]})
    assert [len(page) for page in paged(logs, more, startTime=0)] == [4, 4, 1]


def test_times_streams_and_patterns_select(logs: Any) -> None:
    base = int(time.time() * 1000) - 60_000
    group = group_with(
        logs, {"a1": [(base, "one ERROR"), (base + 10, "two")], "b1": [(base + 5, "ERROR three")]}
    )

    def messages(**options: Any) -> list[str]:
        return [each["message"] for page in paged(logs, group, **options) for each in page]

    assert messages(startTime=base, endTime=base + 5) == ["one ERROR", "ERROR three"]
    assert messages(filterPattern="ERROR", limit=1) == ["one ERROR", "ERROR three"]
    assert messages(logStreamNamePrefix="b") == ["ERROR three"]
    assert messages(logStreamNames=["a1"]) == ["one ERROR", "two"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", {"ERROR one", "WARN two", "ERROR WARN three", "error four"}),
        ("ERROR", {"ERROR one", "ERROR WARN three"}),
        ("ERROR WARN", {"ERROR WARN three"}),
        ("?ERROR ?WARN", {"ERROR one", "WARN two", "ERROR WARN three"}),
        ('?two ?"error four"', {"WARN two", "error four"}),
        ("ERROR -WARN", {"ERROR one"}),
        ("-WARN", {"ERROR one", "error four"}),
        ('"WARN three"', {"ERROR WARN three"}),
        ('"three WARN"', set()),
        ("ERROR ?WARN", {"ERROR one", "ERROR WARN three"}),
        ("%[tT]w.$%", {"WARN two"}),
    ],
)
def test_terms_of_a_pattern(shared_group: tuple[Any, str], pattern: str, found: set[str]) -> None:
    logs, group = shared_group
    answer = logs.filter_log_events(logGroupName=group, filterPattern=pattern)
    assert {each["message"] for each in answer["events"]} == found


@pytest.fixture(scope="module")
def shared_group(lab_state: LabState) -> tuple[Any, str]:
    logs = session_on(lab_state).logs()
    base = int(time.time() * 1000) - 60_000
    texts = ["ERROR one", "WARN two", "ERROR WARN three", "error four"]
    return logs, group_with(logs, {"s": [(base + n, text) for n, text in enumerate(texts)]})


def test_a_broken_expression_is_refused(shared_group: tuple[Any, str]) -> None:
    logs, group = shared_group
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        logs.filter_log_events(logGroupName=group, filterPattern="%[%")


@given(st.text(alphabet='ab?-+" %\\.', max_size=12), st.text(alphabet="ab ", max_size=8))
def test_any_pattern_is_read_or_refused(pattern: str, message: str) -> None:
    try:
        matches = filter_patterns.matcher(pattern)
    except ValueError:
        return
    assert isinstance(matches(message), bool)


def test_what_is_not_there(logs: Any) -> None:
    with pytest.raises(ClientError) as caught:
        logs.filter_log_events(logGroupName="nope")
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    group = group_with(logs, {"s": []})
    with pytest.raises(ClientError, match="needs a startTime on or after"):
        logs.filter_log_events(logGroupName=group, startFromHead=False, startTime=SINCE - 1)
    with pytest.raises(ClientError, match="can't both be specified"):
        logs.filter_log_events(logGroupName=group, logStreamNames=["s"], logStreamNamePrefix="s")
    with pytest.raises(ClientError, match="nextToken is invalid"):
        logs.filter_log_events(logGroupName=group, nextToken="nonsense")


def test_what_lambda_writes_has_ids_that_grow(functions: Functions) -> None:
    name = functions.make("def handler(e, c): print('hi')")
    functions.call(name)
    functions.call(name)
    ids = [each["eventId"] for each in functions.events(name)]
    assert len(set(ids)) == len(ids) == 9
    assert ids == sorted(ids)
    assert all(len(each) == 56 and each.isdigit() for each in ids)


def test_a_deleted_log_group_is_made_again_by_the_next_invocation(functions: Functions) -> None:
    """Warm environments, too, write on; the new group is as Lambda makes one: STANDARD, kept."""
    logs = functions.session.logs()
    name = functions.make("def handler(event, context): print('this is', event)")
    group = f"/aws/lambda/{name}"
    logs.create_log_group(logGroupName=group, logGroupClass="INFREQUENT_ACCESS")
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    functions.session.functions().invoke(FunctionName=name, Payload=b'"first"')
    logs.delete_log_group(logGroupName=group)
    assert not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    seen = functions.call(name, "second")
    assert "this is second" in seen.text
    assert "this is first" not in seen.text
    (made,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert made["logGroupClass"] == "STANDARD"
    assert "retentionInDays" not in made


@given(st.integers(1, 50))
def test_event_ids_grow(count: int) -> None:
    ids = [lambda_logs.event_id() for _ in range(count)]
    assert ids == sorted(set(ids))
    assert {len(each) for each in ids} == {56}
