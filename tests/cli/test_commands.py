"""The table of commands says what the files say."""

from __future__ import annotations

from typing import Any

import typer

from sqsctl.cli.commands import COMMANDS
from sqsctl.cli.main import make_app


def helps(app: typer.Typer) -> dict[str, str]:
    group = typer.main.get_command(app)
    commands = getattr(group, "commands")  # noqa: B009 - the class is not public
    return {name: each.help.split("\n\n")[0] for name, each in commands.items()}


def tree(app: typer.Typer) -> dict[str, dict[str, Any]]:
    """The groups and the commands in each."""
    root: Any = typer.main.get_command(app)
    return {
        name: dict(each.commands)
        for name, each in root.commands.items()
        if hasattr(each, "commands")
    }


def test_the_table_repeats_the_files_word_for_word() -> None:
    in_full = helps(make_app())
    assert {name: text.replace("\n", " ") for name, text in in_full.items()} == {
        name: text for name, (_, text) in COMMANDS.items()
    }


def test_the_list_of_commands_looks_the_same_either_way() -> None:
    assert helps(make_app(frozenset())) == {name: text for name, (_, text) in COMMANDS.items()}


def test_a_run_makes_only_the_commands_that_are_among_its_words() -> None:
    """Options take their time: a group's other commands stand there in name."""
    full = tree(make_app())
    for group, members in full.items():
        for word in members:
            narrow = tree(make_app(frozenset({group, word})))[group]
            assert {name: each.help for name, each in narrow.items()} == {
                name: each.help for name, each in members.items()
            }
            made = {name for name, each in narrow.items() if len(each.params) > 0}
            assert made == {word}
            assert [each.opts for each in narrow[word].params] == [
                each.opts for each in members[word].params
            ]


def test_one_run_leaves_nothing_to_the_next() -> None:
    names = {group: list(members) for group, members in tree(make_app()).items()}
    for _ in range(3):
        narrow = make_app(frozenset(names))
        assert {group: list(members) for group, members in tree(narrow).items()} == names
        sizes = {
            info.name: len(info.typer_instance.registered_commands)
            for info in narrow.registered_groups
            if info.typer_instance
        }
        assert sizes == {group: len(members) for group, members in names.items()}
