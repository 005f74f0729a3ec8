"""sqsctl lab: the local AWS, its stack and the tutorial's incidents."""

from __future__ import annotations

from typing import Annotated

import typer

from sqsctl.cli.context import Run
from sqsctl.cli.options import command, examples
from sqsctl.cli.output import Answer

group = typer.Typer(
    help="A local AWS with the tutorial's stack: start, break, heal, stop.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="lab")


@command(
    group, "status", target=False, epilog=examples("sqsctl lab status", "sqsctl lab status -o json")
)
def status(run: Run, name: Annotated[str, typer.Option(help="x")] = "default") -> Answer:
    """Say whether the lab runs."""
    return Answer({"name": name}, lambda c: c.print("hi"))
