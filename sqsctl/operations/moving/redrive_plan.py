"""What a redrive would do: by which method, from where to where, how many.

Planning changes nothing. Where messages are selected it has to look at them, which
raises their receive counts, as every look does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.model.transfer import Method
from sqsctl.operations.dead_letters.peek import Look, peek
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.moving.destinations import Destination, Destinations, Elsewhere
from sqsctl.operations.moving.journal import identity, unfinished
from sqsctl.operations.moving.redrive_native import offers_native
from sqsctl.operations.moving.unfinished_run import UnfinishedRun
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.interfaces import MoveTasks, OpensQueues

_EVERYTHING = 1_000_000_000
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class RedrivePlan:
    """``selected`` is exact where messages were looked at, else what SQS's counters say.

    ``targets`` are queue names; empty where each message's own origin decides and was not
    looked at. ``unfinished`` is the unfinished run that would be resumed first.
    """

    method: Method
    source: Queue
    targets: tuple[str, ...]
    selected: int
    looked_at: int = 0
    exhausted: bool = False
    sample: tuple[Message, ...] = ()
    undeliverable: tuple[tuple[str, str], ...] = ()
    unfinished: UnfinishedRun | None = None


def choose_method(
    wanted: Literal["auto", "native", "client"],
    tasks: MoveTasks,
    source: Queue,
    *,
    everything_unchanged: bool,
    resuming: bool = False,
) -> Method:
    """Which method a redrive takes.

    ``auto`` is native where everything goes back unchanged and the endpoint can do it; an
    unfinished client-side run is always finished by the same method. Raises RefusedError
    where native is asked for and cannot do what is wanted.
    """
    if wanted == "client":
        return "client"
    if wanted == "native":
        if not everything_unchanged:
            raise RefusedError(
                "SQS's own redrive moves everything, unchanged: it cannot select, limit or edit",
                hint="`again --method client`",
                code="native_cannot",
            )
        if resuming:
            raise RefusedError(
                "an unfinished run has to be finished first: SQS's own redrive would send its "
                "messages a second time",
                hint="`again --method client` finishes it, `again --no-resume` leaves it as it is",
                code="unfinished_run",
            )
        tasks.tasks(source.arn)  # says itself why it cannot
        return "native"
    if resuming or not everything_unchanged or not offers_native(tasks, source.arn):
        return "client"
    return "native"


def plan_redrive(
    queues: OpensQueues,
    source: Queue,
    *,
    method: Method,
    journal_folder: Path,
    origins: Sequence[Queue] = (),
    to: Queue | Destination | None = None,
    elsewhere: Elsewhere | None = None,
    limit: int | None = None,
    select: Select | None = None,
    control: Control | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RedrivePlan:
    """Say what ``redrive`` would do with the same arguments; move nothing."""
    destinations = Destinations(queues, source, to=to, origins=origins, elsewhere=elsewhere)
    left = unfinished(journal_folder, identity(queues.place, source))
    if select is None:
        total = source.approximate_total
        count = total if limit is None else min(total, limit)
        return RedrivePlan(method, source, destinations.names, count, unfinished=left)
    look = Look(limit=limit or _EVERYTHING, force=True)
    port = queues.open(source.ref)
    targets: dict[str, None] = {}
    undeliverable: list[tuple[str, str]] = []
    seen = peek(port, source, look=look, select=select, control=control, progress=progress)
    for each in seen.matched:
        try:
            targets[destinations.of(each).queue.name] = None
        except SqsctlError as error:
            undeliverable.append((each.message_id, error.message))
    return RedrivePlan(
        method,
        source,
        tuple(targets),
        len(seen.matched),
        looked_at=seen.looked_at,
        exhausted=seen.exhausted,
        sample=seen.matched[:_SAMPLE],
        undeliverable=tuple(undeliverable),
        unfinished=left,
    )
