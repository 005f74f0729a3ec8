"""Empty a queue, behind its typed name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Answer, lines, styled, target_line
from sqsctl.cli.screen.prompt import tell
from sqsctl.errors import RefusedError
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.dead_letters import ExportSummary
    from sqsctl.model.queues import Queue


def empty(run: Run, client: QueueClient, queue: Queue, *, dry_run: bool) -> Answer:
    """Purge a queue once a person has typed its name (or --yes stands in for that)."""
    from sqsctl.operations.moving.purge import WAIT_S, purge
    from sqsctl.operations.shared.control import Control, interruptible

    there = queue.approximate_total
    if dry_run:
        said = f"would delete about {counted(there, 'message')} from {queue.name}"
        return Answer(
            {"dry_run": True, "queue": queue.name, "messages": there},
            lambda console: lines(console, [said]),
        )
    exported = None if run.yes else _asked(run, client, queue, there)
    control = Control()
    with (
        run.progress(f"purging {queue.name} (SQS allows it once in {WAIT_S:.0f} s)"),
        interruptible(control),
    ):
        done = purge(client, queue, control=control)
    data = {
        "queue": queue.name,
        "messages": done.messages,
        "waited_s": done.waited_s,
        "exported_to": exported,
    }

    def human(console: Console) -> None:
        console.print(
            styled(
                f"✓ {queue.name} is being emptied: about {counted(done.messages, 'message')}",
                "green",
            ),
            soft_wrap=True,
        )
        lines(console, ["  what is sent within the next 60 s may be deleted too"])

    return Answer(data, human)


def left_out(summary: ExportSummary) -> str:
    """What an export could not write; empty where it has everything."""
    parts = (
        (summary.in_flight, "in flight"),
        (summary.delayed, "delayed"),
        (summary.behind, "behind others of their group"),
        (len(summary.damaged), "damaged"),
    )
    told = [f"about {number} {what}" for number, what in parts if number]
    if not (told or summary.exhausted):
        told = ["what it did not come to"]
    return ", ".join(told)


def _asked(run: Run, client: QueueClient, queue: Queue, there: int) -> str | None:
    place = f"({target_line(run.target)})" if run.target else ""
    what = [
        f"This deletes about {counted(there, 'message')}, those in flight too, for good, in",
        f"  {queue.name}  {place}",
    ]
    tell(what)
    exported: str | None = None
    if (
        there
        and queue.max_receive_count is None
        and run.prompter.confirm("Export them into a file first?", default=True)
    ):
        from sqsctl.operations.dead_letters.peek import Look
        from sqsctl.operations.moving.export import export

        path = Path(f"{queue.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
        with run.progress(f"exporting {queue.name}"):
            summary = export(
                client.open(queue.ref),
                queue,
                path,
                look=Look(limit=0, hold_s=120),
            )
        exported = summary.path
        run.output.notice(
            f"{counted(summary.messages, 'message is', 'messages are')} in {summary.path}"
        )
        if (left := left_out(summary)) and not run.prompter.confirm(
            f"Not in the file: {left}. Delete these, too?", default=False
        ):
            raise RefusedError(
                "nothing was deleted: not all could be exported",
                hint="wait until they can be seen, and try again",
                code="declined",
            )
    typed = run.prompter.typed(["Type the queue's name to delete them:"])
    if typed != queue.name:
        raise RefusedError("nothing was deleted: the name was not typed", code="declined")
    return exported
