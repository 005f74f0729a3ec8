"""Copies of messages go, the originals stay."""

from __future__ import annotations

import json

import pytest

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.message import MessageAttribute, Outgoing
from sqsctl.operations.moving.copying import copy_messages
from sqsctl.operations.moving.destinations import Destination, Destinations
from sqsctl.operations.shared.delivery import RetryPolicy
from tests.operations.fakes import (
    FakeSqs,
    arn_of,
    entry_fails,
    expired,
    lost_answer,
    raises,
)

QUICK = RetryPolicy(attempts=3, base_s=0.001, cap_s=0.002)


def pair(sqs: FakeSqs, ending: str = "") -> tuple[str, str]:
    dead, main = f"jobs-dlq{ending}", f"jobs{ending}"
    sqs.create(dead)
    sqs.create(main, dead_letters=dead)
    return dead, main


def test_everything_is_there_twice_afterwards() -> None:
    sqs = FakeSqs()
    dead, main = pair(sqs)
    given = Outgoing(
        "b", attributes={"n": MessageAttribute("Number", "1.10")}, trace_header="Root=1"
    )
    sqs.queues[dead].put(given, *map(str, range(24)), origin=arn_of(main))
    facts = sqs.facts(dead)
    done = copy_messages(
        sqs, facts, Destinations(sqs, facts, origins=(sqs.facts(main),)), clock=sqs.clock
    )
    assert (done.moved, done.failed, done.kept) == (25, 0, True)
    assert sorted(sqs.queues[main].bodies) == sorted(sqs.queues[dead].bodies)
    assert sqs.queues[main].stored[0].sent == given
    assert all(each.visible_at <= sqs.clock.now for each in sqs.queues[dead].stored)
    assert not [call for call in sqs.queues[dead].calls if call[0] == "delete"]
    assert len(done.acceptances) == 25


def test_a_selection_and_a_limit() -> None:
    sqs = FakeSqs()
    dead, main = pair(sqs)
    sqs.queues[dead].put(*map(str, range(30)), origin=arn_of(main))
    facts = sqs.facts(dead)
    done = copy_messages(
        sqs,
        facts,
        Destinations(sqs, facts, origins=(sqs.facts(main),)),
        limit=3,
        select=lambda message: int(message.body) % 2 == 0,
        clock=sqs.clock,
    )
    assert done.moved == 3
    assert all(int(each) % 2 == 0 for each in sqs.queues[main].bodies)


def test_what_may_have_arrived_is_listed() -> None:
    sqs = FakeSqs()
    dead, main = pair(sqs)
    ids = sqs.queues[dead].put("a", origin=arn_of(main))
    sqs.queues[main].fail("send", lost_answer)
    facts = sqs.facts(dead)
    done = copy_messages(
        sqs,
        facts,
        Destinations(sqs, facts, origins=(sqs.facts(main),)),
        policy=QUICK,
        clock=sqs.clock,
    )
    assert done.moved == 1
    assert done.possible_duplicates == tuple(ids)


def test_a_fifo_group_stops_at_its_gap() -> None:
    sqs = FakeSqs()
    dead, main = pair(sqs, ".fifo")
    sqs.queues[dead].put(
        *(Outgoing(f"{group}{n}", group_id=group) for n in range(3) for group in "ab"),
        origin=arn_of(main),
    )
    sqs.queues[main].fail("send", entry_fails(sqs.queues[main], 0, sender_fault=True))
    facts = sqs.facts(dead)
    done = copy_messages(
        sqs,
        facts,
        Destinations(sqs, facts, origins=(sqs.facts(main),)),
        policy=QUICK,
        clock=sqs.clock,
    )
    assert (done.moved, done.failed) == (3, 3)
    stopped = {each[0] for each in ("a0", "b0") if each not in sqs.queues[main].bodies}
    assert len(stopped) == 1
    assert not [each for each in sqs.queues[main].bodies if each[0] in stopped]


def test_expired_credentials_end_it_and_hand_everything_back() -> None:
    sqs = FakeSqs()
    dead, main = pair(sqs)
    sqs.queues[dead].put(*map(str, range(15)), origin=arn_of(main))
    sqs.queues[main].fail("send", raises(expired()))
    facts = sqs.facts(dead)
    with pytest.raises(SqsctlError):
        copy_messages(
            sqs, facts, Destinations(sqs, facts, origins=(sqs.facts(main),)), clock=sqs.clock
        )
    assert all(each.visible_at <= sqs.clock.now for each in sqs.queues[dead].stored)


def test_a_shaped_destination_gets_its_own_form() -> None:
    sqs = FakeSqs()
    dead, _ = pair(sqs)
    other = sqs.create("other")
    sqs.queues[dead].put('{"n": 1}')
    facts = sqs.facts(dead)
    destination = Destination(
        sqs.facts("other"), other, lambda message: Outgoing(json.dumps([message.body]))
    )
    copy_messages(sqs, facts, Destinations(sqs, facts, to=destination), clock=sqs.clock)
    assert other.bodies == ['["{\\"n\\": 1}"]']


def test_a_queue_that_would_dead_letter_is_not_looked_through() -> None:
    sqs = FakeSqs()
    _, main = pair(sqs)
    facts = sqs.facts(main)
    with pytest.raises(RefusedError):
        copy_messages(sqs, facts, Destinations(sqs, facts, to=sqs.facts("jobs-dlq")))
