"""Which messages are meant: the options that peek, redrive and export share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqsctl.model.message import Message
    from sqsctl.operations.causes import CauseFinder
    from sqsctl.operations.selection import Filters

_PANEL = "Which messages"

IdOption = Annotated[
    list[str] | None,
    typer.Option(
        "--id", help="The message with this id. Repeatable.", metavar="ID", rich_help_panel=_PANEL
    ),
]
MatchOption = Annotated[
    str | None,
    typer.Option(
        "--match",
        help='JSON bodies for which this JMESPath holds: "input > `5`".',
        metavar="JMESPATH",
        rich_help_panel=_PANEL,
    ),
]
GrepOption = Annotated[
    str | None,
    typer.Option(
        "--grep", help="Bodies in which this is found.", metavar="REGEX", rich_help_panel=_PANEL
    ),
]
CauseOption = Annotated[
    list[str] | None,
    typer.Option(
        "--cause",
        help="Messages that died of this: a check id. Repeatable.",
        metavar="CHECK",
        rich_help_panel=_PANEL,
    ),
]
SentSinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="Sent after: 10m, 2h, 1d ago, or a moment.",
        metavar="TIME",
        rich_help_panel=_PANEL,
    ),
]
SentUntilOption = Annotated[
    str | None,
    typer.Option("--until", help="Sent before.", metavar="TIME", rich_help_panel=_PANEL),
]


def filters(
    ids: list[str] | None,
    match: str | None,
    grep: str | None,
    cause: list[str] | None,
    since: str | None,
    until: str | None,
) -> Filters:
    """The options as conditions. Raises UsageError for a moment that is none."""
    from sqsctl.cli.logs import moment
    from sqsctl.operations.selection import Filters

    now = datetime.now(UTC)
    return Filters(
        ids=tuple(ids or ()),
        match=match,
        grep=grep,
        since=moment(since, now) if since else None,
        until=moment(until, now) if until else None,
        causes=tuple(cause or ()),
    )


def select(chosen: Filters, finder: Callable[[], CauseFinder]) -> Callable[[Message], bool] | None:
    """One predicate for all conditions, None where there are none.

    ``finder`` is asked for only where a cause is among the conditions: it reads logs.
    """
    from sqsctl.operations.selection import compiled

    causes = finder() if chosen.causes else None

    def cause_of(message: Message) -> str:
        found = causes.of(message) if causes else None
        return found.cause if found else ""

    return compiled(chosen, known_causes=cause_of)


def check_rate(rate: float | None) -> None:
    """Raises UsageError for a rate that is none: 0, negative, nan or inf."""
    import math

    from sqsctl.errors import UsageError

    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"--rate must be above 0, not {rate:g}")
