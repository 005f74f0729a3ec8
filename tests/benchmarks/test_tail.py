"""logs tail against awslogs (PyPI), on moto's server, which pages as AWS does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from tests.benchmarks.peers import in_turn, peer, sqsctl
from tests.benchmarks.test_produce import KEYS, REGION

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
