"""A diagnosis on one screen: a block for each cause, a line for each advice, the summary last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqsctl.cli.screen.findings import Names, show_block, show_line, show_whole
from sqsctl.cli.screen.output import hanging, prose, safe_line, styled
from sqsctl.model.finding import CheckOutcome, Diagnosis, Finding, Kind, Severity
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.stack import Stack

MAX_BLOCKS = 3
MAX_NAMED = 3
_STYLE = {"healthy": "bold green", "findings": "bold red", "unknown": "bold yellow"}


def show_diagnosis(
    console: Console,
    diagnosis: Diagnosis,
    stack: Stack | None = None,
    *,
    whole: bool = False,
    all_ways: bool = False,
    notes: Sequence[str] = (),
    more: str = "sqsctl doctor",
) -> None:
    """All findings, causes first, each with what it explains, and what it comes to.

    ``stack`` is what was looked at; None for log text alone. ``whole`` shows everything that is
    known of each finding, and which checks could not look; ``all_ways`` every way to mend it.
    ``notes`` come before the
    summary; ``more`` is the command that shows everything of the checks named behind it.
    """
    names = Names(stack.stack_name or "" if stack else "")
    blocks = _blocks(diagnosis)
    if whole:
        for finding, nested in blocks:
            console.print()
            show_whole(console, finding, nested, names)
    else:
        _show_short(console, blocks, names, all_ways=all_ways)
    if whole or not diagnosis.findings or any(map(_is_block, diagnosis.findings)):
        console.print()
    _show_unseen(console, diagnosis)
    if stack is not None:
        _show_skipped(console, diagnosis, whole=whole)
    for note in notes:
        prose(console, styled(f"  {note}", "dim"))
    _show_summary(console, diagnosis, stack, "" if whole else more)


def _show_short(
    console: Console,
    blocks: list[tuple[Finding, list[Finding]]],
    names: Names,
    *,
    all_ways: bool,
) -> None:
    blocks = [each for block in blocks for each in _open(*block)]
    now = [each for each in blocks if _is_block(each[0])]
    if any(each.kind is Kind.CAUSE for each, _ in now):
        # Beside what is broken now a line is enough for what may break.
        now.sort(key=lambda block: block[0].kind is Kind.RISK)
        shown = sum(each.kind is not Kind.RISK for each, _ in now[:MAX_BLOCKS])
    else:
        shown = MAX_BLOCKS
    for finding, nested in now[:shown]:
        console.print()
        show_block(console, finding, nested, names, all_ways=all_ways)
    quiet = [each for each in blocks if not _is_block(each[0])]
    if now[shown:] or quiet:
        console.print()
    for finding, nested in now[shown:]:
        also = f" (explains {counted(len(nested), 'more finding')})" if nested else ""
        show_line(console, finding, names, note=also)
    for finding, nested in quiet:
        for each in (finding, *nested):
            show_line(console, each, names)


def _open(finding: Finding, nested: list[Finding]) -> Iterator[tuple[Finding, list[Finding]]]:
    """A block; what a cause that is over has left behind is one of its own."""
    if _is_block(finding):
        yield finding, nested
        return
    yield finding, [each for each in nested if not _is_block(each)]
    yield from ((each, []) for each in nested if _is_block(each))


def _is_block(finding: Finding) -> bool:
    return finding.severity > Severity.INFO and not finding.past


def _blocks(diagnosis: Diagnosis) -> list[tuple[Finding, list[Finding]]]:
    """Each finding that stands for itself, with those that it explains."""
    found: list[tuple[Finding, list[Finding]]] = []
    for finding in diagnosis.findings:
        if finding.explained_by and found:
            found[-1][1].append(finding)
        else:
            found.append((finding, []))
    return found


def _show_summary(console: Console, diagnosis: Diagnosis, stack: Stack | None, more: str) -> None:
    style = _STYLE[diagnosis.verdict]
    match diagnosis.verdict:
        case "healthy" if stack is None:
            said = "✓ nothing is wrong in this text"
        case "healthy" if not more:
            fine = sum(each.outcome is CheckOutcome.OK for each in diagnosis.checks)
            said = f"✓ {counted(fine, 'check')} found nothing"
        case "healthy":
            said = f"✓ healthy: {_looked_at(stack)} were read" if stack else ""
        case "unknown":
            said = f"? unknown: {_unknown(diagnosis)}"
        case "findings":
            said = _what_is_wrong(diagnosis, more)
    hanging(console, styled(said, style))


def _looked_at(stack: Stack) -> str:
    parts = [
        counted(len(stack.queues.items), "queue"),
        counted(len(stack.functions.items), "function"),
        counted(len(stack.mappings.items), "mapping"),
    ]
    ran = stack.logs.items or not stack.logs.unread  # a template has no figures yet
    return ", ".join(parts) + (", their figures and logs" if ran else "")


def _what_is_wrong(diagnosis: Diagnosis, more: str) -> str:
    """How many causes, or what else there is, and the command that tells more."""
    opened = [each for block in _blocks(diagnosis) for each, _ in _open(*block)]
    tops = [each for each in opened if _is_block(each)]
    causes = [each for each in tops if each.kind is Kind.CAUSE]
    count = counted(len(causes), "cause") if causes else counted(len(tops), "finding")
    if not more:
        return f"✗ {count}"
    ids = dict.fromkeys(each.id for each in (causes or tops))
    words = [more, *list(ids)[:MAX_BLOCKS]] if more.endswith("doctor") else [more]
    return f"✗ {count}. Evidence, other ways, links: {' '.join(words)}"


def _show_unseen(console: Console, diagnosis: Diagnosis) -> None:
    """A line for what was not seen for the same reason, and what to do."""
    alike: dict[tuple[str, str], list[str]] = {}
    for each in diagnosis.unseen:
        alike.setdefault((each.why, each.remedy), []).append(each.what)
    for (why, remedy), names in alike.items():
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        told = f"  not seen: {', '.join(names[:MAX_NAMED])}{more}: {why}; {remedy}"
        prose(console, styled(safe_line(told), "yellow"))


def _unknown(diagnosis: Diagnosis) -> str:
    number = len(diagnosis.unseen)
    if not number:
        return "most checks could not look"
    one, many = "thing that could hide a failure was", "things that could hide a failure were"
    return f"{counted(number, one, many)} not seen"


def _show_skipped(console: Console, diagnosis: Diagnosis, *, whole: bool) -> None:
    skipped = [each for each in diagnosis.checks if each.outcome is CheckOutcome.SKIPPED]
    if not whole:  # what nobody asked for hides nothing
        skipped = [each for each in skipped if not each.on_purpose]
    if not skipped:
        return
    if not whole:
        said = f"  {counted(len(skipped), 'check')} could not look: sqsctl doctor -v says why"
        console.print(styled(said, "dim"), soft_wrap=True)
        return
    reasons: dict[str, list[str]] = {}
    for each in skipped:
        reasons.setdefault(each.reason, []).append(each.id)
    console.print(styled(f"{counted(len(skipped), 'check')} skipped:", "dim"))
    for reason, ids in reasons.items():
        prose(console, styled(f"  {', '.join(ids)}: {safe_line(reason)}", "dim"))
