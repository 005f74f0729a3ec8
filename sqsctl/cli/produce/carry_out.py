"""Carrying out ``sqsctl produce``: sending, the live display, and following what was sent."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Answer, lines, safe_line
from sqsctl.errors import SqsctlError, UsageError
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from sqsctl.cli.common.routes import Way
    from sqsctl.cli.produce.following import Followed
    from sqsctl.model.transfer import ProduceProgress, ProduceSummary
    from sqsctl.operations.following.follow import Fate
    from sqsctl.operations.following.log_sightings import Invocations
    from sqsctl.operations.sending.bodies import Make, Marks, Poison
    from sqsctl.operations.sending.produce import ApiSink, Plan, QueueSink
    from sqsctl.operations.sending.thresholds import Threshold
    from sqsctl.operations.shared.control import Control

STOPPING = "stopping: finishing what is in flight (once more: stop at once)"


@dataclass(frozen=True)
class Job:
    """What is to be sent, how, and what decides whether it went well."""

    make: Make
    plan: Plan
    thresholds: Sequence[Threshold]
    poison: Poison | None = None
    seed: int | None = None
    source: str | None = None  # the file of --from


def rehearse(way: Way, job: Job) -> Answer:
    """What would be sent: how many, where to, and the first body."""
    from sqsctl.operations.sending.bodies import NoMoreBodies

    plan = job.plan
    try:
        first = (job.poison.into(job.make) if job.poison else job.make)(1).body
    except NoMoreBodies:
        first = ""
    many = counted(plan.count, "message") if plan.count else "messages"
    many += f" for {plan.duration_s:g} s" if plan.duration_s else ""
    many += f" at {plan.rate:g}/s" if plan.rate else ""
    many += f" from {job.source}" if job.source else ""
    said = [f"would send {many} to {way.label} over {way.via}", f"the first: {first}"]
    data: dict[str, Any] = {
        "dry_run": True,
        "via": way.via,
        "to": way.label,
        "requested": plan.count,
        "duration_s": plan.duration_s,
        "rate_per_s": plan.rate,
        "concurrency": plan.concurrency,
        "first_body": first,
        "seed": job.seed,
    }
    return Answer(data, lambda console: lines(console, [safe_line(each, 200) for each in said]))


def carry_out(run: Run, way: Way, job: Job, *, follow_s: float | None) -> Answer:
    """Send, and with ``follow_s`` wait that long for the messages' fate."""
    from sqsctl.cli.produce import following
    from sqsctl.cli.produce.view import Outcome, answer
    from sqsctl.operations.following.http_failures import UNDECIDED
    from sqsctl.operations.sending.bodies import Marks
    from sqsctl.operations.shared.control import Control, interruptible

    make, marks, followed = job.make, Marks(uuid.uuid4().hex[:12]), None
    if follow_s is not None:
        followed = following.prepare(run, way)
        make = marks.into(make)
    if job.poison:
        make = job.poison.into(make)  # after the marks: what is bad stays just as it was given
    control = Control()
    began = datetime.now(UTC)
    log: Invocations | None = None
    with interruptible(control, lambda: run.output.notice(STOPPING, style="yellow")):
        summary = _send(run, way, make, job, control)
        if note_of_end := ended(job, summary, control):
            run.output.notice(note_of_end)
        if way.via == "http" and UNDECIDED & summary.status_codes.keys() and not control.stopping:
            with run.progress("looking into the producer's log"):
                log = following.producer_log(run, way, began, control)
        fate: Fate | None = None
        trouble: SqsctlError | None = None
        stopped_before = control.stopping
        on_its_way = summary.accepted and not stopped_before
        if followed is not None and follow_s is not None and on_its_way:
            unmarked = marks.missed + (job.poison.count if job.poison else 0)
            marked = max(0, summary.accepted - unmarked)
            fate, trouble = _followed(run, followed, marks, summary, follow_s, control, marked)
    return answer(
        Outcome(
            summary,
            way.label,
            control.exit,
            job.seed,
            job.poison.count if job.poison else None,
            fate,
            trouble,
            follow_interrupted=control.stopping and not stopped_before,
            producer_log=log,
        )
    )


def ended(job: Job, summary: ProduceSummary, control: Control) -> str:
    """Why fewer were sent than --count asks for, where nothing went wrong; else empty."""
    fewer = summary.requested < (job.plan.count or 0)
    if not fewer or summary.ended_by or summary.gave_up or control.stopping:
        return ""
    if job.source is None:
        return f"the time was up after {summary.requested}"
    return f"{job.source} ended after {summary.requested}"


def _send(run: Run, way: Way, make: Make, job: Job, control: Control) -> ProduceSummary:
    from sqsctl.operations.sending import produce as load

    sink: QueueSink | ApiSink
    if way.api is not None:
        sink = load.ApiSink(way.api, timeout_ms=way.timeout_ms)
    elif way.queue is not None:
        sink = load.QueueSink(way.queue, fifo=way.fifo)
    else:
        raise UsageError("there is no way to send")
    with run.progress(f"sending to {way.label}", total=job.plan.count) as bar:

        def progress(so_far: ProduceProgress) -> None:
            bar.update(so_far.done, note=note(so_far))

        watched = sys.stderr.isatty() and not run.output.quiet
        return load.produce(
            sink,
            make,
            job.plan,
            control=control,
            progress=progress if watched else None,
            thresholds=job.thresholds,
        )


def note(so_far: ProduceProgress) -> str:
    """What stands behind the bar: accepted, failed, rate, latency."""
    speed = so_far.done / so_far.elapsed_s if so_far.elapsed_s else 0
    failed = so_far.rejected + so_far.unknown
    said = f"{so_far.accepted} accepted, {failed} failed, {speed:.0f}/s"
    return said if so_far.latency_ms is None else f"{said}, p95 {so_far.latency_ms:.0f} ms"


def _followed(
    run: Run,
    followed: Followed,
    marks: Marks,
    summary: ProduceSummary,
    follow_s: float,
    control: Control,
    marked: int,
) -> tuple[Fate | None, SqsctlError | None]:
    """The fate, or why it could not be told: what was sent is reported either way."""
    from sqsctl.cli.produce import following

    try:
        fate = following.watch(
            run,
            followed,
            marks,
            summary.accepted,
            timeout_s=follow_s,
            control=control,
            marked=marked,
        )
    except SqsctlError as error:
        return None, error
    return fate, None
