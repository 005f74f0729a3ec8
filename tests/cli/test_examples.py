"""Every command's help ends with what to type, and what it says can be typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from sqsctl.cli.main import make_app
from tests.e2e.test_tutorial import parse


def commands() -> Iterator[tuple[str, Any]]:
    """Every command, the program itself included, with its path."""

    def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        inner = getattr(command, "commands", {})
        if not inner or path == "sqsctl":
            yield path, command
        for name, each in inner.items():
            yield from walk(each, f"{path} {name}")

    return walk(typer.main.get_command(make_app()), "sqsctl")


def examples(epilog: str | None) -> list[str]:
    """The command lines of an epilog, without the explanations behind them."""
    head, _, text = (epilog or "").partition("Examples:\n")
    assert head == "\b\n"
    return [re.split(r" {2,}", line.strip())[0] for line in text.splitlines()]


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(path, each, id=path) for path, each in commands()]
)
def test_a_command_has_examples_that_parse(path: str, command: Any) -> None:
    lines = examples(command.epilog)
    assert lines
    for line in lines:
        if line.startswith("aws "):
            continue  # what to do with a result
        # Not the shell's own part of the line.
        typed = re.sub(r'^eval "\$\((.*)\)"$', r"\1", line)
        parts = [part.strip() for part in re.split(r"&&|\| | < ", typed)]
        own = [part for part in parts if part.startswith("sqsctl")]
        assert own, line
        for part in own:
            parse(part)
    assert any(path in line for line in lines), f"none of them is of {path}"


def test_help_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    from sqsctl.cli.main import main

    assert main(["dlq", "redrive", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Examples:\n  sqsctl dlq redrive\n" in shown


def test_a_wrong_example_would_be_noticed() -> None:
    with pytest.raises(typer.TyperException):
        parse("sqsctl dlq redrive --no-such-option")
    with pytest.raises(AssertionError):
        examples(None)
