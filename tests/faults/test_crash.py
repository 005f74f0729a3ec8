"""kill -9, SIGSTOP, SIGINT, expired credentials: what the next run finds and finishes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sqsctl.errors import Exit
from tests.faults.bench import HOLD_S, Bench
from tests.faults.proxy import Fault, When

MESSAGES = 40
POINTS: list[tuple[str, When, int]] = [
    (operation, when, number)
    for operation in ("ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch")
    for when in ("before", "after")
    for number in (1, 3)
]
RANDOM_KILLS, ALWAYS = 6, 2


@contextmanager
def victim(
    bench: Bench, workers: int = 2, kind: str = "redrive"
) -> Iterator[subprocess.Popen[str]]:
    """A redrive, or its kin, in a process of its own."""
    command = [sys.executable, "-m", "tests.faults.victim", bench.proxy.url]
    command += [bench.source.name, bench.target.name, str(bench.folder), str(workers), kind]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=str(_root()), env=_environment()
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _root() -> str:
    return str(Path(__file__).resolve().parents[2])


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": _root(), "PYTHONDONTWRITEBYTECODE": "1"}


def at(bench: Bench, operation: str, when: When, number: int, act: Any) -> threading.Event:
    """Call ``act`` at that request; the event is set when it happened."""
    reached = threading.Event()

    def action() -> None:
        act()
        reached.set()

    bench.proxy.plan(operation, *[None] * (number - 1), Fault("call", when, action))
    return reached


def in_flight(bench: Bench) -> set[str]:
    """Bodies that SQS was sent and that the victim had not yet begun to delete."""
    bench.proxy.settle()
    handles: dict[str, str] = {}
    sent: set[str] = set()
    deleting: set[str] = set()
    for entry in bench.proxy.log:
        entries = entry.document.get("Entries", ())
        if entry.operation == "ReceiveMessage":
            for each in entry.answer.get("Messages") or ():
                handles[each["ReceiptHandle"]] = each["Body"]
        elif entry.operation == "SendMessageBatch" and entry.forwarded:
            sent.update(each["MessageBody"] for each in entries)
        elif entry.operation == "DeleteMessageBatch":
            deleting.update(handles[each["ReceiptHandle"]] for each in entries)
    return sent - deleting


def resumed_cleanly(bench: Bench, possible: set[str]) -> None:
    """Finish with further runs and judge the whole."""
    bench.proxy.faults.clear()
    bench.run_to_the_end()
    verdict = bench.judge()
    verdict.assert_clean()
    assert verdict.doubled <= possible, "only what was in flight can be doubled"


def killed_at(bench: Bench, operation: str, when: When, number: int) -> None:
    bench.fill(MESSAGES)
    with victim(bench) as process:
        reached = at(bench, operation, when, number, process.kill)
        assert reached.wait(30)
        assert process.wait(10) == -signal.SIGKILL
    resumed_cleanly(bench, in_flight(bench))


@pytest.mark.lab
@pytest.mark.parametrize(("operation", "when", "number"), POINTS)
def test_killed_at_a_request(bench: Bench, operation: str, when: When, number: int) -> None:
    killed_at(bench, operation, when, number)


def killed_sometime(bench: Bench, seed: int) -> None:
    """Killed a few milliseconds after some send: between the steps, not at a request."""
    chance = random.Random(seed)
    bench.fill(MESSAGES)
    with victim(bench, workers=chance.choice([1, 3])) as process:
        pause = chance.uniform(0, 0.02)
        timer = threading.Timer(pause, process.kill)
        number = chance.randint(1, 4)
        reached = at(bench, "SendMessageBatch", "after", number, timer.start)
        assert reached.wait(30)
        process.wait(10)
        if process.returncode == 0:
            # It was faster: then it finished, and told what there is to tell.
            told = json.loads(process.communicate()[0])
            bench.told.update(told["possible_duplicates"])
    # A send that was under way may have ended at the server after its sender's end.
    resumed_cleanly(bench, {each.body for each in bench.filled})


@pytest.mark.lab
@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(seed, marks=() if seed < ALWAYS else pytest.mark.long)
        for seed in range(RANDOM_KILLS)
    ],
)
def test_killed_sometime(bench: Bench, seed: int) -> None:
    killed_sometime(bench, seed)


@pytest.mark.lab
@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_two_hundred_kills(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    if chance.random() < 0.5:
        killed_sometime(bench, seed)
    else:
        operation, when, _ = chance.choice(POINTS)
        killed_at(bench, operation, when, chance.randint(1, 4))


@pytest.mark.lab
def test_killed_again_while_resuming(bench: Bench) -> None:
    bench.fill(MESSAGES)
    possible: set[str] = set()
    for operation, when in (("DeleteMessageBatch", "before"), ("SendMessageBatch", "after")):
        with victim(bench, workers=1) as process:
            reached = at(bench, operation, when, 1, process.kill)  # type: ignore[arg-type]
            assert reached.wait(30)
        possible |= in_flight(bench)
    resumed_cleanly(bench, possible)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("operation", "when"),
    [
        pytest.param("SendMessageBatch", "before", marks=pytest.mark.long),
        ("SendMessageBatch", "after"),
        ("DeleteMessageBatch", "before"),
        pytest.param("ReceiveMessage", "after", marks=pytest.mark.long),
    ],
)
def test_asleep_beyond_the_visibility_timeout(bench: Bench, operation: str, when: When) -> None:
    """A laptop that is closed at the worst moment: handles die, messages come back."""
    bench.fill(15)
    with victim(bench, workers=1) as process:

        def sleep() -> None:
            process.send_signal(signal.SIGSTOP)
            threading.Event().wait(HOLD_S + 0.6)
            process.send_signal(signal.SIGCONT)

        reached = at(bench, operation, when, 1, sleep)
        assert reached.wait(30)
        out, _ = process.communicate(timeout=30)
    summary = json.loads(out)
    assert process.returncode == 0
    assert summary["moved"] == 15
    bench.told.update(summary["possible_duplicates"])
    verdict = bench.judge()
    verdict.assert_clean()
    assert verdict.doubled == set()


@pytest.mark.lab
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED)]
)
def test_interrupted_it_finishes_what_is_in_flight(
    bench: Bench, number: signal.Signals, code: Exit
) -> None:
    bench.fill(MESSAGES)
    with victim(bench, workers=1) as process:
        at(bench, "SendMessageBatch", "after", 2, lambda: process.send_signal(number))
        out, _ = process.communicate(timeout=30)
    summary = json.loads(out)
    assert process.returncode == code
    assert summary["interrupted"]
    assert summary["moved"] == bench.count(bench.target) == 20
    assert bench.direct.describe(bench.direct.resolve(bench.source.name)).visible == 20
    resumed_cleanly(bench, set())


@pytest.mark.lab
def test_interrupted_twice_it_ends_at_once(bench: Bench) -> None:
    bench.fill(MESSAGES)
    with victim(bench, workers=1) as process:

        def twice() -> None:
            process.send_signal(signal.SIGINT)
            threading.Event().wait(0.3)
            process.send_signal(signal.SIGINT)
            process.wait(10)

        reached = at(bench, "SendMessageBatch", "after", 2, twice)
        assert reached.wait(30)
        assert process.returncode == Exit.INTERRUPTED
        assert process.communicate()[0] == ""
    resumed_cleanly(bench, in_flight(bench))


@pytest.mark.lab
def test_expired_credentials_stop_it_and_lose_nothing(bench: Bench) -> None:
    bench.fill(MESSAGES)
    for operation in ("ReceiveMessage", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"):
        bench.proxy.plan(operation, *[None] * (2 if operation == "ReceiveMessage" else 1))
        bench.proxy.always[operation] = Fault("expired")
    with victim(bench, workers=1) as process:
        out, _ = process.communicate(timeout=30)
    assert process.returncode == Exit.DENIED
    summary = json.loads(out)
    assert summary["moved"] == 10
    bench.told.update(summary["possible_duplicates"])
    bench.proxy.always.clear()
    resumed_cleanly(bench, set())
