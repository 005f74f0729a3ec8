"""Look through a dead-letter queue, with progress and a way to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqsctl.cli.run.context import Run
from sqsctl.errors import Exit

if TYPE_CHECKING:
    from sqsctl.model.transfer import Peeked
    from sqsctl.operations.stacks.queue_pairs import Pair


def look_through(
    run: Run,
    client: Any,
    pair: Pair,
    *,
    limit: int,
    force: bool,
    scan: int | None = None,
    select: Any = None,
) -> tuple[Peeked, Exit]:
    from sqsctl.operations.dead_letters.peek import Look, peek
    from sqsctl.operations.shared.control import Control, interruptible

    queue = pair.dead_letters
    control = Control()
    with (
        run.progress(f"looking into {queue.name}", total=min(limit, queue.visible)) as bar,
        interruptible(control, lambda: run.output.notice("handing the messages back")),
    ):
        peeked = peek(
            client.open(queue.ref),
            queue,
            look=Look(limit=limit, scan=scan, force=force),
            select=select,
            control=control,
            progress=lambda seen, _: bar.update(seen),
        )
    return peeked, control.exit if control.stopping else Exit.OK
