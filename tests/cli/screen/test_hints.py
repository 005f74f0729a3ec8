"""What a hint tells a person to type is a whole command line."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.globals import Globals
from sqsctl.cli.screen.hints import completed, unmarked
from sqsctl.cli.screen.output import Output

PACKAGE = Path(__file__).parents[3] / "sqsctl"
# A command, or what to do with the one at hand, that is not between backticks.
BARE = re.compile(
    r"\bsqsctl (?!inject\b|follows\b|keeps\b|needs\b|did\b|knows\b)[a-z]"
    r"|\baws (?!login\b)[a-z0-9-]+ [a-z]|\brun aws\b"
    r"|\b[Rr]epeat (the command|it|with)\b|\brun it (again|once)\b|\badd --",
)


def run(*words: str, **flags: object) -> Run:
    made = Run(Output(), PROGRAM)
    made.words = words
    made._globals = Globals(**flags)  # type: ignore[arg-type]
    return made


@cache
def hints() -> list[tuple[str, str]]:
    """Where, and the text of everything that is said; what is filled in later is X."""
    return list(_hints())


def _hints() -> Iterator[tuple[str, str]]:
    for path in PACKAGE.rglob("*.py"):
        if "fidelity" in path.parts or "runtimes" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for value in said(node):
                place = f"{path.relative_to(PACKAGE)}:{value.lineno}"
                yield from ((place, text) for text in texts(value))


def said(node: ast.AST) -> Iterator[ast.expr]:
    """The hint of an error, its message, and what a notice says."""
    if isinstance(node, ast.keyword) and node.arg in {"hint", "message"}:
        yield node.value
    if isinstance(node, ast.Call) and node.args:
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name.endswith("Error") or name in {"notice", "tell", "warn"}:
            yield node.args[0]


def texts(node: ast.expr) -> Iterator[str]:
    """The literal texts of an expression."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(
            str(each.value) if isinstance(each, ast.Constant) else "X" for each in node.values
        )
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from texts(child)


def test_no_hint_names_a_command_that_is_not_completed() -> None:
    assert sum("`" in text for _, text in hints()) > 80
    bare = {place: text for place, text in hints() if BARE.search(re.sub(r"`[^`]*`", "", text))}
    assert bare == {}


def test_the_failed_line_goes_along_whole() -> None:
    given = run("dlq", "purge", "--cause", "x y", "--queue", "jobs-dlq", "--profile", "p")
    assert completed("`again --yes` goes ahead", given) == (
        "sqsctl dlq purge --cause 'x y' --queue jobs-dlq --profile p --yes goes ahead"
    )


def test_an_option_that_is_given_anew_takes_the_place_of_the_old_one() -> None:
    given = run("send", "{}", "--via", "http", "--path=/a", "--", "-x")
    assert completed("`again --via sqs --path /b`", given) == (
        "sqsctl send '{}' --via sqs --path /b -- -x"
    )


def test_another_command_gets_the_target_that_was_named() -> None:
    given = run("dlq", "redrive", queue="a b", region="eu-west-1", lab=False)
    options = ["--queue", "a b", "--region", "eu-west-1", "--no-lab"]
    found = completed("`sqsctl dlq tasks` shows it", given).removesuffix(" shows it")
    assert shlex.split(found) == ["sqsctl", "dlq", "tasks", *options]
    assert completed("`sqsctl queue ls`", given) == "sqsctl queue ls --region eu-west-1 --no-lab"


@pytest.mark.parametrize("line", ["sqsctl lab up", "sqsctl logs explain", "sqsctl config show"])
def test_what_has_no_target_gets_none(line: str) -> None:
    assert completed(f"`{line}`", run("doctor", region="eu-west-1")) == line


def test_a_command_that_names_its_own_is_left_at_that() -> None:
    given = run("dlq", "redrive", queue="a")
    assert completed("`sqsctl dlq peek --queue b`", given) == "sqsctl dlq peek --queue b"


def test_a_long_line_is_not_printed_once_more() -> None:
    given = run("send", "x" * 5000)
    assert completed("`again --via sqs`", given) == "the same command --via sqs"


@pytest.mark.parametrize("text", ["a `quoted` word", "`again", "it's `rm -rf /`", "`sqsctl 'x`"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert completed(text, run("doctor")).replace("`", "") == text.replace("`", "")


def test_without_a_line_it_is_said_in_words() -> None:
    assert unmarked("`again --yes` does it; `sqsctl doctor`") == (
        "the same command --yes does it; sqsctl doctor"
    )
