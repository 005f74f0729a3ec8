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


DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")
]
