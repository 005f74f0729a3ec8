"""Going through a queue without taking anything out of it.

What was seen stays hidden while the survey goes on (else the same heads come again) and is
handed back at its end, whatever happens. Every look raises the receive count; where that
could dead-letter a message the survey is refused. A queue counts as empty only after three
long polls in a row that brought nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqsctl.errors import RefusedError
from sqsctl.model.message import Message
from sqsctl.model.stack import Queue
from sqsctl.operations.dead_letters.handle_file import HandleFile
from sqsctl.operations.dead_letters.queue_end import QueueEnd
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.dead_letters.visibility_hold import BATCH, Clock, steady
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.id_set import IdSet
from sqsctl.operations.shared.interfaces import HandsOutMessages
from sqsctl.operations.shared.retrying import received

EMPTY_POLLS = 3
IN_FLIGHT_LIMIT = 100_000  # about: SQS says 120,000


@dataclass(frozen=True, slots=True)
class Look:
    """How to look. ``wait_s`` 1-20 is the length of a poll, ``hold_s`` of a hold.

    ``limit``: so many messages at most that are wanted, 0 for all there are. ``scan`` bounds
    how many are received to find them. ``force``: even where a look could dead-letter.
    """

    limit: int = 10
    scan: int | None = None
    wait_s: int = 1
    hold_s: int = 30
    force: bool = False


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a survey cost and whether it saw everything.

    ``looked_at`` messages have a receive count raised by one; ``groups_locked`` could not be
    received by others meanwhile (FIFO), for ``locked_s``. ``unreleased``: so many could not
    be handed back at once.
    """

    looked_at: int
    wanted: int
    exhausted: bool
    groups_locked: tuple[str, ...]
    locked_s: float
    unreleased: int


def survey(
    queue: HandsOutMessages,
    facts: Queue,
    visit: Callable[[Message], None],
    *,
    look: Look,
    select: Select | None = None,
    control: Control | None = None,
    progress: Callable[[int, int], None] | None = None,
    clock: Clock = steady,
) -> Surveyed:
    """Call ``visit`` with each message that ``select`` wants (all, without one), once each.

    ``progress`` gets how many were looked at and how many were wanted. Raises RefusedError
    where a look could dead-letter.
    """
    refuse_to_look(facts, look)
    began = clock()
    with HandleFile(queue, look.hold_s, clock=clock) as handles:
        run = _Survey(handles, facts, look, select, visit)
        try:
            run.run(control or Control(), progress)
        finally:
            unreleased = handles.release()
    return Surveyed(
        looked_at=len(run.seen),
        wanted=run.wanted,
        exhausted=run.exhausted and not _hides_more(facts, len(run.seen)),
        groups_locked=tuple(run.groups),
        locked_s=clock() - began,
        unreleased=unreleased,
    )


def refuse_to_look(facts: Queue, look: Look) -> None:
    """Raises RefusedError where a look could dead-letter and is not forced."""
    if facts.max_receive_count is None or look.force:
        return
    raise RefusedError(
        f"looking into {facts.name} counts as a receive, and after {facts.max_receive_count} "
        "receives SQS dead-letters a message",
        hint="look into its dead-letter queue instead (`sqsctl dlq peek`), or `again --force`",
        code="would_dead_letter",
    )


class _Survey:
    def __init__(
        self,
        handles: HandleFile,
        facts: Queue,
        look: Look,
        select: Select | None,
        visit: Callable[[Message], None],
    ) -> None:
        self._spool = handles
        self._facts = facts
        self._look = look
        self._select = select
        self._visit = visit
        self.seen = IdSet()
        self.wanted = 0
        self._end = QueueEnd(EMPTY_POLLS)
        self.groups: dict[str, None] = {}

    @property
    def exhausted(self) -> bool:
        return self._end.exhausted

    def run(self, control: Control, progress: Callable[[int, int], None] | None) -> None:
        while not control.stopping and (most := self._most()) > 0:
            batch = received(partial(self._spool.receive, most, wait_s=self._look.wait_s), control)
            self._spool.tend()
            new = [each for each in batch if self.seen.add(each.message_id)]
            for each in new:
                self._meet(each)
            if self._end.reached(len(batch), len(new), len(self.seen)):
                return
            if progress:
                progress(len(self.seen), self.wanted)

    def _most(self) -> int:
        """How many to receive next; without a selection none beyond what is wanted."""
        look = self._look
        most = BATCH
        if look.limit:
            left = look.limit - self.wanted
            most = left if self._select is None else min(most, left * BATCH)
        if look.scan is not None:
            most = min(most, look.scan - len(self.seen))
        return min(BATCH, most)

    def _meet(self, message: Message) -> None:
        if self._facts.fifo and message.group_id is not None:
            self.groups[message.group_id] = None
        if self._look.limit and self.wanted == self._look.limit:
            return
        if self._select is None or self._select(message):
            self.wanted += 1
            self._visit(message)


def _hides_more(facts: Queue, seen: int) -> bool:
    """Whether a queue that shows nothing more holds more nevertheless.

    In a FIFO queue, what stands in its group behind a message in hand cannot be received;
    in any, nothing can once SQS's limit of messages in flight is reached.
    """
    return (facts.fifo or seen >= IN_FLIGHT_LIMIT) and seen < facts.approximate_total
