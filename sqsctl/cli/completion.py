"""sqsctl completion: words that the shell completes, for bash, zsh and fish."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines

if TYPE_CHECKING:
    from rich.console import Console

VARIABLE = "_SQSCTL_COMPLETE"


class Shell(StrEnum):
    """Shells that can be told what to complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "completion",
        target=False,
        epilog=examples(
            "sqsctl completion zsh --install",
            "sqsctl completion bash > ~/.local/share/bash-completion/completions/sqsctl",
        ),
    )(completion)


def completion(
    run: Run,
    shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish.", metavar="SHELL")],
    install: Annotated[
        bool, typer.Option("--install", help="Put it where the shell looks for it.")
    ] = False,
) -> Answer:
    """Make the shell complete commands, options and names.

    Prints the script for a shell; with --install, puts it where that shell looks for it. It
    works in shells that are started afterwards.
    """
    del run
    from typer import _completion_shared as shells

    if install:
        _, path = shells.install(shell=shell.value, prog_name="sqsctl", complete_var=VARIABLE)
        return Answer(
            {"shell": shell.value, "installed": str(path)},
            lambda console: lines(console, [f"installed in {path}: start a new {shell.value}"]),
        )
    script = shells.get_completion_script(
        prog_name="sqsctl", complete_var=VARIABLE, shell=shell.value
    )

    def human(console: Console) -> None:
        console.file.write(script.strip() + "\n")

    return Answer({"shell": shell.value, "script": script}, human)


def by_name(arguments: list[str]) -> list[str]:
    """``--install-completion zsh`` is ``completion zsh --install``; other lines stay."""
    if len(arguments) == 2 and arguments[1] in {each.value for each in Shell}:
        if arguments[0] == "--install-completion":
            return ["completion", arguments[1], "--install"]
        if arguments[0] == "--show-completion":
            return ["completion", arguments[1]]
    return arguments
