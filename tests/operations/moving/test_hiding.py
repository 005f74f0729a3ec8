"""Messages that are hidden for a while, and shown again."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sqsctl.errors import RefusedError
from sqsctl.operations.moving.hiding import hide_messages, remembered, show_messages
from tests.operations.fakes import FakeSqs, url_of


def bench() -> tuple[FakeSqs, list[str]]:
    sqs = FakeSqs()
    ids = sqs.create("jobs").put(*map(str, range(12)))
    return sqs, ids


def visible(sqs: FakeSqs) -> set[str]:
    return {
        each.message_id for each in sqs.queues["jobs"].stored if each.visible_at <= sqs.clock.now
    }


def test_only_what_was_named_is_hidden(tmp_path: Path) -> None:
    sqs, ids = bench()
    path = tmp_path / "state" / "hidden.json"
    done = hide_messages(sqs.queues["jobs"], sqs.facts("jobs"), ids[3:5], 600, handles=path)
    assert set(done.message_ids) == set(ids[3:5])
    assert done.missing == ()
    assert visible(sqs) == {*ids} - {*ids[3:5]}
    hidden = [each for each in sqs.queues["jobs"].stored if each.message_id in ids[3:5]]
    assert {each.visible_at - sqs.clock.now for each in hidden} == {600}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_they_come_back_when_they_are_shown(tmp_path: Path) -> None:
    sqs, ids = bench()
    path, url = tmp_path / "hidden.json", url_of("jobs")
    hide_messages(sqs.queues["jobs"], sqs.facts("jobs"), ids[:2], 600, handles=path)
    shown, failures = show_messages(sqs.queues["jobs"], url, [ids[0], ids[7]], handles=path)
    assert shown == (ids[0],)
    assert [each.message_id for each in failures] == [ids[7]]
    assert visible(sqs) == {*ids} - {ids[1]}
    assert set(remembered(path)[url]) == {ids[1]}


def test_a_message_that_is_not_there_is_told(tmp_path: Path) -> None:
    sqs, ids = bench()
    done = hide_messages(
        sqs.queues["jobs"], sqs.facts("jobs"), ["nobody"], 60, handles=tmp_path / "h"
    )
    assert (done.message_ids, done.missing, done.looked_at) == ((), ("nobody",), len(ids))
    assert visible(sqs) == {*ids}
    assert not (tmp_path / "h").exists()


def test_a_torn_file_of_handles_is_no_handle(tmp_path: Path) -> None:
    path = tmp_path / "hidden.json"
    for text in ("{", "[]", '{"u": []}', '{"u": {"m": {"handle": 5, "until": 9e12}}}'):
        path.write_text(text)
        assert not remembered(path).get("u")


def test_where_a_look_could_dead_letter_it_has_to_be_forced(tmp_path: Path) -> None:
    sqs = FakeSqs()
    sqs.create("dlq")
    ids = sqs.create("jobs", dead_letters="dlq").put("a")
    facts = sqs.facts("jobs")
    with pytest.raises(RefusedError):
        hide_messages(sqs.queues["jobs"], facts, ids, 60, handles=tmp_path / "h")
    done = hide_messages(sqs.queues["jobs"], facts, ids, 60, handles=tmp_path / "h", force=True)
    assert done.message_ids == tuple(ids)
