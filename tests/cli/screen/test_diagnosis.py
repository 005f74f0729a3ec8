"""doctor's screen at 80 columns: short, the summary last, commands that can be copied."""

from __future__ import annotations

import io
import shlex

import pytest
from rich.console import Console

from sqsctl.checks.rank import diagnose
from sqsctl.cli.screen.diagnosis import show_diagnosis
from sqsctl.cli.screen.picture import show_picture
from sqsctl.model.finding import Kind, Severity
from sqsctl.model.remedy import Command
from sqsctl.model.stack import Stack
from tests.checks.build import stack
from tests.checks.zoo import PAIRS, Pair

TARGET_AND_TITLE = 3  # lines that doctor prints before the picture


def screen(where: Stack, *, whole: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    diagnosis = diagnose(where)
    show_picture(console, where)
    show_diagnosis(console, diagnosis, where, whole=whole)
    return out.getvalue().rstrip("\n").split("\n")


def causes(where: Stack) -> int:
    return sum(
        each.kind is Kind.CAUSE and each.severity > Severity.INFO and not each.past
        for each in diagnose(where).findings
    )


def test_a_healthy_stack_takes_twelve_lines() -> None:
    assert diagnose(stack()).verdict == "healthy"
    lines = screen(stack())
    assert len(lines) + TARGET_AND_TITLE <= 12
    assert lines[-1].startswith("✓ healthy: 2 queues, 2 functions, 1 mapping")


@pytest.mark.parametrize("pair", [pytest.param(each, id=each.id) for each in PAIRS])
def test_one_cause_fits_on_a_screen_and_the_summary_stands_last(pair: Pair) -> None:
    lines = screen(pair.broken)
    if causes(pair.broken) == 1:
        assert len(lines) + TARGET_AND_TITLE <= 24, "\n".join(lines)
    assert lines[-1].startswith(("✓ ", "? ", "✗ ", "  "))
    assert any(line.startswith(("✓ ", "? ", "✗ ")) for line in lines[-2:])


@pytest.mark.parametrize("pair", [pytest.param(each, id=each.id) for each in PAIRS])
@pytest.mark.parametrize("whole", [False, True])
def test_a_command_is_whole_on_its_lines(pair: Pair, whole: bool) -> None:
    """Joined as a shell joins them, the lines are one of the commands, and nothing else."""
    known = {
        each.line
        for finding in diagnose(pair.broken).findings
        for step in (
            *(step for way in finding.fix.ways for step in way.steps),
            *finding.fix.verify,
            *finding.fix.afterwards,
            *finding.fix.undo,
        )
        if isinstance(step, Command)
        for each in (step,)
    }
    lines = screen(pair.broken, whole=whole)
    for number, line in enumerate(lines):
        start = line.find("$ ")
        if start < 0 or line[:start].strip() not in {"", "then"}:
            continue
        text, at = line[start + 2 :], number
        while text.endswith(" \\"):
            at += 1
            text = text[:-1] + lines[at].strip()
        words = shlex.split(text)
        own = words[:2] == ["sqsctl", "doctor"] and words[-1] == "--fix"
        assert own or shlex.join(words) in known, text
