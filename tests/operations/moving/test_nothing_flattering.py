"""What a redrive may not do where things fail for good: pile up copies, or count them as moved."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sqsctl.errors import Exit, RefusedError, SqsctlError
from sqsctl.model.message import Outgoing
from sqsctl.model.outcome import Acceptance, BatchResult
from sqsctl.operations.moving import journal as journals
from sqsctl.operations.moving.canary import Verdict
from sqsctl.operations.moving.redrive import Redrive, RedriveStoppedError
from tests.operations.fakes import (
    Fault,
    arn_of,
    entry_fails,
    expired,
    lost_answer,
    lost_request,
    raises,
    throttled,
    unavailable,
)
from tests.operations.moving.test_redrive import Bench, bodies, dies, killed

ONE = Redrive(concurrency=1)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "journals")


@pytest.fixture
def fifo(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "journals", fifo=True)


def refused_entries(call: object, size: int) -> object:
    from sqsctl.model.outcome import Rejection

    return BatchResult(
        rejected=tuple(Rejection(place, "InvalidIdFormat", "no") for place in range(size))
    )


# Deletions that fail.

FAILING: dict[str, Fault] = {
    "throttled": throttled,
    "lost": lost_request,
    "refused": refused_entries,
    "unavailable": raises(unavailable()),
    "denied": raises(SqsctlError("no", exit=Exit.DENIED, code="access_denied")),
    "expired": raises(expired()),
}


@pytest.mark.parametrize("name", FAILING)
@pytest.mark.parametrize("workers", [1, 3])
def test_where_nothing_can_be_deleted_there_are_few_copies(
    bench: Bench, name: str, workers: int
) -> None:
    ids = bench.fill(*bodies(150))
    bench.dead.fail("delete", *[FAILING[name]] * 2000)
    with pytest.raises(RedriveStoppedError) as caught:
        bench.run(options=Redrive(concurrency=workers))
    copies = len(bench.main.stored)
    assert copies <= 10 * workers
    listed = caught.value.summary.possible_duplicates
    assert {bench.main.bodies.count(body) for body in bench.main.bodies} == {1}
    assert len(set(listed)) == copies, "each of them is listed"
    assert set(listed) <= set(ids)
    assert caught.value.summary.moved == 0
    if name in {"throttled", "lost", "refused"}:
        assert (caught.value.exit, caught.value.code) == (Exit.AMBIGUOUS, "deletes_fail")


def test_runs_that_all_fail_hardly_add_up(bench: Bench) -> None:
    bench.fill(*bodies(200))
    bench.dead.fail("delete", *[throttled] * 5000)
    for _ in range(3):
        with pytest.raises(RedriveStoppedError):
            bench.run(options=Redrive(concurrency=4))
        bench.sqs.clock.advance(60)
    assert len(bench.main.stored) <= 40 + 2 * 10


def test_a_deletion_that_works_again_lets_the_run_go_on(bench: Bench) -> None:
    bench.fill(*bodies(60))
    bench.dead.fail("delete", *[throttled] * 4)  # one batch is never deleted in its turn
    summary = bench.run(options=Redrive(concurrency=2, wait_s=10))
    assert summary.moved == 60
    assert sorted(bench.main.bodies) == sorted(bodies(60))


def test_what_was_left_is_deleted_by_the_next_run_and_nothing_is_sent_twice(bench: Bench) -> None:
    bench.fill(*bodies(30))
    bench.dead.fail("delete", *[throttled] * 50)
    with pytest.raises(RedriveStoppedError):
        bench.run()
    bench.dead.faults.clear()
    bench.sqs.clock.advance(60)
    assert bench.run().moved == 30
    assert sorted(bench.main.bodies) == sorted(bodies(30))


@pytest.mark.parametrize("fault", [lost_answer, lost_request])
def test_answers_that_are_all_lost_end_the_run_after_few_copies(bench: Bench, fault: Fault) -> None:
    bench.fill(*bodies(100))
    bench.main.fail("send", *[fault] * 500)
    with pytest.raises(RedriveStoppedError) as caught:
        bench.run()
    assert len(bench.main.stored) <= 20, "one batch, tried twice"
    assert caught.value.exit is Exit.AMBIGUOUS
    assert len(caught.value.summary.possible_duplicates) == 10


def test_throttling_without_an_end_ends_the_run(bench: Bench) -> None:
    bench.fill(*bodies(500))
    bench.main.fail("send", *[throttled] * 5000)
    with pytest.raises(RedriveStoppedError) as caught:
        bench.run()
    assert (caught.value.exit, caught.value.code) == (Exit.UNAVAILABLE, "throttled")
    assert sum(1 for operation, _ in bench.main.calls if operation == "send") == 4, "one batch"
    assert caught.value.summary.possible_duplicates == ()


def test_a_message_that_is_refused_for_good_is_no_throttling(bench: Bench) -> None:
    bench.fill(*bodies(40))
    bench.main.fail("send", *[entry_fails(bench.main, *range(10), sender_fault=True)] * 2)
    summary = bench.run()
    assert (summary.failed, summary.moved) == (20, 20)


# A journal that cannot be written.


@pytest.mark.parametrize("record", ["sent", "deleted", "unknown"])
def test_what_was_acknowledged_is_deleted_though_the_journal_fails(
    bench: Bench, record: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.fill(*bodies(25))

    def full(*_: object) -> None:
        raise SqsctlError("cannot write the journal", code="journal_unwritable")

    monkeypatch.setattr(journals.Journal, record, full)
    with pytest.raises(RedriveStoppedError) as caught:
        bench.run()
    assert caught.value.code == "journal_unwritable"
    there = {each.sent.body for each in bench.dead.stored}
    assert there.isdisjoint(bench.main.bodies), "nothing is in both places"
    assert len(there) + len(bench.main.stored) == 25
    assert caught.value.summary.moved == len(bench.main.stored) > 0


def test_a_disk_that_fills_keeps_the_summary(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill(*bodies(25))
    real, left = os.write, [6]

    def write(descriptor: int, data: bytes) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr("sqsctl.operations.moving.journal.os.write", write)
    with pytest.raises(RedriveStoppedError) as caught:
        bench.run()
    monkeypatch.undo()
    there = {each.sent.body for each in bench.dead.stored}
    assert there.isdisjoint(bench.main.bodies)
    assert caught.value.summary.moved == len(bench.main.stored)


# Which queue a journal is of.


def dies_owing(bench: Bench, count: int) -> None:
    bench.fill(*bodies(count))
    bench.dead.fail("delete", killed(applied=False))
    dies(bench)


def other_server(bench: Bench) -> None:
    bench.sqs.place = "endpoint 127.0.0.1:1"


def made_anew(bench: Bench) -> None:
    real = bench.sqs.describe
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    bench.sqs.describe = lambda queue: replace(real(queue), created_at=moment)  # type: ignore[method-assign]


@pytest.mark.parametrize("change", [other_server, made_anew])
def test_another_queue_of_the_same_arn_has_no_journal(
    bench: Bench, change: Callable[[Bench], None]
) -> None:
    dies_owing(bench, 10)
    bench.dead.stored.clear()
    bench.main.stored.clear()
    change(bench)
    bench.fill(*bodies(7))
    began = bench.sqs.clock()
    summary = bench.run()
    assert (summary.moved, summary.resumed, summary.vanished) == (7, 0, 0)
    assert bench.sqs.clock() - began < 10, "nobody waits for what was never here"
    assert not any("resuming" in note for note in summary.notes)


def test_identities_differ_by_server_arn_and_making(bench: Bench) -> None:
    facts = bench.sqs.facts("jobs-dlq")
    made = datetime(2026, 1, 1, tzinfo=UTC)
    found = [
        journals.identity(place, queue)
        for place in ("aws", "endpoint 127.0.0.1:4566")
        for queue in (
            facts,
            replace(facts, arn=arn_of("other")),
            replace(facts, created_at=made),
            replace(facts, created_at=made + timedelta(seconds=1)),
        )
    ]
    assert len(set(found)) == 8


def test_what_never_came_back_is_not_moved(bench: Bench) -> None:
    dies_owing(bench, 10)
    bench.dead.stored.clear()  # deleted by hand, or expired
    bench.fill("new")
    summary = bench.run()
    assert (summary.moved, summary.resumed, summary.vanished) == (1, 0, 10)
    assert any(
        "10 messages that an earlier run sent did not come again" in n for n in summary.notes
    )


# Limits and canaries.


@pytest.mark.parametrize("limit", [1, 5])
def test_what_an_earlier_run_sent_does_not_count_against_the_limit(
    bench: Bench, limit: int
) -> None:
    dies_owing(bench, 10)
    bench.sqs.clock.advance(60)
    bench.fill(*(f"new{number}" for number in range(20)))
    summary = bench.run(options=Redrive(concurrency=1, limit=limit, wait_s=10))
    new = [body for body in bench.main.bodies if body.startswith("new")]
    assert len(new) == limit
    assert summary.moved - summary.resumed == limit
    assert len(summary.copies) == limit, "a canary is a message that this run sent"


def test_of_a_large_canary_every_copy_is_told(bench: Bench) -> None:
    bench.fill(*bodies(230))
    summary = bench.run(options=Redrive(limit=220, keep_copies=220))
    assert len(summary.copies) == 220


@pytest.mark.parametrize(
    ("verdict", "good"),
    [
        (Verdict(), False),
        (Verdict(processed=("a",)), True),
        (Verdict(processed=("a",), unwatched=1), False),
        (Verdict(processed=("a",), undecided=("b",)), False),
        (Verdict(processed=("a",), returned=("b",)), False),
    ],
)
def test_only_what_was_watched_is_good(verdict: Verdict, good: bool) -> None:
    assert verdict.good is good


# Going on with other options.


def asked(**terms: str) -> Redrive:
    return Redrive(concurrency=1, terms=terms, command="sqsctl dlq redrive --to 'a b'")


@pytest.mark.parametrize("other", [{}, {"to": "b"}, {"to": "a", "match": "x"}])
def test_an_unfinished_run_is_not_taken_up_with_other_options(
    bench: Bench, other: dict[str, str]
) -> None:
    bench.fill(*bodies(10))
    bench.dead.fail("delete", killed(applied=False))
    dies(bench, options=asked(to="a"))
    with pytest.raises(RefusedError) as caught:
        bench.run(options=asked(**other))
    assert caught.value.code == "other_options"
    assert "sqsctl dlq redrive --to 'a b'" in (caught.value.hint or "")
    assert len(bench.main.stored) == 10
    assert bench.run(options=asked(to="a")).resumed == 10


def test_with_no_resume_other_options_are_fine(bench: Bench) -> None:
    bench.fill(*bodies(10))
    bench.dead.fail("delete", killed(applied=False))
    dies(bench, options=asked(to="a"))
    bench.run(options=replace(asked(to="b"), resume=False, wait_s=20))
    assert bench.dead.stored == []


def test_where_nothing_is_open_options_do_not_matter(bench: Bench) -> None:
    bench.fill(*bodies(10))
    bench.dead.fail("receive", killed(applied=False))
    dies(bench, options=asked(to="a"))
    assert bench.run(options=asked(to="b")).moved == 10


# Time.


@pytest.mark.parametrize("tells", [True, False])
def test_without_the_servers_clock_a_fifo_queues_second_send_is_listed(
    fifo: Bench, tells: bool
) -> None:
    fifo.sqs.tells_time = tells
    ids = fifo.fill(Outgoing("a", group_id="g"))
    fifo.main.fail("send", lost_answer)
    summary = fifo.run()
    assert fifo.main.bodies == ["a"], "the queue took it for the same"
    assert summary.possible_duplicates == (() if tells else tuple(ids))


def test_this_machines_clock_says_nothing(fifo: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set back by an hour between two runs, it would make ten minutes into less than five."""
    ids = fifo.fill(Outgoing("a", group_id="g"))
    fifo.main.fail("send", killed(applied=True))
    dies(fifo)
    fifo.sqs.clock.advance(600)
    monkeypatch.setattr("time.time", lambda: 0.0)
    summary = fifo.run()
    assert fifo.main.bodies == ["a", "a"]
    assert summary.possible_duplicates == tuple(ids)


# Answers that do not hold together.


def nameless(call: Callable[[], Any], size: int) -> object:
    done: BatchResult = call()
    return BatchResult(accepted=tuple(Acceptance(each.index, "") for each in done.accepted))


def test_copies_without_an_id_are_moved_but_cannot_be_watched(bench: Bench) -> None:
    bench.fill("a", "b")
    bench.main.fail("send", nameless)
    summary = bench.run()
    assert (summary.moved, summary.copies) == (2, ())
