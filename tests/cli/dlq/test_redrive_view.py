"""How a redrive ends on the screen: a canary is told, an empty queue is no success."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from sqsctl.cli.dlq.redrive_view import show_redrive
from sqsctl.model.transfer import RedriveSummary
from sqsctl.operations.moving.canary import Verdict
from sqsctl.operations.stacks.queue_pairs import Pair
from tests.checks.build import DLQ, queue


def shown(verdict: Verdict | None = None, **figures: Any) -> str:
    out = io.StringIO()
    summary = RedriveSummary(method="client", **figures)
    show_redrive(Console(file=out, width=400), summary, Pair(queue(DLQ), ()), verdict)
    return out.getvalue()


def test_an_empty_queue_is_nothing_to_move() -> None:
    said = shown(selected=0, moved=0, failed=0, remaining=0)
    assert said == f"nothing to move in {DLQ}\n"
    for figures in ({"remaining": 3}, {"remaining": None}, {"remaining": 0, "skipped": 2}):
        assert "nothing" not in shown(selected=0, moved=0, failed=0, **figures)


def test_a_canary_that_was_processed_is_told() -> None:
    good = Verdict(processed=("m-1",), waited_s=2.2)
    said = shown(good, selected=3, moved=3, failed=0, remaining=0)
    assert said.startswith("canary: 1 message was processed within 2 s\n✓ 3 moved out of")
    bad = Verdict(returned=("m-1",))
    assert "canary" not in shown(bad, selected=1, moved=1, failed=0, remaining=0)
