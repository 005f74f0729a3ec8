"""sqsctl demo, as the README's first line runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


def test_ctrl_c_ends_the_demo_and_its_lab(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    with subprocess.Popen(
        DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if "produce --count 50" in line:
                break
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert left_behind(tmp_path / "state") == []
