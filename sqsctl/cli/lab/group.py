"""sqsctl lab: the local AWS, its stack, and the incidents that break it."""

from __future__ import annotations

import typer

from sqsctl.cli.lab import aws, deploy, incidents, init, lifecycle
from sqsctl.cli.run.help import HelpGroup


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        cls=HelpGroup,
        help="A local AWS for the tutorial's stack or yours: deploy, break, heal.",
        no_args_is_help=True,
    )
    for part in (lifecycle, init, deploy, incidents, aws):
        part.register(group)
    app.add_typer(group, name="lab")
