"""Look into a queue without taking anything out of it, and say what the look cost."""

from __future__ import annotations

from collections.abc import Callable

from sqsctl.model.message import Message
from sqsctl.model.stack import Queue
from sqsctl.model.transfer import Peeked
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.dead_letters.survey import Look, survey
from sqsctl.operations.dead_letters.visibility_hold import Clock, steady
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.interfaces import HandsOutMessages

__all__ = ["Look", "peek"]


def peek(
    queue: HandsOutMessages,
    facts: Queue,
    *,
    look: Look | None = None,
    select: Select | None = None,
    control: Control | None = None,
    progress: Callable[[int, int], None] | None = None,
    clock: Clock = steady,
) -> Peeked:
    """Return up to ``look.limit`` messages that ``select`` wants (all, without one).

    ``facts`` is the queue's description; ``progress`` gets how many were looked at and how
    many matched. Raises RefusedError where a look could dead-letter.
    """
    look = look or Look()
    matched: list[Message] = []
    seen = survey(
        queue,
        facts,
        matched.append,
        look=look,
        select=select,
        control=control,
        progress=progress,
        clock=clock,
    )
    return Peeked(
        queue=facts,
        matched=tuple(matched),
        looked_at=seen.looked_at,
        exhausted=seen.exhausted,
        groups_locked=seen.groups_locked,
        locked_s=seen.locked_s,
        hold_s=look.hold_s,
        unreleased=seen.unreleased,
    )
