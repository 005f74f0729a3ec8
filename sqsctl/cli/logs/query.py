"""sqsctl logs query: failures of all functions over a long time, counted by cause."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.common.log_groups import log_groups
from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.run.times import SinceADayAgoOption, UntilOption, beginning, ending
from sqsctl.cli.screen.output import Answer, iso, lines, styled
from sqsctl.cli.screen.views import clock, row, show_table, table
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "query",
        epilog=examples("sqsctl logs query", "sqsctl logs query --since 7d -o json"),
    )(query)


def query(
    run: Run,
    function: Annotated[
        list[str] | None,
        typer.Option(
            "--function",
            "-f",
            autocompletion=completion.functions,
            help="Only this one; its short name will do. Repeatable.",
            metavar="NAME",
            show_default="all of the stack",
        ),
    ] = None,
    since: SinceADayAgoOption = None,
    until: UntilOption = None,
) -> Answer:
    """Count the functions' failures by cause, by a Logs Insights query.

    For long times and many functions, where reading log by log takes too long. AWS bills a query
    by what it scans, which is told.
    """
    from sqsctl.operations.logs.failures_by_query import failures_by_cause

    now = datetime.now(UTC)
    begin = beginning(since or "1d", now)
    end = ending(until, begin, now) if until else now
    groups = log_groups(run, function)
    with run.progress("asking Logs Insights"):
        found = failures_by_cause(run.session(), groups, since=begin, until=end)
    data = {
        "since": iso(begin),
        "until": iso(end),
        "counted_since": iso(found.counted_since),
        "log_groups": sorted(set(groups.values())),
        "failures": [
            {
                "function": each.function,
                "cause": each.cause or None,
                "error": each.error or None,
                "count": each.count,
                "first_at": iso(each.first_at),
                "last_at": iso(each.last_at),
            }
            for each in found.failures
        ],
        "lines": found.lines,
        "truncated": found.truncated,
        "scanned_bytes": found.scanned_bytes,
    }

    def human(console: Console) -> None:
        if not found.failures:
            lines(console, [f"no failure since {clock(begin)}"])
        else:
            grid = table("count→", "function", "cause", "first", "last")
            for each in found.failures:
                cause = each.cause or f"unknown: {each.error}"
                moments = clock(each.first_at), clock(each.last_at)
                row(grid, each.count, each.function, cause, *moments)
            show_table(console, grid)
        said = f"{counted(found.lines, 'line')} of failures since {clock(found.counted_since)}"
        if found.truncated:
            said += "; there were more before: a shorter --until looks at them"
        console.print(styled(said, "dim"), soft_wrap=True)

    return Answer(data, human)
