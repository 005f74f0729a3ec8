"""The healthy lab stays healthy, and a broken one has one cause, on a machine that is busy.

Eight processes want every processor while the demo and the README's tour run. ``pytest -m long``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sqsctl.model.finding import Severity
from tests.e2e.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(600)]

TIMES = 5
BUSY = 8


@pytest.fixture
def busy() -> Iterator[None]:
    # Sessions of their own: some kernels share the processors out by session.
    burning = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
        for _ in range(BUSY)
    ]
    yield
    for each in burning:
        each.kill()
        each.wait()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Any]:
    """The program as a person starts it: a process a command, a state folder of its own."""
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}

    def run(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "sqsctl", *words, "-o", "json"],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            check=False,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    yield run
    run("lab", "down")


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("number", range(TIMES))
def test_the_demo_goes_well(program: Any, number: int) -> None:
    told = program("demo")
    assert told["exit_code"] == 0, (number, told["errors"])


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("number", range(TIMES))
def test_the_tour_shows_one_cause(program: Any, number: int) -> None:
    assert program("lab", "up")["exit_code"] == 0
    first = program("produce", "--count", "50")
    assert first["data"]["accepted"] == 50, (number, first)
    until(
        lambda: program("queue", "inspect")["data"]["queue"],
        lambda queue: queue["visible"] + queue["in_flight"] == 0,
    )
    healthy = program("doctor")
    assert healthy["data"]["verdict"] == "healthy", healthy["data"]["findings"]
    program("lab", "break", "import-module-missing")
    program("produce", "--count", "10")
    until(
        lambda: program("queue", "inspect")["data"]["queue"],
        lambda queue: queue["dlq"]["visible"] == 10,
        seconds=120,
    )
    findings = program("doctor")["data"]["findings"]
    causes = [
        each["id"]
        for each in findings
        if each["kind"] == "cause" and Severity[each["severity"].upper()] > Severity.INFO
    ]
    assert causes == ["import-module-missing"], findings
    program("lab", "heal")
    moved = program("dlq", "redrive", "--yes")
    assert moved["data"]["moved"] == 10, moved
