"""A redrive that keeps the consumer away, and is killed or loses its terminal."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sqsctl.aws.mappings import MappingClient
from tests.e2e.stacks import DeployedLab
from tests.e2e.test_commands import dead_letters
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
SQSCTL = Path(sys.executable).with_name("sqsctl")


@contextmanager
def pausing(lab: DeployedLab, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A slow redrive whose consumer is paused by now."""
    command = [str(SQSCTL), "dlq", "redrive", "--pause-consumer", "--method", "client"]
    said = folder / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--rate", "1", "-o", "json"], stdout=file, stderr=file
        )
    try:
        until(said.read_text, lambda text: "paused: " in text)
        until(lambda: state(lab), lambda seen: seen == "Disabled")
        yield process
    finally:
        process.kill()
        process.wait()


def state(lab: DeployedLab) -> str:
    return MappingClient(lab.session).of_queue(lab.queue.arn)[0].state


def test_killed_it_is_known_offered_and_put_back(
    on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    dead_letters(on_lab, 20)
    with pausing(on_lab, tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert state(on_lab) == "Disabled"
    told = sqsctl("queue", "ls", "-o", "json").err
    assert "a redrive that was killed left" in told
    assert "sqsctl dlq redrive --resume-consumer" in told
    found = sqsctl("doctor", "mapping-disabled", "-o", "json").data["findings"]
    assert "killed before it could enable it again" in found[0]["title"]
    data = sqsctl("dlq", "redrive", "--resume-consumer", "-o", "json").data
    assert [each["queue_arn"] for each in data["enabled"]] == [on_lab.queue.arn]
    until(lambda: state(on_lab), lambda seen: seen == "Enabled")
    again = sqsctl("dlq", "redrive", "--resume-consumer", "-o", "json")
    assert (again.code, again.envelope["errors"][0]["code"]) == (5, "nothing_paused")
    assert "was killed" not in sqsctl("queue", "ls", "-o", "json").err


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_a_terminal_that_is_closed_ends_it_like_a_termination(
    on_lab: DeployedLab, number: signal.Signals, tmp_path: Path
) -> None:
    dead_letters(on_lab, 20)
    with pausing(on_lab, tmp_path) as process:
        process.send_signal(number)
        assert process.wait(15) == 143
    until(lambda: state(on_lab), lambda seen: seen == "Enabled")
