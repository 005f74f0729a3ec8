"""Journals and exports that were cut, changed and mixed up: nothing is lost, nothing crashes."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from sqsctl.errors import RefusedError, SqsctlError, UsageError
from sqsctl.operations.moving import archive
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.redrive import Redrive
from sqsctl.operations.moving.restore import Restore, restore
from tests.operations.fakes import FakeSqs
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
