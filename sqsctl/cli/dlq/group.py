"""sqsctl dlq: look at dead-letter messages, move them, copy them, delete them."""

from __future__ import annotations

import typer

from sqsctl.cli.dlq import bury, explain, export, groups, peek, purge, redrive, restore, tasks
from sqsctl.cli.run.help import HelpGroup


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        cls=HelpGroup,
        help="Look at dead-letter messages, and bring them back.",
        no_args_is_help=True,
    )
    for part in (peek, groups, explain, redrive, bury, tasks, export, restore, purge):
        part.register(group)
    app.add_typer(group, name="dlq")
