"""The state file of a lab holds its keys: only a file that is this user's alone is believed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sqsctl.aws import lab_state
from sqsctl.aws.lab_state import LabState

STATE = LabState(
    name="default",
    pid=os.getpid(),
    process_started="",
    port=4599,
    endpoint="http://127.0.0.1:4599",
    region="ap-northeast-2",
    account="000000000000",
    stack="tutorial-step-2-dev",
    folder="/nowhere",
    log="/nowhere/log",
    started_at="2026-11-23T00:00:00.000Z",
    access_key_id="LABKEY",
    secret_access_key="very-secret",
)


@pytest.fixture
def written(state_home: Path) -> Path:
    lab_state.write_state(STATE)
    return lab_state.state_file()


def test_what_was_written_is_read(written: Path) -> None:
    assert lab_state.read_state() == STATE
    assert lab_state.disbelieved() == ""
    assert written.stat().st_mode & 0o777 == 0o600
    assert written.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_was_open_is_closed_before_keys_lie_in_it(state_home: Path) -> None:
    folder = lab_state.state_file().parent
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    lab_state.write_state(STATE)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_others_may_touch_is_not_believed(written: Path, mode: int) -> None:
    written.chmod(mode)
    assert lab_state.read_state() is None
    assert f"mode {mode:o}" in lab_state.disbelieved()


@pytest.mark.parametrize("mode", [0o777, 0o750, 0o710, 0o701])
def test_a_folder_that_others_may_enter_is_not_believed(written: Path, mode: int) -> None:
    written.parent.chmod(mode)
    assert lab_state.read_state() is None
    assert str(written.parent) in lab_state.disbelieved()


def test_a_file_of_another_user_is_not_believed(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert lab_state.read_state() is None
    assert "belongs to another user" in lab_state.disbelieved()


def test_a_link_is_not_followed(written: Path) -> None:
    beside = written.with_name("other.json")
    written.rename(beside)
    written.symlink_to(beside)
    assert lab_state.read_state() is None


def test_a_pipe_is_not_waited_for(written: Path) -> None:
    written.unlink()
    os.mkfifo(written, 0o600)
    assert lab_state.read_state() is None
    assert lab_state.disbelieved()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": "default"}', "[" * 100_000])
def test_a_file_that_cannot_be_read_is_none(written: Path, text: str) -> None:
    written.write_text(text)
    assert lab_state.read_state() is None
    assert "another version" in lab_state.disbelieved()


def test_no_file_is_nothing_to_tell(state_home: Path) -> None:
    assert lab_state.read_state() is None
    assert lab_state.disbelieved() == ""


def test_the_secret_is_in_the_file_and_in_no_text(written: Path) -> None:
    assert json.loads(written.read_text()) == asdict(STATE)
    for shown in (repr(STATE), str(STATE), repr(STATE.credentials)):
        assert "very-secret" not in shown


def test_the_key_for_calls_is_derived_and_the_labs_own() -> None:
    other = replace(STATE, secret_access_key="another")
    (mine,), (theirs,) = STATE.call_headers.values(), other.call_headers.values()
    assert mine != theirs
    assert "very-secret" not in mine
