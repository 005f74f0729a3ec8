"""A look takes nothing away, says its cost, and is refused where it could do harm."""

from __future__ import annotations

import pytest

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.message import Outgoing
from sqsctl.model.transfer import Peeked
from sqsctl.operations.dead_letters.peek import Look, peek
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.dead_letters.visibility_hold import VisibilityHold
from sqsctl.operations.shared.control import Control
from tests.operations.fakes import FakeQueue, FakeSqs, raises, raises_after, unavailable


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


def look_at(queue: FakeQueue, look: Look | None = None, select: Select | None = None) -> Peeked:
    sqs = queue.sqs
    return peek(queue, sqs.facts(queue.name), look=look, select=select, clock=sqs.clock)


def test_everything_is_handed_back_at_once(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put(*(f"m{n}" for n in range(25)))
    seen = look_at(queue, Look(limit=25))
    assert [each.body for each in seen.matched] == [f"m{n}" for n in range(25)]
    assert sqs.facts("dlq").visible == 25
    assert (seen.looked_at, seen.unreleased, seen.approximate_total) == (25, 0, 25)


def test_the_limit_is_not_exceeded_by_a_single_receive(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put(*(f"m{n}" for n in range(25)))
    seen = look_at(queue, Look(limit=12))
    assert (len(seen.matched), seen.looked_at) == (12, 12)
    assert sum(each.receives for each in queue.stored) == 12
    assert not seen.exhausted


def test_no_message_is_seen_twice(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put("a", "b", "c")
    seen = look_at(queue, Look(limit=10))
    assert len(seen.matched) == 3
    assert seen.exhausted


def test_empty_is_three_empty_polls(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    seen = look_at(queue, Look(wait_s=2))
    assert seen.exhausted
    assert queue.calls == [("receive", 10)] * 3


def test_one_message_between_empty_polls_starts_the_count_anew(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")

    def nothing(call: object, size: int) -> object:
        return ()

    queue.put("a")
    queue.fail("receive", nothing, nothing)
    seen = look_at(queue)
    assert len(seen.matched) == 1
    assert [operation for operation, _ in queue.calls].count("receive") == 6


def test_a_selection_shows_what_matches_and_counts_what_it_cost(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put(*(f"m{n}" for n in range(30)))
    seen = look_at(queue, Look(limit=2), lambda each: each.body in {"m7", "m13", "m29"})
    assert [each.body for each in seen.matched] == ["m7", "m13"]
    assert seen.looked_at == 20


def test_the_scan_has_a_bound(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put(*(f"m{n}" for n in range(50)))
    seen = look_at(queue, Look(limit=5, scan=15), lambda _: False)
    assert (seen.looked_at, seen.matched, seen.exhausted) == (15, (), False)


def test_a_source_queue_is_refused_unless_forced(sqs: FakeSqs) -> None:
    sqs.create("dlq")
    queue = sqs.create("jobs", dead_letters="dlq", max_receive_count=3)
    queue.put("a")
    with pytest.raises(RefusedError) as caught:
        look_at(queue)
    assert caught.value.code == "would_dead_letter"
    assert queue.calls == []
    assert len(look_at(queue, Look(force=True)).matched) == 1


def test_fifo_tells_which_groups_were_locked(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq.fifo")
    queue.put(Outgoing("1", group_id="a"), Outgoing("2", group_id="b"))
    assert look_at(queue).groups_locked == ("a", "b")


def test_groups_of_a_standard_queue_are_not_locked(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put(Outgoing("1", group_id="tenant"))
    assert look_at(queue).groups_locked == ()


def test_an_error_while_looking_still_hands_everything_back(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put(*(f"m{n}" for n in range(15)))
    queue.fail("receive", None, raises(SqsctlError("boom")))
    with pytest.raises(SqsctlError, match="boom"):
        look_at(queue, Look(limit=15))
    assert sqs.facts("dlq").visible == 15


def test_a_receive_without_an_answer_is_tried_again(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put("a")
    queue.fail("receive", raises(unavailable()))
    assert len(look_at(queue).matched) == 1


def test_what_could_not_be_handed_back_is_told(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put("a", "b")
    queue.fail("hide", raises(unavailable()))
    seen = look_at(queue, Look(limit=2))
    assert (seen.unreleased, seen.hold_s) == (2, 30)


def test_a_long_look_keeps_its_holds(sqs: FakeSqs) -> None:
    """Polls of 20 s with a hold of 30: without renewal the first heads would come again."""
    queue = sqs.create("dlq")
    queue.put("a", "b")
    seen = look_at(queue, Look(limit=10, wait_s=20, hold_s=30))
    assert [each.receives for each in queue.stored] == [1, 1]
    assert len(seen.matched) == 2


def test_a_stop_ends_the_look_and_releases(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put(*(f"m{n}" for n in range(30)))
    control = Control()
    seen = peek(
        queue,
        sqs.facts("dlq"),
        look=Look(limit=30),
        control=control,
        progress=lambda *_: control.stop(),
        clock=sqs.clock,
    )
    assert len(seen.matched) == 10
    assert sqs.facts("dlq").visible == 30


# Holds.


def test_a_hold_past_its_half_is_renewed(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put("a")
    hold = VisibilityHold(queue, 30, clock=sqs.clock)
    (message,) = queue.receive(visibility_s=30)
    hold.take([message], sqs.clock())
    sqs.clock.advance(14)
    hold.tend()
    assert ("hide", 1) not in queue.calls
    sqs.clock.advance(2)
    hold.tend()
    assert ("hide", 1) in queue.calls
    sqs.clock.advance(29)
    assert not hold.lapsed(message)
    assert hold.lapsed(message, margin_s=2)


def test_a_hold_that_lapsed_is_lost(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put("a")
    hold = VisibilityHold(queue, 30, clock=sqs.clock)
    (message,) = queue.receive(visibility_s=30)
    hold.take([message], sqs.clock())
    sqs.clock.advance(31)
    assert hold.lapsed(message)
    assert hold.tend() == 1
    assert len(hold) == 0


def test_a_renewal_without_an_answer_does_not_count(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put("a")
    hold = VisibilityHold(queue, 30, clock=sqs.clock)
    asked_at = sqs.clock()
    (message,) = queue.receive(visibility_s=30)
    hold.take([message], asked_at)
    sqs.clock.advance(20)
    queue.fail("hide", raises_after(unavailable()))
    with pytest.raises(SqsctlError):
        hold.tend()
    sqs.clock.advance(11)
    assert hold.lapsed(message)


def test_the_newest_handle_counts(sqs: FakeSqs) -> None:
    queue = sqs.create("dlq")
    queue.put("a")
    hold = VisibilityHold(queue, 5, clock=sqs.clock)
    (first,) = queue.receive(visibility_s=5)
    hold.take([first], sqs.clock())
    sqs.clock.advance(6)
    (second,) = queue.receive(visibility_s=5)
    hold.take([second], sqs.clock())
    assert hold.newest(first).receipt_handle == second.receipt_handle
    assert hold.release() == 0
    assert sqs.facts("dlq").visible == 1
