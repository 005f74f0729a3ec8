"""sqsctl dlq redrive: bring dead letters back, losing none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer, lines, safe_line, styled
from sqsctl.errors import Exit, SqsctlError, UsageError, worst

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.queues import Queue
    from sqsctl.model.transfer import RedriveProgress, RedriveSummary
    from sqsctl.operations.pairs import Pair
    from sqsctl.operations.redrive_plan import RedrivePlan

SHOWN = 20
NATIVE_RATE = 500  # messages per second, SQS's own limit


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "redrive",
        epilog=examples(
            "sqsctl dlq redrive",
            "sqsctl dlq redrive --dry-run",
            "sqsctl dlq redrive --limit 10 --rate 5",
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
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="Another queue to move them to.",
            metavar="QUEUE",
            show_default="where each came from",
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
    from sqsctl.aws.queue_tasks import MoveTaskClient
    from sqsctl.cli.dlq import dead_letters
    from sqsctl.operations import redrive as moving
    from sqsctl.operations.control import Control, interruptible
    from sqsctl.operations.journal import unfinished
    from sqsctl.operations.redrive_native import redrive_native
    from sqsctl.operations.redrive_plan import choose_method, plan_redrive

    if rate is not None and rate <= 0:
        raise UsageError("--rate must be above 0")
    if method not in {"auto", "native", "client"}:
        raise UsageError(f"--method is auto, native or client, not {method!r}")
    client, pair = dead_letters(run, changing=True)
    source = pair.dead_letters
    target = client.describe(client.resolve(to)) if to else None
    _check_destination(pair, target)
    journals = state_home() / "journals"
    tasks = MoveTaskClient(run.session(changing=True))
    whole_rate = rate is None or (rate == int(rate) and 1 <= rate <= NATIVE_RATE)
    chosen = choose_method(
        cast("Literal['auto', 'native', 'client']", method),
        tasks,
        source,
        everything_unchanged=limit is None and (whole_rate or method == "native"),
        resuming=resume and unfinished(journals, source.arn) is not None,
    )
    if chosen == "native" and not whole_rate:
        raise UsageError(f"SQS's own redrive takes a --rate of 1 to {NATIVE_RATE}, whole")
    if dry_run:
        plan = plan_redrive(
            client,
            source,
            method=chosen,
            journal_folder=journals,
            origins=pair.sources,
            to=target,
            limit=limit,
        )
        return _dry(plan, pair)
    control = Control()
    notice = (
        "stopping: SQS's task goes on by itself"
        if chosen == "native"
        else "stopping: finishing what is in flight, handing back the rest (once more: at once)"
    )
    with (
        run.progress(f"moving out of {source.name}", total=limit or source.visible) as bar,
        interruptible(control, lambda: run.output.notice(notice, style="yellow")),
    ):

        def progress(so_far: RedriveProgress) -> None:
            bar.update(
                so_far.moved + so_far.resumed, note=f"{so_far.moved} moved, {so_far.failed} failed"
            )

        try:
            if chosen == "native":
                summary = redrive_native(
                    client,
                    tasks,
                    source,
                    to=target,
                    rate=int(rate) if rate else None,
                    control=control,
                    progress=progress,
                )
            else:
                summary = moving.redrive(
                    client,
                    source,
                    journal_folder=journals,
                    origins=pair.sources,
                    to=target,
                    options=moving.Redrive(
                        limit=limit,
                        rate=rate,
                        concurrency=concurrency,
                        resume=resume,
                        command=_again(run, pair),
                    ),
                    control=control,
                    progress=progress,
                )
        except moving.RedriveStoppedError as error:
            partial = error.summary
            return Answer(
                redrive_shape(partial),
                lambda console: show_redrive(console, partial, pair),
                error.exit,
                (error,),
            )
    return _answer(summary, pair, control.exit)


def redrive_shape(summary: RedriveSummary) -> dict[str, Any]:
    """The data of ``dlq redrive``."""
    return {
        "method": summary.method,
        "selected": summary.selected,
        "moved": summary.moved,
        "failed": summary.failed,
        "remaining": summary.remaining,
        "possible_duplicates": list(summary.possible_duplicates),
        "journal": summary.journal,
        "skipped": summary.skipped,
        "returned": summary.returned,
        "resumed": summary.resumed,
        "interrupted": summary.interrupted,
        "failures": [
            {"message_id": each.message_id, "reason": each.reason} for each in summary.failures
        ],
        "blocked_groups": list(summary.blocked_groups),
        "duration_s": round(summary.duration_s, 3),
        "notes": list(summary.notes),
    }


def show_redrive(console: Console, summary: RedriveSummary, pair: Pair) -> None:
    """What was moved, what was not, and what may be there twice."""
    ok = not summary.failed and not summary.interrupted
    console.print(
        styled(
            f"{'✓' if ok else '✗'} {summary.moved} moved out of {pair.dead_letters.name}",
            "green" if ok else "yellow",
        ),
        soft_wrap=True,
    )
    facts = [
        f"{summary.failed} failed" if summary.failed else "",
        f"{summary.skipped} not selected" if summary.skipped else "",
        f"{summary.resumed} finished for an earlier run" if summary.resumed else "",
        f"{summary.returned} came back: the consumer fails again" if summary.returned else "",
        "" if summary.remaining is None else f"about {summary.remaining} remaining",
    ]
    lines(console, ["  " + " · ".join(filter(None, facts))])
    for each in summary.failures[:SHOWN]:
        lines(console, [f"  ✗ {safe_line(each.message_id)}: {safe_line(each.reason)}"])
    if summary.possible_duplicates:
        console.print(styled(f"  {len(summary.possible_duplicates)} may be there twice:", "yellow"))
        lines(console, [f"    {each}" for each in summary.possible_duplicates[:SHOWN]])
    if summary.blocked_groups:
        groups = ", ".join(safe_line(each) for each in summary.blocked_groups[:SHOWN])
        lines(console, [f"  groups whose rest could not be reached: {groups}"])
    for note in summary.notes:
        console.print(styled(f"  {note}", "dim"), soft_wrap=True)
    if summary.journal and not ok:
        console.print(styled(f"  journal: {summary.journal}", "dim"), soft_wrap=True)


def _answer(summary: RedriveSummary, pair: Pair, stopped: Exit) -> Answer:
    code = worst(
        stopped if summary.interrupted else Exit.OK,
        Exit.PARTIAL if summary.failed or summary.returned or summary.blocked_groups else Exit.OK,
        Exit.AMBIGUOUS if summary.possible_duplicates else Exit.OK,
    )
    errors: tuple[SqsctlError, ...] = ()
    if code is not Exit.OK:
        said = [f"{summary.moved} moved"]
        said += [f"{summary.failed} failed"] if summary.failed else []
        said += [f"{summary.returned} came back"] if summary.returned else []
        said += (
            [f"{len(summary.possible_duplicates)} possible duplicates"]
            if summary.possible_duplicates
            else []
        )
        said += ["stopped before the end"] if summary.interrupted else []
        hint = "repeat the command to go on" if summary.interrupted else None
        if summary.returned:
            hint = "sqsctl doctor looks for what still fails"
        errors = (SqsctlError(", ".join(said), hint=hint, exit=code, code=code.name.lower()),)
    return Answer(
        redrive_shape(summary), lambda console: show_redrive(console, summary, pair), code, errors
    )


def _check_destination(pair: Pair, target: Queue | None) -> None:
    if target is None and not pair.sources:
        raise UsageError(
            f"nobody dead-letters to {pair.dead_letters.name}, so there is nowhere to go back to",
            hint="name a queue with --to",
            code="no_destination",
        )


def _dry(plan: RedrivePlan, pair: Pair) -> Answer:
    names = list(plan.targets) or [each.name for each in pair.sources]
    said = [
        (
            f"would move about {plan.selected} messages from {plan.source.name} to "
            f"{' or '.join(names)} ({plan.method})"
        )
    ]
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
    }
    return Answer(data, lambda console: lines(console, said))


def _again(run: Run, pair: Pair) -> str:
    named = run.settings.text("queue") or pair.dead_letters.name
    return f"sqsctl dlq redrive --queue {named}"
