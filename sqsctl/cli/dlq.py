"""sqsctl dlq: look into a dead-letter queue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer, lines, safe_line, styled
from sqsctl.cli.shapes import message_shape
from sqsctl.cli.views import ago, clock
from sqsctl.cli.ways import account_in
from sqsctl.errors import Exit, SqsctlError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.queues import QueueClient
    from sqsctl.model.message import Message
    from sqsctl.model.transfer import Peeked
    from sqsctl.operations.pairs import Pair

group = typer.Typer(help="Dead letters: look at them, bring them back.", no_args_is_help=True)
BODY_WIDTH = 200


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="dlq")
    from sqsctl.cli import redrive

    redrive.register(group)


def dead_letters(run: Run, *, changing: bool = False) -> tuple[QueueClient, Pair]:
    """The dead-letter queue to work on, and the queues that feed it.

    --queue may name either end and needs no stack.
    """
    from sqsctl.aws.queues import QueueClient
    from sqsctl.operations import discover
    from sqsctl.operations.pairs import find_pair

    resolved = run.resolved(changing=changing)
    client = QueueClient(resolved.session)
    if run.own_queue:
        pair = find_pair(client, run.own_queue)
    else:
        stack = run.stack(changing=changing)
        part = discover.dead_letter_queue(stack, run.settings.text("queue"))
        pair = find_pair(client, part.url)
    run.announce(replace(run.target or resolved.target, account=account_in(pair.dead_letters.url)))
    return client, pair


@command(
    group,
    "peek",
    epilog=examples(
        "sqsctl dlq peek",
        "sqsctl dlq peek --limit 50 --full",
        "sqsctl dlq peek --queue tutorial-step-2-dev-jobs -o json",
    ),
)
def peek(
    run: Run,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")] = 10,
    full: Annotated[bool, typer.Option("--full", help="Whole bodies.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Look even where a look could dead-letter a message.")
    ] = False,
) -> Answer:
    """Look at dead letters without taking them out.

    SQS counts every look as a receive. The messages are hidden while the look goes on, and
    handed back at its end.
    """
    from sqsctl.operations.control import Control, interruptible
    from sqsctl.operations.peek import Look
    from sqsctl.operations.peek import peek as look_into

    client, pair = dead_letters(run)
    queue = pair.dead_letters
    from sqsctl.model.queues import QueueRef

    control = Control()
    with (
        run.progress(f"looking into {queue.name}") as bar,
        interruptible(control, lambda: run.output.notice("handing the messages back")),
    ):
        peeked = look_into(
            client.open(QueueRef(queue.name, queue.url, queue.arn)),
            queue,
            look=Look(limit=limit, force=force),
            control=control,
            progress=lambda seen, matched: bar.update(note=f"{matched} of {seen}"),
        )
    causes = _causes(run, pair, peeked)
    data: dict[str, Any] = {
        "queue": queue.name,
        "approximate_total": peeked.approximate_total,
        "messages": [message_shape(each, causes.get(each.message_id)) for each in peeked.matched],
        "cost": {
            "receive_counts_raised": peeked.looked_at,
            "groups_locked": list(peeked.groups_locked),
            "locked_s": round(peeked.locked_s, 3),
            "unreleased": peeked.unreleased,
        },
        "exhausted": peeked.exhausted,
    }

    def human(console: Console) -> None:
        if not peeked.matched:
            lines(console, [f"{queue.name} is empty"])
        for each in peeked.matched:
            show_message(console, each, full=full, cause=causes.get(each.message_id))
        cost = f"looked at {peeked.looked_at} of about {peeked.approximate_total}"
        cost += f"; {peeked.looked_at} receive counts raised by one" * bool(peeked.looked_at)
        if peeked.groups_locked:
            cost += f"; {len(peeked.groups_locked)} groups locked for {peeked.locked_s:.1f} s"
        if peeked.unreleased:
            cost += f"; {peeked.unreleased} come back by themselves in {peeked.hold_s} s"
        console.print(styled(cost, "dim"), soft_wrap=True)

    code = control.exit if control.stopping else Exit.OK
    return Answer(data, human, code)


def show_message(
    console: Console, message: Message, *, full: bool, cause: dict[str, Any] | None = None
) -> None:
    """A dead letter: when, how often, what it carries."""
    console.print(styled(message.message_id, "bold"), soft_wrap=True)
    facts = [
        f"sent {clock(message.sent_at)} ({ago(message.sent_at)})",
        f"received {message.receive_count} times",
    ]
    if message.group_id:
        facts.append(f"group {safe_line(message.group_id)}")
    console.print(styled("  " + " · ".join(facts), "dim"), soft_wrap=True)
    if cause:
        console.print(
            styled(f"  cause: {cause['id']} ({cause['confidence']} confidence)", "yellow"),
            soft_wrap=True,
        )
    body = message.body if full else safe_line(message.body, BODY_WIDTH)
    for line in body.split("\n"):
        console.print(styled(f"  {line}"), soft_wrap=True)
    for name, attribute in message.attributes.items():
        if isinstance(attribute.value, bytes):
            shown = f"{len(attribute.value)} bytes"
        else:
            shown = safe_line(attribute.value, None if full else BODY_WIDTH)
        console.print(styled(f"  {name} ({attribute.data_type}): {shown}", "dim"), soft_wrap=True)


def _causes(run: Run, pair: Pair, peeked: Peeked) -> dict[str, dict[str, Any]]:
    """Why each of them died, as the consumers' logs tell; what is unknown is absent."""
    from sqsctl.operations import discover
    from sqsctl.operations.causes import causes_of

    if not peeked.matched:
        return {}
    source = pair.sources[0] if pair.sources else pair.dead_letters
    session = run.session()
    try:
        with run.progress("reading why they died"):
            found = causes_of(
                session,
                discover.from_queue(session, source.url),
                pair.dead_letters.arn,
                peeked.matched,
            )
    except SqsctlError as error:
        run.output.notice(f"causes: {error.message}")
        return {}
    return {
        message_id: {
            "id": each.cause,
            "confidence": each.confidence.label,
            "evidence": each.evidence or None,
        }
        for message_id, each in found.items()
    }
