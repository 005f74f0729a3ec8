"""The compact set behaves as a set; the spool as a hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.errors import SqsctlError
from sqsctl.operations.dead_letters.handle_file import HandleFile
from sqsctl.operations.shared.id_set import IdSet
from tests.operations.fakes import FakeSqs, raises, unavailable


@given(st.lists(st.text(st.characters(codec=None, categories=None), max_size=8), max_size=200))
def test_it_is_a_set(keys: list[str]) -> None:
    compact, plain = IdSet(), set[str]()
    for each in keys:
        assert (each in compact) == (each in plain)
        assert compact.add(each) == (each not in plain)
        plain.add(each)
    assert len(compact) == len(plain)
    assert all(each in compact for each in plain)


def test_it_grows() -> None:
    compact = IdSet(f"m{n}" for n in range(50_000))
    assert len(compact) == 50_000
    assert all(f"m{n}" in compact for n in range(0, 50_000, 97))
    assert "m50000" not in compact


def test_it_is_small() -> None:
    compact = IdSet(f"m{n}" for n in range(50_000))
    size = compact._high.itemsize * (len(compact._high) + len(compact._low))
    assert size / len(compact) <= 64


def spooled(count: int, hold_s: int = 30) -> tuple[FakeSqs, HandleFile]:
    sqs = FakeSqs()
    queue = sqs.create("q")
    queue.put(*(f"m{n}" for n in range(count)))
    spool = HandleFile(queue, hold_s, clock=sqs.clock)
    while spool.receive(10, wait_s=0):
        pass
    return sqs, spool


def test_a_spool_hands_everything_back() -> None:
    sqs, spool = spooled(25)
    with spool:
        assert (sqs.facts("q").visible, spool.messages) == (0, 25)
        assert spool.release() == 0
        assert (sqs.facts("q").visible, spool.messages) == (25, 0)


def test_a_spool_renews_at_half() -> None:
    sqs, spool = spooled(25)
    with spool:
        for _ in range(5):
            sqs.clock.advance(16)
            assert spool.tend() == 0
        assert sqs.facts("q").visible == 0
        sqs.clock.advance(31)
        assert spool.tend() == 25, "too late: they are visible again"


def test_a_spool_asks_nothing_before_time() -> None:
    sqs, spool = spooled(25)
    with spool:
        sqs.clock.advance(14)
        spool.tend()
        assert not [each for each in sqs.queues["q"].calls if each[0] == "hide"]


def test_a_release_that_fails_is_counted() -> None:
    sqs, spool = spooled(25)
    sqs.queues["q"].fail("hide", raises(unavailable()))
    with spool:
        assert spool.release() == 10


def test_no_room_for_the_file_is_an_error_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    sqs = FakeSqs()
    with pytest.raises(SqsctlError) as caught:
        HandleFile(sqs.create("q"), 30)
    assert caught.value.code == "no_temporary_file"
    assert "TMPDIR" in (caught.value.hint or "")
