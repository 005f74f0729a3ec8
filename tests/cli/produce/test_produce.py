"""What produce says at its end, and with which exit code."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sqsctl.cli.main import PROGRAM
from sqsctl.cli.produce import k6 as produce_k6
from sqsctl.cli.produce.carry_out import Job, ended
from sqsctl.cli.produce.view import Outcome, answer
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.globals import Globals
from sqsctl.cli.screen.output import Output
from sqsctl.errors import Exit, RefusedError, UsageError
from sqsctl.model.transfer import Latency, ProduceSummary, ThresholdResult
from sqsctl.operations.following.follow import Fate
from sqsctl.operations.sending.bodies import template
from sqsctl.operations.sending.k6 import Load
from sqsctl.operations.sending.latency import Histogram
from sqsctl.operations.sending.produce import Plan
from sqsctl.operations.shared.control import Control

GOOD = ProduceSummary("sqs", 10, 10, 0, 0, 0, 1.0, 10.0, Latency(), Latency())
FATE = Fate(10, 10, 0, 0, False, True, "counted", 3.0)


@pytest.mark.parametrize(
    ("outcome", "code", "words"),
    [
        (Outcome(GOOD, "q"), Exit.OK, ""),
        (Outcome(GOOD, "q", fate=FATE), Exit.OK, ""),
        (Outcome(replace(GOOD, accepted=8, rejected=2), "q"), Exit.PARTIAL, "2 of 10"),
        (Outcome(replace(GOOD, possible_duplicates=3), "q"), Exit.AMBIGUOUS, "3 may have been"),
        (
            Outcome(replace(GOOD, accepted=3, unknown=2, gave_up="no answer for 8 s"), "q"),
            Exit.UNAVAILABLE,
            "gave up: no answer for 8 s",
        ),
        (
            Outcome(replace(GOOD, thresholds=(ThresholdResult("rate>99", False, 10.0),)), "q"),
            Exit.NEGATIVE,
            "rate>99",
        ),
        (
            Outcome(GOOD, "q", fate=replace(FATE, processed=7, dead_lettered=3)),
            Exit.NEGATIVE,
            "3 were dead-lettered",
        ),
        (
            Outcome(GOOD, "q", fate=replace(FATE, processed=6, waiting=4, timed_out=True)),
            Exit.PARTIAL,
            "4 were not processed after 3 s",
        ),
        (Outcome(GOOD, "q", follow_interrupted=True), Exit.INTERRUPTED, "following was stopped"),
        (Outcome(replace(GOOD, interrupted=True), "q"), Exit.INTERRUPTED, "stopped before"),
    ],
)
def test_the_exit_code_and_its_reason(outcome: Outcome, code: Exit, words: str) -> None:
    found = answer(outcome)
    assert found.exit is code
    assert words in "".join(each.message for each in found.errors)
    assert bool(found.errors) is (code is not Exit.OK)


def shown(outcome: Outcome) -> str:
    console = Console(file=io.StringIO(), width=200)
    found = answer(outcome)
    assert found.human
    found.human(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_summary_has_k6_s_order() -> None:
    histogram = Histogram()
    for each in (1.0, 2.0, 3.0, 40.0) * 5:
        histogram.add(each)
    summary = replace(
        GOOD,
        via="http",
        requested=12,
        rejected=2,
        latency=histogram.summary(),
        status_codes={200: 10, 503: 2},
        errors={"503 busy": 2},
        thresholds=(ThresholdResult("p(95)<500", True, 40.0),),
    )
    text = shown(Outcome(summary, "POST /produce", seed=7, poisoned=3, fate=FATE))
    places = [
        text.index(each)
        for each in (
            "request duration, up to",
            "✓ p(95)<500",
            "✗ accepted by POST /produce",
            "request duration .",
            "status 200",
            "2 × 503: fast: throttled",
            "sqsctl doctor account-concurrency reserved-concurrency",
            "2 × 503 busy",
            "10 accepted = 10 processed + 0 dead-lettered + 0 waiting",
            "certain: counted",
        )
    ]
    assert places == sorted(places)
    assert "--seed 7" in text


def test_what_was_never_sent_is_told_apart() -> None:
    summary = replace(GOOD, requested=100, accepted=3, rejected=1, unknown=2, gave_up="gone")
    data = answer(Outcome(summary, "q")).data
    assert data["not_sent"] == 94
    assert data["gave_up"] == "gone"


def test_what_ended_before_the_count_is_named() -> None:
    """The time, or the file; nothing where something went wrong, which is told elsewhere."""
    timed = Job(template("x"), Plan(50, 2.0), ())
    some = replace(GOOD, requested=7)
    assert ended(timed, some, Control()) == "the time was up after 7"
    assert ended(replace(timed, source="a.jsonl"), some, Control()) == "a.jsonl ended after 7"
    assert not ended(timed, replace(GOOD, requested=50), Control())
    assert not ended(timed, replace(some, gave_up="no answer"), Control())
    stopped = Control()
    stopped.stop()
    assert not ended(timed, some, stopped)


def test_a_script_is_written_whole_or_not_at_all(tmp_path: Path, full_disk: None) -> None:
    load = Load("http://127.0.0.1/produce", Plan(5), "{}")
    run = Run(Output(), PROGRAM)
    file = tmp_path / "load.js"
    produce_k6.export(run, file, load, dry_run=False)
    good = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    run.adopt(Globals(yes=True))
    large = replace(load, body="x" * 10_000)
    for place in (file, tmp_path / "other.js"):
        with pytest.raises(UsageError, match="large"):
            produce_k6.export(run, place, large, dry_run=False)
    assert file.read_text() == good
    assert list(tmp_path.iterdir()) == [file]


def test_a_script_is_not_written_through_a_link(tmp_path: Path) -> None:
    load = Load("http://127.0.0.1/produce", Plan(5), "{}")
    run = Run(Output(), PROGRAM)
    precious = tmp_path / "precious"
    precious.write_text("mine")
    link = tmp_path / "link.js"
    link.symlink_to(precious)
    with pytest.raises(RefusedError):
        produce_k6.export(run, link, load, dry_run=False)
    run.adopt(Globals(yes=True))
    produce_k6.export(run, link, load, dry_run=False)
    assert not link.is_symlink()
    assert precious.read_text() == "mine"
