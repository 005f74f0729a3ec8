"""Which messages are meant: the options that peek, redrive and export share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli import completion
from sqsctl.errors import Exit, SqsctlError, UsageError

if TYPE_CHECKING:
    from sqsctl.model.message import Message
    from sqsctl.operations.causes import CauseFinder
    from sqsctl.operations.selection import Filters

_PANEL = "Which messages"
SHOWN_IDS = 5

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
        autocompletion=completion.checks,
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


class Selection:
    """The conditions as one predicate that remembers which of the named ids it met.

    ``finder`` is asked for only where a cause is among the conditions: it reads logs.
    """

    def __init__(self, chosen: Filters, finder: Callable[[], CauseFinder]) -> None:
        from sqsctl.operations.selection import compiled

        self.ids = frozenset(chosen.ids)
        self._met: set[str] = set()
        self._causes = finder() if chosen.causes else None
        self._wanted = compiled(chosen, known_causes=self._cause_of)

    @property
    def predicate(self) -> Callable[[Message], bool] | None:
        """None where there are no conditions."""
        return None if self._wanted is None else self._fits

    def limit(self, given: int | None) -> int | None:
        """At most so many: once every named message was met there is nothing to look for."""
        if not self.ids:
            return given
        return len(self.ids) if given is None else min(given, len(self.ids))

    @property
    def missing(self) -> tuple[str, ...]:
        """The named ids that no message had."""
        return tuple(sorted(self.ids - self._met))

    def gone(self, queue: str) -> SqsctlError | None:
        """What to say of them, None where there are none: they were moved, deleted, or expired."""
        missing = self.missing
        if not missing:
            return None
        everything = len(missing) == len(self.ids)
        shown = ", ".join(missing[:SHOWN_IDS]) + ", …" * (len(missing) > SHOWN_IDS)
        count = (
            f"{len(missing)} of {len(self.ids)} messages" if len(self.ids) > 1 else "the message"
        )
        return SqsctlError(
            f"{count} could not be found in {queue} (moved, deleted or expired since): {shown}",
            hint="sqsctl dlq peek shows what is there now",
            exit=Exit.NOT_FOUND if everything else Exit.PARTIAL,
            code="message_not_found",
        )

    def _fits(self, message: Message) -> bool:
        if message.message_id in self.ids:
            self._met.add(message.message_id)
        return self._wanted is None or self._wanted(message)

    def _cause_of(self, message: Message) -> str:
        found = self._causes.of(message) if self._causes else None
        return found.cause if found else ""


def check_rate(rate: float | None) -> None:
    """Raises UsageError for a rate that is none: 0, negative, nan or inf."""
    import math

    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"--rate must be above 0, not {rate:g}")
