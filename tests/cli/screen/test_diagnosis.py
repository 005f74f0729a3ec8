"""doctor's screen at 80 columns: short, the summary last, commands that can be copied."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable

import pytest
from rich.console import Console

from sqsctl.checks.rank import diagnose
from sqsctl.cli.screen.diagnosis import show_diagnosis
from sqsctl.cli.screen.picture import show_picture
from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.remedy import Command, Edit, Sentence, Step
from sqsctl.model.stack import Stack
from tests.checks.build import stack
from tests.checks.zoo import PAIRS, Pair

TARGET_AND_TITLE = 3  # lines that doctor prints before the picture


def screen(where: Stack, *, whole: bool = False, all_ways: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    diagnosis = diagnose(where)
    show_picture(console, where)
    show_diagnosis(console, diagnosis, where, whole=whole, all_ways=all_ways)
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


def told_of(step: Step) -> list[str]:
    """The words of a step, as a screen tears them: without its blanks and line ends."""
    match step:
        case Command():
            return ["".join(step.line.split())]
        case Edit():
            return ["".join(each.split()) for each in step.lines]
        case Sentence():
            return ["".join(step.text.split())]


def joined(lines: Iterable[str]) -> str:
    """A screen without blanks and the shell's continuations."""
    return "".join("".join(each.removesuffix("\\").split()) for each in lines)


def shown_first(where: Stack) -> list[Finding]:
    """Findings that have a block of their own on the short screen."""
    blocks = [
        each
        for each in diagnose(where).findings
        if each.severity > Severity.INFO and not each.past and not each.explained_by
    ]
    return blocks[:3]


@pytest.mark.parametrize("pair", [pytest.param(each, id=each.id) for each in PAIRS])
def test_all_ways_shows_every_step_of_every_way(pair: Pair) -> None:
    seen = joined(screen(pair.broken, all_ways=True))
    for finding in shown_first(pair.broken):
        for way in finding.fix.ways:
            assert "".join(way.when.split()) in seen
            for step in way.steps:
                assert all(each in seen for each in told_of(step)), (finding.id, step)


@pytest.mark.parametrize("pair", [pytest.param(each, id=each.id) for each in PAIRS])
def test_a_fix_says_each_sentence_once(pair: Pair) -> None:
    seen, found = joined(screen(pair.broken)), shown_first(pair.broken)
    for finding in found:
        alike = [each for each in found if each.fix.summary == finding.fix.summary]
        assert seen.count("".join(finding.fix.summary.split())) <= len(alike), finding.id


@pytest.mark.parametrize("pair", [pytest.param(each, id=each.id) for each in PAIRS])
def test_other_ways_have_a_line_each_or_are_counted(pair: Pair) -> None:
    lines = screen(pair.broken)
    seen = joined(lines)
    for finding in shown_first(pair.broken):
        for way in finding.fix.ways[1:]:
            named = bool(way.when) and "".join(way.when[:50].split()) in seen
            assert named or "--all-ways" in seen, (finding.id, way.when)
        if len(finding.fix.ways) == 1 and len(finding.fix.ways[0].steps) == 1:
            assert "--all-ways" not in seen


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
