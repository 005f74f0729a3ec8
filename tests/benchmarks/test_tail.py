"""logs tail against awslogs (PyPI), on moto's server, which pages as AWS does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.benchmarks.peers import in_turn, peer, sqsctl
from tests.benchmarks.test_produce import KEYS, REGION
from tests.e2e.log_history import write_history

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]
EVENTS = 100_000
STREAMS = 20
FUNCTION = "benchmark"
GROUP = f"/aws/lambda/{FUNCTION}"
BATCH = 5_000  # PutLogEvents takes 10,000 and a megabyte


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """moto's server with EVENTS past events in STREAMS streams; yields its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    python = peer("moto[server]", "moto_server").with_name("python")
    process = subprocess.Popen(
        [python, Path(__file__).with_name("moto_server.py"), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **KEYS},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        _fill(url)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/moto-api/", timeout=5):  # noqa: S310 - loopback
                return
        except OSError:
            assert process.poll() is None, "moto ended"
            assert time.monotonic() < deadline, "moto does not answer"
            time.sleep(0.2)


def _fill(url: str) -> None:
    """Texts as functions write them, each with its number; spread over the last half hour."""
    logs = boto3.client(
        "logs",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    logs.create_log_group(logGroupName=GROUP)
    begin = int((datetime.now(UTC) - timedelta(minutes=30)).timestamp() * 1000)
    for stream in range(STREAMS):
        name = f"2026/11/23/[$LATEST]{stream:032x}"
        logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
        numbers = range(stream, EVENTS, STREAMS)
        for start in range(0, len(numbers), BATCH):
            logs.put_log_events(
                logGroupName=GROUP,
                logStreamName=name,
                logEvents=[
                    # Groups of seven share a millisecond.
                    {"timestamp": begin + n // 7 * 100, "message": f"Message Body: {{n: {n}}}"}
                    for n in numbers[start : start + BATCH]
                ],
            )


def _ours(url: str, *more: str) -> list[str | Path]:
    return [
        *(sqsctl(), "logs", "tail", "--no-follow", "--since", "2h", "--log-group", GROUP),
        *("--endpoint-url", url, "--region", REGION, *more),
    ]


def _environment(url: str) -> dict[str, str]:
    return {**os.environ, **KEYS, "AWS_ENDPOINT_URL": url, "AWS_REGION": REGION}


def test_a_hundred_thousand_past_events(moto: str) -> None:
    """At least as fast as awslogs, and every event once."""
    theirs: list[str | Path] = [
        *(peer("awslogs", "awslogs"), "get", GROUP, "ALL", "--start", "2h", "--no-group"),
        *("--aws-region", REGION, "--aws-endpoint-url", moto),
    ]
    ratio = in_turn(_ours(moto), theirs, runs=3, environment=_environment(moto))
    assert ratio <= 1.0


def test_none_is_lost_and_none_comes_twice(moto: str) -> None:
    ended = subprocess.run(
        [str(each) for each in _ours(moto, "-o", "json")],
        env=_environment(moto),
        capture_output=True,
        text=True,
        check=True,
    )
    numbers = [
        int(json.loads(line)["message"].partition("n: ")[2].rstrip("}"))
        for line in ended.stdout.splitlines()
    ]
    assert len(numbers) == EVENTS
    assert set(numbers) == set(range(EVENTS))


WRITING_S = 20.0
INTERVAL_S = 1.0  # sqsctl.operations.logs.tail.INTERVAL_S, as documented


def test_events_are_shown_soon_and_each_once_while_somebody_writes(moto: str) -> None:
    """20 streams, late and equal timestamps: at most an interval and half a second behind."""
    logs: Any = boto3.client(
        "logs",
        endpoint_url=moto,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    group = "/aws/lambda/written-to"
    logs.create_log_group(logGroupName=group)
    for number in range(STREAMS):
        logs.create_log_stream(logGroupName=group, logStreamName=f"stream-{number}")

    def put(stream: str, batch: list[dict[str, Any]]) -> None:
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)

    process = subprocess.Popen(
        [
            *(str(sqsctl()), "logs", "tail", "--log-group", group, "--since", "1m"),
            *("--endpoint-url", moto, "--region", REGION, "-o", "json"),
        ],
        env=_environment(moto),
        stdout=subprocess.PIPE,
        text=True,
    )
    shown: list[tuple[str, str, float]] = []

    def read() -> None:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                found = json.loads(line)
                if "stream" in found:  # the last line says that it was interrupted
                    shown.append((found["stream"], found["message"], time.monotonic()))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        time.sleep(3)  # it is there
        written = write_history(put, WRITING_S, 11)
        time.sleep(INTERVAL_S + 2)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        reader.join()
    assert Counter(each[:2] for each in shown) == Counter(
        (each.stream, each.message) for each in written
    )
    arrived = {each[:2]: each[2] for each in shown}
    behind = sorted(
        arrived[each.stream, each.message] - each.readable_at
        for each in written
        if each.message.startswith("own")
    )
    middle, most = behind[len(behind) // 2], behind[-1]
    print(
        f"\nlogs tail, {len(written)} events of {STREAMS} streams in {WRITING_S:.0f} s: "
        f"each once; {middle:.2f} s behind in the middle, {behind[len(behind) * 95 // 100]:.2f} s "
        f"at 95 %, {most:.2f} s at most"
    )
    assert most <= INTERVAL_S + 0.5
