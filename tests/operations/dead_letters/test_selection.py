"""Filters mean what they say, on any body."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.errors import UsageError
from sqsctl.model.message import Message
from sqsctl.operations.dead_letters.selection import Filters, compiled, ordered

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def message(body: str = "{}", *, key: str = "m", sent: datetime | None = NOW) -> Message:
    system = {} if sent is None else {"SentTimestamp": str(int(sent.timestamp() * 1000))}
    return Message(key, body, system=system)


def holds(filters: Filters, candidate: Message) -> bool:
    select = compiled(filters)
    assert select is not None
    return select(candidate)


def test_no_condition_is_no_predicate() -> None:
    assert compiled(Filters()) is None
    assert Filters().empty


@pytest.mark.parametrize(
    ("expression", "body", "expected"),
    [
        ("input", '{"input": 0}', True),
        ("input", '{"input": false}', False),
        ("input", '{"input": ""}', False),
        ("input", '{"input": []}', False),
        ("input", "{}", False),
        ("input > `5`", '{"input": 7}', True),
        ("input > `5`", '{"input": 3}', False),
        ("input > `5`", '{"input": "x"}', False),
        ("contains(name, 'x')", '{"name": "axb"}', True),
        ("contains(name, 'x')", '{"name": 5}', False),
        ("contains(name, 'x')", "{}", False),
        ("items[?id=='7'] | [0]", '{"items": [{"id": "7"}]}', True),
        ("input", "not json", False),
        ("input", "", False),
        ("@", "NaN", True),
        ("a", '{"a":' * 100_000 + "1" + "}" * 100_000, False),
        ("a", "1" * 5000, False),
    ],
)
def test_a_match_is_jmespaths_truth(expression: str, body: str, expected: bool) -> None:
    assert holds(Filters(match=expression), message(body)) is expected


def test_a_grep_is_a_regular_expression_on_the_text() -> None:
    assert holds(Filters(grep=r"id=\d+$"), message("x id=12"))
    assert not holds(Filters(grep=r"id=\d+$"), message("x id=12 "))


@pytest.mark.parametrize(
    "filters", [Filters(grep="("), Filters(match="[?"), Filters(causes=("x",))]
)
def test_what_cannot_be_read_is_a_usage_error(filters: Filters) -> None:
    with pytest.raises(UsageError):
        compiled(filters)


def test_times_are_those_of_sending_and_inclusive() -> None:
    hour = timedelta(hours=1)
    assert holds(Filters(since=NOW, until=NOW), message())
    assert not holds(Filters(since=NOW + hour), message())
    assert not holds(Filters(until=NOW - hour), message())
    assert not holds(Filters(since=NOW - hour), message(sent=None))


def test_ids_and_causes() -> None:
    assert holds(Filters(ids=("a", "m")), message())
    assert not holds(Filters(ids=("a",)), message())
    select = compiled(Filters(causes=("event-shape",)), known_causes=lambda _: "event-shape")
    assert select is not None
    assert select(message())


def test_all_conditions_have_to_hold() -> None:
    assert holds(Filters(ids=("m",), grep="x"), message("x"))
    assert not holds(Filters(ids=("m",), grep="x"), message("y"))
    assert not holds(Filters(ids=("n",), grep="x"), message("x"))


@given(
    st.text(st.characters(codec=None, categories=None)),
    st.sampled_from(["a", "a > `1`", "length(@)"]),
)
def test_no_body_makes_a_filter_raise(body: str, expression: str) -> None:
    holds(Filters(match=expression, grep="x"), message(body))


def test_sorting_and_turning_round() -> None:
    early, late = message(key="b", sent=NOW - timedelta(1)), message(key="a")
    unknown = message(key="c", sent=None)
    assert ordered([late, unknown, early], "sent") == [unknown, early, late]
    assert ordered([late, early], "-sent") == [late, early]
    assert ordered([early, late], "id") == [late, early]
    assert ordered([late, early], None) == [late, early]
    with pytest.raises(UsageError):
        ordered([], "colour")
