"""--raw: the text byte for byte into a file or a program, and never onto a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pexpect
import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

HOSTILE = "\u202e[/red] \x7f 한국어 😀\r\nsecond\tline \u2066x"


def bury(lab: DeployedLab, body: str) -> None:
    port = QueueClient(lab.session).open(lab.dead_letters.ref)
    assert len(port.send([Outgoing(body)]).accepted) == 1


def log(lab: DeployedLab, message: str) -> str:
    logs = lab.session.logs()
    group = f"/sqsctl-test/{lab.name}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    event = {"timestamp": int(time.time() * 1000), "message": message}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])  # type: ignore[list-item]
    return group


def captured(*arguments: str) -> tuple[int, bytes, bytes]:
    ended = subprocess.run(
        [sys.executable, "-m", "sqsctl", *arguments], capture_output=True, check=False, timeout=60
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.lab
def test_a_body_is_what_was_sent_byte_for_byte(on_lab: DeployedLab) -> None:
    bury(on_lab, HOSTILE)
    code, out, err = captured("dlq", "peek", "--raw")
    assert (code, out) == (0, HOSTILE.encode() + b"\n")
    assert b"looked at 1 of about 1" in err
    assert HOSTILE.encode() not in captured("dlq", "peek")[1]


@pytest.mark.lab
def test_a_log_line_is_what_was_logged(on_lab: DeployedLab) -> None:
    line = "\x1b[31mred\x1b[0m \x9b31m 한국어\n  at frame (x.js:1)"
    group = log(on_lab, line)
    tail = ("logs", "tail", "--no-follow", "--log-group", group)
    code, out, _ = captured(*tail, "--raw")
    assert (code, out) == (0, line.encode() + b"\n")
    assert b"\x1b" not in captured(*tail)[1]


@pytest.mark.parametrize("command", [["dlq", "peek"], ["logs", "tail"]])
def test_raw_and_json_contradict(sqsctl: Sqsctl, command: list[str]) -> None:
    shown = sqsctl(*command, "--raw", "-o", "json")
    assert (shown.code, shown.envelope["errors"][0]["code"]) == (2, "raw_json")


@pytest.mark.parametrize("command", [["dlq", "peek"], ["logs", "tail"]])
def test_a_terminal_is_refused_with_what_to_type_instead(command: list[str]) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "sqsctl", *command, "--raw"],
        env={**os.environ, "TERM": "xterm"},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=30,
    )
    child.expect("refused on a terminal")
    child.expect("--raw > FILE")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2
