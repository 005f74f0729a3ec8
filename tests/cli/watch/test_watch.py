"""The dashboard: figures that move, failures told once, lines that fit."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sqsctl.cli.watch.view import picture_shape, rendered, spark
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.logline import LogEvent
from sqsctl.model.queues import Queue
from sqsctl.model.stack import (
    Group,
    Stack,
)
from sqsctl.operations.live.snapshot import Board
from sqsctl.operations.logs.annotation import annotate
from sqsctl.operations.logs.tail import Tailed

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
JOBS = Queue(name="s-jobs", url="http://q/jobs", arn="arn:aws:sqs:r:1:s-jobs")


def board() -> Board:
    functions = Group((Function("s-worker", "arn:aws:lambda:r:1:function:s-worker"),))
    return Board(
        Stack(name="s", region="r", observed_at=NOW, queues=Group((JOBS,)), functions=functions)
    )


def failures(number: int, *, text: str = "[ERROR] boom") -> Iterator[Tailed]:
    for n in range(number):
        request = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{n}"))
        for line in (
            f"START RequestId: {request} Version: $LATEST",
            text.format(n=n),
            text.format(n=n),
            f"REPORT RequestId: {request}\tDuration: 1.00 ms",
        ):
            yield Tailed("s-worker", LogEvent(line, NOW + timedelta(seconds=n), "s", "g"))


def test_depths_have_a_rate_from_the_second_look_on() -> None:
    mine = board()
    first = mine.look({JOBS.arn: replace(JOBS, visible=10)}, NOW)
    assert first.depths[0].change_per_s is None
    second = mine.look({JOBS.arn: replace(JOBS, visible=4)}, NOW + timedelta(seconds=2))
    assert second.depths[0].change_per_s == -3.0
    assert second.depths[0].history == (10, 4)
    unread = mine.look({}, NOW + timedelta(seconds=4), ["no answer"])
    assert unread.depths[0].change_per_s is None
    assert picture_shape(unread)["trouble"] == ["no answer"]


def test_a_failure_is_told_once_and_counted_for_a_minute() -> None:
    mine = board()
    mine.add(annotate(failures(3)))
    seen = mine.look({}, NOW + timedelta(seconds=5))
    assert (seen.activity[0].invocations, seen.activity[0].failures) == (3, 3)
    assert len(seen.failures) == 3
    assert seen.failures[0].at == NOW + timedelta(seconds=2), "the newest first"
    later = mine.look({}, NOW + timedelta(seconds=90))
    assert (later.activity[0].invocations, later.activity[0].failures) == (0, 0)


def test_an_invocation_s_failure_is_told_by_its_best_line_only() -> None:
    """Init reports, the text, its repetition and the REPORT line: one invocation, one failure."""
    lines = []
    for n in range(2):
        request = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{n}"))
        lines += [
            "[ERROR] KeyError: 'QUEUE_URL'",
            "INIT_REPORT Init Duration: 345.47 ms\tPhase: invoke\tStatus: error",
            f"START RequestId: {request} Version: $LATEST",
            f"REPORT RequestId: {request}\tDuration: 1.00 ms\tStatus: error\tError Type: KeyError",
        ]
    mine = board()
    mine.add(
        annotate(
            Tailed("s-worker", LogEvent(text, NOW + timedelta(milliseconds=n), "s", "g"))
            for n, text in enumerate(lines)
        )
    )
    seen = mine.look({}, NOW + timedelta(seconds=5))
    assert (seen.activity[0].invocations, seen.activity[0].failures) == (2, 2)
    assert [each.check for each in seen.failures] == ["env-var-missing"] * 2
    assert all(each.text == "[ERROR] KeyError: 'QUEUE_URL'" for each in seen.failures)


def test_a_report_alone_tells_of_a_failure_too() -> None:
    request = str(uuid.uuid5(uuid.NAMESPACE_OID, "x"))
    mine = board()
    text = f"REPORT RequestId: {request}\tDuration: 1000.00 ms\tStatus: timeout"
    mine.add(annotate([Tailed("s-worker", LogEvent(text, NOW, "s", "g"))]))
    assert [each.check for each in mine.look({}, NOW).failures] == ["function-timeout"]


@pytest.mark.parametrize("height", [3, 10, 22])
def test_it_fits_into_the_terminal(height: int) -> None:
    mine = board()
    mine.add(annotate(failures(40, text="[ERROR] RuntimeError: boom {n}")))
    lines = rendered(mine.look({}, NOW), height=height)
    assert len(lines) <= height
    assert any("boom 39" in each.plain for each in lines) == (height > 10)


def test_failures_that_are_alike_are_one_line_on_the_screen() -> None:
    mine = board()
    mine.add(annotate(failures(40)))
    mine.add(annotate(failures(3, text="[ERROR] KeyError: 'QUEUE_URL'")))
    lines = [each.plain for each in rendered(mine.look({}, NOW))]
    (line,) = [each for each in lines if "boom" in each]
    assert line.strip().endswith("×40 [ERROR] boom")
    assert line.split()[0] == f"{NOW + timedelta(seconds=39):%H:%M:%S}", "the newest's time"


def test_what_functions_log_cannot_draw_on_the_screen() -> None:
    mine = board()
    mine.add(annotate(failures(1, text="[ERROR] RuntimeError: \x1b[2J\u202eboom")))
    text = "\n".join(each.plain for each in rendered(mine.look({}, NOW)))
    assert "boom" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_sparkline_needs_two_values() -> None:
    assert spark((5,)) == ""
    assert spark((0, 0)) == ""
    assert spark((0, 7)) == "▁█"
