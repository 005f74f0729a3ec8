"""sqsctl queue: list queues, see one's figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.regions import AllRegionsOption
from sqsctl.cli.common.routes import account_in
from sqsctl.cli.queue import visibility
from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.help import HelpGroup
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.json_shapes import queue_shape
from sqsctl.cli.screen.output import Answer, lines
from sqsctl.cli.screen.views import row, show_queue, show_table, table
from sqsctl.errors import SqsctlError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.queues import Queue, QueueRef

QueueArgument = Annotated[
    str | None,
    typer.Argument(
        help="Name, URL or ARN.",
        metavar="QUEUE",
        autocompletion=completion.queues,
        show_default="the stack's queue",
    ),
]
group = typer.Typer(
    cls=HelpGroup,
    help="List queues, see their figures, empty them, hide messages.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="queue")


@command(
    group,
    "ls",
    epilog=examples(
        "sqsctl queue ls", "sqsctl queue ls --prefix tutorial", "sqsctl queue ls --all-regions"
    ),
)
def ls(
    run: Run,
    prefix: Annotated[str, typer.Option("--prefix", help="Only names that start with it.")] = "",
    all_regions: AllRegionsOption = False,
) -> Answer:
    """List the queues of the region, or of all, with their figures."""
    if all_regions:
        from sqsctl.cli.queue.everywhere import queues_everywhere

        return queues_everywhere(run, prefix)
    from sqsctl.aws.parallel import concurrently
    from sqsctl.aws.sqs.queues import QueueClient

    resolved = run.resolved()
    client = QueueClient(resolved.session)
    with run.progress("reading queues"):
        refs = list(client.every(prefix))
        run.announce(
            replace(
                resolved.target,
                account=account_in(refs[0].url) if refs else resolved.target.account,
            )
        )
        found = concurrently(lambda ref: _described(client, ref), refs)
    queues = [each for each in found if not isinstance(each, SqsctlError)]
    unread = [each for each in found if isinstance(each, SqsctlError)]
    data = {"queues": [queue_shape(each) for each in queues]}

    def human(console: Console) -> None:
        if not queues:
            lines(console, ["no queues"])
            return
        grid = table("queue", "visible→", "in flight→", "delayed→", "dead-letters to")
        for each in queues:
            row(
                grid,
                each.name,
                each.visible,
                each.in_flight,
                each.delayed,
                (each.dead_letter_target_arn or "–").rpartition(":")[2],
            )
        show_table(console, grid)

    from sqsctl.errors import Exit

    return Answer(data, human, Exit.PARTIAL if unread else Exit.OK, tuple(unread))


@command(
    group,
    "inspect",
    epilog=examples(
        "sqsctl queue inspect",
        "sqsctl queue inspect tutorial-step-2-dev-jobs -o json",
        "sqsctl queue inspect --full",
    ),
)
def inspect(
    run: Run,
    queue_name: QueueArgument = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also who consumes it, and the oldest message's age.")
    ] = False,
) -> Answer:
    """Show a queue: its figures, timeouts, and dead-letter queue. Calls SQS only."""
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.dead_letters.inspect import inspect as look

    run.name_queue(queue_name)
    resolved = run.resolved()
    reference = queue_reference(run)
    report = look(QueueClient(resolved.session), reference)
    run.announce(replace(run.target or resolved.target, account=_account(report.queue.arn)))
    oldest, consumers = _more(run, report.queue) if full else (None, None)
    extra: dict[str, Any] = {"oldest_age_s": oldest, "consumers": consumers}
    data = {
        "queue": {**queue_shape(report.queue, report.dead_letters), **extra},
        **extra,
        "dlq_unread": report.dead_letters_unread,
    }

    def human(console: Console) -> None:
        show_queue(console, report.queue, report.dead_letters)
        if full:
            said = (
                "none"
                if consumers == []
                else ", ".join(_consumer(each) for each in consumers or [])
            )
            age = "unknown" if oldest is None else f"{oldest:.0f} s"
            lines(console, [f"consumers: {said or 'unknown'}", f"oldest message: {age}"])

    return Answer(data, human)


@command(
    group, "purge", epilog=examples("sqsctl queue purge jobs", "sqsctl queue purge jobs --yes")
)
def purge(
    run: Run,
    queue_name: QueueArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be deleted, delete nothing.")
    ] = False,
) -> Answer:
    """Delete everything in a queue, for good. Asks for its name, and offers an export."""
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.cli.common.emptying import empty

    run.name_queue(queue_name)
    resolved = run.resolved(changing=True)
    client = QueueClient(resolved.session)
    facts = client.describe(client.resolve(queue_reference(run)))
    run.announce(replace(run.target or resolved.target, account=_account(facts.arn)))
    return empty(run, client, facts, dry_run=dry_run)


@command(
    group,
    "watch",
    epilog=examples("sqsctl queue watch", "sqsctl queue watch --interval 5 -o json | jq .visible"),
)
def watch(
    run: Run,
    queue_name: QueueArgument = None,
    interval: Annotated[
        float, typer.Option("--interval", min=0.2, help="Seconds between two looks.")
    ] = 2.0,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="So many lines, then end.")
    ] = None,
) -> Answer | None:
    """Print a queue's figures again and again, a line each."""
    from datetime import UTC, datetime

    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.cli.screen.closed_pipe import watchful_sleep
    from sqsctl.cli.screen.output import iso, safe_line, styled
    from sqsctl.operations.dead_letters.inspect import inspect as look

    run.name_queue(queue_name)
    resolved = run.resolved()
    client = QueueClient(resolved.session)
    reference = client.resolve(queue_reference(run)).url
    ticks = 0
    run.following = True
    while True:
        report = look(client, reference)
        run.announce(replace(run.target or resolved.target, account=_account(report.queue.arn)))
        queue, dead = report.queue, report.dead_letters
        now = datetime.now(UTC)
        if run.output.json:
            run.output.line(
                {
                    "timestamp": iso(now),
                    "queue": queue.name,
                    "visible": queue.visible,
                    "in_flight": queue.in_flight,
                    "delayed": queue.delayed,
                    "dead": dead.visible if dead else None,
                }
            )
        else:
            said = (
                f"{now:%H:%M:%S}  {safe_line(queue.name)}  {queue.visible} visible  "
                f"{queue.in_flight} in flight  {queue.delayed} delayed"
            )
            if dead:
                said += f"  {dead.visible} dead"
            run.output.stdout.print(styled(said), soft_wrap=True)
            run.output.stdout.file.flush()
        ticks += 1
        if count is not None and ticks >= count:
            return None
        watchful_sleep(interval)


visibility.register(group)


def _consumer(shape: dict[str, Any]) -> str:
    pollers = ""
    if shape["minimum_pollers"] or shape["maximum_pollers"]:
        least, most = shape["minimum_pollers"] or "?", shape["maximum_pollers"] or "?"
        pollers = f", {least} to {most} provisioned pollers"
    return f"{shape['function']} ({shape['state']}{pollers})"


def queue_reference(run: Run) -> str:
    """The queue meant: the one that was named, else the stack's only one."""
    if run.own_queue:
        return run.own_queue
    from sqsctl.operations.stacks import meant_queue

    return meant_queue.main_queue(run.stack(), run.settings.text("queue")).url


def _described(client: QueueClient, ref: QueueRef) -> Queue | SqsctlError:
    try:
        return client.describe(ref)
    except SqsctlError as error:
        return error


def _more(run: Run, queue: Queue) -> tuple[float | None, list[dict[str, Any]] | None]:
    """The age of the oldest message and the consumers; None where they cannot be read."""
    from sqsctl.cli.common.queue_figures import consumers_of, oldest_age

    return oldest_age(run, queue), consumers_of(run, queue)


def _account(arn: str) -> str | None:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else None
