"""Feed it, follow it, watch it: what was sent, where it is now, what the logs say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = pytest.mark.lab


def test_fifty_posts_and_all_of_them_processed(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """Step 2 of the tutorial, as one command."""
    shown = sqsctl("produce", "--count", "50", "--follow", "-o", "json")
    assert on_lab.name == shown.envelope["target"]["stack"]
    assert shown.code == 0, shown.out
    found = shown.data["follow"]
    assert (found["processed"], found["dead_lettered"], found["waiting"]) == (50, 0, 0)
    assert (found["seen_in_log"], found["certain"]) == (50, True)
    stages = found["stages_ms"]
    assert set(stages) == {"queue", "consumer", "end-to-end"}
    assert stages["end-to-end"]["med"] >= stages["queue"]["min"]


@pytest.mark.long
def test_poison_ends_among_the_dead_letters(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """What is processed and what died add up to what was sent; the seed says which died."""
    from sqsctl.operations.bodies import Poison

    bad = sum(Poison(0.1, 3).hits(n) for n in range(1, 31))
    assert 0 < bad < 30
    shown = sqsctl(
        *("produce", "--count", "30", "--via", "sqs", "--poison", "10%", "--seed", "3"),
        *("--follow", "-o", "json"),
    )
    assert shown.code == 10, shown.out
    assert (shown.data["seed"], shown.data["poisoned"]) == (3, bad)
    found = shown.data["follow"]
    assert (found["processed"], found["dead_lettered"], found["waiting"]) == (30 - bad, bad, 0)
    assert found["certain"] is True
    watched = sqsctl("watch", "--count", "1", "-o", "json")
    picture = json.loads(watched.out)
    dead = next(each for each in picture["queues"] if each["dead_letter_queue"])
    assert dead["visible"] == bad
    assert {each["check"] for each in picture["failures"]} == {"payload-not-json"}
    plain = sqsctl("watch", "--count", "1")
    assert "payload-not-json" in plain.out
    assert "\x1b" not in plain.out
    grouped = sqsctl("logs", "tail", "--no-follow", "--group-by-request", "--errors")
    heading = next(each for each in grouped.out.splitlines() if each.startswith("✗"))
    assert "payload-not-json" in heading
    folded = sqsctl("logs", "tail", "--no-follow")
    opened = sqsctl("logs", "tail", "--no-follow", "--no-fold")
    assert "Traceback" not in folded.out
    assert "Traceback" in opened.out


def test_bodies_from_a_file_end_with_it(
    on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    source = tmp_path / "orders.jsonl"
    source.write_text("".join(f'{{"input": {n}}}\n' for n in range(25)))
    shown = sqsctl("produce", "--from", str(source), "--via", "sqs", "--follow", "-o", "json")
    assert shown.code == 0, shown.out
    assert (shown.data["requested"], shown.data["follow"]["processed"]) == (25, 25)
    assert on_lab.queue.name


def test_the_load_as_a_k6_script(on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path) -> None:
    file = tmp_path / "load.js"
    command = ("produce", "--count", "10", "--export-k6", str(file))
    assert sqsctl(*command).code == 0
    text = file.read_text()
    assert f'"{on_lab.state.endpoint}/produce"' in text
    assert '"Host":' in text
    again = sqsctl(*command, "-o", "json")
    assert (again.code, again.envelope["errors"][0]["code"]) == (9, "file_exists")
    assert sqsctl(*command, "--yes").code == 0
    assert sqsctl(*command, "--via", "sqs").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--poison", "lots"], "is not a share"),
        (["--poison", "101%"], "is not a share"),
        (["--seed", "1"], "go with --poison"),
        (["--follow-timeout", "1m"], "goes with --follow"),
        (["--from", "nowhere.jsonl"], "cannot read nowhere.jsonl"),
        (["--from", "x", "--body", "y"], "bodies once"),
        (["--group", "a", "--groups", "3"], "one of them"),
    ],
)
def test_nonsense_is_named_before_anything_is_sent(
    on_lab: DeployedLab, sqsctl: Sqsctl, arguments: list[str], words: str
) -> None:
    shown = sqsctl("produce", *arguments)
    assert (shown.code, shown.out) == (2, "")
    assert words in shown.err
    assert on_lab.name
