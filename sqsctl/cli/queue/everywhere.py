"""sqsctl queue ls --all-regions: backlog first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqsctl.cli.common.regions import all_read, tell_unread, unread_regions
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.json_shapes import queue_shape
from sqsctl.cli.screen.output import Answer, lines
from sqsctl.cli.screen.views import row, show_table, table
from sqsctl.errors import Exit

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.session import Session
    from sqsctl.model.queues import Queue


def queues_everywhere(run: Run, prefix: str) -> Answer:
    """The queues of every region, the fullest first."""
    from sqsctl.operations.stacks.all_regions import everywhere

    session = run.session()
    run.announce()
    with run.progress("reading the queues of all regions"):
        answers = everywhere(session, lambda here: _queues(here, prefix))
    found = [(each.region, queue) for each in answers for queue in each.answer or ()]
    found.sort(key=lambda pair: (-pair[1].approximate_total, pair[0], pair[1].name))
    data = {
        "queues": [{**queue_shape(queue), "region": region} for region, queue in found],
        "regions_unread": unread_regions(answers),
    }

    def human(console: Console) -> None:
        if not found:
            lines(console, ["no queues"])
        else:
            grid = table("region", "queue", "visible→", "in flight→", "delayed→")
            for region, queue in found:
                row(grid, region, queue.name, queue.visible, queue.in_flight, queue.delayed)
            show_table(console, grid)
        tell_unread(run, answers)

    return Answer(data, human, Exit.OK if all_read(answers) else Exit.PARTIAL)


def _queues(session: Session, prefix: str) -> tuple[Queue, ...]:
    from sqsctl.aws.parallel import concurrently
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.errors import NotFoundError
    from sqsctl.model.queues import QueueRef

    client = QueueClient(session)

    def described(ref: QueueRef) -> Queue | None:
        try:
            return client.describe(ref)
        except NotFoundError:  # deleted between the two calls
            return None

    return tuple(each for each in concurrently(described, list(client.every(prefix)), 8) if each)
