"""Options of the lab's commands."""

from __future__ import annotations

from typing import Annotated

import typer

NameOption = Annotated[
    str | None,
    typer.Option(
        "--name", help="Which lab, where several run.", metavar="NAME", show_default="default"
    ),
]


StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        help="The stack, where lab deploy put several on the lab.",
        metavar="NAME",
        show_default="the last one",
    ),
]


DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")
]
