"""How a finding looks to a person: a block that fits on a screen, or all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqsctl.cli.screen.output import hanging, prose, safe, safe_line, styled, wrapped
from sqsctl.cli.screen.shell_lines import shell_lines
from sqsctl.cli.screen.views import clock
from sqsctl.model.finding import Evidence, Finding, Severity
from sqsctl.model.plurals import counted
from sqsctl.model.remedy import Command, Edit, Sentence, Step, Way

if TYPE_CHECKING:
    from rich.console import Console

MARK = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "·"}
STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "dim"}
LABEL = 10  # the width of "seen", "explains", "fix", "then" and what follows them
MAX_EDIT = 4  # lines of an edit that a block shows
MAX_LINES = 5  # lines of steps that a block shows, unless the first step alone is longer


@dataclass(frozen=True)
class Names:
    """Names without what the whole stack begins with: ``jobs`` for ``tutorial-step-2-dev-jobs``."""

    stack: str = ""

    def short(self, text: str) -> str:
        """The text with short names. Commands are never shortened."""
        return text.replace(f"{self.stack}-", "") if len(self.stack) > 3 else text


def show_line(console: Console, finding: Finding, names: Names, *, note: str = "") -> None:
    """A finding on one line: advice, or what is over."""
    said = f"{MARK[finding.severity]} {finding.id}: {names.short(safe_line(finding.title))}{note}"
    hanging(console, styled(said, "dim"))


def show_block(
    console: Console,
    finding: Finding,
    nested: Sequence[Finding],
    names: Names,
    *,
    all_ways: bool = False,
) -> None:
    """What is wrong, one piece of evidence, what it explains, and how to mend it.

    The first way stands with its steps, each other one on a line; ``all_ways``: all with theirs.
    """
    from rich.text import Text

    hanging(
        console,
        Text.assemble(
            (f"{MARK[finding.severity]} {finding.id}", STYLE[finding.severity]),
            "  ",
            (names.short(safe_line(finding.title)), "bold"),
        ),
    )
    if finding.evidence:
        _labelled(console, "seen", _seen(finding.evidence[0], names), "cyan", most=2)
    for label, below in zip(["explains", *[""] * len(nested)], nested, strict=False):
        _labelled(console, label, names.short(safe_line(below.title)))
    _labelled(console, "fix", names.short(safe(finding.fix.summary)), "green")
    safe_fix = finding.fix.disposition == "safe"
    if safe_fix:
        _step(console, Command(("sqsctl", "doctor", finding.id, "--fix")))
    if all_ways:
        for number, way in enumerate(finding.fix.ways):
            _whole_way(console, "or" if number or safe_fix else "", way)
    else:
        _in_brief(console, finding, first_is_shown=safe_fix)
    for each, label in zip(finding.fix.afterwards, ["then", ""], strict=False):
        _labelled_step(console, label, each)


def show_whole(console: Console, finding: Finding, nested: Sequence[Finding], names: Names) -> None:
    """All that is known of a finding: evidence, every way with its steps, what to look at then."""
    from rich.text import Text

    head = f"{MARK[finding.severity]} {finding.id}"
    title = safe_line(finding.title)
    hanging(console, Text.assemble((head, STYLE[finding.severity]), "  ", (title, "bold")))
    kind = f"{finding.severity.label} · {finding.kind} · {finding.confidence.label} confidence"
    console.print(styled(f"  {kind}", "dim"), soft_wrap=True)
    for each in finding.evidence:
        _evidence(console, each)
    for below in nested:
        prose(console, styled(f"  explains: {names.short(safe_line(below.title))} ({below.id})"))
    prose(console, Text.assemble(("  fix: ", "green"), safe(finding.fix.summary)))
    for number, way in enumerate(finding.fix.ways):
        if way.when or number:
            prose(
                console, styled(f"  {'either' if not number else 'or'}: {safe(way.when)}", "cyan")
            )
        for step in way.steps:
            _step(console, step, indent=4)
    _titled(console, "to see that it worked:", finding.fix.verify)
    _titled(console, "afterwards:", finding.fix.afterwards)
    _titled(console, "to take it back:", finding.fix.undo)
    if finding.reference:
        console.print(styled(f"  {finding.reference}", "dim"), soft_wrap=True)


def _titled(console: Console, title: str, steps: Sequence[Step]) -> None:
    if steps:
        console.print(styled(f"  {title}", "dim"))
    for step in steps:
        _step(console, step, indent=4)


def _evidence(console: Console, evidence: Evidence) -> None:
    when = f" at {clock(evidence.at)}" if evidence.at else ""
    prose(console, styled(f"  {safe_line(evidence.source)}{when}", "cyan"))
    first, *more = safe(evidence.value).split("\n")
    for line in (f"{safe(evidence.fact)}: {first}" if evidence.fact else first, *more):
        prose(console, styled(f"    {line}"))


def _seen(evidence: Evidence, names: Names) -> str:
    """One piece of evidence on a line: when, and the words or the figure."""
    value = safe_line(evidence.value.strip().split("\n")[0])
    if evidence.at:
        return f"{clock(evidence.at)} {value}"
    where = names.short(safe_line(evidence.source.split(" ")[-1]))
    return f"{where}: {safe_line(evidence.fact)} {value}" if evidence.fact else value


def _in_brief(console: Console, finding: Finding, *, first_is_shown: bool) -> None:
    """The steps of the first way that fit, each whole, and a line for each other way.

    What does not fit is counted on one line; what was said above is left out.
    """
    room, left = _room(console, LABEL + 2), MAX_LINES
    ways, others = finding.fix.ways[:1], finding.fix.ways[1:]
    first = ways[0].steps if ways and not first_is_shown else ()
    steps = [each for each in first if not _was_said(finding, each)]
    for number, step in enumerate(steps):
        left -= len(list(_told(step, room, MAX_EDIT)))
        if left < 0 and number:
            more = [counted(len(steps) - number, "more step")]
            more += [counted(len(others), "other way")] * bool(others)
            told = f"… {' and '.join(more)}: --all-ways shows them"
            _labelled(console, "", told)
            return
        _step(console, step, limit=MAX_EDIT)
    _other_ways(console, others, max(1, left + 1))


def _was_said(finding: Finding, step: Step) -> bool:
    """Whether a step is the summary once more, as where the whole fix is one sentence."""
    summary = finding.fix.summary
    if not isinstance(step, Sentence) or not step.text.endswith(summary):
        return False
    place = step.text.removesuffix(summary).rstrip(": ")
    return place in finding.title or place in summary


def _whole_way(console: Console, label: str, way: Way) -> None:
    """Every step of a way, below what it is for."""
    if label or way.when:
        _labelled(console, label, way.when)
    for step in way.steps:
        _step(console, step)


def _other_ways(console: Console, ways: Sequence[Way], room: int) -> None:
    """A line for each way that is left; those without a line of their own are counted."""
    named = ways if len(ways) <= room else ways[: room - 1]
    for way in named:
        _labelled(console, "or", _in_short(way), most=1)
    if left := len(ways) - len(named):
        told = counted(left, "more way" if named else "other way")
        _labelled(console, "" if named else "or", f"{told}: --all-ways shows them", most=1)


def _in_short(way: Way) -> str:
    """What a way is for; what its first step says, where it is for anything."""
    if way.when or not way.steps:
        return way.when
    step = way.steps[0]
    match step:
        case Command():
            return step.line
        case Edit():
            return f"in {step.file}"
        case Sentence():
            return step.text


def _labelled(
    console: Console, label: str, text: str, style: str = "", *, most: int | None = None
) -> None:
    """A label, and text that wraps beside it, on a terminal in at most ``most`` lines."""
    head = styled(f"  {label:<{LABEL}}", style or "dim")
    if not console.is_terminal:
        console.print(head + styled(text), soft_wrap=True)
        return
    room = max(20, console.width - LABEL - 2)
    lines = wrapped(styled(text), room)
    if most is not None and len(lines) > most:
        last = lines[most - 1]
        last.truncate(room - 2)
        lines = [*lines[: most - 1], last + styled(" …")]
    for line in lines:
        console.print(head + line, soft_wrap=True)
        head = styled(" " * (LABEL + 2))


def _labelled_step(console: Console, label: str, step: Step) -> None:
    if isinstance(step, Sentence):
        _labelled(console, label, step.text)
        return
    if isinstance(step, Command):
        lines = _command(step, _room(console, LABEL + 2))
        for number, line in enumerate(lines):
            head = styled(f"  {label if not number else '':<{LABEL}}", "dim")
            console.print(head + styled(line, "bold"), soft_wrap=True)
        return
    _step(console, step)


def _step(
    console: Console, step: Step, *, indent: int = LABEL + 2, limit: int | None = None
) -> None:
    """A command whole on a line of its own, an edit below its file's name, or a sentence."""
    for line, style in _told(step, _room(console, indent), limit):
        if style:
            console.print(styled(" " * indent + line, style), soft_wrap=True)
        else:
            prose(console, styled(" " * indent + line))


def _room(console: Console, indent: int) -> int | None:
    return console.width - indent if console.is_terminal else None


def _told(step: Step, room: int | None, limit: int | None) -> Iterator[tuple[str, str]]:
    match step:
        case Command():
            for line in _command(step, room):
                yield line, "bold"
        case Edit():
            yield f"in {step.file}{_instead(step)}:", "dim"
            for each in step.lines[:limit]:
                yield f"  {each}", "none"
            if limit is not None and len(step.lines) > limit:
                yield f"  … {counted(len(step.lines) - limit, 'more line')}", "dim"
        case Sentence():
            yield step.text, ""


def _instead(step: Edit) -> str:
    if not step.replaces or step.at_line is None:
        return ""
    last = step.at_line + len(step.replaces) - 1
    span = f"line {last}" if last == step.at_line else f"lines {step.at_line} to {last}"
    return f", instead of {span}"


def _command(step: Command, room: int | None) -> list[str]:
    width = None if room is None else room - 2
    first, *more = shell_lines(step.argv, width)
    where = [f"# in {step.where}:"] if step.where else []
    return [*where, f"$ {first}", *(f"  {each}" for each in more)]
