"""sqsctl dlq redrive: bring dead letters back, losing none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.filters import (
    CauseOption,
    GrepOption,
    IdOption,
    MatchOption,
    SentSinceOption,
    SentUntilOption,
    check_rate,
)
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer, lines
from sqsctl.cli.redrive_view import redrive_answer, redrive_shape, show_redrive
from sqsctl.errors import SqsctlError, UsageError

if TYPE_CHECKING:
    from sqsctl.aws.queues import QueueClient
    from sqsctl.model.message import Message, Outgoing
    from sqsctl.model.queues import Queue
    from sqsctl.model.transfer import Method, RedriveProgress, RedriveSummary
    from sqsctl.operations.canary import Verdict
    from sqsctl.operations.control import Control
    from sqsctl.operations.pairs import Pair
    from sqsctl.operations.redrive_plan import RedrivePlan

NATIVE_RATE = 500  # messages per second, SQS's own limit


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "redrive",
        epilog=examples(
            "sqsctl dlq redrive",
            "sqsctl dlq redrive --dry-run",
            "sqsctl dlq redrive --canary 1        one first; the rest if it is processed",
            "sqsctl dlq redrive --cause function-timeout --rate 5",
            "sqsctl dlq redrive --id 1a645e0b-397d-4dd9-be7a-01bbca385b77 --edit",
            "sqsctl dlq redrive --queue orders --to orders-retry",
        ),
    )(redrive)


def redrive(
    run: Run,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="auto|native|client",
            help="native: SQS's own redrive; client: message by message, with a journal; "
            "auto: native where everything goes back unchanged and SQS offers it.",
        ),
    ] = "auto",
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=1, help="How many at most.", show_default="all"),
    ] = None,
    id_: IdOption = None,
    match: MatchOption = None,
    grep: GrepOption = None,
    cause: CauseOption = None,
    since: SentSinceOption = None,
    until: SentUntilOption = None,
    edit: Annotated[
        bool, typer.Option("--edit", help="Open each message in $EDITOR before it goes.")
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="Another queue to move them to.",
            metavar="QUEUE",
            show_default="where each came from",
        ),
    ] = None,
    canary: Annotated[
        int | None,
        typer.Option(
            "--canary",
            min=1,
            metavar="N",
            help="Move N first and watch them; go on only if they are processed.",
        ),
    ] = None,
    pause_consumer: Annotated[
        bool,
        typer.Option(
            "--pause-consumer", help="Keep the consumers from the queue until all is moved."
        ),
    ] = False,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Messages per second at most.")
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", "-c", min=1, max=32, help="Requests at a time.")
    ] = 4,
    resume: Annotated[
        bool,
        typer.Option("--resume/--no-resume", help="Take up a run that did not come to its end."),
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be moved, move nothing.")
    ] = False,
) -> Answer:
    """Move dead letters back to where they came from, with everything that they carry.

    A message is deleted only once its copy was acknowledged. What a crash leaves undone, the
    next run finishes; what may be there twice is listed by its id. A first Ctrl-C finishes
    what is in flight.
    """
    from sqsctl.aws.labs import state_home
    from sqsctl.cli import filters as conditions
    from sqsctl.cli.dlq import cause_finder, dead_letters
    from sqsctl.operations.control import Control, interruptible

    check_rate(rate)
    if method not in {"auto", "native", "client"}:
        raise UsageError(f"--method is auto, native or client, not {method!r}")
    if canary and pause_consumer:
        raise UsageError("--canary needs the consumer that --pause-consumer stops")
    wanted = conditions.filters(id_, match, grep, cause, since, until)
    client, pair = dead_letters(run, changing=not dry_run)
    selected = conditions.select(wanted, lambda: cause_finder(run, pair))
    target = client.describe(client.resolve(to)) if to else None
    _check_destination(pair, target)
    job = Job(
        run,
        client,
        pair,
        target,
        selected,
        None,
        state_home() / "journals",
        "client",
        limit=limit,
        rate=rate,
        concurrency=1 if edit else concurrency,
        resume=resume,
    )
    everything = selected is None and limit is None and not edit and canary is None
    job = replace(
        job,
        method=_method(job, method, everything_unchanged=everything),
        fall_back=method == "auto",
    )
    if dry_run:
        return _dry(job)
    if edit:
        from sqsctl.cli.editor import editing

        facts = target or (pair.sources[0] if pair.sources else pair.dead_letters)
        changing = editing(run, fifo=facts.fifo, max_bytes=facts.maximum_message_bytes)
        job = replace(job, edit=changing)
    control = Control()
    notice = (
        "stopping: SQS's task goes on by itself"
        if job.method == "native"
        else "stopping: finishing what is in flight, handing back the rest (once more: at once)"
    )
    with (
        interruptible(control, lambda: run.output.notice(notice, style="yellow")),
        _consumers(job, control, paused=pause_consumer),
    ):
        return _carried_out(job, control, canary)


@dataclass(frozen=True)
class Job:
    """A redrive as it was asked for."""

    run: Run
    client: QueueClient
    pair: Pair
    target: Queue | None
    select: Callable[[Message], bool] | None
    edit: Callable[[Message, Outgoing], Outgoing] | None
    journals: Path
    method: Method
    limit: int | None
    rate: float | None
    concurrency: int
    resume: bool
    fall_back: bool = False

    @property
    def again(self) -> str:
        """What to type to go on."""
        named = self.run.settings.text("queue") or self.pair.dead_letters.name
        return f"sqsctl dlq redrive --queue {named}"


def _method(job: Job, wanted: str, *, everything_unchanged: bool) -> Method:
    from sqsctl.aws.queue_tasks import MoveTaskClient
    from sqsctl.operations.journal import unfinished
    from sqsctl.operations.redrive_plan import choose_method

    source = job.pair.dead_letters
    rate = job.rate
    whole = rate is None or (rate == int(rate) and 1 <= rate <= NATIVE_RATE)
    chosen = choose_method(
        cast("Literal['auto', 'native', 'client']", wanted),
        MoveTaskClient(job.run.session()),
        source,
        everything_unchanged=everything_unchanged and (whole or wanted == "native"),
        resuming=job.resume and unfinished(job.journals, source.arn) is not None,
    )
    if chosen == "native" and not whole:
        raise UsageError(f"SQS's own redrive takes a --rate of 1 to {NATIVE_RATE}, whole")
    return chosen


def _carried_out(job: Job, control: Control, canary: int | None) -> Answer:
    from sqsctl.operations.redrive import RedriveStoppedError

    verdict: Verdict | None = None
    done: RedriveSummary | None = None
    try:
        if canary:
            first = min(canary, job.limit) if job.limit else canary
            done = _move(replace(job, limit=first), control)
            verdict = _watched(job, done, control)
            left = job.limit - first if job.limit else None
            if verdict.good and done.moved == first and left != 0 and not control.stopping:
                done = merged(done, _move(replace(job, limit=left), control))
        else:
            done = _move(job, control)
            if _task_gave_up(job, done):
                done = _gone_on_with(job, done, control)
    except RedriveStoppedError as error:
        partial = merged(done, error.summary) if done else error.summary
        return Answer(
            redrive_shape(partial, verdict),
            lambda console: show_redrive(console, partial, job.pair),
            error.exit,
            (error,),
        )
    return redrive_answer(done, job.pair, control.exit, verdict)


def _move(job: Job, control: Control) -> RedriveSummary:
    from sqsctl.aws.queue_tasks import MoveTaskClient
    from sqsctl.operations import redrive as moving
    from sqsctl.operations.redrive_native import redrive_native

    source = job.pair.dead_letters
    total = job.limit or source.visible
    with job.run.progress(f"moving out of {source.name}", total=total) as bar:

        def progress(so_far: RedriveProgress) -> None:
            bar.update(
                so_far.moved + so_far.resumed, note=f"{so_far.moved} moved, {so_far.failed} failed"
            )

        if job.method == "native":
            return redrive_native(
                job.client,
                MoveTaskClient(job.run.session()),
                source,
                to=job.target,
                rate=int(job.rate) if job.rate else None,
                control=control,
                progress=progress,
            )
        return moving.redrive(
            job.client,
            source,
            journal_folder=job.journals,
            origins=job.pair.sources,
            to=job.target,
            options=moving.Redrive(
                limit=job.limit,
                rate=job.rate,
                concurrency=job.concurrency,
                resume=job.resume,
                command=job.again,
            ),
            select=job.select,
            edit=job.edit,
            control=control,
            progress=progress,
        )


def _task_gave_up(job: Job, done: RedriveSummary) -> bool:
    """SQS's task ended without having moved everything: it cannot tell where some came from."""
    return bool(
        job.fall_back
        and done.method == "native"
        and done.failed
        and not done.detached
        and not done.interrupted
    )


def _gone_on_with(job: Job, done: RedriveSummary, control: Control) -> RedriveSummary:
    """Move what SQS's task left, message by message."""
    job.run.output.notice(
        f"SQS's own redrive stopped ({'; '.join(done.notes)}): going on message by message"
    )
    rest = _move(replace(job, method="client"), control)
    return replace(merged(done, rest), failed=rest.failed, selected=done.moved + rest.selected)


def _watched(job: Job, first: RedriveSummary, control: Control) -> Verdict:
    """Watch what the canary moved until its fate is known."""
    from sqsctl.operations.canary import watch

    targets = [job.target] if job.target else list(job.pair.sources)
    with job.run.progress("watching the canary") as bar:
        return watch(
            job.client,
            job.pair.dead_letters,
            targets,
            first.copies,
            control=control,
            progress=lambda seconds: bar.update(note=f"{seconds:.0f} s"),
        )


@contextmanager
def _consumers(job: Job, control: Control, *, paused: bool) -> Iterator[None]:
    """Keep the consumers away, if asked to; put back what a killed run left switched off."""
    from sqsctl.aws.mappings import MappingClient
    from sqsctl.operations import pause

    mappings = MappingClient(job.run.session())
    folder = job.journals.parent / "paused"
    output = job.run.output
    try:
        for uuid in pause.recover(mappings, folder):
            output.notice(f"a run that was killed had paused {uuid}: it is enabled again")
    except SqsctlError as error:
        output.notice(
            f"a consumer that a killed run paused could not be enabled: {error.message}",
            style="yellow",
        )
    if not paused:
        yield
        return
    arns = [job.target.arn] if job.target else [each.arn for each in job.pair.sources]
    with pause.paused(
        mappings,
        arns,
        folder=folder,
        control=control,
        notice=lambda text: output.notice(text, style="yellow"),
    ) as names:
        output.notice(f"paused: {', '.join(names) or 'nothing: no consumer is enabled'}")
        yield


def merged(one: RedriveSummary, other: RedriveSummary) -> RedriveSummary:
    """Two parts of one redrive as a whole."""
    return replace(
        other,
        selected=one.selected + other.selected,
        moved=one.moved + other.moved,
        failed=one.failed + other.failed,
        possible_duplicates=(*one.possible_duplicates, *other.possible_duplicates),
        returned=one.returned + other.returned,
        resumed=one.resumed + other.resumed,
        interrupted=one.interrupted or other.interrupted,
        failures=(*one.failures, *other.failures),
        duration_s=one.duration_s + other.duration_s,
        notes=tuple(dict.fromkeys((*one.notes, *other.notes))),
        copies=(*one.copies, *other.copies),
    )


def _check_destination(pair: Pair, target: Queue | None) -> None:
    if target is None and not pair.sources:
        raise UsageError(
            f"nobody dead-letters to {pair.dead_letters.name}, so there is nowhere to go back to",
            hint="name a queue with --to",
            code="no_destination",
        )


def _dry(job: Job) -> Answer:
    from sqsctl.operations.redrive_plan import plan_redrive

    plan: RedrivePlan = plan_redrive(
        job.client,
        job.pair.dead_letters,
        method=job.method,
        journal_folder=job.journals,
        origins=job.pair.sources,
        to=job.target,
        limit=job.limit,
        select=job.select,
    )
    names = list(plan.targets) or [each.name for each in job.pair.sources]
    about = "" if plan.looked_at else "about "
    route = f"from {plan.source.name} to {' or '.join(names)} ({plan.method})"
    said = [f"would move {about}{plan.selected} messages {route}"]
    said += [f"  {each.message_id}" for each in plan.sample]
    said += [f"  {each} could not go: {why}" for each, why in plan.undeliverable]
    if plan.story is not None:
        said.append(f"would first finish the run of {plan.story.started_at}")
    data = {
        "dry_run": True,
        "method": plan.method,
        "selected": plan.selected,
        "moved": 0,
        "failed": 0,
        "remaining": plan.source.visible,
        "possible_duplicates": [],
        "journal": str(plan.story.path) if plan.story else None,
        "to": names,
        "sample_message_ids": [each.message_id for each in plan.sample],
    }
    return Answer(data, lambda console: lines(console, said))
