"""``logs tail --live`` on the lab: events as they come, and polling where Live Tail is denied."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.iam_users import somebody, without
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
SQSCTL = Path(sys.executable).with_name("sqsctl")


@contextmanager
def following(**environment: str) -> Iterator[tuple[list[str], list[str]]]:
    """What ``logs tail --live`` prints, on stdout and on stderr."""
    process = subprocess.Popen(
        [str(SQSCTL), "logs", "tail", "--live"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    seen: tuple[list[str], list[str]] = ([], [])
    readers = [
        threading.Thread(target=into.extend, args=(stream,))
        for stream, into in zip((process.stdout, process.stderr), seen, strict=True)
    ]
    for each in readers:
        each.start()
    try:
        yield seen
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        for each in readers:
            each.join()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def sent_until_seen(sqsctl: Sqsctl, out: list[str]) -> None:
    """Send until a line of the consumer comes: the session may begin after the first message."""

    def look() -> str:
        sqsctl("send", "--via", "sqs", '{"input": 41}', "-q")
        return "".join(out)

    until(look, lambda text: "42" in text)


def test_lines_come_live_and_the_price_is_said(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    with following() as (out, err):
        sent_until_seen(sqsctl, out)
        assert "AWS bills it by the minute" in "".join(err)
        assert "polling" not in "".join(err)


def test_without_the_permission_it_polls_and_says_so(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    document = json.loads(sqsctl("iam", "logs tail --live").out)
    with somebody(on_lab) as user:
        user.grant(without(document, "logs:StartLiveTail"))
        environment = {
            "SQSCTL_LAB_NAME": "nobodys",
            "AWS_ENDPOINT_URL": on_lab.state.endpoint,
            "AWS_ACCESS_KEY_ID": user.key,
            "AWS_SECRET_ACCESS_KEY": user.secret,
            "AWS_REGION": on_lab.state.region,
        }
        with following(**environment) as (out, err):
            sent_until_seen(sqsctl, out)
            told = "".join(err)
            assert "no Live Tail here" in told
            assert "StartLiveTail" in told
            assert "following by polling" in told
