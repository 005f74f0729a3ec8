"""sqsctl metrics: CloudWatch's figures as sparklines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import FunctionOption, command, examples
from sqsctl.cli.run.times import beginning, ending
from sqsctl.cli.screen.output import Answer, iso, lines, safe_line, styled
from sqsctl.cli.screen.sparkline import BLOCKS
from sqsctl.cli.screen.views import duration, milliseconds
from sqsctl.errors import Exit

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.deployed import ApiPart
    from sqsctl.model.stack import Series

WIDTH = 60
NAME = 30
_IN_MS = frozenset({"Duration", "Latency", "IntegrationLatency"})
_SHORT = {"Maximum": "max", "Average": "avg", "Minimum": "min", "Sum": "sum"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "metrics",
        epilog=examples(
            "sqsctl metrics",
            "sqsctl metrics --since 6h -o json",
            "sqsctl metrics --function worker",
        ),
    )(metrics)


def metrics(
    run: Run,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="From when: 10m, 2h, 1d ago, or a time.",
            metavar="TIME",
            show_default="1h",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Until when.", metavar="TIME", show_default="now")
    ] = None,
    function: FunctionOption = None,
) -> Answer:
    """Draw CloudWatch's figures of queues, functions and APIs."""
    from sqsctl.cli.screen.unread import gaps_errors, gaps_shape, harmless, hidden_parts, tell_gaps
    from sqsctl.operations.live.metrics import metrics as read

    now = datetime.now(UTC)
    begin = beginning(since or "1h", now)
    end = ending(until or "0s", begin, now)
    reference = run.stack(functions=function)
    hidden = hidden_parts(reference)
    tell_gaps(run, harmless(reference))
    with run.progress("reading CloudWatch"):
        found = read(run.session(), reference, since=begin, until=end)
    data = {
        "since": iso(begin),
        "until": iso(end),
        "series": [_shape(each) for each in found],
        "unread": gaps_shape(hidden),
    }

    def human(console: Console) -> None:
        day = "" if begin.date() == end.date() else f"{end:%Y-%m-%d} "
        span = f"{begin:%Y-%m-%d %H:%M} to {day}{end:%H:%M} UTC"
        lines(console, [f"{span}, from 0 to each one's max"])
        drawn = [each for each in found if each.points]
        names = {each.id: _api_name(each) for each in reference.apis}
        width = room(console.width, drawn)
        for resource, those in groupby(drawn, key=lambda each: each.resource):
            name = names.get(resource, resource)
            console.print(styled(safe_line(name), "bold"), soft_wrap=True)
            for each in those:
                show_series(console, each, begin, end, width)
            said = f"  {'':<{NAME}} {axis(begin, end, width)}"
            console.print(styled(said, "dim"), soft_wrap=True)
        empty = sorted(
            {each.resource for each in found} - {each.resource for each in found if each.points}
        )
        if empty:
            said = f"no data: {', '.join(safe_line(each) for each in empty)}"
            console.print(styled(said, "dim"), soft_wrap=True)

    return Answer(data, human, Exit.PARTIAL if hidden else Exit.OK, gaps_errors(hidden))


def show_series(
    console: Console, series: Series, begin: datetime, end: datetime, width: int = WIDTH
) -> None:
    """A metric: its name, a sparkline over the whole time, the last and the highest value."""
    name = series.metric.removeprefix("ApproximateNumberOf").removeprefix("Approximate")
    name = f"{name} {_SHORT.get(series.statistic, series.statistic)}"
    console.print(
        styled(f"  {name:<{NAME}} ")
        + styled(sparkline(series, begin, end, width), "cyan")
        + styled(_values(series)),
        soft_wrap=True,
    )


def axis(begin: datetime, end: datetime, width: int = WIDTH) -> str:
    """The time below the columns: where it begins, its middle if there is room, its end."""
    long = (end - begin).total_seconds() >= 86_400
    form = "%d %H:%M" if long else "%H:%M"
    first, middle, last = (f"{at:{form}}" for at in (begin, begin + (end - begin) / 2, end))
    inside = f"{middle:─^{width - len(first) - len(last)}}"
    if len(first) + len(last) + len(middle) + 4 > width:
        inside = "─" * (width - len(first) - len(last))
    return f"{first}{inside}{last}"


def _values(series: Series) -> str:
    values = [value for _, value in series.points]
    return f"  last {_figure(series, values[-1])}, max {_figure(series, max(values))}"


def _api_name(api: ApiPart) -> str:
    """What a person calls it: its id says nothing."""
    kind = "function URL" if api.kind == "url" else f"{api.kind.upper()} API"
    return f"{kind} {api.id if api.kind == 'url' else api.logical_id or ''}".strip()


def _figure(series: Series, value: float) -> str:
    """A value as people write it."""
    if series.metric in _IN_MS:
        return milliseconds(value)
    if series.metric == "ApproximateAgeOfOldestMessage":
        return duration(round(value))
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def room(columns: int, drawn: Sequence[Series]) -> int:
    """How wide sparklines may be, so that each line with its values fits; 16 at least."""
    beside = max((len(_values(each)) for each in drawn), default=0)
    return max(16, min(WIDTH, columns - NAME - 3 - beside))


def sparkline(series: Series, begin: datetime, end: datetime, width: int = WIDTH) -> str:
    """The points in ``width`` columns; a column without a point is a blank, not a zero."""
    span = (end - begin).total_seconds()
    columns: list[list[float]] = [[] for _ in range(width)]
    for at, value in series.points:
        place = int((at - begin).total_seconds() / span * width) if span else 0
        if 0 <= place < width:
            columns[place].append(value)
        elif place == width:
            columns[-1].append(value)
    most = max((value for _, value in series.points), default=0.0)
    drawn = []
    for column in columns:
        if not column:
            drawn.append(" ")
            continue
        share = max(column) / most if most > 0 else 0.0
        drawn.append(BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))])
    return "".join(drawn)


def _shape(series: Series) -> dict[str, Any]:
    return {
        "namespace": series.namespace,
        "metric": series.metric,
        "resource": series.resource,
        "statistic": series.statistic,
        "period_s": series.period_s,
        "points": [{"at": iso(at), "value": value} for at, value in series.points],
    }
