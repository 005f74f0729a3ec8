"""Ids as people type them: the first few characters, where no other message begins with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqsctl.cli.run.context import Run
from sqsctl.errors import UsageError
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from sqsctl.operations.dead_letters.selection import Filters
    from sqsctl.operations.stacks.queue_pairs import Pair

WHOLE = 36  # characters of a message id
SHORTEST = 4
_SHOWN = 5


def short(identity: str) -> bool:
    """Whether it is the beginning of an id. Raises UsageError for one that is too short."""
    if len(identity) >= WHOLE:
        return False
    if len(identity) < SHORTEST:
        raise UsageError(
            f"{identity!r} is too short for the beginning of a message id",
            hint=f"at least {SHORTEST} characters; `sqsctl dlq peek` shows the ids",
            code="id_too_short",
        )
    return True


def only_one(prefix: str, found: Iterable[str]) -> str | None:
    """The id that begins so; None where none does. Raises UsageError where several do."""
    ids = sorted({each for each in found if each.startswith(prefix)})
    if len(ids) > 1:
        more = ", …" if len(ids) > _SHOWN else ""
        raise UsageError(
            f"{counted(len(ids), 'message')} have an id that begins with {prefix}: "
            f"{', '.join(ids[:_SHOWN])}{more}",
            hint="give more of the id",
            code="id_ambiguous",
        )
    return ids[0] if ids else None


def whole_ids(
    run: Run, client: Any, pair: Pair, wanted: Filters, *, force: bool = False
) -> Filters:
    """The conditions with each short id made whole: looks through the queue where there is one.

    One that no message begins with stays as it is: it is told as gone, as any other.
    """
    from sqsctl.cli.dlq.looking import look_through

    begins: Sequence[str] = [each for each in wanted.ids if short(each)]
    if not begins:
        return wanted
    peeked, _ = look_through(
        run,
        client,
        pair,
        limit=0,
        force=force,
        select=lambda message: message.message_id.startswith(tuple(begins)),
    )
    found = [each.message_id for each in peeked.matched]
    whole = {each: only_one(each, found) or each for each in begins}
    return replace(wanted, ids=tuple(dict.fromkeys(whole.get(each, each) for each in wanted.ids)))
