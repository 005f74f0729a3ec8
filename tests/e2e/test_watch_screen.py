"""The dashboard on a real terminal: each key acts, and the terminal is as it was afterwards."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals"),
]

SQSCTL = Path(sys.executable).with_name("sqsctl")
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
SHOW_CURSOR = "\x1b[?25h"
FOOT = "q quit"
BACK = "any key: back to the screen"

Start = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def start(on_lab: DeployedLab) -> Iterator[Start]:
    """``sqsctl watch`` on a terminal of 80 columns and 24 rows, and then what stty says of it."""
    children: list[pexpect.spawn[str]] = []

    def started(*arguments: str, term: str = "xterm-256color") -> pexpect.spawn[str]:
        environment = {
            **{key: os.environ[key] for key in os.environ if key not in {"LINES", "COLUMNS"}},
            "TERM": term,
            "SQSCTL_LAB_NAME": on_lab.state.name,
            "SQSCTL_STACK": on_lab.name,
        }
        line = shlex.join([str(SQSCTL), "watch", "--interval", "0.5", *arguments])
        child = pexpect.spawn(
            "sh",
            ["-c", f"trap : INT; {line}; code=$?; stty -a; exit $code"],
            env=environment,
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=20,
        )
        children.append(child)
        return child

    yield started
    for each in children:
        each.close(force=True)


def modes(child: pexpect.spawn[str]) -> int:
    """The local modes of its terminal: whether it echoes, whether it waits for whole lines."""
    local: int = termios.tcgetattr(child.child_fd)[3]
    return local & (termios.ICANON | termios.ECHO)


def restored(shown: str) -> bool:
    """Whether the screen, the cursor and the terminal's modes are those of before."""
    _, _, after = shown.rpartition(LEAVE)
    words = after.replace(";", " ").split()
    return SHOW_CURSOR in shown and ENTER not in after and {"icanon", "echo", "isig"} <= {*words}


def ended(child: pexpect.spawn[str]) -> tuple[int | None, str]:
    """The exit code, and what was shown until then."""
    child.expect(pexpect.EOF)
    shown = child.before or ""
    child.close()
    return child.exitstatus, shown


def test_keys_act_and_the_terminal_is_restored(start: Start, on_lab: DeployedLab) -> None:
    look = QueueClient(on_lab.session)
    letters = look.open(on_lab.dead_letters.ref)
    letters.send([Outgoing('{"input": 1}'), Outgoing('{"input": 2}')])
    child = start()
    assert modes(child) == termios.ICANON | termios.ECHO
    child.expect_exact(ENTER)
    child.expect_exact(FOOT)
    assert modes(child) == 0, "keys come one by one, and are not echoed"
    child.send("z")  # means nothing
    for key, words in (("d", "dead-letters"), ("e", "logs tail"), ("p", "first to last")):
        child.send(key)
        child.expect_exact(LEAVE)
        child.expect_exact(words)
        child.expect_exact(BACK)
        child.send("x")
        child.expect_exact(ENTER)
    child.send("r")
    child.expect("would move about 2 messages")
    child.expect_exact("any other key: leave them")
    child.send("n")
    child.expect_exact(BACK)
    assert look.describe(on_lab.dead_letters.ref).visible == 2
    child.send("x")
    child.expect_exact(FOOT)
    child.send("r")
    child.expect_exact("any other key: leave them")
    child.send("y")
    child.expect("2 moved")
    child.expect_exact(BACK)
    until(lambda: look.describe(on_lab.dead_letters.ref).visible, lambda left: left == 0)
    child.send("x")
    child.expect_exact(FOOT)
    child.send("r")  # nothing is left: no question
    child.expect_exact(BACK)
    child.send("x")
    child.expect_exact(FOOT)
    child.send("q")
    code, shown = ended(child)
    assert code == 0
    assert restored(shown)


def test_ctrl_c_ends_it_with_130_and_a_clean_screen(start: Start) -> None:
    child = start()
    child.expect_exact(FOOT)
    child.sendintr()
    code, shown = ended(child)
    assert code == 130
    assert restored(shown)
    assert "interrupted" not in shown
    assert "Traceback" not in shown


def rows(child: pexpect.spawn[str]) -> list[str]:
    """What the next whole frame shows."""
    child.expect_exact("\x1b[H")
    child.expect_exact("\x1b[H")
    frame = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", child.before or "")
    return frame.replace("\r", "").split("\n")


@pytest.mark.long
def test_it_fits_into_what_the_terminal_becomes(start: Start) -> None:
    child = start()
    child.expect_exact(FOOT)
    for height, width in ((8, 40), (24, 80), (40, 200)):
        child.setwinsize(height, width)
        shown = until(
            lambda: rows(child),
            lambda found, h=height, w=width: (  # type: ignore[misc]
                {len(each) for each in found} == {w} and len(found) <= h
            ),
            seconds=10,
        )
        assert any(FOOT in each for each in shown)
    child.send("q")
    assert ended(child)[0] == 0


def test_a_terminal_that_can_nothing_gets_snapshots(start: Start) -> None:
    child = start("--count", "1", term="dumb")
    code, shown = ended(child)
    assert code == 0
    assert "in flight" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "more",
    [
        {},
        pytest.param({"NO_COLOR": "1"}, marks=pytest.mark.long),
        pytest.param({"TERM": "dumb"}, marks=pytest.mark.long),
    ],
)
def test_piped_it_prints_a_snapshot_a_tick(on_lab: DeployedLab, more: dict[str, str]) -> None:
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "SQSCTL_LAB_NAME": on_lab.state.name,
        "SQSCTL_STACK": on_lab.name,
        **more,
    }
    ran = subprocess.run(
        [str(SQSCTL), "watch", "--interval", "0.5", "--count", "2"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("jobs-dlq") >= 2
    assert len(re.findall(r"\d\d:\d\d:\d\d UTC", ran.stdout)) == 2
    assert "\x1b" not in ran.stdout
