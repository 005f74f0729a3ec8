"""sqsctl dlq redrive: bring dead letters back, losing none."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from sqsctl.cli.common.filters import Selection, Which, check_rate
from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer
from sqsctl.errors import UsageError


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
            "sqsctl dlq redrive --resume-consumer",
            "sqsctl dlq redrive --queue lost-events --to function:worker",
            "sqsctl dlq redrive --keep --newer-than 1h --to orders-test",
        ),
    )(redrive)


def redrive(
    run: Run,
    which: Which,
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
    edit: Annotated[
        bool, typer.Option("--edit", help="Open each message in $EDITOR before it goes.")
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            autocompletion=completion.queues,
            help="Another place to move them to: a queue, or function:NAME, topic:NAME, "
            "bus:NAME, or an ARN.",
            metavar="DESTINATION",
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
    resume_consumer: Annotated[
        bool,
        typer.Option(
            "--resume-consumer",
            help="Move nothing: enable again what a killed --pause-consumer left disabled.",
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
    keep: Annotated[
        bool, typer.Option("--keep", help="Send copies; the originals stay where they are.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be moved, move nothing.")
    ] = False,
) -> Answer:
    """Move dead-letter messages back to where they came from, whole.

    What a function (invoked asynchronously), an EventBridge rule or schedule, or an SNS
    subscription could not deliver goes to the function, queue or topic that did not get it.

    A message is deleted only once its copy was acknowledged. What a crash leaves undone, the
    next run finishes; what may be there twice is listed by its id. A first Ctrl-C finishes
    what is in flight.
    """
    from sqsctl.aws.lab_state import state_home
    from sqsctl.cli.dlq.causes import cause_finder
    from sqsctl.cli.dlq.destination import aim
    from sqsctl.cli.dlq.redrive_copies import copied
    from sqsctl.cli.dlq.redrive_job import Job, carry_out, choose_method, plan
    from sqsctl.cli.dlq.short_ids import whole_ids
    from sqsctl.cli.dlq.source import dead_letters

    if resume_consumer:
        from sqsctl.cli.dlq import consumers

        return consumers.resume_consumer(run)
    check_rate(rate)
    if method not in {"auto", "native", "client"}:
        raise UsageError(f"--method is auto, native or client, not {method!r}")
    if canary and pause_consumer:
        raise UsageError("--canary needs the consumer that --pause-consumer stops")
    if keep and (canary or pause_consumer or edit or method == "native"):
        raise UsageError(
            "--keep sends copies message by message: not with --canary, --pause-consumer, --edit "
            "or --method native"
        )
    client, pair = dead_letters(run, changing=not dry_run)
    wanted = whole_ids(run, client, pair, which.filters)
    selection = Selection(wanted, lambda: cause_finder(run, pair))
    where = aim(run, client, pair, to)
    if (canary or pause_consumer) and not where.watchable:
        option = "--canary" if canary else "--pause-consumer"
        raise UsageError(
            f"{option} is about a queue's consumer, and these go elsewhere"
            f"{': ' + where.told if where.told else ''}",
            hint="`again --limit 1` moves one first",
        )
    job = Job(
        run,
        client,
        pair,
        where,
        selection,
        None,
        state_home() / "journals",
        "client",
        limit=selection.limit(limit),
        rate=rate,
        concurrency=1 if edit else concurrency,
        resume=resume,
        terms=_terms(
            **which.typed,
            id=",".join(sorted(wanted.ids)),
            to=to,
            limit=limit,
            canary=canary,
            edit=edit,
        ),
    )
    everything = wanted.empty and limit is None and not edit and canary is None
    everything = everything and where.watchable and not keep
    job = replace(
        job,
        method=choose_method(job, method, everything_unchanged=everything),
        fall_back=method == "auto",
    )
    if dry_run:
        return plan(job, copies=keep)
    if keep:
        return copied(job)
    if edit:
        from sqsctl.cli.dlq.editor import editing

        facts = where.queue or (pair.sources[0] if pair.sources else pair.dead_letters)
        changing = editing(run, fifo=facts.fifo, max_bytes=facts.maximum_message_bytes)
        job = replace(job, edit=changing)
    return carry_out(job, canary=canary, pause_consumer=pause_consumer)


def _terms(**given: object) -> dict[str, str]:
    """What an unfinished run must have been begun with to be gone on with: as it was typed."""
    return {name: str(value) for name, value in given.items() if value}
