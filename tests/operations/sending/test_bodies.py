"""Bodies: line by line, poisoned by number and seed, marked without touching the rest."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.errors import UsageError
from sqsctl.model.message import Outgoing
from sqsctl.model.transfer import ProduceSummary
from sqsctl.operations.sending.bodies import (
    RUN_KEY,
    Make,
    Marks,
    NoMoreBodies,
    Poison,
    check_lines,
    from_lines,
    grouped,
    template,
)
from sqsctl.operations.sending.produce import Plan, QueueSink, produce
from tests.operations.fakes import FakeSqs


def lines(text: bytes, *, again: bool = False, any_text: bool = False) -> Make:
    return from_lines(io.BytesIO(text), "bodies.jsonl", again=again, any_text=any_text)


def test_each_line_is_a_body_as_it_stands_there() -> None:
    make = lines('\ufeff{"a": 1}\r\n\n  {"b":"값"} \nnot json'.encode(), any_text=True)
    assert [make(n).body for n in (1, 2, 3)] == ['{"a": 1}', '  {"b":"값"} ', "not json"]
    with pytest.raises(NoMoreBodies):
        make(4)


def test_the_lines_begin_anew_where_more_is_asked_for() -> None:
    make = lines(b"1\n2\n", again=True)
    assert [make(n).body for n in range(1, 6)] == ["1", "2", "1", "2", "1"]


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no line"),
        (b"\n \n", "no line"),
        (b"\xff\n", "line 1: not UTF-8"),
        (b"x" * 1_048_577, "line 1: larger"),
        (b'{"a": 1', "line 1: not JSON: .* at column 8"),
        (b"[" * 100_000, "line 1: JSON that cannot be read"),
    ],
)
def test_bad_files_are_named(text: bytes, words: str, *, again: bool) -> None:
    with pytest.raises(UsageError, match=words):
        lines(text, again=again)(1)


def run(make: Make, plan: Plan) -> tuple[ProduceSummary, list[str]]:
    queue = FakeSqs().create("q")
    summary = produce(QueueSink(queue), make, plan)
    return summary, sorted(queue.bodies)


def test_a_run_ends_with_its_file() -> None:
    text = b"".join(b"%d\n" % n for n in range(25))
    summary, bodies = run(lines(text), Plan(until_dry=True, concurrency=3))
    assert (summary.requested, summary.accepted) == (25, 25)
    assert bodies == sorted(str(n) for n in range(25))
    summary, _ = run(lines(text), Plan(count=40, until_dry=True))
    assert (summary.requested, summary.accepted) == (25, 25)
    summary, _ = run(lines(text, again=True), Plan(count=40, until_dry=True))
    assert summary.accepted == 40


@pytest.mark.parametrize("good", [1, 9, 10, 25])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_bad_line_ends_the_run_after_what_came_before_it(good: int, concurrency: int) -> None:
    text = b"".join(b"%d\n" % n for n in range(good)) + b"\xff\n" + b"99\n" * 50
    summary, bodies = run(lines(text), Plan(until_dry=True, concurrency=concurrency))
    assert bodies == sorted(str(n) for n in range(good))
    assert (summary.requested, summary.accepted) == (good, good)
    assert summary.ended_by is not None
    assert f"line {good + 1}: not UTF-8" in summary.ended_by


def test_a_bad_first_line_is_an_error() -> None:
    with pytest.raises(UsageError, match="line 1: not JSON"):
        run(lines(b"nonsense\n1\n"), Plan(until_dry=True))


def test_a_file_is_read_through_before_anything_is_sent() -> None:
    stream = io.BytesIO(b'1\n\n"2"\nbad\n')
    with pytest.raises(UsageError, match="line 4: not JSON"):
        check_lines(stream, "f", any_text=False)
    stream.seek(0)
    assert check_lines(stream, "f", any_text=False, limit=2) == 2
    assert stream.tell() == 0
    assert check_lines(stream, "f", any_text=True) == 3


def test_a_huge_file_is_held_a_line_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "huge.jsonl"
    with file.open("wb") as out:
        for _ in range(1000):
            out.write(b'"%s"\n' % (b"x" * 20_000))
    with file.open("rb") as stream:
        tracemalloc.start()
        assert check_lines(stream, "huge.jsonl", any_text=False) == 1000
        make = from_lines(stream, "huge.jsonl")
        assert sum(len(make(n).body) for n in range(1, 1001)) == 1000 * 20_002
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1_000_000, f"{peak} bytes of 20 MB"


@given(st.integers(0, 2**64), st.integers(1, 2**40))
def test_the_same_messages_are_bad_in_every_run(seed: int, number: int) -> None:
    assert Poison(0.5, seed).hits(number) == Poison(0.5, seed).hits(number)
    assert not Poison(0.0, seed).hits(number)
    assert Poison(1.0, seed).hits(number)


def test_about_the_share_that_was_asked_for_is_bad() -> None:
    poison = Poison(0.1, 7, "bad {{n}}")
    make = poison.into(template("good"))
    bodies = [make(n).body for n in range(1, 10_001)]
    bad = [number for number, body in enumerate(bodies, 1) if body != "good"]
    assert 900 < len(bad) < 1100
    assert poison.count == len(bad)
    assert bodies[bad[0] - 1] == f"bad {bad[0]}"
    assert bad != [n for n in range(1, 10_001) if Poison(0.1, 8).hits(n)]


def test_groups_are_dealt_out_in_turn() -> None:
    make = grouped(template("x"), 3)
    assert [make(n).group_id for n in range(1, 5)] == ["g1", "g2", "g3", "g1"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(_json, st.sampled_from([None, 2]))
def test_marks_add_one_key_to_objects_and_touch_nothing_else(
    document: object, indent: int | None
) -> None:
    body = json.dumps(document, ensure_ascii=False, indent=indent)
    marks = Marks("run", now=lambda: 1.5)
    marked = marks.into(lambda _: Outgoing(body))(42).body
    if isinstance(document, dict):
        found = json.loads(marked)
        assert found.pop(RUN_KEY) == "run.42.1500"
        assert found == {key: value for key, value in json.loads(body).items() if key != RUN_KEY}
    else:
        assert marked == body
        assert marks.missed == 1
