"""Going through a queue ends, also where the same messages come again and again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.operations.dead_letters.queue_end import QueueEnd
from sqsctl.operations.dead_letters.survey import Look, survey
from sqsctl.operations.moving.hiding import hide_messages
from sqsctl.operations.moving.removal import remove
from tests.operations.fakes import FakeQueue, FakeSqs

MOST_POLLS = 60


class Forgetful(FakeQueue):
    """A server that hides nothing: every poll brings the same messages."""

    polls = 0

    def receive(self, limit: int = 10, **more: object) -> tuple:  # type: ignore[type-arg]
        self.polls += 1
        assert self.polls <= MOST_POLLS, "it goes on for ever"
        found = super().receive(limit, **more)  # type: ignore[arg-type]
        for each in self.stored:
            each.visible_at = 0.0
        return found


@pytest.fixture
def queue() -> Forgetful:
    sqs = FakeSqs()
    sqs.create("dlq")
    made = Forgetful(sqs, "dlq")
    sqs.queues["dlq"] = made
    made.put(*(f"m{number}" for number in range(25)))
    return made


def test_a_removal_ends(queue: Forgetful) -> None:
    done = remove(
        queue,
        queue.sqs.facts("dlq"),
        lambda each: each.body in {"m3", "m20"},
        clock=queue.sqs.clock,
    )
    assert not done.exhausted, "more may be there"


def test_a_survey_ends(queue: Forgetful) -> None:
    seen = survey(
        queue, queue.sqs.facts("dlq"), lambda _: None, look=Look(limit=0), clock=queue.sqs.clock
    )
    assert not seen.exhausted


def test_hiding_ends(queue: Forgetful, tmp_path: Path) -> None:
    done = hide_messages(
        queue, queue.sqs.facts("dlq"), ["not there"], 60, handles=tmp_path / "handles"
    )
    assert done.missing == ("not there",)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=200))
def test_news_put_the_end_off_and_it_is_always_reached(polls: list[tuple[bool, bool]]) -> None:
    end = QueueEnd(3)
    known = empty = 0
    for brings, brings_new in polls:
        known += brings and brings_new
        empty = 0 if brings else empty + 1
        reached = end.reached(int(brings), int(brings and brings_new), known)
        assert end.exhausted == (empty >= 3)
        assert reached >= end.exhausted
        if brings and brings_new:
            assert not reached
    while not end.reached(1, 0, known):
        known += 0
    assert not end.exhausted
