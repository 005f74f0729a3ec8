"""One fault, mended, then another: what died of the first is told under it as past.

All ordered pairs of the causes that a log tells, from the zoo's texts; the consumer is changed
between the two, as whoever mends it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.checks.registry import by_id
from sqsctl.checks.support.failures.attribution import match
from sqsctl.model.finding import Severity
from sqsctl.model.logline import LogEvent
from sqsctl.model.message import Message
from sqsctl.model.stack import DeadLetters, Stack
from tests.checks import zoo_logs
from tests.checks.build import (
    DLQ,
    JOBS,
    PREFIX,
    WORKER,
    ago,
    invocation,
    of_events,
    queue,
    stack,
)
from tests.checks.zoo_pair import Pair

RECEIVES = 3
FIRST, MENDED, SECOND = ago(9_000), ago(6_000), ago(3_000)
LETTERS = ("aaaaaaaa-aaaa-4000-8000-000000000000", "bbbbbbbb-bbbb-4000-8000-000000000000")


def failing(pair: Pair, at: datetime, number: int, letter: str | None) -> Iterator[LogEvent]:
    """Its failing run at another time, under another id, which names the message ``letter``."""
    (logs,) = (each for each in pair.broken.logs if each.function == WORKER)
    began = min(each.timestamp or at for each in logs.events)
    old, new = f"{7:012d}", f"{number:012d}"
    for index, event in enumerate(logs.events):
        moved = at + ((event.timestamp or began) - began)
        yield replace(event, message=event.message.replace(old, new), timestamp=moved)
        if index == 0 and letter:
            yield replace(event, message=f"message {letter}", timestamp=moved)


def history(first: Pair, second: Pair | None, *, named: bool) -> Stack:
    """The stack now: the first fault was mended in between, the second is there."""
    events: list[LogEvent] = []
    for turn in range(RECEIVES):
        later = timedelta(seconds=40 * turn)
        events += failing(first, FIRST + later, 100 + turn, LETTERS[0] if named else None)
        if second is not None:
            events += failing(second, SECOND + later, 200 + turn, LETTERS[1] if named else None)
    for turn in range(3):
        events += invocation(300 + turn, "done", at=MENDED + timedelta(seconds=60 + turn))
    events.sort(key=lambda each: each.timestamp or FIRST)
    told = second or first
    (worker,) = (each for each in told.broken.functions if each.name == WORKER)
    main = queue(dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=RECEIVES)
    letters = (letter(LETTERS[0], FIRST), letter(LETTERS[1], SECOND))
    dead = DeadLetters(
        DLQ,
        f"{PREFIX}:{DLQ}",
        2 if second else 1,
        samples=letters if second else letters[:1],
        first_arrived_at=FIRST + timedelta(seconds=30 * RECEIVES),
    )
    return stack(
        queues=(main, queue(DLQ, retention_s=1_209_600)),
        functions=(replace(worker, last_modified=MENDED),),
        packages=told.broken.packages.items,
        logs=(of_events(tuple(events)),),
        dead_letters=(dead,),
    )


def letter(name: str, first: datetime) -> Message:
    moment = str(int(first.timestamp() * 1000))
    system = {
        "SentTimestamp": moment,
        "ApproximateFirstReceiveTimestamp": moment,
        "DeadLetterQueueSourceArn": f"{PREFIX}:{JOBS}",
    }
    return Message(name, "{}", system=system)


def causes_of(whole: Stack) -> list[str]:
    (dead,) = whole.dead_letters
    return [each.cause for each in match(whole, dead)]


@cache
def _alone(check: str) -> str:
    pair = next(each for each in CAUSES if each.id == check)
    return causes_of(history(pair, None, named=True))[0]


def alone(pair: Pair) -> str:
    """What it is told as where only it happened, and the function was changed since."""
    return _alone(pair.id)


CAUSES = [
    each
    for each in zoo_logs.PAIRS
    if each.subject == WORKER and each.severity > Severity.INFO and len(each.broken.logs) == 1
]


def test_most_causes_are_told_though_the_function_was_changed_since() -> None:
    assert len(CAUSES) > 15
    assert sum(alone(each) == each.id for each in CAUSES) >= len(CAUSES) - 3


@pytest.mark.parametrize("named", [True, False], ids=["ids in the log", "by time"])
@pytest.mark.parametrize("first", CAUSES, ids=lambda each: each.id)
def test_what_died_of_the_first_stays_below_it(first: Pair, named: bool) -> None:
    for second in CAUSES:
        if second.id == first.id or "" in {alone(first), alone(second)}:
            continue
        whole = history(first, second, named=named)
        assert causes_of(whole) == [alone(first), causes_of(whole)[1]], second.id
        assert causes_of(whole)[1] in {second.id, alone(second)}, second.id
        only = {first.id, alone(first), second.id, alone(second), "dead-letters"}
        found = diagnose(whole, only=only & by_id().keys()).findings
        current = [each for each in found if not each.past and each.kind.value == "cause"]
        assert {each.id for each in current} == {causes_of(whole)[1]}, second.id
        if alone(first) != causes_of(whole)[1]:
            past = [each for each in found if each.id == alone(first)]
            assert past
            assert all(each.past for each in past), second.id
        (letters,) = (each for each in found if each.id == "dead-letters")
        assert set(letters.because) == {alone(first), causes_of(whole)[1]}
        assert letters.explained_by == causes_of(whole)[1], second.id
