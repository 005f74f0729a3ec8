"""Journals and exports that were cut, changed and mixed up: nothing is lost, nothing crashes."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from sqsctl.errors import RefusedError, SqsctlError, UsageError
from sqsctl.model.dead_letters import RestoreSummary
from sqsctl.operations.moving import archive
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.redrive import Redrive
from sqsctl.operations.moving.restore import Restore, restore
from tests.operations.fakes import FakeSqs, Stored
from tests.operations.moving.test_redrive import QUICK, Bench, bodies, dies, killed

WAYS = ("cut", "flipped", "junk", "doubled", "reversed", "types", "nul", "empty")


def tampered(raw: bytes, way: str, chance: random.Random) -> bytes:
    lines = raw.splitlines()
    place = chance.randrange(len(raw))
    if way == "cut":
        return raw[:place]
    if way == "flipped":
        return raw[:place] + bytes([raw[place] ^ 1 << chance.randrange(8)]) + raw[place + 1 :]
    if way == "junk":
        return raw[:place] + bytes(chance.randrange(256) for _ in range(60)) + raw[place:]
    if way == "doubled":
        return raw + raw
    if way == "reversed":
        return b"\n".join(reversed(lines)) + b"\n"
    if way == "types":
        number = chance.randrange(len(lines))
        document = json.loads(lines[number])
        key = chance.choice(list(document))
        document[key] = chance.choice([None, 5, [], {}, [[1, 2]], "x", [None], 1e999, True])
        lines[number] = json.dumps(document).encode()
        return b"\n".join(lines) + b"\n"
    return raw + b"\0" * 100 if way == "nul" else b""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(4))
def test_a_tampered_journal_loses_nothing(tmp_path: Path, way: str, seed: int) -> None:
    chance = random.Random(f"{way}{seed}")
    bench = Bench(tmp_path / "journals")
    bench.fill(*bodies(25))
    queue = chance.choice([bench.main, bench.dead])
    operation = "send" if queue is bench.main else "delete"
    queue.fail(operation, None, killed(applied=chance.random() < 0.5))
    dies(bench)
    path = next(bench.folder.glob("*.jsonl"))
    path.write_bytes(tampered(path.read_bytes(), way, chance))
    bench.sqs.clock.advance(60)
    for _ in range(3):
        bench.run(options=Redrive(concurrency=1, wait_s=20))
    assert bench.dead.stored == []
    assert set(bench.main.bodies) == set(bodies(25))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(4))
def test_a_tampered_export_is_told_from_a_whole_one(tmp_path: Path, way: str, seed: int) -> None:
    chance = random.Random(f"{way}{seed}")
    sqs = FakeSqs()
    dead, other = sqs.create("dlq"), sqs.create("other")
    dead.put(*bodies(12))
    path = tmp_path / "file"
    export(dead, sqs.facts("dlq"), path, clock=sqs.clock)
    path.write_bytes(tampered(path.read_bytes(), way, chance))

    def restored(*, allow_partial: bool) -> None:
        restore(
            path,
            other,
            sqs.facts("other"),
            journal_folder=tmp_path / "journals",
            options=Restore(allow_partial=allow_partial),
            policy=QUICK,
        )

    try:
        whole = not archive.check(path).problem
    except (UsageError, SqsctlError):
        whole = False
    if whole:  # what follows the footer is no part of it
        assert way in {"doubled", "nul"}
        return
    with pytest.raises((RefusedError, UsageError)):
        restored(allow_partial=False)
    assert other.stored == [], "nothing is sent of what is not whole"
    try:
        restored(allow_partial=True)
    except SqsctlError:
        assert other.stored == []
    assert len(other.bodies) == len(set(other.bodies)) <= 12


def cut_in_a_line(raw: bytes) -> bytes:
    return raw[: raw.rindex(b"message_id") + 5]


def twice_the_same_line(raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    return b"".join([*lines[:3], *lines[1:]])


def other_ids(raw: bytes) -> bytes:
    return raw.replace(b'"message_id":"dlq-', b'"message_id":"other-')


FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut in a line": (cut_in_a_line, "not whole"),
    "twice the same line": (twice_the_same_line, "not whole"),
    "other ids": (other_ids, "not whole"),
    "a byte order mark": (lambda raw: b"\xef\xbb\xbf" + raw, "not whole|not an export"),
    "line ends of Windows": (lambda raw: raw.replace(b"\n", b"\r\n"), "not whole"),
    "compressed": (gzip.compress, "not an export"),
}


@pytest.mark.parametrize("name", ["export.jsonl", "-x \x1b[31m`id` $(id).jsonl"])
@pytest.mark.parametrize("way", FILES)
def test_what_became_of_a_file_is_refused_and_nothing_goes_twice(
    tmp_path: Path, way: str, name: str
) -> None:
    sqs = FakeSqs()
    dead, other = sqs.create("dlq"), sqs.create("other")
    dead.put(*bodies(12))
    path = tmp_path / name
    export(dead, sqs.facts("dlq"), path, clock=sqs.clock)
    change, said = FILES[way]
    path.write_bytes(change(path.read_bytes()))

    def restored(*, allow_partial: bool) -> RestoreSummary:
        options = Restore(allow_partial=allow_partial, place="fake")
        journals, facts = tmp_path / "journals", sqs.facts("other")
        return restore(path, other, facts, journal_folder=journals, options=options, policy=QUICK)

    with pytest.raises(SqsctlError, match=said) as refused:
        restored(allow_partial=False)
    assert other.stored == []
    if refused.value.code == "not_an_archive":
        assert (way != "compressed") or "unpack it first" in (refused.value.hint or "")
        return
    done = restored(allow_partial=True)
    assert done.partial
    assert len(set(other.bodies)) == len(other.bodies) == done.sent
    if way == "twice the same line":
        assert [reason.partition(":")[0] for _, reason in done.failures] == [
            "its message id stands in the file before"
        ] * 2


@pytest.mark.long
def test_a_hundred_thousand_lines_are_sent_up_to_where_they_were_cut(tmp_path: Path) -> None:
    sqs = FakeSqs()
    dead, other = sqs.create("dlq"), sqs.create("other")
    dead.put("x")
    path = tmp_path / "export"
    export(dead, sqs.facts("dlq"), path, clock=sqs.clock)
    head, line, _ = path.read_bytes().splitlines(keepends=True)
    with path.open("wb") as file:
        file.write(head)
        for number in range(100_000):
            file.write(line.replace(b'"dlq-1"', b'"dlq-%d"' % number))
        file.write(line[:20])
    options = Restore(allow_partial=True, place="fake")
    other._store = lambda outgoing, **_: Stored("c", outgoing, 0, 0, 0)  # type: ignore[method-assign]
    done = restore(path, other, sqs.facts("other"), journal_folder=tmp_path / "j", options=options)
    assert (done.sent, done.partial, done.failed) == (100_000, True, 0)
