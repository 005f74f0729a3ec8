"""What the main commands print, as a person sees it at 80 columns and as a pipe gets it.

``pytest tests/golden --update`` rewrites the files in ``expected``: read the difference.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import botocore.client
import pytest
from rich.cells import cell_len

from sqsctl.aws.sqs import queues
from sqsctl.cli.main import main
from sqsctl.cli.screen import views
from tests.golden.aws import REGION, FixedAws
from tests.terminal import Terminal

EXPECTED = Path(__file__).parent / "expected"
LOG = "[ERROR] KeyError: 'QUEUE_URL'\r\nTraceback (most recent call last):\r\n"
IDENTITY = "1a645e0b-397d-4dd9-be7a-01bbca385b71"
COMMANDS: dict[str, tuple[str, ...]] = {
    "config-show": ("config", "show"),
    "dlq-groups": ("dlq", "groups"),
    "dlq-peek": ("dlq", "peek"),
    "dlq-peek-full": ("dlq", "peek", "--full", "--limit", "2"),
    "dlq-explain": ("dlq", "explain", IDENTITY),
    "dlq-redrive-plan": ("dlq", "redrive", "--method", "client", "--dry-run"),
    "dlq-tasks": ("dlq", "tasks"),
    "doctor": ("doctor", "--since", "2026-01-05T00:00:00Z"),
    "doctor-all-ways": ("doctor", "--all-ways", "--since", "2026-01-05T00:00:00Z"),
    "doctor-one": ("doctor", "visibility-below-six-times"),
    "error-argument": ("dlq", "peak"),
    "error-queue": ("queue", "inspect", "no-such-queue"),
    "error-stack": ("stack", "show", "--stack", "no-such-stack"),
    "iam": ("iam", "queue inspect", "--generic"),
    "lab-incidents": ("lab", "incidents"),
    "logs-explain": ("logs", "explain", "consumer.log"),
    "logs-explain-all-ways": ("logs", "explain", "consumer.log", "--all-ways"),
    "logs-tail": ("logs", "tail", "--no-follow", "--since", "2026-01-05T00:00:00Z"),
    "queue-inspect": ("queue", "inspect"),
    "queue-ls": ("queue", "ls"),
    "send": ("send", '{"input": 1}', "--via", "sqs"),
    "stack-ls": ("stack", "ls"),
    "stack-show": ("stack", "show"),
}
# On a narrow and on a wide terminal as well.
MAIN = ("dlq-peek", "doctor", "doctor-one", "queue-ls", "stack-show")
WIDTHS = (44, 120)
# What differs from run to run.
MASKS = ((re.compile(r"/\S*/popen-gw\d+/\S+?(?=/sqsctl\.toml)"), "FOLDER"),)
Say = Callable[..., tuple[int, str]]


class Then(datetime):
    """A clock that stands: what is told of an age is as long on every day."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2026, 1, 9, 8, 5, tzinfo=tz)


class Tty(io.StringIO):
    """A stream that passes for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    aws = FixedAws()

    def call(client: botocore.client.BaseClient, operation: str, request: object) -> object:
        assert isinstance(request, dict)
        return aws(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    monkeypatch.setattr(queues, "wire", lambda _: None)
    monkeypatch.setattr(views, "datetime", Then)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    Path("consumer.log").write_text(LOG, encoding="utf-8", newline="")


@pytest.fixture
def on_a_terminal(fixed: None, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run it as on a terminal; its exit code and what is on the screen in the end."""

    def say(*arguments: str, columns: int = 80) -> tuple[int, str]:
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", str(columns))
        stream = Tty()
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setattr("sys.stderr", stream)
        code = main(list(arguments))
        screen = Terminal(columns, {})
        screen.show(masked(stream.getvalue()))
        return code, "\n".join(screen.text)

    return say


def masked(text: str) -> str:
    """Without what differs from run to run."""
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text


def checked(name: str, code: int, text: str, request: pytest.FixtureRequest) -> None:
    shown = f"{text.rstrip()}\n[exit code {code}]\n"
    file = EXPECTED / f"{name}.txt"
    if request.config.getoption("--update"):
        EXPECTED.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8")
        return
    assert file.read_text(encoding="utf-8") == shown, "pytest tests/golden --update, and look"


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", MAIN)
def test_on_a_narrow_and_on_a_wide_terminal(
    name: str, columns: int, on_a_terminal: Say, request: pytest.FixtureRequest
) -> None:
    code, text = on_a_terminal(*COMMANDS[name], columns=columns)
    assert all(cell_len(line) <= columns for line in text.splitlines())
    checked(f"{name}.{columns}", code, text, request)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_on_a_terminal_of_80_columns(
    name: str, on_a_terminal: Say, request: pytest.FixtureRequest
) -> None:
    code, text = on_a_terminal(*COMMANDS[name])
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    checked(name, code, text, request)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_piped(
    name: str, fixed: None, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    code = main(list(COMMANDS[name]))
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert not [line for line in out.splitlines() if line != line.rstrip()]
    checked(f"{name}.piped", code, masked(f"{out.rstrip()}\n--- stderr\n{err}"), request)


def test_every_expected_file_belongs_to_a_command(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        pytest.skip("they are being written")
    wanted = {f"{name}{kind}.txt" for name in COMMANDS for kind in ("", ".piped")}
    wanted |= {f"{name}.{columns}.txt" for name in MAIN for columns in WIDTHS}
    assert {path.name for path in EXPECTED.iterdir()} == wanted
