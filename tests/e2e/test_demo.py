"""sqsctl demo, as the README's first line runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.person import Person

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]
DEMO = [sys.executable, "-m", "sqsctl", "demo"]


def left_behind(home: Path) -> list[str]:
    """Files of labs, and processes that still belong to one."""
    files = [str(path) for path in (home / "sqsctl" / "labs").glob("demo*.json")]
    processes = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(home).encode() in entry.read_bytes():
                processes.append(entry.parent.name)
        except OSError:
            continue
    return files + [each for each in processes if each != str(os.getpid())]


def test_the_demo_does_what_it_says_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    result = subprocess.run(
        [*DEMO, "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=150,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    steps = json.loads(result.stdout)["data"]["steps"]
    assert all(step["ok"] for step in steps)
    assert [(step["command"], step["exit_code"]) for step in steps] == [
        ("sqsctl lab up", 0),
        ("sqsctl produce --count 50", 0),
        ("sqsctl queue inspect", 0),
        ("sqsctl lab break import-module-missing", 0),
        ("sqsctl produce --count 10", 0),
        ("sqsctl doctor", 10),
        ("sqsctl lab heal", 0),
        ("sqsctl dlq redrive", 0),
        ("sqsctl doctor", 0),
        ("sqsctl lab down", 0),
    ]
    assert left_behind(tmp_path / "state") == []


def paused(person: Person, number: int) -> None:
    """Wait for the pause behind a screen, which has its head as its first line."""
    person.wait_for(lambda lines: "[q] leaves" in "\n".join(lines), f"pause {number}")
    assert person.lines[0].startswith(f"sqsctl demo · {number} of 6 · ")


def test_on_a_terminal_q_leaves_and_the_lab_is_down(tmp_path: Path) -> None:
    person = Person(DEMO, {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")})
    paused(person, 1)
    person.press("q")
    assert person.end() == 0, person.seen
    assert "left after screen 1 of 6; the lab is down" in person.seen
    assert "produce" not in person.seen
    assert left_behind(tmp_path / "state") == []


def test_enter_goes_on_and_ctrl_c_ends_the_demo_and_its_lab(tmp_path: Path) -> None:
    person = Person(DEMO, {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")})
    paused(person, 1)
    person.press("\r")
    person.wait_for(lambda lines: any("produce --count 50" in each for each in lines), "screen 2")
    assert person.lines[0].startswith("sqsctl demo · 2 of 6 · ")
    person.press("\x03")
    assert person.end() == 130, person.seen
    assert "Traceback" not in person.seen
    assert left_behind(tmp_path / "state") == []
