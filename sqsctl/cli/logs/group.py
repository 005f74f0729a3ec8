"""sqsctl logs: follow what the functions log, or have log text explained."""

from __future__ import annotations

import typer

from sqsctl.cli.logs import explain, query, tail
from sqsctl.cli.run.help import HelpGroup


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        cls=HelpGroup,
        help="Follow the functions' logs, or have log text explained.",
        no_args_is_help=True,
    )
    for part in (explain, tail, query):
        part.register(group)
    app.add_typer(group, name="logs")
