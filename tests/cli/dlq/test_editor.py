"""Which editor opens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sqsctl.cli.dlq import editor
from sqsctl.cli.dlq.editor import editing, editor_command
from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Output
from sqsctl.errors import SqsctlError, UsageError
from sqsctl.model.message import Message, Outgoing
from tests.cli.script import Script


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SQSCTL_EDITOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)


def test_the_more_special_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "sh")
    assert editor_command() == ["sh"]
    monkeypatch.setenv("VISUAL", "env --wait 'a b'")
    assert editor_command() == ["env", "--wait", "a b"]
    monkeypatch.setenv("SQSCTL_EDITOR", sys.executable)
    assert editor_command() == [sys.executable]


@pytest.mark.parametrize("value", ["vi 'x", " ", "/nowhere/vi", "/tmp"])
def test_what_cannot_be_read_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EDITOR", value)
    with pytest.raises(UsageError, match="EDITOR"):
        editor_command()


def test_one_that_is_there_opens_for_a_person_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(editor, "interactive", lambda: True)
    with pytest.raises(UsageError, match="needs an editor"):
        editor_command()
    program = tmp_path / "vi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert editor_command() == [str(program)]
    monkeypatch.setattr(editor, "interactive", lambda: False)
    with pytest.raises(UsageError, match="needs an editor"):
        editor_command()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('rm "$1"', "no file that can be read"),
        ('cp "$1" "$1~"; rm "$1"', "no file that can be read"),
        ('rm "$1"; mkdir "$1"', "no file that can be read"),
        ("printf '\\377\\376' > \"$1\"", "no UTF-8 text"),
        (': > "$1"', "not a JSON object"),
        ("exit 3", "ended with 3"),
    ],
)
def test_whatever_an_editor_leaves_is_told_of_this_message_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, said: str
) -> None:
    program = tmp_path / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(program))
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(drafts))
    edit = editing(Run(Output(), PROGRAM), fifo=False, max_bytes=1000)
    with pytest.raises(SqsctlError, match=said):
        edit(Message("m", "{}"), Outgoing("{}"))
    assert not list(drafts.iterdir())


def test_leaving_without_saving_moves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "editor"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(program))
    edit = editing(Run(Output(), PROGRAM), fifo=False, max_bytes=1000)
    with pytest.raises(SqsctlError, match="nothing was changed"):
        edit(Message("m", "{}"), Outgoing("{}"))


def test_on_a_terminal_an_unchanged_message_can_be_edited_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second time the editor writes something."""
    program = tmp_path / "editor"
    changing = 'sed "s/old/new/" "$1" > "$1.2"; mv "$1.2" "$1"'
    program.write_text(
        f'#!/bin/sh\nif [ -e "{tmp_path}/twice" ]; then {changing}; fi; : > "{tmp_path}/twice"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(program))
    monkeypatch.setattr(editor, "interactive", lambda: True)
    run = Run(Output(), PROGRAM)
    script = Script(["again", True])
    run.prompter = script
    edit = editing(run, fifo=False, max_bytes=1000)
    assert edit(Message("m", "old"), Outgoing("old")).body == "new"
    assert [each.kind for each in script.asked] == ["select", "confirm"]


def test_stopping_in_the_editor_is_a_first_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "editor"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(program))
    monkeypatch.setattr(editor, "interactive", lambda: True)
    run = Run(Output(), PROGRAM)
    run.prompter = Script(["stop"])
    edit = editing(run, fifo=False, max_bytes=1000)
    with pytest.raises(KeyboardInterrupt):
        edit(Message("m", "{}"), Outgoing("{}"))
