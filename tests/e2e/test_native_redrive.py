"""SQS's own redrive on the lab, over HTTP: failing, cancelled, two at once, its source deleted."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.model.target import Target
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]
SQSCTL = str(Path(sys.executable).with_name("sqsctl"))


class Queues:
    """Queues of one's own, each with a dead-letter queue that holds what came from it."""

    def __init__(self, state: LabState) -> None:
        target = Target("lab", state.region, state.account, None, state.endpoint)
        self.sqs: Any = Session(target, credentials=state.credentials).sqs()
        self.urls: list[str] = []

    def pair(self, messages: int) -> tuple[str, str]:
        """The names of a queue and of its dead-letter queue."""
        name = f"n{uuid.uuid4().hex[:10]}"
        dead = self.made(f"{name}-dlq", {})
        policy = {"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": "1"}
        main = self.made(name, {"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"})
        for number in range(messages):
            self.sqs.send_message(QueueUrl=main, MessageBody=f"{name} {number}")
        while self.count(dead) < messages:
            self.sqs.receive_message(QueueUrl=main, MaxNumberOfMessages=10)
        self.sqs.set_queue_attributes(QueueUrl=main, Attributes={"VisibilityTimeout": "30"})
        return name, f"{name}-dlq"

    def made(self, name: str, attributes: dict[str, str]) -> str:
        url: str = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.urls.append(url)
        return url

    def url(self, name: str) -> str:
        return next(each for each in self.urls if each.endswith(f"/{name}"))

    def arn(self, url: str) -> str:
        return str(self.attributes(url)["QueueArn"])

    def count(self, url: str) -> int:
        return int(self.attributes(url)["ApproximateNumberOfMessages"])

    def attributes(self, url: str) -> dict[str, str]:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return dict(found["Attributes"])


@pytest.fixture
def queues(lab_state: LabState, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab_state.name)
    made = Queues(lab_state)
    yield made
    for url in made.urls:
        made.sqs.delete_queue(QueueUrl=url)


def redriving(dead: str, *more: str) -> subprocess.Popen[str]:
    """A native redrive in a process of its own."""
    command = [SQSCTL, "dlq", "redrive", "--method", "native", "--queue", dead, "--yes", *more]
    return subprocess.Popen(
        [*command, "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def running(queues: Queues, dead: str) -> None:
    """Wait until a task runs there."""
    arn = queues.arn(queues.url(dead))
    until(
        lambda: queues.sqs.list_message_move_tasks(SourceArn=arn)["Results"],
        lambda tasks: bool(tasks) and tasks[0]["Status"] == "RUNNING",
    )


def test_it_moves_everything_and_is_listed(queues: Queues, sqsctl: Sqsctl) -> None:
    name, dead = queues.pair(12)
    done = sqsctl("dlq", "redrive", "--method", "native", "--queue", dead, "--yes", "-o", "json")
    assert (done.code, done.data["method"], done.data["moved"]) == (0, "native", 12)
    assert (queues.count(queues.url(name)), queues.count(queues.url(dead))) == (12, 0)
    (task,) = sqsctl("dlq", "tasks", "--queue", dead, "-o", "json").data["tasks"]
    assert (task["status"], task["moved"], task["to_move"]) == ("COMPLETED", 12, 12)


def test_one_that_fails_is_told_and_loses_nothing(queues: Queues, sqsctl: Sqsctl) -> None:
    _, dead = queues.pair(0)
    queues.sqs.send_message(QueueUrl=queues.url(dead), MessageBody="by hand")
    done = sqsctl("dlq", "redrive", "--method", "native", "--queue", dead, "--yes", "-o", "json")
    assert done.code == 3
    assert (done.data["moved"], queues.count(queues.url(dead))) == (0, 1)
    (task,) = sqsctl("dlq", "tasks", "--queue", dead, "-o", "json").data["tasks"]
    assert (task["status"], task["failure"]) == ("FAILED", "CouldNotDetermineMessageSource")


def test_one_that_is_cancelled_leaves_the_rest(queues: Queues, sqsctl: Sqsctl) -> None:
    name, dead = queues.pair(10)
    process = redriving(dead, "--rate", "1")
    running(queues, dead)
    cancelled = sqsctl("dlq", "tasks", "--cancel", "--queue", dead, "-o", "json")
    assert cancelled.code == 0
    told = json.loads(process.communicate(timeout=60)[0])
    moved = told["data"]["moved"]
    assert (told["exit_code"], moved < 10) == (3, True)
    assert queues.count(queues.url(name)) == moved
    assert queues.count(queues.url(dead)) == 10 - moved
    again = sqsctl("dlq", "tasks", "--cancel", "--queue", dead, "-o", "json")
    assert (again.code, again.envelope["errors"][0]["code"]) == (5, "task_not_found")


def test_two_sources_at_once_and_one_source_once(queues: Queues, sqsctl: Sqsctl) -> None:
    pairs = [queues.pair(3), queues.pair(3)]
    processes = [redriving(dead, "--rate", "1") for _, dead in pairs]
    for _, dead in pairs:
        running(queues, dead)
    second = sqsctl(
        "dlq", "redrive", "--method", "native", "--queue", pairs[0][1], "--yes", "-o", "json"
    )
    assert second.envelope["errors"][0]["code"] == "task_running"
    assert f"sqsctl dlq tasks --queue {pairs[0][1]}" in second.envelope["errors"][0]["hint"]
    for process, (name, dead) in zip(processes, pairs, strict=True):
        told = json.loads(process.communicate(timeout=60)[0])
        assert (told["exit_code"], told["data"]["moved"]) == (0, 3)
        assert (queues.count(queues.url(name)), queues.count(queues.url(dead))) == (3, 0)


def test_a_source_that_is_deleted_meanwhile(queues: Queues) -> None:
    name, dead = queues.pair(8)
    process = redriving(dead, "--rate", "1")
    running(queues, dead)
    url = queues.url(dead)
    until(lambda: queues.count(queues.url(name)), lambda count: count > 0)
    queues.sqs.delete_queue(QueueUrl=url)
    queues.urls.remove(url)
    told = json.loads(process.communicate(timeout=60)[0])
    assert told["exit_code"] not in {0, 1}
    assert told["errors"], "what became of the rest nobody knows, and that is said"
