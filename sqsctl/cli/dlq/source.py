"""Which dead-letter queue a command works on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqsctl.cli.common.routes import account_in
from sqsctl.cli.run.context import Run

if TYPE_CHECKING:
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.stacks.queue_pairs import Pair


def dead_letters(run: Run, *, changing: bool = False) -> tuple[QueueClient, Pair]:
    """The dead-letter queue to work on, and the queues that feed it.

    --queue may name either end and needs no stack.
    """
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.stacks import meant_queue
    from sqsctl.operations.stacks.queue_pairs import find_pair

    resolved = run.resolved(changing=changing)
    client = QueueClient(resolved.session)
    if run.own_queue:
        pair = find_pair(client, run.own_queue)
    else:
        stack = run.stack(changing=changing)
        part = meant_queue.dead_letter_queue(stack, run.settings.text("queue"))
        pair = find_pair(client, part.url)
    run.announce(replace(run.target or resolved.target, account=account_in(pair.dead_letters.url)))
    return client, pair
