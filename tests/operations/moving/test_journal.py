"""The journal survives crashes, torn lines and hostile text, and tells what it knows."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.operations.moving import journal as journals

ARN = "arn:aws:sqs:ap-northeast-2:000000000000:jobs-dlq"


def begun(folder: Path, arn: str = ARN) -> journals.Journal:
    return journals.begin(folder, arn, hold_s=30, terms={"to": "jobs"}, command="again")


def test_a_journal_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "journals"
    journal = begun(folder)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_story_follows_the_records(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.intent(["a", "b", "c", "d"])
    journal.sent([("a", "A"), ("b", "B")])
    journal.unsent(["c"])
    journal.unknown(["d"])
    journal.deleted(["a"])
    story = journals.read(journal.path)
    assert story.sent == {"a": "A", "b": "B"}
    assert (story.owed, set(story.perhaps), story.deleted) == ({"b"}, {"d"}, {"a"})
    assert story.open
    assert (story.source, story.hold_s) == (ARN, 30)


def test_an_intent_alone_is_perhaps(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.intent(["a"])
    assert set(journals.read(journal.path).perhaps) == {"a"}


@pytest.mark.parametrize("first", [1000.0, None])
def test_the_first_try_is_the_one_that_counts(tmp_path: Path, first: float | None) -> None:
    journal = begun(tmp_path)
    for moment in (first, 2000.0):
        journal.intent(["a"], moment)
        journal.unknown(["a"])
    assert journals.read(journal.path).perhaps == {"a": first}


def test_doubts_last_until_an_end_at_which_they_were_told(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.intent(["a", "b"])
    journal.sent([("a", "A"), ("b", "B")], ["b"])
    assert list(journals.read(journal.path).doubtful) == ["b"]
    journal.finish("done")
    assert not journals.read(journal.path).doubtful


@pytest.mark.parametrize("settled", [False, True])
def test_an_end_closes_unless_something_is_owed(tmp_path: Path, settled: bool) -> None:
    journal = begun(tmp_path)
    journal.intent(["a"])
    journal.sent([("a", "A")])
    journal.finish("done", settled=settled)
    assert journals.read(journal.path).open is not settled


def test_a_run_without_leftovers_is_closed_by_its_end_only(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    assert journals.read(journal.path).open
    journal.finish("done")
    assert not journals.read(journal.path).open


def test_unfinished_finds_the_newest_of_this_source_alone(tmp_path: Path) -> None:
    other = begun(tmp_path, ARN + "x")
    done = begun(tmp_path)
    done.finish("done")
    journal = begun(tmp_path)
    for each in (other, done, journal):
        each.close()
    found = journals.unfinished(tmp_path, ARN)
    assert found is not None
    assert found.path == journal.path
    assert journals.unfinished(tmp_path, "arn:none") is None


def test_a_journal_that_ends_settled_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        journal = begun(tmp_path)
        journal.intent([f"m{number}"])
        journal.finish("done", settled=True)
        journal.close()
    monkeypatch.setattr(journals, "read", lambda path: pytest.fail(f"{path} was read"))
    assert journals.unfinished(tmp_path, ARN) is None


def test_old_closed_journals_are_cleared_away_and_open_ones_are_not(tmp_path: Path) -> None:
    closed, left = begun(tmp_path), begun(tmp_path)
    closed.finish("done", settled=True)
    left.intent(["a"])
    for each in (closed, left):
        each.close()
        os.utime(each.path, (0, 0))
    young = begun(tmp_path)
    young.finish("done", settled=True)
    young.close()
    begun(tmp_path)
    assert not closed.path.exists()
    assert left.path.exists()
    assert young.path.exists()


def test_resuming_writes_on_behind_a_torn_line(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.intent(["a"])
    journal.close()
    with journal.path.open("ab") as file:
        file.write(b'{"kind":"sent","ids":[["a","A"')
    story = journals.read(journal.path)
    assert set(story.perhaps) == {"a"}, "a torn record never happened"
    resumed = journals.resume(story, hold_s=45)
    resumed.sent([("a", "A")])
    again = journals.read(journal.path)
    assert (again.sent, again.perhaps, again.hold_s) == ({"a": "A"}, {}, 45)
    assert again.unreadable_lines == 1


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"null\n",
        b"[]\n",
        b'{"kind":"sent"}\n',
        b'{"kind":"sent","ids":5}\n',
        b'{"kind":"sent","ids":[["a"],["b",1],"c",null]}\n',
        b'{"kind":"intent","ids":[1,null,{}]}\n',
        b'{"kind":[],"ids":{}}\n',
        b'{"kind":"begin","hold_s":"x"}\n',
        b"\xff\xfe\x00\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_that_makes_no_sense_harms_nothing(tmp_path: Path, line: bytes) -> None:
    journal = begun(tmp_path)
    journal.intent(["a"])
    with journal.path.open("ab") as file:
        file.write(line)
    journal.sent([("a", "A")])
    assert journals.read(journal.path).sent == {"a": "A"}


def test_two_runs_never_write_one_journal(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    story = journals.read(journal.path)
    with pytest.raises(RefusedError):
        journals.resume(story, hold_s=30)
    with pytest.raises(RefusedError):
        journals.abandon(story)
    journal.close()
    journals.resume(story, hold_s=30).close()


def test_an_abandoned_journal_is_not_picked_up(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.intent(["a"])
    journal.sent([("a", "A")])
    journal.intent(["b"])
    journal.close()
    journals.abandon(journals.read(journal.path))
    assert journals.unfinished(tmp_path, ARN) is None


@pytest.mark.parametrize(
    "arn", ["arn:aws:sqs:r:0:" + "/../../etc/x", "x" * 300, "", "\x1b[2J", "한글", "a\x00b"]
)
def test_a_hostile_name_stays_inside_the_folder(tmp_path: Path, arn: str) -> None:
    folder = tmp_path / "journals"
    journal = begun(folder, arn)
    assert journal.path.parent == folder
    journal.close()
    found = journals.unfinished(folder, arn)
    assert found is not None
    assert found.source == arn


def test_no_room_is_an_error_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begun(tmp_path)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with pytest.raises(SqsctlError) as caught:
        journal.intent(["a"])
    assert caught.value.code == "journal_unwritable"
    assert "No space left" in caught.value.message


def test_an_intent_is_on_disk_when_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", lambda fd: synced.append(os.fstat(fd).st_size))
    journal = begun(tmp_path)
    journal.intent(["a"])
    assert synced[-1] == journal.path.stat().st_size


def test_threads_share_it_line_by_line(tmp_path: Path) -> None:
    journal = begun(tmp_path)

    def work(name: str) -> None:
        for number in range(50):
            key = f"{name}{number}"
            journal.intent([key])
            journal.sent([(key, key.upper())])

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    story = journals.read(journal.path)
    assert len(story.sent) == 200
    assert story.unreadable_lines == 0


ids = st.text(st.characters(codec=None, categories=None), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ids, unique=True, max_size=8), ids)
def test_any_id_survives(tmp_path: Path, keys: list[str], copy: str) -> None:
    journal = begun(tmp_path)
    journal.intent(keys)
    journal.sent((key, copy) for key in keys)
    story = journals.read(journal.path)
    assert story.sent == dict.fromkeys(keys, copy)
    assert story.unreadable_lines == 0
    journal.close()
    journal.path.unlink()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(cut=st.integers(min_value=0))
def test_cut_off_anywhere_it_never_claims_more_than_happened(tmp_path: Path, cut: int) -> None:
    journal = begun(tmp_path)
    for number in range(4):
        key = f"m{number}"
        journal.intent([key])
        journal.sent([(key, key.upper())])
        journal.deleted([key])
    journal.close()
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[: cut % (len(whole) + 1)])
    story = journals.read(journal.path)
    lines = journal.path.read_bytes().split(b"\n")[:-1]
    records = [json.loads(line) for line in lines]
    assert set(story.sent) == {r["ids"][0][0] for r in records if r["kind"] == "sent"}
    assert story.deleted == {r["ids"][0] for r in records if r["kind"] == "deleted"}
    assert story.deleted <= set(story.sent)
    intended = {r["ids"][0] for r in records if r["kind"] == "intent"}
    assert set(story.perhaps) == intended - set(story.sent)
    journal.path.unlink()
