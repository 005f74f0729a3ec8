"""Why dead letters died, for the commands that show them, and what kept that from being known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqsctl.cli.run.context import Run
from sqsctl.errors import SqsctlError
from sqsctl.model.unread import Unread

if TYPE_CHECKING:
    from sqsctl.checks.support.failures.attribution import Match
    from sqsctl.model.message import Message
    from sqsctl.operations.dead_letters.causes import CauseFinder
    from sqsctl.operations.stacks.queue_pairs import Pair


@dataclass(frozen=True)
class Causes:
    """Message id to cause; ``unread``: what could not be looked at, where a cause is unknown."""

    known: Mapping[str, Match] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()

    def of(self, message: Message) -> Match | None:
        return self.known.get(message.message_id)

    def shape(self) -> list[dict[str, Any]]:
        """The ``causes_unread`` of a command's data."""
        return [
            {"what": each.what, "reason": each.reason, "action": each.action}
            for each in self.unread
        ]

    def tell(self, run: Run) -> None:
        """Say on stderr what was not looked at: unknown is not the same as not allowed to look."""
        for each in self.unread:
            named = f" ({each.action})" if each.action and each.action not in each.reason else ""
            run.output.notice(
                f"causes: {each.what} could not be read: {each.reason}{named}", style="yellow"
            )


def cause_finder(run: Run, pair: Pair, *, since: datetime | None = None) -> CauseFinder:
    """Who knows what the messages died of."""
    from sqsctl.operations.dead_letters.causes import CauseFinder
    from sqsctl.operations.stacks import discover

    source = pair.sources[0] if pair.sources else pair.dead_letters
    session = run.session()
    reference = discover.from_queue(session, source.url)
    return CauseFinder(session, reference, pair.dead_letters.arn, since=since)


def causes_of(run: Run, pair: Pair, messages: Sequence[Message]) -> Causes:
    """Why each of them died. A hindrance leaves causes open, and is told."""
    from sqsctl.operations.dead_letters.causes import earliest

    if not messages:
        return Causes()
    try:
        with run.progress("reading why they died"):
            finder = cause_finder(run, pair, since=earliest(messages))
            known = finder.of_all(messages)
            open_ = any(each.message_id not in known for each in messages)
            found = Causes(known, finder.unread if open_ else ())
    except SqsctlError as error:
        found = Causes({}, (Unread("the consumer", error.message, error.action),))
    found.tell(run)
    return found


def cause_shape(match: Match | None) -> dict[str, Any] | None:
    """The ``cause`` of a message."""
    if match is None:
        return None
    return {
        "id": match.cause,
        "confidence": match.confidence.label,
        "evidence": match.evidence or None,
    }
