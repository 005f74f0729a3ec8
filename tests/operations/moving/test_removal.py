"""Chosen messages are deleted, the others stay and are handed back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.outcome import Acceptance, BatchResult, Rejection
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.moving.removal import Removed, remove
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import RetryPolicy
from tests.operations.fakes import (
    FakeQueue,
    FakeSqs,
    expired,
    lost_answer,
    raises,
    unavailable,
)

QUICK = RetryPolicy(attempts=3, base_s=0.0005, cap_s=0.001)


@pytest.fixture
def queue() -> FakeQueue:
    return FakeSqs().create("dlq")


def removed(queue: FakeQueue, select: Select, **more: Any) -> Removed:
    sqs = queue.sqs
    return remove(queue, sqs.facts(queue.name), select, policy=QUICK, clock=sqs.clock, **more)


def of(*bodies: str) -> Select:
    return lambda message: message.body in bodies


def test_only_the_selected_are_gone_and_all_others_are_visible_at_once(queue: FakeQueue) -> None:
    queue.put(*(f"m{n}" for n in range(35)))
    done = removed(queue, of("m3", "m17", "m34"))
    assert (done.deleted, done.looked_at, done.exhausted, done.unreleased) == (3, 35, True, 0)
    assert sorted(queue.bodies) == sorted(f"m{n}" for n in range(35) if n not in {3, 17, 34})
    assert queue.sqs.facts("dlq").visible == 32


def test_a_limit_ends_the_run_where_it_is_reached(queue: FakeQueue) -> None:
    queue.put(*(f"m{n}" for n in range(40)))
    done = removed(queue, lambda _: True, limit=12)
    assert (done.deleted, done.exhausted) == (12, False)
    assert len(queue.stored) == 28
    assert queue.sqs.facts("dlq").visible == 28


@pytest.mark.parametrize("fault", [lost_answer, raises(unavailable())])
def test_a_lost_answer_is_asked_for_again(queue: FakeQueue, fault: Callable[..., Any]) -> None:
    queue.put("a", "b")
    queue.fail("delete", fault)
    done = removed(queue, of("a"))
    assert (done.deleted, done.failures) == (1, ())
    assert queue.bodies == ["b"]


def test_what_is_refused_is_named_and_stays(queue: FakeQueue) -> None:
    ids = queue.put("a", "b")

    def half(call: Callable[[], object], size: int) -> object:
        queue.stored.pop(0)
        return BatchResult((Acceptance(0, ""),), (Rejection(1, "AccessDenied", "not this one"),))

    queue.fail("delete", half)
    done = removed(queue, lambda _: True)
    assert done.deleted == 1
    assert [(each.message_id, each.reason) for each in done.failures] == [(ids[1], "not this one")]
    assert queue.bodies == ["b"]


def test_what_nobody_answers_for_is_a_failure(queue: FakeQueue) -> None:
    queue.put("a")
    queue.fail("delete", *[raises(unavailable())] * QUICK.attempts)
    done = removed(queue, lambda _: True)
    assert (done.deleted, len(done.failures)) == (0, 1)
    assert queue.sqs.facts("dlq").visible == 1


def test_a_denial_hands_everything_back_and_is_raised(queue: FakeQueue) -> None:
    queue.put("a", "b", "c")
    queue.fail("delete", raises(expired()))
    with pytest.raises(SqsctlError) as error:
        removed(queue, of("b"))
    assert error.value.code == "credentials_expired"
    assert queue.sqs.facts("dlq").visible == 3


def test_a_stop_between_batches_is_a_stop(queue: FakeQueue) -> None:
    queue.put(*(f"m{n}" for n in range(30)))
    control = Control()
    done = removed(
        queue, lambda _: True, control=control, progress=lambda _looked, _deleted: control.stop()
    )
    assert done.interrupted
    assert (done.deleted, len(queue.stored)) == (10, 20)


def test_a_queue_that_dead_letters_is_not_looked_into() -> None:
    sqs = FakeSqs()
    sqs.create("dlq")
    source = sqs.create("jobs", dead_letters="dlq")
    source.put("a")
    with pytest.raises(RefusedError):
        removed(source, lambda _: True)
    assert source.calls == []


def asleep(queue: FakeQueue, seconds: float) -> Callable[..., Any]:
    """This machine sleeps after the request was made and before it arrives."""

    def fault(call: Callable[[], object], _size: int) -> object:
        queue.sqs.clock.advance(seconds)
        return call()

    return fault


def test_what_was_deleted_with_a_lapsed_handle_is_deleted_again(queue: FakeQueue) -> None:
    """SQS takes such a deletion, and the message stays."""
    queue.put("a", "b", "c")
    queue.fail("delete", asleep(queue, 500))
    done = removed(queue, of("a", "b"))
    assert (done.deleted, done.failures, queue.bodies) == (2, (), ["c"])


def test_a_limit_is_not_reached_by_what_is_still_there(queue: FakeQueue) -> None:
    queue.put("a", "b", "c")
    queue.fail("delete", asleep(queue, 500))
    done = removed(queue, lambda _: True, limit=3)
    assert done.deleted + len(done.failures) == 3
    assert done.deleted == 3 - len(queue.bodies)
