"""sqsctl lab init: the tutorial's project as files to edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.lab.view import would
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines

if TYPE_CHECKING:
    from rich.console import Console


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "init",
        target=False,
        epilog=examples(
            "sqsctl lab init",
            "sqsctl lab init shop --runtime nodejs",
            "sqsctl lab init shop && sqsctl lab deploy shop",
        ),
    )(init)


def init(
    run: Run,
    folder: Annotated[
        Path, typer.Argument(help="Where to; made if missing.", metavar="DIR")
    ] = Path(),
    runtime: Annotated[
        str, typer.Option("--runtime", help="Language of the handlers: python or nodejs.")
    ] = "python",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")
    ] = False,
) -> Answer:
    """Write the tutorial's project into a folder, to edit and deploy."""
    from sqsctl.lab import project

    del run
    if dry_run:
        return would(f"write {', '.join(project.project(runtime))} into {folder}")
    written = project.write(folder, runtime)

    def human(console: Console) -> None:
        lines(console, [f"wrote {folder / name}" for name in written])
        where = "" if folder == Path() else f" {folder}"
        lines(console, [f"next: edit a handler, then sqsctl lab deploy{where}"])

    return Answer({"folder": str(folder), "files": list(written)}, human)
