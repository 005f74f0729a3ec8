"""sqsctl dlq export: dead-letter messages into a file; the queue keeps them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.emptying import left_out
from sqsctl.cli.common.filters import Selection, Which
from sqsctl.cli.dlq.bodies import FetchOption, opener
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.errors import Exit, SqsctlError, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.dead_letters import ExportSummary


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "export",
        epilog=examples(
            "sqsctl dlq export",
            "sqsctl dlq export dead.jsonl --match 'input > `5`'",
        ),
    )(export)


def export(
    run: Run,
    which: Which,
    file: Annotated[
        Path | None,
        typer.Argument(help="Where to.", metavar="FILE", show_default="QUEUE-TIME.jsonl"),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=1, help="How many at most.", show_default="all"),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Overwrite the file; look even where a look could dead-letter a message.",
        ),
    ] = False,
    fetch: FetchOption = False,
) -> Answer:
    """Write dead-letter messages into a file; the queue keeps them.

    JSON Lines with a checksum, readable by you only. restore brings them back.
    """
    from sqsctl.cli.dlq.causes import cause_finder
    from sqsctl.cli.dlq.short_ids import whole_ids
    from sqsctl.cli.dlq.source import dead_letters
    from sqsctl.operations.dead_letters.peek import Look
    from sqsctl.operations.moving.export import export as write
    from sqsctl.operations.shared.control import Control, interruptible

    client, pair = dead_letters(run)
    queue = pair.dead_letters
    wanted = whole_ids(run, client, pair, which.filters, force=force)
    selection = Selection(wanted, lambda: cause_finder(run, pair))
    path = file or Path(f"{queue.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    control = Control()
    with (
        run.progress(f"exporting {queue.name}", total=queue.visible) as bar,
        interruptible(control, lambda: run.output.notice("handing the messages back")),
    ):
        summary = write(
            client.open(queue.ref),
            queue,
            path,
            look=Look(limit=selection.limit(limit) or 0, hold_s=120, force=force),
            select=selection.predicate,
            overwrite=force,
            control=control,
            opened=opener(run, fetch=fetch),
            progress=lambda seen, written: bar.update(seen, note=f"{written} written"),
        )
    return _exported(
        summary, control.exit, selection.trouble(queue.name, exhausted=summary.exhausted)
    )


def _exported(summary: ExportSummary, stopped: Exit, gone: SqsctlError | None) -> Answer:
    data: dict[str, Any] = {
        "path": summary.path,
        "messages": summary.messages,
        "size_bytes": summary.bytes_written,
        "sha256": summary.sha256,
        "looked_at": summary.looked_at,
        "exhausted": summary.exhausted,
        "interrupted": summary.interrupted,
        "unreleased": summary.unreleased,
        "damaged": list(summary.damaged),
        "groups_locked": list(summary.groups_locked),
        "in_flight": summary.in_flight,
        "delayed": summary.delayed,
        "behind": summary.behind,
    }
    unseen = (
        SqsctlError(
            f"not all is in the file: {left_out(summary)}",
            hint="export again once they can be seen: what is in flight comes back within the "
            "queue's visibility timeout, unless it is deleted",
            exit=Exit.PARTIAL,
            code="unseen",
        )
        if summary.unseen
        else None
    )
    code = worst(
        stopped if summary.interrupted else Exit.OK,
        Exit.PARTIAL if summary.damaged or unseen else Exit.OK,
        gone.exit if gone else Exit.OK,
    )

    def human(console: Console) -> None:
        console.print(
            styled(f"✓ {counted(summary.messages, 'message')} in {summary.path}", "green"),
            soft_wrap=True,
        )
        lines(console, [f"  {summary.bytes_written} bytes, sha256 {summary.sha256}"])
        if not summary.exhausted:
            lines(console, ["  the queue may hold more"])
        if summary.unreleased:
            lines(console, [f"  {summary.unreleased} come back by themselves in 2 min"])

    errors = tuple(each for each in (unseen, gone) if each is not None)
    return Answer(data, human, code, errors)
