"""Which editor opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqsctl.cli import editor
from sqsctl.cli.editor import editor_command
from sqsctl.errors import UsageError


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SQSCTL_EDITOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)


def test_the_more_special_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "ed")
    assert editor_command() == ["ed"]
    monkeypatch.setenv("VISUAL", "code --wait 'a b'")
    assert editor_command() == ["code", "--wait", "a b"]
    monkeypatch.setenv("SQSCTL_EDITOR", "vi")
    assert editor_command() == ["vi"]


@pytest.mark.parametrize("value", ["vi 'x", " "])
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
