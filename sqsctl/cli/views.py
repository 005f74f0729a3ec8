"""How model objects look to a person. Everything foreign passes the sanitiser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqsctl.cli.output import safe, safe_line, styled
from sqsctl.model.finding import CheckOutcome, Diagnosis, Finding, Severity
from sqsctl.model.stack import Queue, Stack

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MARK = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "·"}
_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "dim"}
MAX_EVIDENCE = 4


def table(*columns: str, title: str | None = None) -> Table:
    """A table without a frame: readable on a terminal, in a pipe and in a ticket."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        show_header=bool(columns),
        header_style="bold",
        title=Text(title) if title else None,
        title_justify="left",
    )
    for column in columns:
        right = column.endswith("→")
        grid.add_column(
            column.rstrip("→"),
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=False,
        )
    return grid


def row(grid: Table, *cells: object, style: str = "") -> None:
    """Add a row of foreign values."""
    grid.add_row(*(styled(safe_line("" if each is None else each)) for each in cells), style=style)


def show_table(console: Console, grid: Table) -> None:
    """Print a table; in a pipe without the spaces that pad its lines."""
    if console.is_terminal:
        console.print(grid)
        return
    with console.capture() as captured:
        console.print(grid)
    for line in captured.get().splitlines():
        console.print(line.rstrip(), soft_wrap=True, markup=False)


def duration(seconds: float | None) -> str:
    """``36 s``, ``4 d``, ``1 h 30 min``: the way a person says it."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s" if seconds == whole else f"{seconds:.1f} s"
    parts = [(whole // 86_400, "d"), (whole % 86_400 // 3600, "h"), (whole % 3600 // 60, "min")]
    said = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(said[:2]) or f"{whole} s"


def clock(moment: datetime | None) -> str:
    """A time of day in UTC, with the date where it is not today."""
    if moment is None:
        return "–"
    utc = moment.astimezone(UTC)
    if utc.date() == datetime.now(UTC).date():
        return utc.strftime("%H:%M:%S")
    return utc.strftime("%Y-%m-%d %H:%M:%S")


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """``3 min ago``."""
    if moment is None:
        return "–"
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    return f"{duration(round(max(0.0, seconds)))} ago"


def show_queue(console: Console, queue: Queue, dead_letter_queue: Queue | None) -> None:
    """One queue, its figures, and where its dead letters go."""
    console.print(styled(queue.name, "bold"), soft_wrap=True)
    grid = table()
    grid.add_column()
    grid.add_column(overflow="fold")
    row(grid, "url", queue.url)
    row(
        grid,
        "messages",
        f"{queue.visible} visible · {queue.in_flight} in flight"
        f" · {queue.delayed} delayed (approximate)",
    )
    row(grid, "visibility timeout", duration(queue.visibility_timeout_s))
    row(grid, "retention", duration(queue.retention_s))
    if queue.fifo:
        row(grid, "type", "FIFO")
    if queue.kms_key_id or queue.sse_sqs:
        row(grid, "encryption", queue.kms_key_id or "SSE-SQS")
    if queue.dead_letter_target_arn:
        name = queue.dead_letter_target_arn.rpartition(":")[2]
        count = dead_letter_queue.visible if dead_letter_queue else None
        row(grid, "after", f"{queue.max_receive_count} receives to {name}")
        row(
            grid,
            "dead letters",
            "not readable" if count is None else count,
            style="yellow" if count else "",
        )
    else:
        row(grid, "dead letters", "no dead-letter queue", style="yellow")
    show_table(console, grid)


def show_picture(console: Console, stack: Stack) -> None:
    """The stack as a line of hops, a line for each way in and each queue.

    Names are shown without the stack's own, which they begin with where a framework made
    them.
    """

    def short(name: str | None) -> str:
        return (name or "?").removeprefix(f"{stack.name}-")

    def say(text: str, style: str = "") -> None:
        console.print(styled(text, style), soft_wrap=True)

    dead_letter_arns = stack.dead_letter_queues()
    for api in stack.apis:
        for route in api.routes:
            say(f"  {route.method} {route.path} ─> λ {short(route.function_name)}")
    for queue in stack.queues:
        if queue.arn in dead_letter_arns:
            continue
        mappings = [each for each in stack.mappings if each.queue_arn == queue.arn]
        state = f"▤ {short(queue.name)} ({queue.visible} waiting, {queue.in_flight} in flight)"
        if not mappings:
            say(f"  {state} ─> nothing consumes it", "yellow")
        for mapping in mappings:
            working = mapping.state in {"Enabled", "Updating", "Enabling", "Creating"}
            arrow = "─>" if working else f"─╳ {mapping.state} ╳─>"
            say(f"  {state} {arrow} λ {short(mapping.function_name)}", "" if working else "yellow")
        if not queue.dead_letter_target_arn:
            say("    └─ no dead-letter queue", "yellow")
            continue
        dead = stack.queue(queue.dead_letter_target_arn)
        name = short(queue.dead_letter_target_arn.rpartition(":")[2])
        count = f"({dead.visible} dead)" if dead else "(not readable)"
        style = "yellow" if dead is None or dead.visible else ""
        say(f"    └─ after {queue.max_receive_count} receives ─> ☠ {name} {count}", style)


def show_finding(
    console: Console, finding: Finding, nested: Sequence[Finding] = (), *, verbose: bool = False
) -> None:
    """A finding: what, how one knows, what it explains, what to type."""
    from rich.text import Text

    style = _STYLE[finding.severity]
    head = Text.assemble((f"{_MARK[finding.severity]} ", style), (safe_line(finding.title), "bold"))
    console.print(head, soft_wrap=True)
    kind = f"{finding.severity.label} · {finding.kind} · {finding.confidence.label} confidence"
    console.print(styled(f"  {finding.id} · {kind}", "dim"), soft_wrap=True)
    if finding.past and not verbose:
        return  # over and done with: the details are for those who ask (-v)
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
            console.print(styled(f"    … {len(value) - limit} more lines (-v)", "dim"))
    if len(finding.evidence) > len(shown):
        left = len(finding.evidence) - len(shown)
        console.print(styled(f"  … {left} more pieces of evidence (-v)", "dim"))
    for below in nested:
        text = f"  └─ explains: {safe_line(below.title)} ({below.id})"
        console.print(styled(text), soft_wrap=True)
    console.print(Text.assemble(("  fix: ", "green"), safe(finding.fix.summary)), soft_wrap=True)
    for line in finding.fix.commands:
        console.print(styled(f"    $ {line}", "bold"), soft_wrap=True)
    if finding.fix.serverless_yml:
        console.print(styled("    in serverless.yml:", "dim"))
        for line in finding.fix.serverless_yml:
            console.print(styled(f"      {line}"), soft_wrap=True)
    if finding.reference:
        console.print(styled(f"  {finding.reference}", "dim"), soft_wrap=True)


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
        "unknown": "unknown: nothing could be looked at",
    }[diagnosis.verdict]
    fine = sum(each.outcome is CheckOutcome.OK for each in diagnosis.checks)
    note = f" · {fine} checks found nothing" if checks else ""
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
    console.print(styled(f"{len(skipped)} checks skipped:", "dim"))
    for reason, names in list(reasons.items())[: None if verbose else 6]:
        shown = names if verbose else names[:6]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        console.print(
            styled(
                f"  {', '.join(shown)}{more}: {safe_line(reason, None if verbose else 200)}", "dim"
            ),
            soft_wrap=True,
        )
