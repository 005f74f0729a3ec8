"""Stopping produce in the middle: what was sent is told, and is exactly what lies in the queue.

Killed, it can tell nothing; the queue holds what was accepted, each message once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.lab import incidents
from sqsctl.model.queues import QueueRef
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until
from tests.faults.bench import session_on

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
SQSCTL = Path(sys.executable).with_name("sqsctl")
COUNT = 5_000


@pytest.fixture
def client(lab_state: LabState) -> QueueClient:
    return QueueClient(session_on(lab_state.endpoint))


@pytest.fixture
def queue(client: QueueClient) -> Iterator[QueueRef]:
    """A queue that nobody consumes."""
    name = f"s{uuid.uuid4().hex[:8]}"
    client.session.sqs().create_queue(QueueName=name)
    ref = client.resolve(name)
    yield ref
    client.session.sqs().delete_queue(QueueUrl=ref.url)


def produce(lab: str, *arguments: str, stack: str | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "SQSCTL_LAB_NAME": lab}
    if stack:
        environment["SQSCTL_STACK"] = stack
    return subprocess.Popen(
        [str(SQSCTL), "produce", *arguments, "-o", "json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def slowly(lab_state: LabState, queue: QueueRef) -> subprocess.Popen[str]:
    """Half a minute of messages; stopped when the queue holds some."""
    return produce(
        lab_state.name, "--queue", queue.url, "--count", str(COUNT), "--rate", "200", "--via", "sqs"
    )


def data_of(said: str, code: int) -> dict[str, Any]:
    document = json.loads(said)
    assert document["exit_code"] == code
    found: dict[str, Any] = document["data"]
    return found


def numbers_in(client: QueueClient, queue: QueueRef) -> Counter[int]:
    """The numbers of all messages that lie there."""
    port, found = client.open(queue), Counter[int]()
    while batch := port.receive(10, visibility_s=300):
        found.update(json.loads(each.body)["input"] for each in batch)
    return found


def wait_for_some(client: QueueClient, queue: QueueRef) -> None:
    until(lambda: client.describe(queue).visible, lambda there: there > 50, seconds=30)


@pytest.mark.parametrize(
    ("sent", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)],
)
def test_a_signal_ends_it_with_its_summary(
    lab_state: LabState, client: QueueClient, queue: QueueRef, sent: signal.Signals, code: int
) -> None:
    child = slowly(lab_state, queue)
    wait_for_some(client, queue)
    child.send_signal(sent)
    said, complaint = child.communicate(timeout=20)
    assert child.returncode == code, complaint
    data = data_of(said, code)
    assert data["interrupted"] is True
    assert (data["requested"], data["rejected"], data["unknown"]) == (COUNT, 0, 0)
    assert data["accepted"] + data["not_sent"] == COUNT
    assert 50 < data["accepted"] < COUNT
    assert "stopped before everything was sent" in complaint + said
    assert "Traceback" not in complaint
    found = numbers_in(client, queue)
    assert found == Counter(range(1, data["accepted"] + 1))


@pytest.mark.long
def test_two_signals_end_it_at_once(
    lab_state: LabState, client: QueueClient, queue: QueueRef
) -> None:
    child = slowly(lab_state, queue)
    wait_for_some(client, queue)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGINT)
    _, complaint = child.communicate(timeout=10)
    assert child.returncode == 130
    assert "Traceback" not in complaint


def test_killed_it_leaves_each_accepted_message_once(
    lab_state: LabState, client: QueueClient, queue: QueueRef
) -> None:
    child = slowly(lab_state, queue)
    wait_for_some(client, queue)
    child.kill()
    said, _ = child.communicate(timeout=10)
    assert said == ""
    found = numbers_in(client, queue)
    assert set(found.values()) == {1}
    last = max(found)
    in_flight = 64 * 10
    assert last - in_flight <= len(found) <= last < COUNT
    log = Path(lab_state.log).read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in log
    again = produce(lab_state.name, "--queue", queue.url, "--count", "20", "--via", "sqs")
    said, _ = again.communicate(timeout=30)
    assert data_of(said, 0)["accepted"] == 20


@pytest.mark.long
def test_following_can_be_stopped_and_says_what_is_left(on_lab: DeployedLab) -> None:
    incidents.get("mapping-disabled").break_(on_lab.session)
    client = QueueClient(on_lab.session)
    child = produce(on_lab.state.name, "--count", "3", "--follow", stack=on_lab.name)
    until(lambda: client.describe(on_lab.queue.ref).visible, lambda there: there == 3, seconds=30)
    child.send_signal(signal.SIGINT)
    said, complaint = child.communicate(timeout=20)
    assert child.returncode == 130, complaint
    data = data_of(said, 130)
    assert data["accepted"] == 3
    follow = data["follow"]
    if follow is not None:  # else it came before the following had begun
        assert (follow["processed"], follow["dead_lettered"], follow["waiting"]) == (0, 0, 3)
    assert "Traceback" not in complaint
