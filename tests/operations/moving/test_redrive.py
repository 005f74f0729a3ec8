"""Client-side redrive on an exact SQS: nothing lost, everything carried, duplicates told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sqsctl.errors import Exit, RefusedError, SqsctlError, UsageError
from sqsctl.model.message import Message, MessageAttribute, Outgoing
from sqsctl.model.transfer import RedriveSummary
from sqsctl.operations.moving import journal as journals
from sqsctl.operations.moving.redrive import Redrive, RedriveStoppedError, redrive
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import RetryPolicy
from tests.operations.fakes import (
    FakeQueue,
    FakeSqs,
    Stored,
    arn_of,
    entry_fails,
    expired,
    lost_answer,
    lost_request,
    raises,
    raises_after,
    throttled,
    unavailable,
)

QUICK = RetryPolicy(attempts=4, base_s=0.001, cap_s=0.002)


class Bench:
    """A queue and its dead-letter queue, and a way to redrive."""

    def __init__(self, folder: Path, *, fifo: bool = False) -> None:
        ending = ".fifo" if fifo else ""
        self.folder = folder
        self.sqs = FakeSqs()
        self.dead = self.sqs.create(f"jobs-dlq{ending}")
        self.main = self.sqs.create(f"jobs{ending}", dead_letters=f"jobs-dlq{ending}")

    def fill(self, *messages: str | Outgoing) -> list[str]:
        return self.dead.put(*messages, origin=arn_of(self.main.name))

    def run(self, *, options: Redrive | None = None, **more: Any) -> RedriveSummary:
        return redrive(
            self.sqs,
            self.sqs.facts(self.dead.name),
            journal_folder=self.folder,
            origins=more.pop("origins", (self.sqs.facts(self.main.name),)),
            options=options or Redrive(concurrency=1),
            policy=QUICK,
            clock=self.sqs.clock,
            **more,
        )

    @property
    def identity(self) -> str:
        return journals.identity(self.sqs.place, self.sqs.facts(self.dead.name))

    @property
    def journals(self) -> list[journals.UnfinishedRun]:
        return [journals.read(path) for path in sorted(self.folder.glob("*.jsonl"))]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "journals")


@pytest.fixture
def fifo(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "journals", fifo=True)


def bodies(count: int) -> list[str]:
    return [f"m{number}" for number in range(count)]


def test_everything_moves_and_the_source_is_empty(bench: Bench) -> None:
    bench.fill(*bodies(35))
    summary = bench.run(options=Redrive(concurrency=4))
    assert sorted(bench.main.bodies) == sorted(bodies(35))
    assert bench.dead.stored == []
    assert (summary.selected, summary.moved, summary.failed, summary.remaining) == (35, 35, 0, 0)
    assert summary.possible_duplicates == ()
    assert summary.method == "client"


def test_everything_a_message_carries_travels(bench: Bench) -> None:
    message = Outgoing(
        "본문 \U0001f600\r\n\t",
        {
            "text": MessageAttribute("String.custom", "값"),
            "number": MessageAttribute("Number", "1.10e400"),
            "bytes": MessageAttribute("Binary.png", b"\x00\xff"),
        },
        group_id="tenant-1",
        trace_header="Root=1-5759e988-bd862e3fe1be46a994272793",
    )
    bench.fill(message)
    bench.run()
    (arrived,) = bench.main.stored
    assert arrived.sent == message


def test_each_message_goes_back_to_where_it_came_from(bench: Bench) -> None:
    other = bench.sqs.create("orders", dead_letters="jobs-dlq")
    bench.dead.put("from orders", origin=arn_of("orders"))
    bench.fill("from jobs")
    bench.run()
    assert other.bodies == ["from orders"]
    assert bench.main.bodies == ["from jobs"]


def test_an_origin_that_is_gone_leaves_the_message(bench: Bench) -> None:
    (lost,) = bench.dead.put("orphan", origin=arn_of("deleted-queue"))
    summary = bench.run()
    assert bench.dead.bodies == ["orphan"]
    assert summary.failures[0].message_id == lost
    assert "deleted-queue" in summary.failures[0].reason


def test_an_unknown_origin_goes_to_the_only_source_there_is(bench: Bench) -> None:
    bench.dead.put("moved by hand")
    bench.run()
    assert bench.main.bodies == ["moved by hand"]


def test_an_unknown_origin_among_several_sources_stays(bench: Bench) -> None:
    bench.sqs.create("orders", dead_letters="jobs-dlq")
    bench.dead.put("whose?")
    summary = bench.run(origins=(bench.sqs.facts("jobs"), bench.sqs.facts("orders")))
    assert bench.dead.bodies == ["whose?"]
    assert summary.failed == 1


def test_another_target_takes_everything(bench: Bench) -> None:
    other = bench.sqs.create("elsewhere")
    bench.fill("a", "b")
    bench.run(to=bench.sqs.facts("elsewhere"))
    assert sorted(other.bodies) == ["a", "b"]
    assert bench.main.bodies == []


def test_source_as_target_is_refused(bench: Bench) -> None:
    bench.fill("a")
    with pytest.raises(RefusedError) as caught:
        bench.run(to=bench.sqs.facts("jobs-dlq"))
    assert caught.value.code == "same_queue"
    assert bench.dead.bodies == ["a"]


def test_fifo_and_standard_do_not_mix(bench: Bench) -> None:
    bench.sqs.create("other.fifo")
    with pytest.raises(RefusedError) as caught:
        bench.run(to=bench.sqs.facts("other.fifo"))
    assert caught.value.code == "type_mismatch"


@pytest.mark.parametrize(
    "options", [Redrive(limit=0), Redrive(rate=0), Redrive(concurrency=0), Redrive(limit=-1)]
)
def test_nonsense_is_refused(bench: Bench, options: Redrive) -> None:
    with pytest.raises(UsageError):
        bench.run(options=options)


# Selecting, editing, limiting.


def test_only_what_is_selected_moves_and_the_rest_is_handed_back(bench: Bench) -> None:
    bench.fill(*bodies(25))
    summary = bench.run(select=lambda each: each.body in {"m3", "m17"})
    assert sorted(bench.main.bodies) == ["m17", "m3"]
    assert (summary.selected, summary.moved, summary.skipped) == (2, 2, 23)
    assert bench.sqs.facts("jobs-dlq").visible == 23


@pytest.mark.parametrize("workers", [1, 4])
def test_never_more_than_the_limit(bench: Bench, workers: int) -> None:
    bench.fill(*bodies(40))
    summary = bench.run(options=Redrive(limit=13, concurrency=workers))
    assert len(bench.main.stored) == summary.moved == 13
    assert bench.sqs.facts("jobs-dlq").visible == 27


def test_a_limit_of_one_receives_one(bench: Bench) -> None:
    bench.fill(*bodies(20))
    bench.run(options=Redrive(limit=1))
    assert sum(each.receives for each in bench.dead.stored) == 0


def test_the_limit_counts_what_matches(bench: Bench) -> None:
    bench.fill(*bodies(30))
    summary = bench.run(
        options=Redrive(limit=2), select=lambda each: each.body in {"m11", "m12", "m25"}
    )
    assert bench.main.bodies == ["m11", "m12"]
    assert summary.moved == 2


def test_an_edit_changes_what_arrives(bench: Bench) -> None:
    bench.fill("old")
    bench.run(edit=lambda _, outgoing: replace(outgoing, body="new"))
    assert bench.main.bodies == ["new"]
    assert bench.dead.stored == []


@pytest.mark.parametrize("body", ["", "\x00", "x" * 2_000_000])
def test_an_edit_that_sqs_would_not_take_leaves_the_message(bench: Bench, body: str) -> None:
    bench.fill("good")
    summary = bench.run(edit=lambda _, outgoing: replace(outgoing, body=body))
    assert bench.dead.bodies == ["good"]
    assert bench.main.bodies == []
    assert (summary.moved, summary.failed, summary.remaining) == (0, 1, 1)
    assert bench.sqs.facts("jobs-dlq").visible == 1


def test_an_edit_may_refuse(bench: Bench) -> None:
    def refuse(message: Message, outgoing: Outgoing) -> Outgoing:
        if message.body == "b":
            raise SqsctlError("not this one")
        return outgoing

    bench.fill("a", "b", "c")
    summary = bench.run(edit=refuse)
    assert sorted(bench.main.bodies) == ["a", "c"]
    assert summary.failures[0].reason == "not this one"


def test_a_message_larger_than_the_target_takes_stays(bench: Bench) -> None:
    bench.main.maximum_message_bytes = 100
    bench.fill("x" * 101, "y")
    summary = bench.run()
    assert bench.main.bodies == ["y"]
    assert bench.dead.bodies == ["x" * 101]
    assert summary.failed == 1


def test_a_damaged_message_never_moves(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill("a", "b")
    real = FakeQueue.receive

    def damaging(self: FakeQueue, *args: Any, **more: Any) -> tuple[Message, ...]:
        return tuple(replace(each, damaged=each.body == "b") for each in real(self, *args, **more))

    monkeypatch.setattr(FakeQueue, "receive", damaging)
    summary = bench.run()
    assert bench.main.bodies == ["a"]
    assert bench.dead.bodies == ["b"]
    assert summary.failed == 1


# What goes wrong while sending.


def test_a_lost_answer_is_sent_again_and_told(bench: Bench) -> None:
    ids = bench.fill("a", "b")
    bench.main.fail("send", lost_answer)
    summary = bench.run()
    assert Counter(bench.main.bodies) == {"a": 2, "b": 2}
    assert bench.dead.stored == []
    assert sorted(summary.possible_duplicates) == sorted(ids)
    assert summary.moved == 2


def test_a_lost_request_is_told_as_well_since_nobody_can_know(bench: Bench) -> None:
    ids = bench.fill("a")
    bench.main.fail("send", lost_request)
    summary = bench.run()
    assert bench.main.bodies == ["a"]
    assert summary.possible_duplicates == tuple(ids)


def test_throttling_is_waited_out_without_duplicates(bench: Bench) -> None:
    bench.fill(*bodies(12))
    bench.main.fail("send", throttled, throttled)
    summary = bench.run()
    assert Counter(bench.main.bodies) == Counter(bodies(12))
    assert summary.possible_duplicates == ()


def test_what_stays_throttled_stays_in_the_source(bench: Bench) -> None:
    bench.fill("a")
    bench.main.fail("send", *[throttled] * 4)
    summary = bench.run()
    assert bench.dead.bodies == ["a"]
    assert (summary.moved, summary.failed) == (0, 1)
    assert summary.possible_duplicates == ()


def test_only_the_failed_entries_of_a_batch_are_sent_again(bench: Bench) -> None:
    bench.fill(*bodies(10))
    bench.main.fail("send", entry_fails(bench.main, 2, 7))
    summary = bench.run()
    assert Counter(bench.main.bodies) == Counter(bodies(10))
    assert ("send", 2) in bench.main.calls
    assert summary.moved == 10


def test_an_entry_refused_for_good_stays_and_is_named(bench: Bench) -> None:
    ids = bench.fill(*bodies(3))
    bench.main.fail("send", entry_fails(bench.main, 1, sender_fault=True))
    summary = bench.run()
    assert sorted(bench.main.bodies) == ["m0", "m2"]
    assert bench.dead.bodies == ["m1"]
    assert summary.failures[0].message_id == ids[1]
    assert "injected" in summary.failures[0].reason


def test_unknown_to_the_end_stays_and_is_listed(bench: Bench) -> None:
    (one,) = bench.fill("a")
    bench.main.fail("send", *[lost_answer] * 4)
    summary = bench.run()
    assert bench.dead.bodies == ["a"]
    assert summary.failed == 1
    assert summary.possible_duplicates == (one,)


# What goes wrong while receiving and deleting.


def test_a_receive_that_fails_is_tried_again(bench: Bench) -> None:
    bench.fill("a")
    bench.dead.fail("receive", raises(unavailable()), raises(unavailable()))
    assert bench.run().moved == 1


def test_messages_of_a_lost_receive_come_again(bench: Bench) -> None:
    bench.fill(*bodies(5))
    bench.dead.fail("receive", raises_after(unavailable()))
    summary = bench.run(options=Redrive(concurrency=1, wait_s=20))
    assert sorted(bench.main.bodies) == bodies(5)
    assert summary.moved == 5


def test_a_lost_answer_to_a_deletion_is_asked_for_again(bench: Bench) -> None:
    bench.fill("a")
    bench.dead.fail("delete", lost_answer)
    summary = bench.run()
    assert (summary.moved, summary.remaining, summary.possible_duplicates) == (1, 0, ())
    assert bench.main.bodies == ["a"]


def test_a_deletion_that_does_not_arrive_is_repeated(bench: Bench) -> None:
    bench.fill("a")
    bench.dead.fail("delete", lost_request, throttled)
    summary = bench.run()
    assert bench.dead.stored == []
    assert summary.moved == 1


def test_a_deletion_after_the_hold_lapsed_is_not_believed(bench: Bench) -> None:
    """Standard queues say yes to a stale handle and keep the message."""
    bench.fill("a")
    bench.main.on_send = lambda _: bench.sqs.clock.advance(31)
    summary = bench.run(options=Redrive(concurrency=1, hold_s=30))
    assert bench.main.bodies == ["a"], "it was sent once"
    assert bench.dead.stored == [], "and deleted when it came again"
    assert (summary.moved, summary.possible_duplicates) == (1, ())


def test_fifo_says_that_the_handle_expired_and_it_is_deleted_later(fifo: Bench) -> None:
    fifo.fill(Outgoing("a", group_id="g"))
    fifo.main.on_send = lambda _: fifo.sqs.clock.advance(31)
    summary = fifo.run(options=Redrive(concurrency=1, hold_s=30))
    assert (fifo.main.bodies, fifo.dead.bodies) == (["a"], [])
    assert summary.moved == 1


def test_what_lapsed_before_its_turn_is_not_sent_but_received_again(bench: Bench) -> None:
    bench.fill(*bodies(3))
    paused: list[str] = []

    def pause(message: Message) -> bool:
        if not paused:
            paused.append(message.body)
            bench.sqs.clock.advance(60)
        return True

    summary = bench.run(select=pause)
    assert sorted(bench.main.bodies) == bodies(3)
    assert (summary.moved, summary.selected) == (3, 3)


# Loops.


def test_a_message_that_comes_back_is_not_sent_in_circles(bench: Bench) -> None:
    """The consumer fails again at once; SQS keeps the id of the copy."""
    bench.fill(*bodies(4))

    def fail_at_once(stored: Stored) -> None:
        bench.main.stored.remove(stored)
        stored.origin = arn_of("jobs")
        bench.dead.stored.append(stored)

    bench.main.on_send = fail_at_once
    summary = bench.run()
    assert summary.moved == 4
    assert sum(size for operation, size in bench.main.calls if operation == "send") == 4
    assert len(bench.dead.stored) == 4


def test_copies_met_on_the_way_are_told_as_returned(bench: Bench) -> None:
    bench.fill(*bodies(11))

    def fail_at_once(stored: Stored) -> None:
        bench.main.stored.remove(stored)
        stored.origin = arn_of("jobs")
        bench.dead.stored.insert(0, stored)

    bench.main.on_send = fail_at_once
    summary = bench.run()
    assert summary.returned > 0
    assert summary.moved + summary.returned == 11


def test_the_count_at_the_start_bounds_a_run(bench: Bench) -> None:
    """New dead letters keep arriving under new ids: the run ends nevertheless."""
    bench.fill(*bodies(5))

    def fail_under_a_new_id(stored: Stored) -> None:
        bench.fill(f"again {stored.sent.body}")

    bench.main.on_send = fail_under_a_new_id
    summary = bench.run()
    assert summary.moved == 5
    assert len(bench.dead.stored) == 5


def test_a_counter_of_zero_is_not_believed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill("late")
    real = FakeSqs.describe
    monkeypatch.setattr(
        FakeSqs, "describe", lambda self, queue: replace(real(self, queue), visible=0, in_flight=0)
    )
    assert bench.run().moved == 1


def test_empty_is_three_polls_without_a_message(bench: Bench) -> None:
    bench.run()
    assert bench.dead.calls == [("receive", 10)] * 3


# FIFO.


def test_fifo_keeps_the_order_within_each_group(fifo: Bench) -> None:
    for number in range(12):
        fifo.fill(*(Outgoing(f"{group}{number}", group_id=group) for group in "ab"))
    fifo.run(options=Redrive(concurrency=4))
    for group in "ab":
        arrived = [body for body in fifo.main.bodies if body.startswith(group)]
        assert arrived == [f"{group}{number}" for number in range(12)]


def test_fifo_order_survives_a_failed_entry(fifo: Bench) -> None:
    fifo.fill(*(Outgoing(f"a{number}", group_id="a") for number in range(5)))
    fifo.main.fail("send", None, entry_fails(fifo.main, 0), throttled)
    fifo.run()
    assert fifo.main.bodies == [f"a{number}" for number in range(5)]


def test_fifo_stops_a_group_behind_a_message_that_stays(fifo: Bench) -> None:
    fifo.fill(
        Outgoing("a0", group_id="a"),
        Outgoing("a1", group_id="a"),
        Outgoing("b0", group_id="b"),
        Outgoing("a2", group_id="a"),
    )

    def refuse(message: Message, outgoing: Outgoing) -> Outgoing:
        if message.body == "a1":
            raise SqsctlError("no")
        return outgoing

    summary = fifo.run(edit=refuse)
    assert fifo.main.bodies == ["a0", "b0"]
    assert fifo.dead.bodies == ["a1", "a2"]
    assert summary.blocked_groups == ("a",)
    assert (summary.moved, summary.failed) == (2, 1)


def test_a_rejected_send_stops_its_group_too(fifo: Bench) -> None:
    fifo.fill(*(Outgoing(f"a{number}", group_id="a") for number in range(3)))
    fifo.main.fail("send", None, entry_fails(fifo.main, 0, sender_fault=True))
    fifo.run()
    assert fifo.main.bodies == ["a0"]
    assert fifo.dead.bodies == ["a1", "a2"]


def test_fifo_takes_a_deduplication_id_of_its_own(fifo: Bench) -> None:
    """With the producer's id, sent less than five minutes ago, SQS would swallow it."""
    fifo.main.send([Outgoing("order", group_id="g", deduplication_id="order-1")])
    (first,) = fifo.main.stored
    fifo.main.stored.clear()
    first.origin = arn_of(fifo.main.name)
    fifo.dead.stored.append(first)
    fifo.run()
    assert fifo.main.bodies == ["order"]


def test_a_second_redrive_of_the_same_body_arrives_too(fifo: Bench) -> None:
    for _ in range(2):
        fifo.fill(Outgoing("same", group_id="g"))
        fifo.run()
    assert fifo.main.bodies == ["same", "same"]


def test_a_lost_answer_on_fifo_is_no_duplicate(fifo: Bench) -> None:
    fifo.fill(Outgoing("a", group_id="g"))
    fifo.main.fail("send", lost_answer)
    summary = fifo.run()
    assert fifo.main.bodies == ["a"]
    assert summary.possible_duplicates == ()


# Stopping.


def test_a_stop_finishes_what_is_in_flight_and_hands_back_the_rest(bench: Bench) -> None:
    bench.fill(*bodies(30))
    control = Control()
    bench.main.on_send = lambda _: control.stop() if len(bench.main.stored) == 15 else None
    summary = bench.run(control=control)
    assert summary.interrupted
    assert summary.moved == len(bench.main.stored) == 20
    assert bench.sqs.facts("jobs-dlq").visible == 10
    assert not bench.journals[0].open


def test_expired_credentials_end_the_run_with_the_way_to_go_on(bench: Bench) -> None:
    bench.fill(*bodies(20))
    bench.main.fail("send", None, raises(expired()))
    with pytest.raises(RedriveStoppedError) as caught:
        bench.run(options=Redrive(concurrency=1, command="sqsctl dlq redrive --queue jobs"))
    assert caught.value.exit is Exit.DENIED
    assert "sqsctl dlq redrive --queue jobs" in (caught.value.hint or "")
    assert caught.value.summary.moved == 10
    assert len(bench.dead.stored) == 10
    assert bench.run().moved == 10


def test_credentials_that_expire_before_a_deletion_lose_and_double_nothing(bench: Bench) -> None:
    bench.fill(*bodies(10))
    bench.dead.fail("delete", raises(expired()))
    bench.dead.fail("hide", *[raises(expired())] * 4)
    with pytest.raises(RedriveStoppedError):
        bench.run()
    assert bench.journals[0].open
    summary = bench.run()
    assert Counter(bench.main.bodies) == Counter(bodies(10))
    assert bench.dead.stored == []
    assert summary.resumed == 10
    assert summary.possible_duplicates == ()


# Resuming.


class KilledError(BaseException):
    """The process is gone: nothing that it would still have done happens."""


def killed(*, applied: bool) -> Callable[[Callable[[], object], int], object]:
    def fault(call: Callable[[], object], size: int) -> object:
        if applied:
            call()
        raise KilledError

    return fault


def dies(bench: Bench, **more: Any) -> None:
    bench.dead.fail("hide", *[killed(applied=False)] * 3)
    with pytest.raises(KilledError):
        bench.run(**more)
    bench.dead.faults.clear()
    bench.main.faults.clear()


def test_killed_between_send_and_delete_only_deletes_later(bench: Bench) -> None:
    bench.fill(*bodies(10))
    bench.dead.fail("delete", killed(applied=False))
    dies(bench)
    summary = bench.run()
    assert Counter(bench.main.bodies) == Counter(bodies(10))
    assert bench.dead.stored == []
    assert (summary.moved, summary.resumed, summary.possible_duplicates) == (10, 10, ())


def test_killed_while_sending_sends_again_and_tells(bench: Bench) -> None:
    ids = bench.fill(*bodies(10))
    bench.main.fail("send", killed(applied=True))
    dies(bench)
    summary = bench.run()
    assert Counter(bench.main.bodies) == dict.fromkeys(bodies(10), 2)
    assert bench.dead.stored == []
    assert sorted(summary.possible_duplicates) == sorted(ids)


def test_a_duplicate_made_by_a_killed_run_is_told_by_the_next(bench: Bench) -> None:
    """Sent by the first, again by the second, both killed: the third knows."""
    ids = bench.fill(*bodies(3))
    bench.main.fail("send", killed(applied=True))
    dies(bench)
    bench.dead.fail("delete", killed(applied=False))
    dies(bench)
    summary = bench.run()
    assert bench.dead.stored == []
    assert sorted(summary.possible_duplicates) == sorted(ids)


def test_a_doubt_of_a_killed_run_is_told_by_the_next(bench: Bench) -> None:
    ids = bench.fill("a")
    bench.main.fail("send", lost_answer)
    bench.dead.fail("delete", killed(applied=False))
    dies(bench)
    assert bench.run().possible_duplicates == tuple(ids)


def test_refused_after_a_killed_try_it_is_still_in_doubt(bench: Bench) -> None:
    ids = bench.fill("a")
    bench.main.fail("send", killed(applied=True))
    dies(bench)
    bench.main.fail("send", *[throttled] * 4)
    assert bench.run().failed == 1
    summary = bench.run()
    assert bench.main.bodies == ["a", "a"]
    assert summary.possible_duplicates == tuple(ids)


@pytest.mark.parametrize(("pause_s", "copies"), [(200, 1), (400, 2)])
def test_fifo_swallows_a_second_send_for_five_minutes_only(
    fifo: Bench, pause_s: int, copies: int
) -> None:
    ids = fifo.fill(Outgoing("a", group_id="g"))
    fifo.main.fail("send", killed(applied=True))
    dies(fifo)
    fifo.sqs.clock.advance(pause_s)
    summary = fifo.run()
    assert fifo.main.bodies == ["a"] * copies
    assert summary.possible_duplicates == (tuple(ids) if copies > 1 else ())


def test_killed_after_the_deletion_counts_it(bench: Bench) -> None:
    bench.fill(*bodies(10))
    bench.dead.fail("delete", killed(applied=True))
    dies(bench)
    summary = bench.run()
    assert Counter(bench.main.bodies) == Counter(bodies(10))
    assert summary.possible_duplicates == ()
    assert not bench.journals[0].open


def test_a_resumed_run_says_so_and_writes_on_in_the_same_journal(bench: Bench) -> None:
    bench.fill(*bodies(10))
    bench.dead.fail("delete", killed(applied=False))
    dies(bench)
    summary = bench.run()
    assert len(bench.journals) == 1
    assert summary.journal == str(bench.journals[0].path)
    assert "10 were sent" in summary.notes[0]


def test_no_resume_sends_again(bench: Bench) -> None:
    bench.fill(*bodies(10))
    bench.dead.fail("delete", killed(applied=False))
    dies(bench)
    bench.sqs.clock.advance(60)
    bench.run(options=Redrive(resume=False))
    assert Counter(bench.main.bodies) == dict.fromkeys(bodies(10), 2)
    assert len(bench.journals) == 2
    assert not any(each.open for each in bench.journals)


def test_another_live_run_on_the_same_source_is_refused(bench: Bench) -> None:
    bench.fill("a")
    live = journals.begin(bench.folder, bench.identity, hold_s=30)
    with pytest.raises(RefusedError) as caught:
        bench.run()
    assert caught.value.code == "redrive_running"
    live.close()
    assert bench.run().moved == 1


def test_progress_is_told_and_adds_up(bench: Bench) -> None:
    bench.fill(*bodies(30))
    seen: list[tuple[int, int]] = []
    bench.run(progress=lambda each: seen.append((each.total, each.moved)))
    assert seen[-1] == (30, 30)
