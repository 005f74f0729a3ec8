"""sqsctl config trust, and being asked: as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqsctl.cli.screen import prompt
from sqsctl.operations.target import trust
from tests.program import Sqsctl

EVIL = 'region = "eu-west-1"\nendpoint_url = "http://127.0.0.1:9"\n'


@pytest.fixture(autouse=True)
def _hostile_folder(tmp_path: Path, state_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "sqsctl.toml").write_text(EVIL)


def test_without_a_terminal_it_is_refused_with_the_command_to_type(
    sqsctl: Sqsctl, tmp_path: Path
) -> None:
    refused = sqsctl("queue", "inspect", "jobs", "-o", "json")
    assert refused.code == 9
    (error,) = refused.envelope["errors"]
    assert error["code"] == "settings_untrusted"
    assert "sqsctl config trust" in error["hint"]
    assert "--endpoint-url" in error["hint"]
    assert sqsctl("queue", "inspect", "jobs", "--yes").code == 9
    assert trust.trusted() == ()
    done = sqsctl("config", "trust", "-o", "json")
    assert done.data == {
        "file": str(tmp_path / "sqsctl.toml"),
        "done": "trust",
        "dry_run": False,
    }
    assert sqsctl("queue", "inspect", "jobs").code == 6  # nobody answers there


def test_what_is_trusted_is_listed_and_taken_back(sqsctl: Sqsctl, tmp_path: Path) -> None:
    assert sqsctl("config", "trust", "--list", "-o", "json").data == {"trusted": []}
    assert sqsctl("config", "trust", "--dry-run").code == 0
    assert trust.trusted() == ()
    assert "endpoint_url = http://127.0.0.1:9" in sqsctl("config", "trust").out
    assert sqsctl("config", "show", "-o", "json").data["trusted"] is True
    (entry,) = sqsctl("config", "trust", "--list", "-o", "json").data["trusted"]
    assert entry["file"] == str(tmp_path / "sqsctl.toml")
    assert "sqsctl.toml" in sqsctl("config", "trust", "--list").out
    assert sqsctl("config", "trust", "--remove").code == 0
    assert sqsctl("config", "trust", "--remove").code == 5
    assert sqsctl("config", "show", "-o", "json").data["trusted"] is False
    assert sqsctl("config", "trust", "nowhere.toml").code == 2


@pytest.mark.parametrize("answer", [True, False])
def test_on_a_terminal_it_is_asked_once(
    sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    asked: list[str] = []

    class Person:
        def confirm(self, question: str, *, default: bool = False) -> bool:
            assert not default
            asked.append(question)
            return answer

    monkeypatch.setattr(prompt, "interactive", lambda: True)
    monkeypatch.setattr(prompt, "prompter", lambda **_: Person())
    first = sqsctl("queue", "inspect", "jobs")
    assert first.code == (6 if answer else 9)
    assert len(asked) == 1
    assert "http://127.0.0.1:9" in first.err
    assert len(trust.trusted()) == answer
    sqsctl("queue", "inspect", "jobs")
    assert len(asked) == (1 if answer else 2)
