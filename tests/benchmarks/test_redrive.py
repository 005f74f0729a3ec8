"""Client-side redrive against a bare receive, send, delete loop; memory that stays flat."""

from __future__ import annotations

import statistics
import threading
import time
import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.stack import Queue
from sqsctl.operations.moving.redrive import Redrive, redrive
from sqsctl.operations.sending.bodies import template
from sqsctl.operations.sending.produce import Plan, QueueSink, produce
from tests.faults.bench import session_on
from tests.operations.fakes import FakeSqs, arn_of

pytestmark = pytest.mark.benchmark
MESSAGES = 3000
THREADS = 4
NATIVE_PER_S = 500


@pytest.fixture
def client(lab_state: LabState) -> QueueClient:
    return QueueClient(session_on(lab_state.endpoint))


def a_queue(client: QueueClient) -> Queue:
    name = f"b{uuid.uuid4().hex[:8]}"
    client.session.sqs().create_queue(QueueName=name)
    return client.describe(client.resolve(name))


def fill(client: QueueClient, queue: Queue) -> None:
    sink = QueueSink(client.open(queue.ref))
    assert produce(sink, template('{"input": {{n}}}'), Plan(MESSAGES)).accepted == MESSAGES


def bare(client: QueueClient, source: Queue, target: Queue) -> None:
    """As short as it can be: nothing is checked, nothing is written down."""
    sqs: Any = client.session.sqs()

    def work() -> None:
        while True:
            batch = sqs.receive_message(
                QueueUrl=source.url,
                MaxNumberOfMessages=10,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages")
            if not batch:
                return
            sends = [{"Id": str(n), "MessageBody": each["Body"]} for n, each in enumerate(batch)]
            sqs.send_message_batch(QueueUrl=target.url, Entries=sends)
            gone = [
                {"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]}
                for n, each in enumerate(batch)
            ]
            sqs.delete_message_batch(QueueUrl=source.url, Entries=gone)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def test_against_a_bare_loop(client: QueueClient, tmp_path: Path) -> None:
    """At least 95 % of the loop's rate, and more than the native task's 500 a second."""
    one, other = a_queue(client), a_queue(client)
    fill(client, one)
    ratios, rates = [], []
    for turn in range(4):
        began = time.perf_counter()
        bare(client, one, other)
        theirs = time.perf_counter() - began
        began = time.perf_counter()
        summary = redrive(
            client,
            other,
            to=one,
            journal_folder=tmp_path,
            options=Redrive(concurrency=THREADS),
        )
        mine = time.perf_counter() - began
        assert summary.moved == MESSAGES
        if turn:
            ratios.append(theirs / mine)
            rates.append(MESSAGES / mine)
    print(
        f"\nredrive, {MESSAGES} messages, {THREADS} threads: {statistics.median(rates):.0f}/s, "
        f"{statistics.median(ratios):.2f} of a bare loop ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    assert statistics.median(ratios) >= 0.95
    assert statistics.median(rates) > NATIVE_PER_S
    for each in (one, other):
        client.session.sqs().delete_queue(QueueUrl=each.url)


@pytest.mark.parametrize("selected", [True, False], ids=["moved", "skipped"])
def test_memory_stays_flat(tmp_path: Path, selected: bool) -> None:
    """What a run keeps for each message, whether moved or passed over."""
    kept = {}
    for count in (1000, 6000):
        sqs = FakeSqs()
        dead = sqs.create("dlq")
        sqs.create("jobs", dead_letters="dlq")
        dead.put(*(f"{n} {'x' * 500}" for n in range(count)), origin=arn_of("jobs"))
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        redrive(
            sqs,
            sqs.facts("dlq"),
            journal_folder=tmp_path / str(count),
            origins=(sqs.facts("jobs"),),
            select=lambda _: selected,
            clock=sqs.clock,
        )
        peak = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()
        # The fake's own copies are its queue, not the run's memory.
        kept[count] = peak
    grown = (kept[6000] - kept[1000]) / 5000
    print(f"\npeak grows by {grown:.0f} bytes a message ({kept})")
    assert grown < 2000
