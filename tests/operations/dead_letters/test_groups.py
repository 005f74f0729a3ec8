"""Groups by shape and cause, forecasts, and one message's story."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.model.logline import Attempt, Failure
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.operations.dead_letters.forecast import forecast
from sqsctl.operations.dead_letters.groups import Groups, fingerprint, grouped
from sqsctl.operations.dead_letters.history import history_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def message(key: str, body: str = "{}", *, age_s: int = 0, **system: str) -> Message:
    sent = str(int((NOW - timedelta(seconds=age_s)).timestamp() * 1000))
    return Message(key, body, system={"SentTimestamp": sent, **system})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"input": 1}', '{ "input": 22.5 }'),
        ('{"a": 1, "b": "x"}', '{"b": "y", "a": 2}'),
        ("[1, 2]", "[3]"),
        ("order 17 failed", "order  4711\nfailed"),
        ("id 5f2b8a40-0000-4000-8000-aabbccddeeff", "id 00000000-1111-4222-8333-444455556666"),
        ('{"a": [{"b": 1}]}', '{"a": [{"b": 2}, {"b": 3}]}'),
    ],
)
def test_values_do_not_count(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"input": 1}', '{"input": "1"}'),
        ('{"input": 1}', '{"inputs": 1}'),
        ('{"a": null}', '{"a": false}'),
        ("[1]", '["a"]'),
        ("order failed", "order lost"),
        ("{}", "[]"),
    ],
)
def test_shapes_do(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_a_shape_reads_like_the_body() -> None:
    assert fingerprint('{"user": {"id": 5}, "tags": ["a"]}') == (
        "{tags: [string], user: {id: number}}"
    )


def test_long_shapes_are_cut_but_told_apart() -> None:
    one = json.dumps({f"key{n}": n for n in range(30)})
    other = json.dumps({f"key{n}": n for n in range(31)})
    assert len(fingerprint(one)) < 140
    assert fingerprint(one) != fingerprint(other)


@given(st.text(st.characters(codec=None, categories=None)))
def test_any_body_has_a_fingerprint(body: str) -> None:
    assert fingerprint(body) == fingerprint(body)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 900 + "1" + "}" * 900, "9" * 5000])
def test_monsters_have_one_too(body: str) -> None:
    assert len(fingerprint(body)) < 200


def test_groups_count_and_keep_few_samples() -> None:
    messages = tuple(message(f"m{n}", f'{{"input": {n}}}', age_s=n) for n in range(20))
    other = message("x", "text", age_s=100)
    first, second = grouped(
        (*messages, other), {each.message_id: "event-shape" for each in messages}
    )
    assert (first.cause, first.count, first.fingerprint) == ("event-shape", 20, "{input: number}")
    assert (first.first_at, first.last_at) == (NOW - timedelta(seconds=19), NOW)
    assert len(first.sample_message_ids) == 5
    assert (second.cause, second.count) == ("", 1)


def test_one_shape_with_two_causes_is_two_groups() -> None:
    groups = Groups()
    groups.add(message("a"), "function-timeout")
    groups.add(message("b"), "access-denied")
    groups.add(message("c"))
    assert [(each.cause, each.count) for each in groups.result()] == [
        ("access-denied", 1),
        ("function-timeout", 1),
        ("", 1),
    ]


# Forecast.


def queue(**facts: object) -> Queue:
    return Queue("jobs", "http://x/jobs", "arn:jobs", **facts)  # type: ignore[arg-type]


def test_a_forecast_counts_attempts_and_time() -> None:
    told = forecast(
        message("m", ApproximateReceiveCount="2", age_s=60),
        queue(max_receive_count=3, visibility_timeout_s=36, retention_s=3600),
        now=NOW,
        visible_at=NOW + timedelta(seconds=21),
    )
    assert (told.attempt, told.max_attempts) == (2, 3)
    assert told.visible_at == NOW + timedelta(seconds=21)
    assert told.dead_at == NOW + timedelta(seconds=57)
    assert told.expires_at == NOW + timedelta(seconds=3540)


def test_a_message_out_of_attempts_dies_at_its_next_receive() -> None:
    told = forecast(message("m", ApproximateReceiveCount="5"), queue(max_receive_count=3), now=NOW)
    assert told.dead_at == NOW


def test_a_queue_without_a_limit_kills_nothing() -> None:
    told = forecast(message("m"), queue(), now=NOW)
    assert (told.max_attempts, told.dead_at) == (None, None)


def test_a_fifo_dead_letters_end_is_not_known() -> None:
    dead = message("m", DeadLetterQueueSourceArn="arn:x")
    assert forecast(dead, queue(fifo=True), now=NOW).expires_at is None
    assert forecast(dead, queue(), now=NOW).expires_at is not None


# Story.


def attempt(key: str, at_s: int, *, ids: tuple[str, ...] = (), failed: bool = True) -> Attempt:
    failure = Failure("KeyError", "'body'") if failed else None
    return Attempt(key, started_at=NOW + timedelta(seconds=at_s), failure=failure, message_ids=ids)


DEAD = message(
    "m1",
    ApproximateReceiveCount="3",
    ApproximateFirstReceiveTimestamp=str(int(NOW.timestamp() * 1000)),
    DeadLetterQueueSourceArn="arn:jobs",
)


def test_attempts_that_name_the_message_are_its_own() -> None:
    known = [
        attempt("late", 40, ids=("m1",)),
        attempt("x", 1),
        attempt("early", 0, ids=("m1", "m2")),
    ]
    story = history_of(DEAD, queue(), known, cause="event-shape", now=NOW)
    assert [each.request_id for each in story.attempts] == ["early", "late"]
    assert story.certain
    assert (story.origin, story.cause) == ("arn:jobs", "event-shape")


def test_otherwise_failures_of_the_time_may_be() -> None:
    known = [
        attempt("before", -60),
        attempt("fits", 5),
        attempt("succeeded", 6, failed=False),
        attempt("another's", 7, ids=("m9",)),
        attempt("after", 500),
    ]
    story = history_of(DEAD, queue(), known, now=NOW, visibility=timedelta(seconds=36))
    assert [each.request_id for each in story.attempts] == ["fits"]
    assert not story.certain
