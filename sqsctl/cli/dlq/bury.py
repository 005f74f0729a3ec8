"""sqsctl dlq bury: a poison message from its queue to the dead-letter queue, now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.routes import account_in
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines, safe_line
from sqsctl.errors import Exit, NotFoundError, SqsctlError, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.queues import Queue


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "bury",
        epilog=examples(
            "sqsctl dlq bury 1a645e0b-397d-4dd9-be7a-01bbca385b77",
            "sqsctl dlq bury --queue jobs 1a645e0b-397d-4dd9-be7a-01bbca385b77 --yes",
        ),
    )(bury)


def bury(
    run: Run,
    message_ids: Annotated[list[str], typer.Argument(help="Ids of messages.", metavar="ID")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be moved, move nothing.")
    ] = False,
) -> Answer:
    """Move messages into the dead-letter queue before SQS would.

    The queue is looked through for them: each message met on the way has its receive counted,
    and stays hidden until the end. A message in a consumer's hands cannot be met. Nothing is
    deleted before its copy was acknowledged; dlq redrive brings it back.
    """
    from sqsctl.aws.lab_state import state_home
    from sqsctl.operations.moving.redrive import Redrive, redrive
    from sqsctl.operations.shared.control import Control, interruptible

    client, queue, dead = _queues(run, changing=not dry_run)
    ids = tuple(dict.fromkeys(message_ids))
    named = counted(len(ids), "message")
    if dry_run:
        data = {"dry_run": True, "queue": queue.name, "to": dead.name, "messages": len(ids)}
        said = [f"would move {named} from {queue.name} to {dead.name}"]
        return Answer(data, lambda console: lines(console, said))
    run.confirm(
        f"Move {named} into {dead.name}?",
        consequence=f"looking for {named} in {queue.name} counts as a receive of every message "
        "that is met on the way"
        + (
            f"; after {counted(queue.max_receive_count, 'receive')} SQS dead-letters a message"
            if queue.max_receive_count
            else ""
        ),
    )
    control = Control()
    wanted = frozenset(ids)
    met: set[str] = set()

    def select(message: Any) -> bool:
        if message.message_id in wanted:
            met.add(message.message_id)
        return message.message_id in wanted

    with (
        run.progress(f"looking through {queue.name}", total=queue.visible) as bar,
        interruptible(control, lambda: run.output.notice("handing the messages back")),
    ):
        done = redrive(
            client,
            queue,
            journal_folder=state_home() / "journals",
            to=dead,
            options=Redrive(limit=len(ids), concurrency=1, command=f"sqsctl dlq bury {ids[0]}"),
            select=select,
            control=control,
            progress=lambda far: bar.update(far.moved + far.skipped),
        )
    missing = tuple(sorted(wanted - met)) if not done.resumed else ()
    data = {
        "queue": queue.name,
        "to": dead.name,
        "moved": done.moved,
        "failed": done.failed,
        "not_found": list(missing),
        "looked_at": done.skipped + done.selected,
        "possible_duplicates": list(done.possible_duplicates),
        "failures": [
            {"message_id": each.message_id, "reason": each.reason} for each in done.failures
        ],
        "journal": done.journal,
        "interrupted": done.interrupted,
    }

    def human(console: Console) -> None:
        said = f"{counted(done.moved, 'message')} moved from {queue.name} to {dead.name}"
        lines(console, [f"{'✓' if done.moved else '✗'} {said}"])
        for each in done.failures:
            lines(console, [f"  ✗ {safe_line(each.message_id)}: {safe_line(each.reason)}"])
        lines(console, [f"  ✗ {safe_line(each)}: not met" for each in missing])

    gone = _gone(queue.name, missing, len(ids)) if missing and not done.interrupted else None
    code = worst(
        control.exit if done.interrupted else Exit.OK,
        Exit.PARTIAL if done.failed else Exit.OK,
        Exit.AMBIGUOUS if done.possible_duplicates else Exit.OK,
        gone.exit if gone else Exit.OK,
    )
    return Answer(data, human, code, (gone,) if gone else ())


def _queues(run: Run, *, changing: bool) -> tuple[QueueClient, Queue, Queue]:
    """The queue that is meant, and its dead-letter queue."""
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.stacks import meant_queue
    from sqsctl.operations.stacks.queue_pairs import dead_letter_queue_of

    resolved = run.resolved(changing=changing)
    client = QueueClient(resolved.session)
    reference = run.own_queue or (
        meant_queue.main_queue(run.stack(changing=changing), run.settings.text("queue")).url
    )
    queue = client.describe(client.resolve(reference))
    run.announce(replace(run.target or resolved.target, account=account_in(queue.url)))
    dead = dead_letter_queue_of(client, queue)
    if dead is None:
        raise NotFoundError(
            f"queue {queue.name} has no dead-letter queue",
            hint="`sqsctl doctor` shows how to give it one",
            code="dlq_not_found",
        )
    return client, queue, dead


def _gone(queue: str, missing: tuple[str, ...], asked: int) -> SqsctlError:
    return SqsctlError(
        f"{counted(len(missing), 'message')} of {asked} could not be met in {queue}: in a "
        "consumer's hands, delayed, moved or deleted",
        hint="try again after the visibility timeout, or switch the mapping off meanwhile",
        exit=Exit.NOT_FOUND if len(missing) == asked else Exit.PARTIAL,
        code="message_not_found",
    )
