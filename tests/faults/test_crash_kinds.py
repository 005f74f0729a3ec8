"""Signals during an edit, a canary, a pause, a restore, an export and a purge of chosen messages.

After kill -9 the next run finds and finishes; SIGTERM and SIGHUP end it politely; a sleep beyond
the visibility timeout (SIGSTOP) loses nothing, and doubles are told.
"""

from __future__ import annotations

import random
import signal
import sys

import pytest

from tests.faults.bench import HOLD_S, Bench
from tests.faults.trials import KINDS, Moment, Trial
from tests.faults.victim import EXPORT_HOLD_S, PURGE_HOLD_S

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP]


def tried(bench: Bench, kind: str, number: signal.Signals, moment: Moment) -> None:
    trial = Trial(bench, kind)
    with trial.prepared():
        trial.stopped(number, moment)
        trial.go_on()
        trial.judge()


SHORT = [
    ("edit", Moment("SendMessageBatch", "after", 2)),
    ("restore", Moment("SendMessageBatch", "after", 2)),
    ("pause", Moment("UpdateEventSourceMapping", "after", 1)),
    ("export", Moment("ChangeMessageVisibilityBatch", "before", 1)),
    pytest.param("canary", Moment("DeleteMessageBatch", "before", 2), marks=pytest.mark.long),
    pytest.param("purge", Moment("DeleteMessageBatch", "after", 2), marks=pytest.mark.long),
]


@pytest.mark.parametrize(("kind", "moment"), SHORT)
def test_killed_at_a_request(bench: Bench, kind: str, moment: Moment) -> None:
    tried(bench, kind, signal.SIGKILL, moment)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200))
def test_two_hundred_stops_of_every_kind(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    moment = Moment(
        chance.choice(KINDS[kind]),
        chance.choice(["before", "after"]),
        chance.randint(1, 2),
        chance.choice([None, chance.uniform(0, 0.03)]),
    )
    tried(bench, kind, chance.choice(SIGNALS), moment)


ASLEEP = [
    ("edit", HOLD_S, Moment("SendMessageBatch", "after", 1)),
    ("pause", HOLD_S, Moment("DeleteMessageBatch", "before", 1)),
    ("export", EXPORT_HOLD_S, Moment("ReceiveMessage", "after", 2)),
    ("purge", PURGE_HOLD_S, Moment("DeleteMessageBatch", "before", 1)),
    ("restore", HOLD_S, Moment("SendMessageBatch", "after", 1)),
]


@pytest.mark.long
@pytest.mark.parametrize(("kind", "hold_s", "moment"), ASLEEP)
def test_asleep_beyond_the_visibility_timeout(
    bench: Bench, kind: str, hold_s: int, moment: Moment
) -> None:
    trial = Trial(bench, kind)
    with trial.prepared():
        trial.slept(hold_s + 0.6, moment)
        trial.go_on()
        trial.judge()
