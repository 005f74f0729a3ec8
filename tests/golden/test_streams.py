"""Colours, dumb terminals, redirections and files with Windows line ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqsctl.operations.target import project_files as project
from sqsctl.operations.target import settings
from tests.golden.aws import NAME
from tests.golden.test_outputs import Tty, fixed
from tests.program import Sqsctl

__all__ = ["fixed"]

pytestmark = pytest.mark.usefixtures("fixed")
COLOR = re.compile(r"\x1b\[[0-9;]*(?:3|4|9|10)[0-7][0-9;]*m")
ESCAPE = re.compile("\x1b")
COMMANDS = (
    ["stack", "show"],
    ["dlq", "peek"],
    ["doctor", "--since", "2026-01-05T00:00:00Z"],
    ["queue", "inspect", "no-such-queue"],
)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl, *arguments: str) -> str:
    stream = Tty()
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("COLUMNS", "80")
    sqsctl(*arguments)
    return stream.getvalue()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_colours_on_a_terminal_and_none_where_they_are_not_wanted(
    monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl, arguments: list[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert ESCAPE.search(on_a_terminal(monkeypatch, sqsctl, *arguments))
    assert not COLOR.search(on_a_terminal(monkeypatch, sqsctl, *arguments, "--no-color"))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOR.search(on_a_terminal(monkeypatch, sqsctl, *arguments))


def test_doctor_has_colours_to_lose(monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert COLOR.search(on_a_terminal(monkeypatch, sqsctl, *COMMANDS[2]))


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_dumb_terminal_gets_text_only(
    monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl, arguments: list[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not ESCAPE.search(on_a_terminal(monkeypatch, sqsctl, *arguments))


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_pipe_gets_colours_only_where_forced(
    monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl, arguments: list[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    plain = sqsctl(*arguments)
    assert not ESCAPE.search(plain.out + plain.err)
    monkeypatch.setenv("FORCE_COLOR", "1")
    forced = sqsctl(*arguments)
    assert ESCAPE.search(forced.out + forced.err)
    spoken = sqsctl(*arguments, "-o", "json")
    assert not ESCAPE.search(spoken.out)
    assert spoken.envelope


def test_files_with_windows_line_ends(sqsctl: Sqsctl, tmp_path: Path) -> None:
    def write(name: str, *lines: str) -> None:
        (tmp_path / name).write_bytes("\r\n".join([*lines, ""]).encode())

    write("sqsctl.toml", f'stack = "{NAME}"', "no_color = true")
    assert settings.load({}, {}, tmp_path).text("stack") == NAME
    write("serverless.yml", "service: tutorial-step-2", "provider:", "  name: aws", "  stage: dev")
    assert project.stack_name(tmp_path) == NAME
    write("bodies.jsonl", '{"input": 1}', "", '{"input": 2}')
    made = sqsctl("produce", "--via", "sqs", "--from", "bodies.jsonl", "-o", "json")
    assert made.data["accepted"] == 2
    write("consumer.log", "[ERROR] KeyError: 'QUEUE_URL'", "Traceback (most recent call last):")
    told = sqsctl("logs", "explain", "consumer.log", "-o", "json")
    assert [each["id"] for each in told.data["findings"]] == ["env-var-missing"]
    assert "\\r" not in sqsctl("logs", "explain", "consumer.log").out
    (changed,) = [sqsctl("config", "set", "stage", "prod", "-o", "json")]
    assert changed.code == 0
    assert settings.load({}, {}, tmp_path).text("stage") == "prod"
