"""Where a redrive sends: back, or to the queue, function, topic or bus that --to names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqsctl.cli.run.context import Run
from sqsctl.errors import UsageError

if TYPE_CHECKING:
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.queues import Queue
    from sqsctl.operations.moving.destinations import Destination
    from sqsctl.operations.moving.failed_delivery_routes import FailedDeliveryRoutes
    from sqsctl.operations.stacks.queue_pairs import Pair

SAMPLE = 10


@dataclass(frozen=True)
class Aim:
    """Where messages go. ``queue`` and ``other`` take everything; both are None where each
    message goes back to where it came from. ``routes`` knows where failed deliveries belong.
    """

    routes: FailedDeliveryRoutes
    queue: Queue | None = None
    other: Destination | None = None
    told: str = ""

    @property
    def to(self) -> Queue | Destination | None:
        return self.other or self.queue

    @property
    def watchable(self) -> bool:
        """Whether what was moved can be watched in a queue, and its consumer paused."""
        return self.other is None and not self.told


def aim(run: Run, client: QueueClient, pair: Pair, to: str | None) -> Aim:
    """Read --to; without it, see that there is somewhere to go back to.

    Raises UsageError where nothing tells, NotFoundError where the destination is not there.
    """
    from sqsctl.operations.moving.destination_names import named
    from sqsctl.operations.moving.failed_delivery_routes import FailedDeliveryRoutes

    routes = FailedDeliveryRoutes(run.session(), client, pair.dead_letters)
    if to is None:
        return Aim(routes, told="" if pair.sources else _told(run, client, pair))
    name = named(to)
    if name.kind == "queue":
        return Aim(routes, queue=client.describe(client.resolve(name.reference)))
    return Aim(routes, other=routes.to(name))


def _told(run: Run, client: QueueClient, pair: Pair) -> str:
    """What the messages themselves say of where they belong: no queue dead-letters here."""
    from sqsctl.model.queues import QueueRef
    from sqsctl.operations.dead_letters.peek import Look, peek
    from sqsctl.operations.moving.failed_delivery_routes import anything_recognised

    queue = pair.dead_letters
    with run.progress(f"looking into {queue.name}"):
        seen = peek(
            client.open(QueueRef(queue.name, queue.url, queue.arn)),
            queue,
            look=Look(limit=SAMPLE),
        )
    told = anything_recognised(seen.matched)
    if not told:
        raise UsageError(
            f"nobody dead-letters to {queue.name}, so there is nowhere to go back to",
            hint="name a destination with --to: a queue, or function:NAME, topic:NAME, bus:NAME",
            code="no_destination",
        )
    return told
