"""sqsctl dlq: look into a dead-letter queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.filters import (
    CauseOption,
    GrepOption,
    IdOption,
    MatchOption,
    SentSinceOption,
    SentUntilOption,
)
from sqsctl.cli.common.routes import account_in
from sqsctl.cli.dlq.causes import Causes, cause_finder, cause_shape, causes_of
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import RawOption, command, examples
from sqsctl.cli.screen.json_shapes import message_shape
from sqsctl.cli.screen.output import (
    Answer,
    check_raw,
    iso,
    lines,
    prose,
    safe_line,
    styled,
    write_raw,
)
from sqsctl.cli.screen.views import ago, clock
from sqsctl.errors import Exit, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.checks.support.dead_letter_match import Match
    from sqsctl.model.dead_letters import Forecast
    from sqsctl.model.message import Message
    from sqsctl.operations.stacks.queue_pairs import Pair

group = typer.Typer(help="Dead letters: look at them, bring them back.", no_args_is_help=True)
BODY_WIDTH = 200
LIMIT = 10


def register(app: typer.Typer) -> None:
    """Add the group."""
    from sqsctl.cli.dlq import files, purge, redrive, stories, tasks

    app.add_typer(group, name="dlq")
    for part in (stories, redrive, tasks, files, purge):
        part.register(group)


def dead_letters(run: Run, *, changing: bool = False) -> tuple[QueueClient, Pair]:
    """The dead-letter queue to work on, and the queues that feed it.

    --queue may name either end and needs no stack.
    """
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.stacks import discover
    from sqsctl.operations.stacks.queue_pairs import find_pair

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
        "sqsctl dlq peek --match 'input > `5`' --sort -sent",
        "sqsctl dlq peek --queue tutorial-step-2-dev-jobs -o json",
        "sqsctl dlq peek --limit 1 --raw > body.txt",
    ),
)
def peek(
    run: Run,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            "-n",
            min=1,
            help="How many at most.",
            show_default="10, or as many as there are --id",
        ),
    ] = None,
    id_: IdOption = None,
    match: MatchOption = None,
    grep: GrepOption = None,
    cause: CauseOption = None,
    since: SentSinceOption = None,
    until: SentUntilOption = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            help="sent, received, count, size, id or group; - turns it round.",
            metavar="[-]FIELD",
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Whole bodies, JSON laid out.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Look even where a look could dead-letter a message.")
    ] = False,
    raw: RawOption = False,
) -> Answer:
    """Look at dead letters without taking them out.

    SQS counts every look as a receive. The messages are hidden while the look goes on, and
    handed back at its end.
    """
    from sqsctl.cli.common import filters as conditions
    from sqsctl.model.queues import QueueRef
    from sqsctl.operations.dead_letters.forecast import forecast
    from sqsctl.operations.dead_letters.peek import Look
    from sqsctl.operations.dead_letters.peek import peek as look_into
    from sqsctl.operations.dead_letters.selection import ordered
    from sqsctl.operations.shared.control import Control, interruptible

    if raw:
        check_raw(run.output)
    wanted = conditions.filters(id_, match, grep, cause, since, until)
    ordered((), sort)
    client, pair = dead_letters(run)
    queue = pair.dead_letters
    selection = conditions.Selection(wanted, lambda: cause_finder(run, pair))
    selected = selection.predicate
    control = Control()
    with (
        run.progress(f"looking into {queue.name}") as bar,
        interruptible(control, lambda: run.output.notice("handing the messages back")),
    ):
        peeked = look_into(
            client.open(QueueRef(queue.name, queue.url, queue.arn)),
            queue,
            look=Look(limit=selection.limit(limit) or LIMIT, force=force),
            select=selected,
            control=control,
            progress=lambda seen, matched: bar.update(note=f"{matched} of {seen}"),
        )
    messages = ordered(peeked.matched, sort)
    causes = Causes() if raw else causes_of(run, pair, messages)
    now = datetime.now(UTC)
    fates = {each.message_id: forecast(each, queue, now=now) for each in messages}
    data: dict[str, Any] = {
        "queue": queue.name,
        "approximate_total": peeked.approximate_total,
        "messages": [
            {
                **message_shape(each, cause_shape(causes.of(each))),
                "forecast": forecast_shape(fates[each.message_id]),
            }
            for each in messages
        ],
        "cost": {
            "receive_counts_raised": peeked.looked_at,
            "groups_locked": list(peeked.groups_locked),
            "locked_s": round(peeked.locked_s, 3),
            "unreleased": peeked.unreleased,
        },
        "exhausted": peeked.exhausted,
        "causes_unread": causes.shape(),
    }
    gone = selection.trouble(queue.name, exhausted=peeked.exhausted)

    cost = f"looked at {peeked.looked_at} of about {peeked.approximate_total}"
    cost += f"; {counted(peeked.looked_at, 'receive count')} raised by one" * bool(peeked.looked_at)
    if peeked.groups_locked:
        cost += (
            f"; {counted(len(peeked.groups_locked), 'group')} locked for {peeked.locked_s:.1f} s"
        )
    if peeked.unreleased:
        cost += f"; {peeked.unreleased} come back by themselves in {peeked.hold_s} s"

    def human(console: Console) -> None:
        if raw:
            for each in messages:
                write_raw(each.body)
            run.output.notice(cost)
            return
        if not messages and gone is None:
            lines(
                console,
                [
                    f"{queue.name} is empty"
                    if selected is None
                    else f"nothing in {queue.name} matches"
                ],
            )
        for each in messages:
            show_message(
                console,
                each,
                fates[each.message_id],
                full=full,
                cause=causes.of(each),
            )
        console.print(styled(cost, "dim"), soft_wrap=True)

    code = worst(control.exit if control.stopping else Exit.OK, gone.exit if gone else Exit.OK)
    return Answer(data, human, code, (gone,) if gone else ())


def forecast_shape(fate: Forecast) -> dict[str, Any]:
    """What will become of a message."""
    return {
        "attempt": fate.attempt,
        "max_attempts": fate.max_attempts,
        "visible_at": iso(fate.visible_at),
        "dead_at": iso(fate.dead_at),
        "expires_at": iso(fate.expires_at),
    }


def show_message(
    console: Console,
    message: Message,
    fate: Forecast,
    *,
    full: bool,
    cause: Match | None = None,
) -> None:
    """A dead letter: when, how often, why, what it carries, when it expires."""
    console.print(styled(message.message_id, "bold"), soft_wrap=True)
    facts = [
        f"sent {clock(message.sent_at)} ({ago(message.sent_at)})",
        f"received {counted(message.receive_count, 'time')}",
    ]
    if fate.max_attempts is not None:
        facts.append(f"attempt {fate.attempt} of {fate.max_attempts}")
    if fate.expires_at is not None:
        facts.append(f"expires {clock(fate.expires_at)}")
    if message.group_id:
        facts.append(f"group {safe_line(message.group_id)}")
    if message.dead_letter_source_arn:
        facts.append(f"from {safe_line(message.dead_letter_source_arn.rpartition(':')[2])}")
    prose(console, styled("  " + " · ".join(facts), "dim"))
    if cause:
        said = f"  cause: {cause.cause} ({cause.confidence.label} confidence)"
        console.print(styled(said, "yellow"), soft_wrap=True)
    for line in _body(message.body, full=full):
        console.print(styled(f"  {line}"), soft_wrap=True)
    for name, attribute in message.attributes.items():
        if isinstance(attribute.value, bytes):
            import hashlib

            digest = hashlib.sha256(attribute.value).hexdigest()[:12]
            shown = f"{len(attribute.value)} bytes, sha256 {digest}…"
        else:
            shown = safe_line(attribute.value, None if full else BODY_WIDTH)
        head = f"  {safe_line(name)} ({safe_line(attribute.data_type)})"
        console.print(styled(f"{head}: {shown}", "dim"), soft_wrap=True)


def _body(body: str, *, full: bool) -> list[str]:
    if not full:
        return [safe_line(body, BODY_WIDTH)]
    import json

    from sqsctl.operations.dead_letters.selection import NOT_JSON, parsed

    document = parsed(body)
    if document is not NOT_JSON and isinstance(document, dict | list):
        return json.dumps(document, ensure_ascii=False, indent=2).split("\n")
    return body.split("\n")
