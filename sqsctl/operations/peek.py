"""Look into a queue without taking anything out of it, and say what the look cost.

What was seen stays hidden while the look goes on (else the same heads come again) and
is handed back at its end, whatever happens. Every look raises the receive count; where
that could dead-letter a message the look is refused. A queue counts as empty only
after three long polls in a row that brought nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqsctl.errors import RefusedError
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.model.transfer import Peeked
from sqsctl.operations.control import Control
from sqsctl.operations.hold import BATCH, Clock, Hold, steady
from sqsctl.operations.patience import received
from sqsctl.operations.ports import HandsOutMessages
from sqsctl.operations.selection import Select

EMPTY_POLLS = 3
IN_FLIGHT_LIMIT = 100_000  # about: SQS says 120,000


@dataclass(frozen=True, slots=True)
class Look:
    """How to look. ``wait_s`` 1-20 is the length of a poll, ``hold_s`` of a hold.

    ``scan`` bounds how many messages are received at most to find ``limit`` that match.
    """

    limit: int = 10
    scan: int | None = None
    wait_s: int = 1
    hold_s: int = 30
    force: bool = False


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
    refuse_to_look(facts, look)
    control = control or Control()
    hold = Hold(queue, look.hold_s, clock=clock)
    matched: list[Message] = []
    seen: set[str] = set()
    groups: dict[str, None] = {}
    exhausted = False
    started = clock()
    empty = 0
    try:
        while len(matched) < look.limit and not control.stopping:
            if look.scan is not None and len(seen) >= look.scan:
                break
            wanted = min(BATCH, _wanted(look, select, len(matched), len(seen)))
            batch = received(partial(hold.receive, wanted, wait_s=look.wait_s), control)
            hold.tend()
            empty = 0 if batch else empty + 1
            if empty >= EMPTY_POLLS:
                exhausted = True
                break
            for each in batch:
                if each.message_id in seen:
                    continue
                seen.add(each.message_id)
                if each.group_id is not None and facts.fifo:
                    groups[each.group_id] = None
                if (select is None or select(each)) and len(matched) < look.limit:
                    matched.append(each)
            if progress:
                progress(len(seen), len(matched))
    finally:
        unreleased = hold.release()
    return Peeked(
        queue=facts,
        matched=tuple(matched),
        looked_at=len(seen),
        exhausted=exhausted and not hides_more(facts, len(seen)),
        groups_locked=tuple(groups),
        locked_s=clock() - started,
        hold_s=look.hold_s,
        unreleased=unreleased,
    )


def hides_more(facts: Queue, seen: int) -> bool:
    """Whether a queue that shows nothing more holds more nevertheless.

    In a FIFO queue, what stands in its group behind a message in hand cannot be received;
    in any, nothing can once SQS's limit of messages in flight is reached.
    """
    return (facts.fifo or seen >= IN_FLIGHT_LIMIT) and seen < facts.approximate_total


def _wanted(look: Look, select: Select | None, matched: int, seen: int) -> int:
    """Without a selection nothing is received beyond what will be shown."""
    wanted = BATCH if select else look.limit - matched
    return wanted if look.scan is None else max(1, min(wanted, look.scan - seen))


def refuse_to_look(facts: Queue, look: Look) -> None:
    """Raises RefusedError where a look could dead-letter and is not forced."""
    if facts.max_receive_count is None or look.force:
        return
    raise RefusedError(
        f"looking into {facts.name} counts as a receive, and after {facts.max_receive_count} "
        "receives SQS dead-letters a message",
        hint="look into its dead-letter queue instead (sqsctl dlq peek), or add --force",
        code="would_dead_letter",
    )
