"""Packing and retrying: order kept, nothing lost, every entry's fate exact."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.model.message import MessageAttribute, Outgoing
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import Delivery, RetryPolicy, deliver, pack
from tests.operations.fakes import (
    FakeQueue,
    FakeSqs,
    Fault,
    entry_fails,
    expired,
    lost_answer,
    lost_request,
    raises,
    throttled,
)

QUICK = RetryPolicy(attempts=4, base_s=0.0005, cap_s=0.001)

attributes = st.dictionaries(
    st.text("abc", min_size=1, max_size=5),
    st.one_of(
        st.builds(MessageAttribute, st.just("String"), st.text(min_size=1, max_size=50)),
        st.builds(MessageAttribute, st.just("Binary"), st.binary(min_size=1, max_size=200)),
    ),
    max_size=3,
)
outgoings = st.lists(
    st.builds(Outgoing, st.text(min_size=1, max_size=300), attributes=attributes), max_size=40
)


@given(outgoings, st.integers(min_value=1, max_value=2000))
def test_packing_keeps_order_and_limits_and_loses_nothing(
    messages: list[Outgoing], max_bytes: int
) -> None:
    batches = list(pack(messages, max_bytes=max_bytes))
    assert [each for batch in batches for each in batch] == messages
    for batch in batches:
        assert 1 <= len(batch) <= 10
        size = sum(each.size_bytes for each in batch)
        assert size <= max_bytes or len(batch) == 1


@given(outgoings)
def test_packing_wastes_no_call(messages: list[Outgoing]) -> None:
    """No two neighbours would have fitted into one batch."""
    batches = list(pack(messages, max_bytes=1000))
    for one, other in itertools.pairwise(batches):
        size = sum(each.size_bytes for each in one)
        assert len(one) == 10 or size + other[0].size_bytes > 1000


def test_attributes_count_against_the_size() -> None:
    value = MessageAttribute("Binary", b"x" * 600)
    batches = list(pack([Outgoing("a", {"k": value})] * 2, max_bytes=1000))
    assert [len(batch) for batch in batches] == [1, 1]


faults = st.lists(
    st.sampled_from(["none", "throttle", "lost answer", "lost request", "one", "two for good"]),
    max_size=6,
)


def as_fault(name: str, queue: FakeQueue) -> Fault | None:
    return {
        "none": None,
        "throttle": throttled,
        "lost answer": lost_answer,
        "lost request": lost_request,
        "one": entry_fails(queue, 0, 3),
        "two for good": entry_fails(queue, 1, sender_fault=True),
    }[name]


@given(st.integers(min_value=1, max_value=10), faults)
def test_every_fate_is_exact_whatever_happens(size: int, names: list[str]) -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", *(as_fault(name, queue) for name in names))
    batch = [Outgoing(str(number)) for number in range(size)]
    result = deliver(queue, batch, control=Control(), policy=QUICK)
    arrived = Counter(queue.bodies)
    accepted = {each.index for each in result.accepted}
    rejected = {each.index for each in result.rejected}
    unknown = set(result.unknown)
    assert sorted([*accepted, *rejected, *unknown]) == list(range(size)), "exactly one fate each"
    for place in range(size):
        copies = arrived[str(place)]
        if place in rejected:
            assert copies == 0, "a rejected message is nowhere"
        elif place in accepted and place not in result.doubtful:
            assert copies == 1, "an accepted message is there exactly once"
        elif place in accepted:
            assert copies >= 1


def run(queue: FakeQueue, *bodies: str) -> Delivery:
    return deliver(queue, [Outgoing(each) for each in bodies], control=Control(), policy=QUICK)


def test_a_spoilt_request_is_split_to_find_the_entry() -> None:
    queue = FakeSqs().create("q")

    def spoilt(call: object, size: int) -> object:
        from sqsctl.model.outcome import BatchResult, Rejection

        refused = tuple(Rejection(place, "InvalidParameterValue", "no") for place in range(size))
        return BatchResult(rejected=refused, whole=True)

    queue.fail("send", spoilt, None, spoilt)
    result = run(queue, "a", "b", "c")
    assert queue.bodies == ["a", "c"]
    assert [each.index for each in result.rejected] == [1]


def test_an_error_that_ends_everything_keeps_what_was_accepted() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", entry_fails(queue, 1), raises(expired()))
    result = run(queue, "a", "b")
    assert [each.index for each in result.accepted] == [0]
    assert [(each.index, each.code) for each in result.rejected] == [(1, "InternalError")]
    assert result.error is not None
    assert result.error.code == "credentials_expired"


@pytest.mark.parametrize("applied", [True, False])
def test_what_two_tries_did_not_tell_is_not_tried_a_third_time(applied: bool) -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", *[lost_answer if applied else lost_request] * 4)
    result = run(queue, "a")
    assert len(queue.calls) == 2
    assert len(queue.bodies) == (2 if applied else 0)
    assert (result.unknown, result.accepted, result.rejected) == ((0,), (), ())


def test_throttling_between_two_lost_answers_does_not_start_the_count_again() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", lost_answer, throttled, lost_answer, None)
    result = run(queue, "a")
    assert len(queue.calls) == 3
    assert result.unknown == (0,)


def test_a_stop_starts_no_further_attempt() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", *[throttled] * 10)
    control = Control()
    control.stop()
    result = deliver(queue, [Outgoing("a")], control=control, policy=QUICK)
    assert len(queue.calls) == 1
    assert len(result.rejected) == 1


def test_damage_is_neither_tried_again_nor_believed() -> None:
    from sqsctl.model.outcome import BatchResult

    queue = FakeSqs().create("q")

    def damaged(call: object, size: int) -> object:
        return BatchResult(damaged=(0,))

    queue.fail("send", damaged)
    result = run(queue, "a")
    assert result.unknown == (0,)
    assert len(queue.calls) == 1
    assert "MD5" in result.reason


@pytest.mark.parametrize("attempt", range(1, 12))
def test_pauses_grow_and_stay_below_the_cap(attempt: int) -> None:
    policy = RetryPolicy(base_s=0.1, cap_s=2.0)
    assert 0 < policy.pause_s(attempt) <= min(2.0, 0.1 * 2 ** (attempt - 1))
