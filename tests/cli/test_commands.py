"""The table of commands says what the files say."""

from __future__ import annotations

import typer

from sqsctl.cli.commands import COMMANDS
from sqsctl.cli.main import make_app


def helps(app: typer.Typer) -> dict[str, str]:
    group = typer.main.get_command(app)
    commands = getattr(group, "commands")  # noqa: B009 - the class is not public
    return {name: each.help.split("\n\n")[0] for name, each in commands.items()}


def test_the_table_repeats_the_files_word_for_word() -> None:
    in_full = helps(make_app())
    assert {name: text.replace("\n", " ") for name, text in in_full.items()} == {
        name: text for name, (_, text) in COMMANDS.items()
    }


def test_the_list_of_commands_looks_the_same_either_way() -> None:
    assert helps(make_app(frozenset())) == {name: text for name, (_, text) in COMMANDS.items()}
