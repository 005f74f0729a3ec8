"""sqsctl dlq redrive: bring dead letters back, losing none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer, lines, safe_line, styled
from sqsctl.errors import Exit, SqsctlError, UsageError, worst

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.stack import Queue
    from sqsctl.model.transfer import RedriveProgress, RedriveSummary
    from sqsctl.operations.pairs import Pair

SHOWN = 20


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
    from sqsctl.cli.dlq import dead_letters
    from sqsctl.operations import redrive as moving
    from sqsctl.operations.control import Control, interruptible

    if rate is not None and rate <= 0:
        raise UsageError("--rate must be above 0")
    client, pair = dead_letters(run, changing=True)
    target = client.describe(client.resolve(to)) if to else None
    _check_destination(pair, target)
    if dry_run:
        return _dry(pair, target, limit)
    control = Control()
    notice = "stopping: finishing what is in flight, handing back the rest (once more: at once)"
    with (
        run.progress(
            f"moving out of {pair.dead_letters.name}", total=limit or pair.dead_letters.visible
        ) as bar,
        interruptible(control, lambda: run.output.notice(notice, style="yellow")),
    ):

        def progress(so_far: RedriveProgress) -> None:
            bar.update(
                so_far.moved + so_far.resumed, note=f"{so_far.moved} moved, {so_far.failed} failed"
            )

        try:
            summary = moving.redrive(
                client,
                pair.dead_letters,
                journal_folder=state_home() / "journals",
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


def _dry(pair: Pair, target: Queue | None, limit: int | None) -> Answer:
    queue = pair.dead_letters
    there = queue.visible + queue.in_flight + queue.delayed
    count = min(limit, there) if limit else there
    names = [target.name] if target else [each.name for each in pair.sources]
    said = f"would move about {count} messages from {queue.name} to {' or '.join(names)}"
    data = {
        "dry_run": True,
        "method": "client",
        "selected": count,
        "moved": 0,
        "failed": 0,
        "remaining": there,
        "possible_duplicates": [],
        "journal": None,
        "to": names,
    }
    return Answer(data, lambda console: lines(console, [said]))


def _again(run: Run, pair: Pair) -> str:
    named = run.settings.text("queue") or pair.dead_letters.name
    return f"sqsctl dlq redrive --queue {named}"
