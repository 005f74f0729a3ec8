"""sqsctl dlq restore: messages of a file back into a queue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.filters import (
    check_rate,
)
from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.command_lines import again
from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.errors import Exit, SqsctlError, UsageError, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.dead_letters import RestoreSummary


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "restore",
        epilog=examples(
            "sqsctl dlq restore dead.jsonl",
            "sqsctl dlq restore dead.jsonl --to orders --rate 50",
        ),
    )(restore)


def restore(
    run: Run,
    file: Annotated[Path, typer.Argument(help="What dlq export wrote.", metavar="FILE")],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            autocompletion=completion.queues,
            help="The queue to send them to.",
            metavar="QUEUE",
            show_default="the queue that dead-letters here",
        ),
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Messages per second at most.")
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", "-c", min=1, max=32, help="Requests at a time.")
    ] = 4,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--no-resume", help="Leave out what earlier restores sent to this queue."
        ),
    ] = True,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Send what can be read of a torn file.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, send nothing.")
    ] = False,
) -> Answer:
    """Send an exported file's messages into a queue. A restore that was stopped goes on."""
    from sqsctl.aws.lab_state import state_home
    from sqsctl.cli.dlq.source import dead_letters
    from sqsctl.operations.moving import archive
    from sqsctl.operations.moving.restore import Restore, refuse, restored_before
    from sqsctl.operations.moving.restore import restore as send
    from sqsctl.operations.shared.control import Control, interruptible

    check_rate(rate)
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    verdict = archive.check(file)  # what is no archive shows before anything is asked of AWS
    if to:
        from sqsctl.aws.sqs.queues import QueueClient

        client = QueueClient(run.session(changing=not dry_run))
        target = client.describe(client.resolve(to))
        run.announce()
    else:
        client, pair = dead_letters(run, changing=not dry_run)
        if len(pair.sources) != 1:
            raise UsageError(
                f"{len(pair.sources)} queues dead-letter to {pair.dead_letters.name}",
                hint="name the one to send to: `again --to QUEUE`",
                code="no_destination",
            )
        target = pair.sources[0]
    journals = state_home() / "journals"
    if dry_run:
        refuse(file, verdict, target, allow_partial=allow_partial)
        before = (
            restored_before(file, target, journal_folder=journals, place=client.place)
            if resume
            else 0
        )
        said = f"would send {counted(verdict.messages - before, 'message')} to {target.name}"
        said += f" ({before} were restored before)" if before else ""
        said += f" (not whole: {verdict.problem})" if verdict.problem else ""
        data = {"dry_run": True, "path": str(file), "lines": verdict.messages, "to": target.name}
        return Answer(data | {"restored_before": before}, lambda console: lines(console, [said]))
    once_more = again(run, target.name)
    control = Control()
    with (
        run.progress(f"sending to {target.name}") as bar,
        interruptible(control, lambda: run.output.notice("finishing what is in flight")),
    ):
        summary = send(
            file,
            client.open(target.ref),
            target,
            journal_folder=journals,
            options=Restore(
                rate=rate,
                concurrency=concurrency,
                resume=resume,
                allow_partial=allow_partial,
                place=client.place,
                command=once_more,
            ),
            control=control,
            progress=lambda done, total: bar.update(done, total=total),
        )
    return _restored(summary, target.name, control.exit, once_more)


def _restored(summary: RestoreSummary, target: str, stopped: Exit, once_more: str) -> Answer:
    data: dict[str, Any] = {
        "path": summary.path,
        "to": target,
        "lines": summary.lines,
        "sent": summary.sent,
        "skipped": summary.skipped,
        "restored_before": summary.restored_before,
        "restored_by": list(summary.restored_by),
        "failed": summary.failed,
        "possible_duplicates": list(summary.possible_duplicates),
        "failures": [{"line": line, "reason": reason} for line, reason in summary.failures],
        "partial": summary.partial,
        "partial_reason": summary.partial_reason or None,
        "interrupted": summary.interrupted,
        "journal": summary.journal,
    }
    code = worst(
        stopped if summary.interrupted else Exit.OK,
        Exit.PARTIAL if summary.failed or summary.partial else Exit.OK,
        Exit.AMBIGUOUS if summary.possible_duplicates else Exit.OK,
    )
    errors: tuple[SqsctlError, ...] = ()
    if code is not Exit.OK:
        said = f"{summary.sent} sent, {summary.failed} failed"
        if summary.partial:
            said += f"; the file is not whole: {summary.partial_reason}"
        hint = f"go on with: {once_more}" if summary.interrupted else None
        errors = (SqsctlError(said, hint=hint, exit=code, code=code.name.lower()),)

    def human(console: Console) -> None:
        console.print(
            styled(
                f"{'✓' if code is Exit.OK else '✗'} {summary.sent} sent to {target}",
                "green" if code is Exit.OK else "yellow",
            ),
            soft_wrap=True,
        )
        if summary.skipped:
            lines(console, [f"  {summary.skipped} had been sent before"])
        if summary.restored_before:
            before = f"  {summary.restored_before} were restored before by {_runs(summary)}"
            lines(console, [before, "  --no-resume sends them again"])
        lines(console, [f"  line {line}: {reason}" for line, reason in summary.failures[:20]])

    return Answer(data, human, code, errors)


def _runs(summary: RestoreSummary) -> str:
    named, more = summary.restored_by[-3:], len(summary.restored_by) - 3
    return ", ".join(named) + (f" and {counted(more, 'other run')}" if more > 0 else "")
