"""Shell completion: what it offers, and that it never waits for AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sqsctl.cli import completion
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until


def complete(line: str) -> list[str]:
    """What bash would be offered for this line."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_SQSCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("sqsctl"))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout.split()


def test_commands_and_options_complete() -> None:
    assert "doctor" in complete("sqsctl do")
    assert "--canary" in complete("sqsctl dlq redrive --can")


def test_incidents_and_checks_complete() -> None:
    assert complete("sqsctl lab break import-m") == ["import-module-missing"]
    assert "function-timeout" in complete("sqsctl doctor function-")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sqsctl"


def test_nothing_is_known_without_a_target(cache: Path, state_home: Path) -> None:
    assert complete("sqsctl queue inspect ") == []
    completion.renew("queues")
    assert not cache.exists()


def test_a_broken_cache_is_no_names(cache: Path, state_home: Path) -> None:
    cache.mkdir(parents=True)
    completion._file("queues").write_text("{broken")
    assert completion.cached("queues") == []


@pytest.mark.lab
def test_queues_come_from_a_cache_that_renews_itself(
    cache: Path, on_lab: DeployedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"sqsctl queue inspect {on_lab.name}"
    complete(line)
    found = until(lambda: complete(line), bool, seconds=20)
    assert set(found) == {on_lab.queue.name, on_lab.dead_letters.name}
    written = [json.loads(path.read_text()) for path in cache.glob("queues-*.json")]
    assert any(on_lab.queue.name in names for names in written)
