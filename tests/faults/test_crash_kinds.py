"""kill -9 during an edit, a canary, a restore and a purge: the next run finds and finishes."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass

import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import SqsctlError
from sqsctl.model.message import Message
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.redrive import RedriveStoppedError
from tests.faults.bench import Bench, session_on
from tests.faults.proxy import When
from tests.faults.test_crash import at, victim
from tests.faults.victim import chosen, work

MESSAGES = 30
KINDS = {
    "edit": ("ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch"),
    "canary": ("ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch"),
    "restore": ("SendMessageBatch",),
    "purge": ("ReceiveMessage", "DeleteMessageBatch"),
}


@dataclass
class Trial:
    """One kind of work on two queues, killed and gone on with."""

    bench: Bench
    kind: str

    def prepare(self) -> None:
        bench = self.bench
        bench.fill(MESSAGES)
        if self.kind == "restore":
            path = bench.folder.parent / "archive"
            port = bench.direct.open(bench.source.ref)
            facts = bench.direct.describe(bench.source.ref)
            assert export(port, facts, path).messages == MESSAGES

    def killed(self, operation: str, when: When, number: int, after_s: float | None) -> None:
        with victim(self.bench, workers=2, kind=self.kind) as process:
            timer = threading.Timer(after_s or 0, process.kill)
            act = process.kill if after_s is None else timer.start
            if at(self.bench, operation, when, number, act).wait(30):
                process.wait(10)
            assert process.returncode in {-signal.SIGKILL, 0}
            if process.returncode == 0 and process.stdout:
                self.note(process.stdout.read())

    def note(self, told: str) -> None:
        """What a run that was faster than its end has told."""
        import json

        self.bench.told.update(json.loads(told or "{}").get("possible_duplicates", ()))

    def go_on(self) -> None:
        """Again, as a user would, until nothing is left to do."""
        bench = self.bench
        bench.proxy.faults.clear()
        bench.proxy.settle()
        client = QueueClient(session_on(bench.proxy.url))
        end = time.monotonic() + 60  # a look that was killed hides what it saw for half a minute
        while time.monotonic() < end:
            threading.Event().wait(0.2)
            try:
                done = work(self.kind, client, bench.source, bench.target, bench.folder, 2)
            except RedriveStoppedError as error:
                bench.told.update(error.summary.possible_duplicates)
                continue
            except SqsctlError:
                continue
            bench.told.update(getattr(done, "possible_duplicates", ()))
            if self.kind == "restore" or not self.left():
                return
        raise AssertionError("it never came to an end")

    def left(self) -> bool:
        if self.kind != "purge":
            return self.bench.count(self.bench.source) > 0
        wanted = MESSAGES // 2
        return self.bench.count(self.bench.source) > wanted

    def judge(self) -> None:
        bench = self.bench
        arrived = Counter(plain(each) for each in bench.drain(bench.target))
        stayed = bench.drain(bench.source)
        wanted = {each.body for each in bench.filled}
        if self.kind == "purge":
            kept = [each for each in stayed if not chosen(each)]
            assert len(kept) == MESSAGES // 2, "what was not chosen is all there, once each"
            assert arrived == Counter()
            return
        if self.kind == "restore":
            assert {each.body for each in stayed} == wanted, "an export takes nothing out"
            there = set(arrived)
        else:
            there = {*arrived, *(plain(each) for each in stayed)}
        assert wanted - there == set(), "lost"
        assert there - wanted == set(), "unexpected"
        doubled = {body for body, times in arrived.items() if times > 1}
        told = {bench.ids[each] for each in bench.told if each in bench.ids}
        assert doubled - told == set(), "duplicates that nobody told"


def plain(message: Message) -> str:
    return message.body.removeprefix("edited ")


def tried(
    bench: Bench, kind: str, operation: str, when: When, number: int, after_s: float | None = None
) -> None:
    trial = Trial(bench, kind)
    trial.prepare()
    trial.killed(operation, when, number, after_s)
    trial.go_on()
    trial.judge()


SHORT = [
    ("edit", "SendMessageBatch", "after"),
    ("restore", "SendMessageBatch", "after"),
    pytest.param("canary", "DeleteMessageBatch", "before", marks=pytest.mark.long),
    pytest.param("purge", "DeleteMessageBatch", "after", marks=pytest.mark.long),
]


@pytest.mark.lab
@pytest.mark.parametrize(("kind", "operation", "when"), SHORT)
def test_killed_at_a_request(bench: Bench, kind: str, operation: str, when: When) -> None:
    tried(bench, kind, operation, when, 2)


@pytest.mark.lab
@pytest.mark.long
@pytest.mark.parametrize("seed", range(200))
def test_two_hundred_kills_of_every_kind(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    operation = chance.choice(KINDS[kind])
    when: When = chance.choice(["before", "after"])
    after_s = chance.choice([None, chance.uniform(0, 0.03)])
    tried(bench, kind, operation, when, chance.randint(1, 2), after_s)
