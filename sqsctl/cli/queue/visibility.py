"""sqsctl queue hide and show: keep messages from consumers for a while, or end that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.common.routes import account_in
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, iso, lines, safe_line
from sqsctl.cli.screen.views import clock
from sqsctl.errors import Exit, SqsctlError, UsageError, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.queues import Queue
    from sqsctl.model.transfer import FailedMove

IdsArgument = Annotated[list[str], typer.Argument(help="Ids of messages.", metavar="ID")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    command(
        group,
        "hide",
        epilog=examples(
            "sqsctl queue hide 1a645e0b-397d-4dd9-be7a-01bbca385b77 --for 1h --force",
        ),
    )(hide)
    command(
        group,
        "show",
        epilog=examples("sqsctl queue show 1a645e0b-397d-4dd9-be7a-01bbca385b77"),
    )(show)


def hide(
    run: Run,
    message_ids: IdsArgument,
    time: Annotated[
        str, typer.Option("--for", help="How long: 30s, 10m, 12h at most.", metavar="TIME")
    ] = "30m",
    force: Annotated[
        bool, typer.Option("--force", help="Look even where a look could dead-letter a message.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be hidden, hide nothing.")
    ] = False,
) -> Answer:
    """Keep messages from every consumer for a while.

    Their visibility timeout is changed. The queue is looked through for them: each message met
    on the way has its receive counted. A message in a consumer's hands cannot be met. queue show
    ends it before its time.
    """
    from sqsctl.operations.moving.hiding import MAX_HIDDEN_S, hide_messages
    from sqsctl.operations.shared.control import Control, interruptible

    seconds = _seconds(time, MAX_HIDDEN_S)
    client, queue = _queue(run, changing=not dry_run)
    ids = tuple(dict.fromkeys(message_ids))
    if dry_run:
        data = {"dry_run": True, "queue": queue.name, "messages": len(ids), "for_s": seconds}
        said = [f"would hide {counted(len(ids), 'message')} of {queue.name} for {seconds} s"]
        return Answer(data, lambda console: lines(console, said))
    control = Control()
    with (
        run.progress(f"looking through {queue.name}"),
        interruptible(control, lambda: run.output.notice("handing the messages back")),
    ):
        done = hide_messages(
            client.open(queue.ref),
            queue,
            ids,
            seconds,
            handles=_handles(),
            force=force,
            control=control,
        )
    until = datetime.fromtimestamp(done.until, UTC)
    data = {
        "queue": queue.name,
        "hidden": [{"message_id": each, "until": iso(until)} for each in done.message_ids],
        "not_found": list(done.missing),
        "failures": _failures(done.failures),
        "looked_at": done.looked_at,
        "unreleased": done.unreleased,
    }

    def human(console: Console) -> None:
        lines(console, [f"✓ {each}: hidden until {clock(until)}" for each in done.message_ids])
        lines(console, [f"✗ {safe_line(each)}: not met" for each in done.missing])
        _show_failures(console, done.failures)
        lines(console, [f"looked at {counted(done.looked_at, 'message')}"])

    gone = _gone(queue.name, len(done.missing), len(ids)) if done.missing else None
    code = worst(
        control.exit if control.stopping else Exit.OK,
        Exit.PARTIAL if done.failures else Exit.OK,
        gone.exit if gone else Exit.OK,
    )
    return Answer(data, human, code, (gone,) if gone else ())


def show(
    run: Run,
    message_ids: IdsArgument,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be shown, show nothing.")
    ] = False,
) -> Answer:
    """Make messages visible again that queue hide hid. Only from here: SQS asks for the handle."""
    from sqsctl.operations.moving.hiding import show_messages

    client, queue = _queue(run, changing=not dry_run)
    ids = tuple(dict.fromkeys(message_ids))
    if dry_run:
        data = {"dry_run": True, "queue": queue.name, "messages": len(ids)}
        said = [f"would show {counted(len(ids), 'message')} of {queue.name}"]
        return Answer(data, lambda console: lines(console, said))
    shown, failures = show_messages(client.open(queue.ref), queue.url, ids, handles=_handles())

    def human(console: Console) -> None:
        lines(console, [f"✓ {safe_line(each)}: visible" for each in shown])
        _show_failures(console, failures)

    trouble = SqsctlError(
        f"{counted(len(failures), 'message')} of {len(ids)} could not be shown",
        exit=Exit.PARTIAL if shown else Exit.NOT_FOUND,
        code="message_not_found",
    )
    data = {"queue": queue.name, "shown": list(shown), "failures": _failures(failures)}
    code = trouble.exit if failures else Exit.OK
    return Answer(data, human, code, (trouble,) if failures else ())


def _queue(run: Run, *, changing: bool) -> tuple[QueueClient, Queue]:
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.stacks import meant_queue

    resolved = run.resolved(changing=changing)
    client = QueueClient(resolved.session)
    reference = run.own_queue or (
        meant_queue.main_queue(run.stack(changing=changing), run.settings.text("queue")).url
    )
    queue = client.describe(client.resolve(reference))
    run.announce(replace(run.target or resolved.target, account=account_in(queue.url)))
    return client, queue


def _handles() -> Path:
    from sqsctl.aws.lab_state import state_home

    return state_home() / "hidden.json"


def _seconds(text: str, most: int) -> int:
    from sqsctl.cli.run.times import duration_s

    seconds = duration_s(text)
    if not 1 <= seconds <= most:
        raise UsageError(f"--for is 1s to {most // 3600}h, not {text}")
    return round(seconds)


def _failures(failures: tuple[FailedMove, ...]) -> list[dict[str, str]]:
    return [{"message_id": each.message_id, "reason": each.reason} for each in failures]


def _show_failures(console: Console, failures: tuple[FailedMove, ...]) -> None:
    for each in failures:
        lines(console, [f"✗ {safe_line(each.message_id)}: {safe_line(each.reason)}"])


def _gone(queue: str, missing: int, asked: int) -> SqsctlError:
    return SqsctlError(
        f"{counted(missing, 'message')} of {asked} could not be met in {queue}: in a consumer's "
        "hands, delayed, moved or deleted",
        exit=Exit.NOT_FOUND if missing == asked else Exit.PARTIAL,
        code="message_not_found",
    )
