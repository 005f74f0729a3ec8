"""sqsctl dlq groups: dead-letter messages by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.insights import InsightsOption
from sqsctl.cli.dlq.looking import look_through
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, iso, lines, styled
from sqsctl.cli.screen.views import clock, row, show_table, table

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.dead_letters import DeadLetterGroup


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "groups",
        epilog=examples(
            "sqsctl dlq groups",
            "sqsctl dlq groups --limit 1000 -o json",
        ),
    )(groups)


def groups(
    run: Run,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="Look at so many messages at most.")
    ] = 1000,
    force: Annotated[
        bool, typer.Option("--force", help="Look even where a look could dead-letter a message.")
    ] = False,
    insights: InsightsOption = True,
) -> Answer:
    """Group dead-letter messages by cause and shape of their bodies."""
    run.insights = insights
    from sqsctl.cli.dlq.causes import causes_of
    from sqsctl.cli.dlq.source import dead_letters
    from sqsctl.operations.dead_letters.groups import Groups

    client, pair = dead_letters(run)
    peeked, code = look_through(run, client, pair, limit=limit, force=force)
    causes = causes_of(run, pair, peeked.matched)
    collected = Groups()
    for each in peeked.matched:
        found = causes.of(each)
        collected.add(each, found.cause if found else "")
    result = collected.result()
    data = {
        "queue": pair.dead_letters.name,
        "approximate_total": peeked.approximate_total,
        "looked_at": peeked.looked_at,
        "groups": [group_shape(each) for each in result],
        "unreleased": peeked.unreleased,
        "causes_unread": causes.shape(),
    }

    def human(console: Console) -> None:
        if not result:
            lines(console, [f"{pair.dead_letters.name} is empty"])
            return
        grid = table("count→", "cause", "first", "last", "body", "for example")
        for each in result:
            row(
                grid,
                each.count,
                _cause(each),
                clock(each.first_at),
                clock(each.last_at),
                each.fingerprint,
                next(iter(each.sample_message_ids), ""),
            )
        show_table(console, grid)
        seen = f"looked at {peeked.looked_at} of about {peeked.approximate_total}"
        if peeked.unreleased:
            seen += f"; {peeked.unreleased} come back by themselves in {peeked.hold_s} s"
        console.print(styled(seen, "dim"), soft_wrap=True)

    return Answer(data, human, code)


def _cause(group: DeadLetterGroup) -> str:
    """The check; where none knows it, the error that the message itself carries."""
    if group.cause or not group.failed_by:
        return group.cause or "unknown"
    return f"{group.failed_by}: {group.error or 'no error told'}"


def group_shape(group: DeadLetterGroup) -> dict[str, Any]:
    """An entry of ``groups``."""
    return {
        "cause": group.cause or None,
        "fingerprint": group.fingerprint,
        "count": group.count,
        "first_at": iso(group.first_at),
        "last_at": iso(group.last_at),
        "sample_message_ids": list(group.sample_message_ids),
        "failed_by": group.failed_by or None,
        "error": group.error or None,
    }
