"""sqsctl dlq redrive --keep: copies go, the originals stay."""

from __future__ import annotations

from sqsctl.cli.dlq.redrive_job import Job
from sqsctl.cli.dlq.redrive_view import redrive_answer
from sqsctl.cli.screen.command_lines import here
from sqsctl.cli.screen.output import Answer
from sqsctl.model.transfer import RedriveProgress


def copied(job: Job) -> Answer:
    """Send copies of what was selected; a first Ctrl-C ends it and hands back what is hidden."""
    from sqsctl.operations.moving.copying import copy_messages
    from sqsctl.operations.moving.destinations import Destinations
    from sqsctl.operations.shared.control import Control, interruptible

    source = job.pair.dead_letters
    control = Control()
    notice = "stopping: handing back what was looked at (once more: at once)"
    with (
        interruptible(control, lambda: job.run.output.notice(notice, style="yellow")),
        job.run.progress(f"copying out of {source.name}", total=job.limit or source.visible) as bar,
    ):

        def progress(so_far: RedriveProgress) -> None:
            bar.update(so_far.moved, note=f"{so_far.moved} copied, {so_far.failed} failed")

        done = copy_messages(
            job.client,
            source,
            Destinations(
                job.client,
                source,
                to=job.aim.to,
                origins=job.pair.sources,
                elsewhere=job.aim.routes.of,
            ),
            limit=job.limit,
            rate=job.rate,
            select=job.selection.predicate,
            control=control,
            progress=progress,
        )
    exhausted = not done.interrupted and job.limit is None
    gone = job.selection.trouble(source.name, exhausted=exhausted)
    return redrive_answer(
        done,
        job.pair,
        control.exit,
        None,
        gone,
        again=job.again,
        doctor=here(job.run, source.name, "doctor"),
    )
