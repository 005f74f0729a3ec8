"""A redrive as it was asked for: its method chosen, planned, carried out, watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from sqsctl.cli.common.filters import Selection
from sqsctl.cli.dlq.destination import Aim
from sqsctl.cli.dlq.redrive_view import redrive_answer, redrive_shape, show_redrive
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.command_lines import again, here
from sqsctl.cli.screen.output import Answer, lines
from sqsctl.errors import Exit, SqsctlError, UsageError, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.message import Message, Outgoing
    from sqsctl.model.transfer import Method, RedriveProgress, RedriveSummary
    from sqsctl.operations.moving.canary import Verdict
    from sqsctl.operations.moving.redrive_plan import RedrivePlan
    from sqsctl.operations.shared.control import Control
    from sqsctl.operations.stacks.queue_pairs import Pair

NATIVE_RATE = 500  # messages per second, SQS's own limit


@dataclass(frozen=True)
class Job:
    """A redrive as it was asked for."""

    run: Run
    client: QueueClient
    pair: Pair
    aim: Aim
    selection: Selection
    edit: Callable[[Message, Outgoing], Outgoing] | None
    journals: Path
    method: Method
    limit: int | None
    rate: float | None
    concurrency: int
    resume: bool
    terms: Mapping[str, str]
    fall_back: bool = False

    @property
    def again(self) -> str:
        """What to type to go on."""
        return again(self.run, self.pair.dead_letters.name)

    @property
    def identity(self) -> str:
        """Which queue its journal is of."""
        from sqsctl.operations.moving.journal import identity

        return identity(self.client.place, self.pair.dead_letters)


def choose_method(job: Job, wanted: str, *, everything_unchanged: bool) -> Method:
    """SQS's own redrive, or message by message."""
    from sqsctl.aws.sqs.move_tasks import MoveTaskClient
    from sqsctl.operations.moving import redrive_plan
    from sqsctl.operations.moving.journal import unfinished

    source = job.pair.dead_letters
    rate = job.rate
    whole = rate is None or (rate == int(rate) and 1 <= rate <= NATIVE_RATE)
    chosen = redrive_plan.choose_method(
        cast("Literal['auto', 'native', 'client']", wanted),
        MoveTaskClient(job.run.session()),
        source,
        everything_unchanged=everything_unchanged and (whole or wanted == "native"),
        resuming=job.resume and unfinished(job.journals, job.identity) is not None,
    )
    if chosen == "native" and not whole:
        raise UsageError(f"SQS's own redrive takes a --rate of 1 to {NATIVE_RATE}, whole")
    return chosen


def carry_out(job: Job, *, canary: int | None, pause_consumer: bool) -> Answer:
    """Move them; a first Ctrl-C finishes what is in flight."""
    from sqsctl.operations.shared.control import Control, interruptible

    control = Control()
    notice = (
        "stopping: SQS's task goes on by itself"
        if job.method == "native"
        else "stopping: finishing what is in flight, handing back the rest (once more: at once)"
    )
    with (
        interruptible(control, lambda: job.run.output.notice(notice, style="yellow")),
        _consumers(job, control, paused=pause_consumer),
    ):
        return _carried_out(job, control, canary)


def _carried_out(job: Job, control: Control, canary: int | None) -> Answer:
    from sqsctl.operations.moving.redrive import RedriveStoppedError

    verdict: Verdict | None = None
    done: RedriveSummary | None = None
    try:
        if canary:
            first = min(canary, job.limit) if job.limit else canary
            done = _move(replace(job, limit=first), control, keep_copies=first)
            verdict = _watched(job, done, control)
            left = job.limit - first if job.limit else None
            whole = done.moved - done.resumed == first
            if verdict.good and whole and left != 0 and not control.stopping:
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
            worst(control.exit if control.stopping else Exit.OK, error.exit),
            (error,),
        )
    return redrive_answer(
        done,
        job.pair,
        control.exit,
        verdict,
        _gone(job, done),
        again=job.again,
        doctor=here(job.run, job.pair.dead_letters.name, "doctor"),
    )


def _gone(job: Job, done: RedriveSummary) -> SqsctlError | None:
    """What to say of named messages that were not met; nothing where not all was looked at.

    What an earlier run had sent is only deleted now, without being selected again.
    """
    cut_short = done.interrupted or bool(done.resumed)
    some = job.limit is not None and job.limit < len(job.selection.ids)
    return job.selection.trouble(job.pair.dead_letters.name, exhausted=not (cut_short or some))


def _move(job: Job, control: Control, *, keep_copies: int = 0) -> RedriveSummary:
    from sqsctl.aws.sqs.move_tasks import MoveTaskClient
    from sqsctl.operations.moving import redrive as moving
    from sqsctl.operations.moving.redrive_native import redrive_native

    source = job.pair.dead_letters
    total = job.limit or source.visible
    alone = job.edit is None
    with job.run.progress(f"moving out of {source.name}", total=total, shown=alone) as bar:

        def progress(so_far: RedriveProgress) -> None:
            bar.update(
                so_far.moved + so_far.resumed, note=f"{so_far.moved} moved, {so_far.failed} failed"
            )

        if job.method == "native":
            return redrive_native(
                job.client,
                MoveTaskClient(job.run.session()),
                source,
                to=job.aim.queue,
                rate=int(job.rate) if job.rate else None,
                control=control,
                progress=progress,
                command=here(job.run, source.name, "dlq", "tasks"),
            )
        return moving.redrive(
            job.client,
            source,
            journal_folder=job.journals,
            origins=job.pair.sources,
            to=job.aim.to,
            elsewhere=job.aim.routes.of,
            options=moving.Redrive(
                limit=job.limit,
                rate=job.rate,
                concurrency=job.concurrency,
                resume=job.resume,
                command=job.again,
                terms=job.terms,
                keep_copies=keep_copies,
            ),
            select=job.selection.predicate,
            edit=job.edit,
            control=control,
            progress=progress,
        )


def _task_gave_up(job: Job, done: RedriveSummary) -> bool:
    """SQS's task ended without having moved everything: it cannot tell where some came from.

    One that somebody cancelled was meant to end.
    """
    return bool(
        job.fall_back
        and done.method == "native"
        and done.failed
        and done.task_status in {"FAILED", "COMPLETED"}
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
    from sqsctl.operations.moving.canary import watch

    targets = [job.aim.queue] if job.aim.queue else list(job.pair.sources)
    with job.run.progress("watching the canary") as bar:
        verdict = watch(
            job.client,
            job.pair.dead_letters,
            targets,
            first.copies,
            control=control,
            progress=lambda seconds: bar.update(note=f"{seconds:.0f} s"),
        )
    sent = first.moved - first.resumed
    return replace(verdict, unwatched=max(0, sent - len(first.copies)))


@contextmanager
def _consumers(job: Job, control: Control, *, paused: bool) -> Iterator[None]:
    """Keep the consumers away, if asked to; put back what a killed run left switched off."""
    from sqsctl.cli.dlq.consumers import kept_away, put_back
    from sqsctl.cli.run import paused_consumers
    from sqsctl.operations.shared.paused_notes import where_of

    if paused_consumers.any_note():
        put_back(job.run, where_of(job.client.place, job.pair.dead_letters.arn))
    if not paused:
        yield
        return
    arns = [job.aim.queue.arn] if job.aim.queue else [each.arn for each in job.pair.sources]
    with kept_away(job.run, job.client, arns, control):
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
        vanished=one.vanished + other.vanished,
        interrupted=one.interrupted or other.interrupted,
        failures=(*one.failures, *other.failures),
        duration_s=one.duration_s + other.duration_s,
        notes=tuple(dict.fromkeys((*one.notes, *other.notes))),
        copies=(*one.copies, *other.copies),
    )


def plan(job: Job, *, copies: bool = False) -> Answer:
    """Say what would be moved, or copied; move nothing."""
    from sqsctl.operations.moving.redrive_plan import plan_redrive

    planned: RedrivePlan = plan_redrive(
        job.client,
        job.pair.dead_letters,
        method=job.method,
        journal_folder=job.journals,
        origins=job.pair.sources,
        to=job.aim.to,
        elsewhere=job.aim.routes.of,
        limit=job.limit,
        select=job.selection.predicate,
    )
    gone = job.selection.trouble(planned.source.name, exhausted=planned.exhausted)
    names = list(planned.targets) or [each.name for each in job.pair.sources]
    about = "" if planned.looked_at else "about "
    route = f"from {planned.source.name} to {' or '.join(names)}"
    move = "copy" if copies else "move"
    said = [f"would {move} {about}{counted(planned.selected, 'message')} {route}"]
    if planned.method == "native":
        said.append("  by SQS's own redrive (--method client goes message by message)")
    said += [f"  {each.message_id}" for each in planned.sample]
    said += [f"  {each} could not go: {why}" for each, why in planned.undeliverable]
    if planned.unfinished is not None:
        said.append(f"would first finish the run of {planned.unfinished.started_at}")
    data = {
        "dry_run": True,
        "method": planned.method,
        "selected": planned.selected,
        "moved": 0,
        "failed": 0,
        "remaining": planned.source.visible,
        "possible_duplicates": [],
        "journal": str(planned.unfinished.path) if planned.unfinished else None,
        "to": names,
        "sample_message_ids": [each.message_id for each in planned.sample],
    }
    return Answer(
        data,
        lambda console: lines(console, said),
        gone.exit if gone else Exit.OK,
        (gone,) if gone else (),
    )
