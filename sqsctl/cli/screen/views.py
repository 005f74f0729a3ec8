"""How model objects look to a person. Everything foreign passes the sanitiser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqsctl.cli.screen.output import safe_line, styled
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sqsctl.model.stack import Queue


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
    """Print a table: in a pipe without the spaces that pad its lines, ids and URLs never cut."""
    if console.is_terminal:
        from sqsctl.cli.screen.narrow_tables import fits, show_narrow

        if fits(console, grid):
            console.print(grid)
        else:
            show_narrow(console, grid)
        return
    with console.capture() as captured:
        console.print(grid)
    for line in captured.get().splitlines():
        console.print(line.rstrip(), soft_wrap=True, markup=False)


def duration(seconds: float | None) -> str:
    """``36 s``, ``4 d``, ``1 h 30 min``: the way a person says it, two units at most."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s" if seconds == whole else f"{seconds:.1f} s"
    parts = [(whole // 86_400, "d"), (whole % 86_400 // 3600, "h"), (whole % 3600 // 60, "min")]
    first = next((each for each, (count, _) in enumerate(parts) if count), len(parts))
    # With the unit below it: minutes say nothing about days.
    said = [f"{count} {unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(said) or f"{whole} s"


def milliseconds(value: float) -> str:
    """``4.2 ms``, ``245 ms``, ``16.6 s``, ``2 min 5 s``: three digits are enough for a person."""
    if value < 10:
        return f"{value:.1f} ms"
    if value < 999.5:
        return f"{value:.0f} ms"
    return f"{value / 1000:.1f} s" if value < 120_000 else duration(round(value / 1000))


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
        after = counted(queue.max_receive_count or 0, "receive")
        row(grid, "dead-letter queue", f"{name}, after {after}")
        row(
            grid,
            "dead letters",
            "not readable" if count is None else count,
            style="yellow" if count else "",
        )
    else:
        row(grid, "dead letters", "no dead-letter queue", style="yellow")
    show_table(console, grid)
