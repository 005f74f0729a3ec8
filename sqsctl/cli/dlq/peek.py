"""sqsctl dlq peek: look at dead-letter messages without taking them out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.filters import Selection, Which
from sqsctl.cli.dlq.bodies import FetchOption, opener
from sqsctl.cli.dlq.causes import Causes, cause_finder, cause_shape, causes_of
from sqsctl.cli.dlq.message_view import forecast_shape, show_message
from sqsctl.cli.dlq.short_ids import whole_ids
from sqsctl.cli.dlq.source import dead_letters
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import RawOption, command, examples
from sqsctl.cli.screen.json_shapes import message_shape
from sqsctl.cli.screen.output import (
    Answer,
    check_raw,
    lines,
    styled,
    write_raw,
)
from sqsctl.errors import Exit, worst
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console


LIMIT = 10


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "peek",
        epilog=examples(
            "sqsctl dlq peek",
            "sqsctl dlq peek --limit 50 --full",
            "sqsctl dlq peek --match 'input > `5`' --sort -sent",
            "sqsctl dlq peek --queue tutorial-step-2-dev-jobs -o json",
            "sqsctl dlq peek --limit 1 --raw > body.txt",
        ),
    )(peek)


def peek(
    run: Run,
    which: Which,
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
    fetch: FetchOption = False,
    raw: RawOption = False,
) -> Answer:
    """Look at dead letters without taking them out.

    SQS counts every look as a receive. The messages are hidden while the look goes on, and
    handed back at its end.
    """
    from sqsctl.operations.dead_letters.forecast import forecast
    from sqsctl.operations.dead_letters.peek import Look
    from sqsctl.operations.dead_letters.peek import peek as look_into
    from sqsctl.operations.dead_letters.selection import ordered
    from sqsctl.operations.shared.control import Control, interruptible

    if raw:
        check_raw(run.output)
    opened = opener(run, fetch=fetch)
    ordered((), sort)
    client, pair = dead_letters(run)
    queue = pair.dead_letters
    wanted = whole_ids(run, client, pair, which.filters, force=force)
    selection = Selection(wanted, lambda: cause_finder(run, pair))
    selected = selection.predicate
    control = Control()
    with (
        run.progress(f"looking into {queue.name}") as bar,
        interruptible(control, lambda: run.output.notice("handing the messages back")),
    ):
        peeked = look_into(
            client.open(queue.ref),
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
    inside = {each.message_id: opened(each.body) for each in messages}
    data: dict[str, Any] = {
        "queue": queue.name,
        "approximate_total": peeked.approximate_total,
        "messages": [
            {
                **message_shape(
                    each, cause_shape(causes.of(each)), decoded=inside[each.message_id]
                ),
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
                inside=inside[each.message_id],
                origin=len(pair.sources) != 1,
            )
        console.print(styled(cost, "dim"), soft_wrap=True)

    code = worst(control.exit if control.stopping else Exit.OK, gone.exit if gone else Exit.OK)
    return Answer(data, human, code, (gone,) if gone else ())
