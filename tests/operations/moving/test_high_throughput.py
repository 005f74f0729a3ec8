"""FIFO queues that deduplicate by queue, and by group (DeduplicationScope=messageGroup)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sqsctl.model.message import Message, Outgoing
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.redrive import Redrive
from sqsctl.operations.moving.restore import Restore, restore
from tests.operations.fakes import FakeQueue
from tests.operations.moving.test_redrive import QUICK, Bench, dies, killed

EDITS: dict[str, Callable[[int], Callable[[Message, Outgoing], Outgoing]]] = {
    "another body": lambda run: lambda _, each: replace(each, body=f"{each.body} of run {run}"),
    "another group": lambda run: lambda _, each: replace(each, group_id=f"{each.group_id}{run}"),
}


@pytest.fixture(params=[False, True], ids=["by queue", "by group"])
def fifo(tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    bench = Bench(tmp_path / "journals", fifo=True)
    bench.main.by_group = bench.dead.by_group = request.param
    bench.fill(*(Outgoing(f"m{number}", group_id=f"g{number % 3}") for number in range(9)))
    return bench


def arrived(queue: FakeQueue) -> Counter[str]:
    return Counter(each.split()[0] for each in queue.bodies)


def test_a_redrive_that_was_killed_leaves_each_message_once(fifo: Bench) -> None:
    fifo.main.fail("send", killed(applied=True))
    dies(fifo)
    fifo.sqs.clock.advance(60)
    summary = fifo.run()
    assert arrived(fifo.main) == Counter(f"m{number}" for number in range(9))
    assert summary.possible_duplicates == (), "SQS took the second send for the first"


def test_beyond_the_window_what_may_be_double_is_told(fifo: Bench) -> None:
    fifo.main.fail("send", killed(applied=True))
    dies(fifo)
    fifo.sqs.clock.advance(301)
    summary = fifo.run()
    doubled = [body for body, times in arrived(fifo.main).items() if times > 1]
    assert len(doubled) == len(summary.possible_duplicates) > 0


@pytest.mark.parametrize("way", EDITS)
def test_what_is_edited_anew_after_a_kill_is_told(fifo: Bench, way: str) -> None:
    """It is another message to SQS: no deduplication keeps the first one out."""
    ids = {each.sent.body: each.message_id for each in fifo.dead.stored}
    fifo.main.fail("send", killed(applied=True))
    dies(fifo, edit=EDITS[way](1))
    fifo.sqs.clock.advance(60)
    summary = fifo.run(edit=EDITS[way](2), options=Redrive(concurrency=1))
    doubled = {ids[body] for body, times in arrived(fifo.main).items() if times > 1}
    assert doubled <= set(summary.possible_duplicates)
    assert set(arrived(fifo.main)) == set(ids)


def test_equal_messages_of_different_groups_all_come_back(fifo: Bench, tmp_path: Path) -> None:
    fifo.dead.stored.clear()
    fifo.fill(*(Outgoing("same", group_id=f"g{number}") for number in range(6)))
    path = tmp_path / "export"
    facts = fifo.sqs.facts(fifo.dead.name)
    assert export(fifo.dead, facts, path, clock=fifo.sqs.clock).messages == 6
    done = restore(
        path,
        fifo.main,
        fifo.sqs.facts(fifo.main.name),
        journal_folder=tmp_path / "journals",
        options=Restore(place="fake"),
        policy=QUICK,
    )
    assert (done.sent, fifo.main.bodies) == (6, ["same"] * 6)
