"""sqsctl queue purge and dlq purge: empty a queue, behind its typed name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.common.emptying import empty
from sqsctl.cli.common.filters import Selection, Which
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.errors import Exit, SqsctlError, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.queues import Queue
    from sqsctl.operations.moving.removal import Removed

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be deleted, delete nothing.")
]


def register(group: typer.Typer) -> None:
    """Add ``dlq purge``."""
    command(
        group,
        "purge",
        epilog=examples(
            "sqsctl dlq purge",
            "sqsctl dlq purge --queue jobs --yes",
            "sqsctl dlq purge --id 1a645e0b-397d-4dd9-be7a-01bbca385b77",
            "sqsctl dlq purge --cause payload-not-json --dry-run",
        ),
    )(purge_dead_letters)


def purge_dead_letters(
    run: Run,
    which: Which,
    dry_run: DryRunOption = False,
) -> Answer:
    """Delete dead letters, for good: all, behind the queue's typed name, or chosen ones.

    Offers to export all of them first. Chosen ones are deleted one by one, at once; the
    others stay.
    """
    from sqsctl.cli.dlq.causes import cause_finder
    from sqsctl.cli.dlq.short_ids import whole_ids
    from sqsctl.cli.dlq.source import dead_letters

    client, pair = dead_letters(run, changing=not dry_run)
    if which.filters.empty:
        return empty(run, client, pair.dead_letters, dry_run=dry_run)
    wanted = whole_ids(run, client, pair, which.filters)
    selection = Selection(wanted, lambda: cause_finder(run, pair))
    return _chosen(run, client, pair.dead_letters, selection, dry_run=dry_run)


def _chosen(
    run: Run, client: QueueClient, queue: Queue, selection: Selection, *, dry_run: bool
) -> Answer:
    """Delete the messages that were selected; the others are looked at and handed back."""
    from sqsctl.operations.dead_letters.peek import Look, peek
    from sqsctl.operations.moving.removal import remove
    from sqsctl.operations.shared.control import Control, interruptible

    port = client.open(queue.ref)
    control = Control()
    back = interruptible(control, lambda: run.output.notice("handing the messages back"))
    select = selection.predicate or (lambda _: False)
    if dry_run:
        look = Look(limit=selection.limit(None) or 0, hold_s=120)
        with run.progress(f"looking into {queue.name}") as bar, back:
            seen = peek(
                port,
                queue,
                look=look,
                select=select,
                control=control,
                progress=lambda looked, found: bar.update(note=f"{found} of {looked}"),
            )
        ids = [each.message_id for each in seen.matched]
        gone = selection.trouble(queue.name, exhausted=seen.exhausted)
        said = [f"would delete {counted(len(ids), 'message')} from {queue.name}"]
        return Answer(
            {"dry_run": True, "queue": queue.name, "messages": len(ids), "message_ids": ids},
            lambda console: lines(console, [*said, *(f"  {each}" for each in ids[:20])]),
            control.exit if control.stopping else gone.exit if gone else Exit.OK,
            (gone,) if gone else (),
        )
    chosen = len(selection.ids)
    named = counted(chosen, "named message") if chosen else "the selected messages"
    run.confirm(
        "Delete them?",
        consequence=f"this deletes {named} in {queue.name} for good: nothing brings them "
        "back (sqsctl dlq export keeps a copy)",
    )
    with run.progress(f"deleting from {queue.name}") as bar, back:
        done = remove(
            port,
            queue,
            select,
            limit=selection.limit(None),
            control=control,
            progress=lambda looked, deleted: bar.update(note=f"{deleted} of {looked}"),
        )
    return _removed(done, selection, control.exit)


def _removed(done: Removed, selection: Selection, stopped: Exit) -> Answer:
    name = done.queue.name
    gone = selection.trouble(name, exhausted=done.exhausted)
    failed = (
        SqsctlError(
            f"{len(done.failures)} could not be deleted: {done.failures[0].reason}",
            hint="`again`: what is gone stays gone",
            exit=Exit.PARTIAL,
            code="partial",
        )
        if done.failures
        else None
    )
    errors = tuple(each for each in (gone, failed) if each is not None)
    code = worst(stopped if done.interrupted else Exit.OK, *(each.exit for each in errors))
    data = {
        "queue": name,
        "messages": done.deleted,
        "looked_at": done.looked_at,
        "failures": [
            {"message_id": each.message_id, "reason": each.reason} for each in done.failures
        ],
        "ids_not_found": list(selection.missing) if done.exhausted else [],
        "interrupted": done.interrupted,
        "unreleased": done.unreleased,
    }

    def human(console: Console) -> None:
        ok = code is Exit.OK
        mark, style = ("✓", "green") if ok else ("✗", "yellow")
        said = f"{mark} {counted(done.deleted, 'message')} deleted from {name}"
        console.print(styled(said, style), soft_wrap=True)
        lines(console, [f"  looked at {done.looked_at}; the others are handed back"])
        if done.unreleased:
            lines(console, [f"  {done.unreleased} come back by themselves in 2 min"])

    return Answer(data, human, code, errors)
