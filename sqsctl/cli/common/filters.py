"""Which messages are meant: the options that peek, redrive, export and purge share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.run import completion
from sqsctl.cli.run.options import OptionSet
from sqsctl.errors import Exit, SqsctlError, UsageError

if TYPE_CHECKING:
    from sqsctl.model.message import Message
    from sqsctl.operations.dead_letters.causes import CauseFinder
    from sqsctl.operations.dead_letters.selection import Filters

_PANEL = "Which messages"
SHOWN_IDS = 5
SHOWN_OF_ID = 100

_Id = Annotated[
    list[str] | None,
    typer.Option(
        "--id",
        help="The message with this id, or the only one that begins so. Repeatable.",
        metavar="ID",
        rich_help_panel=_PANEL,
    ),
]
_Match = Annotated[
    str | None,
    typer.Option(
        "--match",
        help='JSON bodies for which this JMESPath holds: "input > `5`".',
        metavar="JMESPATH",
        rich_help_panel=_PANEL,
    ),
]
_Grep = Annotated[
    str | None,
    typer.Option(
        "--grep", help="Bodies in which this is found.", metavar="REGEX", rich_help_panel=_PANEL
    ),
]
_Cause = Annotated[
    list[str] | None,
    typer.Option(
        "--cause",
        autocompletion=completion.checks,
        help="Messages that died of this: a check id. Repeatable.",
        metavar="CHECK",
        rich_help_panel=_PANEL,
    ),
]
_Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="Sent after: 10m, 2h, 1d ago, or a time.",
        metavar="TIME",
        rich_help_panel=_PANEL,
    ),
]
_Until = Annotated[
    str | None,
    typer.Option("--until", help="Sent before.", metavar="TIME", rich_help_panel=_PANEL),
]

_Older = Annotated[
    str | None,
    typer.Option(
        "--older-than",
        help="Sent longer ago than this: 30s, 10m, 2h, 1d.",
        metavar="AGE",
        rich_help_panel=_PANEL,
    ),
]
_Newer = Annotated[
    str | None,
    typer.Option(
        "--newer-than",
        help="Sent less long ago than this.",
        metavar="AGE",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Which messages are meant: as conditions, and as it was typed, ids apart."""

    filters: Filters
    typed: Mapping[str, str]


def conditions(
    *,
    id_: list[str] | None = None,
    match: str | None = None,
    grep: str | None = None,
    cause: list[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    older: str | None = None,
    newer: str | None = None,
) -> Conditions:
    """The options as conditions. Raises UsageError for one that cannot be what was meant."""
    from sqsctl.cli.run.times import beginning, duration_s, ending
    from sqsctl.operations.dead_letters.selection import Filters
    from sqsctl.operations.diagnosis.doctor import chosen_checks

    if cause:
        chosen_checks(cause, ())
    for one, other, given in (
        ("--newer-than", "--since", (newer, since)),
        ("--older-than", "--until", (older, until)),
    ):
        if all(given):
            raise UsageError(f"{one} and {other} say the same in two ways: leave one away")
    for each in filter(None, (older, newer)):
        duration_s(each)
    now = datetime.now(UTC)
    first, last = newer or since, older or until
    if newer and older and duration_s(older) >= duration_s(newer):
        raise UsageError("no age is left: --older-than is not less than --newer-than")
    begin = beginning(first, now) if first else None
    found = Filters(
        ids=tuple(id_ or ()),
        match=match,
        grep=grep,
        since=begin,
        until=ending(last, begin, now) if last else None,
        causes=tuple(cause or ()),
    )
    typed = {
        "match": match,
        "grep": grep,
        "cause": ",".join(sorted(cause or ())),
        "since": since,
        "until": until,
        "older": older,
        "newer": newer,
    }
    return Conditions(found, {name: value for name, value in typed.items() if value})


# What a command declares that is about some of the messages: ``which: Which``.
if TYPE_CHECKING:
    Which = Conditions
else:
    Which = Annotated[
        object,
        OptionSet(
            {
                "id_": _Id,
                "match": _Match,
                "grep": _Grep,
                "cause": _Cause,
                "since": _Since,
                "until": _Until,
                "older": _Older,
                "newer": _Newer,
            },
            conditions,
        ),
    ]


class Selection:
    """The conditions as one predicate that remembers which of the named ids it met.

    ``finder`` is asked for only where a cause is among the conditions: it reads logs.
    """

    def __init__(self, chosen: Filters, finder: Callable[[], CauseFinder]) -> None:
        from sqsctl.operations.dead_letters.selection import compiled

        self.ids = frozenset(chosen.ids)
        self._met: set[str] = set()
        self._causes = finder() if chosen.causes else None
        self._open = False
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

    def trouble(self, queue: str, *, exhausted: bool) -> SqsctlError | None:
        """Why not everything that was meant may have been selected; None where nothing is known.

        Ids count as gone only where the queue was looked through, ``exhausted``.
        """
        return self._hidden() or (self._gone(queue) if exhausted else None)

    def _hidden(self) -> SqsctlError | None:
        """Causes that nobody was allowed to look for: those messages were passed over."""
        if self._causes is None or not self._open:
            return None
        denied = next((each for each in self._causes.unread if each.action), None)
        if denied is None:
            return None
        return SqsctlError(
            f"messages whose cause is unknown were left out: {denied.what} could not be read: "
            f"{denied.reason} ({denied.action})",
            hint=f"the identity needs {denied.action}",
            exit=Exit.DENIED,
            code="causes_unread",
            action=denied.action,
        )

    def _gone(self, queue: str) -> SqsctlError | None:
        missing = self.missing
        if not missing:
            return None
        everything = len(missing) == len(self.ids)
        shown = ", ".join(each[:SHOWN_OF_ID] for each in missing[:SHOWN_IDS]) + ", …" * (
            len(missing) > SHOWN_IDS
        )
        count = (
            f"{len(missing)} of {len(self.ids)} messages" if len(self.ids) > 1 else "the message"
        )
        return SqsctlError(
            f"{count} could not be found in {queue} (moved, deleted or expired since): {shown}",
            hint="`sqsctl dlq peek` shows what is there now",
            exit=Exit.NOT_FOUND if everything else Exit.PARTIAL,
            code="message_not_found",
        )

    def _fits(self, message: Message) -> bool:
        if message.message_id in self.ids:
            self._met.add(message.message_id)
        return self._wanted is None or self._wanted(message)

    def _cause_of(self, message: Message) -> str:
        found = self._causes.of(message) if self._causes else None
        self._open = self._open or found is None
        return found.cause if found else ""


def check_rate(rate: float | None) -> None:
    """Raises UsageError for a rate that is none: 0, negative, nan or inf."""
    import math

    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"--rate must be above 0, not {rate:g}")
