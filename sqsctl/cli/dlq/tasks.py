"""sqsctl dlq tasks: SQS's own move tasks, listed and cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, iso, lines
from sqsctl.cli.screen.views import clock, row, show_table, table
from sqsctl.errors import NotFoundError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.queues import MoveTask


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "tasks",
        epilog=examples(
            "sqsctl dlq tasks",
            "sqsctl dlq tasks --cancel",
        ),
    )(tasks)


def tasks(
    run: Run,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Cancel the one that runs; what it moved stays moved.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --cancel: say what would be cancelled.")
    ] = False,
) -> Answer:
    """List SQS's own redrives of the queue, or cancel the running one."""
    from sqsctl.aws.sqs.move_tasks import MoveTaskClient
    from sqsctl.cli.dlq.source import dead_letters

    _, pair = dead_letters(run, changing=cancel and not dry_run)
    client = MoveTaskClient(run.session())
    found = client.tasks(pair.dead_letters.arn)
    cancelled: MoveTask | None = None
    if cancel:
        cancelled = next((each for each in found if each.running and each.handle), None)
        if cancelled is None:
            raise NotFoundError(
                f"no task runs on {pair.dead_letters.name}",
                hint="`sqsctl dlq tasks` lists them",
                code="task_not_found",
            )
        if not dry_run and cancelled.handle:
            client.cancel(cancelled.handle)
            found = client.tasks(pair.dead_letters.arn)
    data = {
        "queue": pair.dead_letters.name,
        "tasks": [_shape(each) for each in found],
        "cancelled": _shape(cancelled) if cancelled and not dry_run else None,
        "dry_run": dry_run,
    }

    def human(console: Console) -> None:
        if cancelled:
            lines(console, ["would cancel the task" if dry_run else "cancelled"])
        if not found:
            lines(
                console, [f"SQS has moved nothing out of {pair.dead_letters.name} in the last days"]
            )
            return
        grid = table("started", "status", "moved→", "of→", "to", "failure")
        for each in found:
            row(
                grid,
                clock(each.started_at),
                each.status,
                each.moved,
                each.to_move,
                (each.destination_arn or "where each came from").rpartition(":")[2],
                each.failure or "",
            )
        show_table(console, grid)

    return Answer(data, human)


def _shape(task: MoveTask) -> dict[str, Any]:
    return {
        "status": task.status,
        "started_at": iso(task.started_at),
        "moved": task.moved,
        "to_move": task.to_move,
        "rate_per_s": task.rate,
        "destination_arn": task.destination_arn,
        "failure": task.failure,
        "handle": task.handle,
    }
