"""The same promises on a second, independent SQS (moto): nothing is tuned to one emulator.

moto forgets FIFO deduplication and has no move tasks; what it supports is asked of it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from sqsctl.model.queues import QueueRef
from sqsctl.operations.dead_letters.peek import Look, peek
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.purge import purge
from sqsctl.operations.moving.restore import restore
from sqsctl.operations.sending.bodies import template
from sqsctl.operations.sending.produce import Plan, QueueSink, produce
from sqsctl.operations.stacks.queue_pairs import sources_of
from tests.faults.bench import TRACE, Bench, faulty, session_on
from tests.faults.proxy import Fault, Kind, When
from tests.faults.test_crash import killed_at, killed_sometime

_STARTS_WITHIN_S = 60


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto's server on a free port of loopback."""
    pytest.importorskip("moto")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("moto") / "log").open("w")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))
    try:
        _await(process, port, Path(log.name))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        log.close()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            threading.Event().wait(0.1)
        else:
            return
    raise AssertionError(f"moto did not start: {log.read_text()}")


@pytest.fixture
def bench(moto: str, tmp_path: Path) -> Iterator[Bench]:
    with faulty(moto, tmp_path / "journals") as made:
        yield made


def test_everything_travels(bench: Bench) -> None:
    bench.fill(25)
    summary = bench.run()
    assert (summary.moved, summary.remaining) == (25, 0)
    verdict = bench.judge()
    verdict.assert_clean()
    assert verdict.doubled == set()


def test_trace_headers_and_tenants_travel_too(bench: Bench) -> None:
    sent = Outgoing("x", group_id="tenant", trace_header=TRACE)
    bench.direct.open(_ref(bench, "source")).send([sent])
    bench.run()
    (arrived,) = bench.drain(bench.target)
    assert (arrived.trace_header, arrived.group_id) == (TRACE, "tenant")


@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "503", "truncate"])
@pytest.mark.parametrize("operation", ["ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch"])
def test_a_broken_call(bench: Bench, operation: str, kind: Kind, when: When) -> None:
    bench.fill(12)
    bench.proxy.plan(operation, Fault(kind, when))
    bench.run_to_the_end()
    verdict = bench.judge()
    verdict.assert_clean()


def test_fifo_keeps_its_order(moto: str, tmp_path: Path) -> None:
    with faulty(moto, tmp_path, fifo=True) as bench:
        bench.fill(12)
        # moto gives one group to two receivers at once, so it is asked by one.
        bench.run_to_the_end(concurrency=1)
        order = bench.judge().order
    for group in range(3):
        numbers = [int(body[6 : body.index(",")]) for body in order]
        mine = [number for number in numbers if number % 3 == group]
        assert mine == sorted(mine)
    assert len(order) == 12


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_killed_sometime(bench: Bench, seed: int) -> None:
    killed_sometime(bench, seed)


@pytest.mark.long
@pytest.mark.parametrize("operation", ["SendMessageBatch", "DeleteMessageBatch"])
def test_killed_at_a_request(bench: Bench, operation: str) -> None:
    killed_at(bench, operation, "after", 2)


def test_export_and_restore(bench: Bench, tmp_path: Path) -> None:
    bench.fill(23)
    queue = bench.direct.open(_ref(bench, "source"))
    summary = export(queue, bench.source, tmp_path / "f", look=Look(limit=0, wait_s=0))
    assert (summary.messages, summary.unreleased) == (23, 0)
    target = bench.direct.open(_ref(bench, "target"))
    restore(tmp_path / "f", target, bench.target, journal_folder=tmp_path / "journals")
    arrived = Counter(each.body for each in bench.drain(bench.target))
    assert arrived == Counter(each.body for each in bench.filled)


def test_peek_hands_back(bench: Bench) -> None:
    bench.fill(15)
    queue = bench.direct.open(_ref(bench, "source"))
    seen = peek(queue, bench.source, look=Look(limit=15, wait_s=0))
    assert (len(seen.matched), seen.unreleased) == (15, 0)
    assert bench.direct.describe(_ref(bench, "source")).visible == 15


def test_produce_and_purge(moto: str, bench: Bench) -> None:
    client = QueueClient(session_on(moto))
    sink = QueueSink(client.open(_ref(bench, "target")))
    summary = produce(sink, template("{{n}}"), Plan(105, concurrency=3))
    assert summary.accepted == bench.count(bench.target) == 105
    assert purge(client, client.describe(_ref(bench, "target"))).messages == 105
    assert bench.count(bench.target) == 0


def test_sources_of_a_queue_without_any_are_none(bench: Bench) -> None:
    assert sources_of(bench.direct, bench.source) == ()


def _ref(bench: Bench, end: str) -> QueueRef:
    queue = bench.source if end == "source" else bench.target
    return queue.ref
