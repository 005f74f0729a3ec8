"""--help: what a person sees at 80 columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from sqsctl.cli.completion import by_name
from sqsctl.cli.main import make_app
from sqsctl.cli.run.help import _plain, _readable, first_line
from tests.program import Sqsctl

WIDTH = 80


def _walk(command: Any, name: str, parent: Any) -> Iterator[tuple[str, Any, Any]]:
    context = command.context_class(
        command, info_name=name, parent=parent, max_content_width=WIDTH, terminal_width=WIDTH
    )
    yield context.command_path, command, context
    for each in sorted(getattr(command, "commands", {})):
        yield from _walk(command.commands[each], each, context)


COMMANDS = {
    path: (command, context)
    for path, command, context in _walk(typer.main.get_command(make_app()), "sqsctl", None)
}


@pytest.mark.parametrize("path", COMMANDS)
def test_a_page_fits_and_speaks_no_python(path: str) -> None:
    page = COMMANDS[path][1].get_help()
    body = page.split("\nExamples:")[0]
    assert [line for line in body.split("\n") if len(line) > WIDTH] == []
    assert not re.search(r"<[a-z]+| str\b|<=|>=\d|\(all\)", body.replace("rate>=100", ""))


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("sqsctl lab break", "INCIDENT"),
        ("sqsctl lab heal", "[INCIDENT]"),
        ("sqsctl dlq bury", "ID..."),
        ("sqsctl doctor", "[CHECK...]"),
        ("sqsctl config set", "KEY VALUE"),
    ],
)
def test_arguments_are_in_capitals_and_in_brackets_where_they_may_be_left_out(
    path: str, places: str
) -> None:
    first, *_ = COMMANDS[path][1].get_help().split("\n")
    assert first == f"Usage: {path} [OPTIONS] {places}"


@pytest.mark.parametrize("path", COMMANDS)
def test_no_argument_is_told_twice_or_as_a_type(path: str) -> None:
    page = COMMANDS[path][1].get_help()
    assert not re.search(r"\[\[|[{}]|\[required\]|list\[", page.split("\nOptions:")[0])


@pytest.mark.parametrize("path", [each for each in COMMANDS if " " in each])
def test_a_command_is_one_line_in_the_list_of_its_group(path: str) -> None:
    said = first_line(COMMANDS[path][0].help)
    assert len(said) <= WIDTH - 13, said
    assert not said.endswith((".", "…"))


def test_the_root_lists_every_command_once() -> None:
    page = COMMANDS["sqsctl"][1].get_help()
    for path in COMMANDS:
        words = path.split()
        if len(words) == 2:
            assert len(re.findall(rf"^  {words[1]} {{2,}}\S", page, re.MULTILINE)) == 1, path


def test_common_options_are_a_block_of_names() -> None:
    page = COMMANDS["sqsctl dlq redrive"][1].get_help()
    own, common = page.split("As everywhere")
    assert "--canary" in own
    assert "--profile" not in own
    assert "--profile NAME" in common


@pytest.mark.parametrize("group", ["dlq", "lab", "logs", "queue", "stack", "config"])
def test_a_bare_group_shows_its_help(sqsctl: Sqsctl, group: str) -> None:
    shown = sqsctl(group)
    assert shown.code == 0
    assert shown.out.startswith(f"Usage: sqsctl {group}")
    assert shown.err == ""
    machine = sqsctl("-o", "json", group)
    assert machine.code == 2
    assert machine.envelope["errors"][0]["message"] == f"sqsctl {group} needs a command"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("[x>=1]", "[1 or more]"),
        ("How many.  [default: (all); x>=1]", "How many.  [default: all] [1 or more]"),
        ("[1<=x<=32]", "[1 to 32]"),
        ("[x<=5]", "[5 at most]"),
        ("Text.  [default: (where each came from)]", "Text.  [default: where each came from]"),
    ],
)
def test_bounds_in_words(record: str, said: str) -> None:
    assert _readable(record) == said


def test_values_in_words() -> None:
    assert _plain("-n, --limit <int range>") == "-n, --limit N"
    assert _plain("--body str") == "--body TEXT"
    assert _plain("-o, --output <human|json>") == "-o, --output human|json"


def test_completion_by_the_shells_name() -> None:
    assert by_name(["--install-completion", "zsh"]) == ["completion", "zsh", "--install"]
    assert by_name(["--show-completion", "fish"]) == ["completion", "fish"]
    assert by_name(["--install-completion"]) == ["--install-completion"]
    assert by_name(["doctor", "bash"]) == ["doctor", "bash"]
