"""How a diagnosis looks to a person: causes first, each with what it explains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqsctl.cli.screen.output import prose, safe, safe_line, styled
from sqsctl.cli.screen.views import clock
from sqsctl.model.finding import CheckOutcome, Diagnosis, Finding, Severity
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

_MARK = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "·"}
_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "dim"}
MAX_EVIDENCE = 4


def show_finding(
    console: Console, finding: Finding, nested: Sequence[Finding] = (), *, verbose: bool = False
) -> None:
    """A finding: what, how one knows, what it explains, what to type."""
    from rich.text import Text

    style = _STYLE[finding.severity]
    head = Text.assemble((f"{_MARK[finding.severity]} ", style), (safe_line(finding.title), "bold"))
    prose(console, head)
    kind = f"{finding.severity.label} · {finding.kind} · {finding.confidence.label} confidence"
    console.print(styled(f"  {finding.id} · {kind}", "dim"), soft_wrap=True)
    if finding.past and not verbose:
        # Over and done with: the details are for those who ask (-v).
        _show_below(console, nested)
        return
    shown = finding.evidence if verbose else finding.evidence[:MAX_EVIDENCE]
    for each in shown:
        when = f" at {clock(each.at)}" if each.at else ""
        console.print(styled(f"  {each.source}{when}", "cyan"), soft_wrap=True)
        value = safe(each.value).split("\n")
        limit = None if verbose else 6
        said = [f"{each.fact}: {value[0]}" if each.fact else value[0], *value[1:limit]]
        for line in said:
            console.print(styled(f"    {line}"), soft_wrap=True)
        if limit and len(value) > limit:
            console.print(styled(f"    … {counted(len(value) - limit, 'more line')} (-v)", "dim"))
    if len(finding.evidence) > len(shown):
        left = len(finding.evidence) - len(shown)
        told = counted(left, "more piece of evidence", "more pieces of evidence")
        console.print(styled(f"  … {told} (-v)", "dim"))
    _show_below(console, nested)
    prose(console, Text.assemble(("  fix: ", "green"), safe(finding.fix.summary)))
    for line in finding.fix.commands:
        console.print(styled(f"    $ {line}", "bold"), soft_wrap=True)
    if finding.fix.serverless_yml:
        console.print(styled("    in serverless.yml:", "dim"))
        for line in finding.fix.serverless_yml:
            console.print(styled(f"      {line}"), soft_wrap=True)
    if finding.fix.template:
        console.print(styled(f"    in {finding.fix.template_of}:", "dim"))
        for line in finding.fix.template:
            console.print(styled(f"      {line}"), soft_wrap=True)
    if finding.reference:
        console.print(styled(f"  {finding.reference}", "dim"), soft_wrap=True)


def _show_below(console: Console, nested: Sequence[Finding]) -> None:
    for below in nested:
        text = f"└─ explains: {safe_line(below.title)} ({below.id})"
        prose(console, styled(f"  {text}"))


def show_diagnosis(
    console: Console, diagnosis: Diagnosis, *, verbose: bool = False, checks: bool = True
) -> None:
    """All findings, causes first, each with what it explains below it.

    ``checks`` adds how the checks ended.
    """
    findings = diagnosis.findings
    below: dict[int, list[Finding]] = {}
    parent = -1
    for index, finding in enumerate(findings):
        if not finding.explained_by:
            parent = index
            below[index] = []
        elif parent >= 0:
            below[parent].append(finding)
    for index, nested in below.items():
        console.print()
        show_finding(console, findings[index], nested, verbose=verbose)
    console.print()
    style = {"healthy": "bold green", "findings": "bold red", "unknown": "bold yellow"}
    counts = [
        f"{count} {severity.label}{'s' * (count != 1)}"
        for severity in sorted(Severity, reverse=True)
        if severity > Severity.INFO
        and (count := sum(each.severity is severity for each in findings))
    ]
    said = {
        "healthy": "healthy",
        "findings": ", ".join(counts),
        "unknown": "unknown: most checks could not look",
    }[diagnosis.verdict]
    fine = sum(each.outcome is CheckOutcome.OK for each in diagnosis.checks)
    note = f" · {fine} check{'s' * (fine != 1)} found nothing" if checks and fine else ""
    console.print(styled(said, style[diagnosis.verdict]) + styled(note, "dim"), soft_wrap=True)
    if checks:
        _show_skipped(console, diagnosis, verbose=verbose)


def _show_skipped(console: Console, diagnosis: Diagnosis, *, verbose: bool) -> None:
    skipped = [each for each in diagnosis.checks if each.outcome is CheckOutcome.SKIPPED]
    if not skipped:
        return
    reasons: dict[str, list[str]] = {}
    for each in skipped:
        reasons.setdefault(each.reason, []).append(each.id)
    console.print(styled(f"{len(skipped)} check{'s' * (len(skipped) != 1)} skipped:", "dim"))
    for reason, names in list(reasons.items())[: None if verbose else 6]:
        shown = names if verbose else names[:6]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        told = safe_line(reason, None if verbose else 200)
        prose(console, styled(f"  {', '.join(shown)}{more}: {told}", "dim"))
