"""produce against what one would write oneself; where the time goes; what memory it takes."""

from __future__ import annotations

import cProfile
import io
import os
import pstats
import resource
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.queues import QueueRef
from sqsctl.operations.sending.bodies import template
from sqsctl.operations.sending.produce import QueueSink
from sqsctl.operations.sending.tally import Tally
from sqsctl.operations.shared.control import Control
from tests.benchmarks.instant import instant
from tests.benchmarks.peers import in_turn, sqsctl
from tests.faults.bench import session_on

pytestmark = pytest.mark.benchmark
KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
REGION = "ap-northeast-2"
SCRIPT = Path(__file__).with_name("plain_boto3.py")


def ours(endpoint: str, queue: str, count: int) -> list[str | Path]:
    return [
        *(sqsctl(), "produce", "--via", "sqs", "--queue", queue, "--count", str(count)),
        *("--concurrency", "4", "--endpoint-url", endpoint, "--region", REGION),
        *("--body", '{"input": {{n}}}', "-o", "json"),
    ]


def plain(endpoint: str, queue: str, count: int) -> list[str | Path]:
    return [sys.executable, SCRIPT, endpoint, REGION, queue, str(count), "4"]


def environment() -> dict[str, str]:
    return {**os.environ, **KEYS}


def test_forty_thousand_to_an_endpoint_that_answers_at_once() -> None:
    """At least as fast as boto3 with four threads, start-up included."""
    with instant() as endpoint:
        queue = f"{endpoint}/000000000000/jobs"
        ratio = in_turn(
            ours(endpoint, queue, 40_000),
            plain(endpoint, queue, 40_000),
            runs=3,
            environment=environment(),
        )
    assert ratio <= 1.0


def test_ten_thousand_to_the_lab(lab_state: LabState) -> None:
    """At least 90 % of a plain boto3 script's rate."""
    client = QueueClient(session_on(lab_state.endpoint))
    name = f"b{uuid.uuid4().hex[:8]}"
    client.session.sqs().create_queue(QueueName=name)
    queue = client.resolve(name).url
    ratio = in_turn(
        ours(lab_state.endpoint, queue, 10_000),
        plain(lab_state.endpoint, queue, 10_000),
        runs=3,
        environment={
            **environment(),
            "AWS_ACCESS_KEY_ID": lab_state.access_key_id,
            "AWS_SECRET_ACCESS_KEY": lab_state.secret_access_key,
        },
    )
    client.session.sqs().delete_queue(QueueUrl=queue)
    assert ratio <= 1 / 0.9


def test_memory_stays_flat() -> None:
    """200,000 messages take no more than 150 MB, and hardly more than 20,000 do."""
    peaks = {}
    with instant() as endpoint:
        for count in (20_000, 200_000):
            command = ours(endpoint, f"{endpoint}/000000000000/jobs", count)
            peaks[count] = _peak_mb([str(each) for each in command])
    print(f"\npeak memory: {peaks} MB")
    assert peaks[200_000] < 150
    assert peaks[200_000] < peaks[20_000] + 15


def test_where_the_time_goes() -> None:
    """The profile of a thousand batches, for whoever wants to make it cheaper."""
    with instant() as endpoint:
        client = QueueClient(session_on(endpoint))
        sink = QueueSink(client.open(QueueRef("jobs", f"{endpoint}/000000000000/jobs")))
        make, tally, control = template('{"input": {{n}}}'), Tally(), Control()
        sink.put([make(n) for n in range(10)], tally, control)
        profile = cProfile.Profile()
        profile.enable()
        for batch in range(1000):
            sink.put([make(batch * 10 + n) for n in range(10)], tally, control)
        profile.disable()
    out = io.StringIO()
    pstats.Stats(profile, stream=out).sort_stats("cumulative").print_stats(30)
    print(out.getvalue())
    assert tally.accepted == 10_010


def _peak_mb(command: list[str]) -> float:
    """The peak of a program's resident memory, from a process that has it as only child."""
    measure = (
        "import resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", measure, *command],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert resource.RUSAGE_CHILDREN == -1, "ru_maxrss is in KiB here"
    return int(ended.stdout) / 1024
