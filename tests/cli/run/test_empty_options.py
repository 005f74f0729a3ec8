"""An unset shell variable as an option's value: refused by every option of every command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer
from typer.main import get_command

from sqsctl.cli.main import make_app
from tests.program import Sqsctl

ALLOWED = {"--body", "--poison-body", "--prefix", "--filter"}


def options() -> Iterator[tuple[str, str, str]]:
    """Command, what it cannot do without, and each option that takes a text."""
    context = typer.Context(get_command(make_app()))

    def of(command: object, words: str) -> Iterator[tuple[str, str, str]]:
        for name, each in getattr(command, "commands", {}).items():
            yield from of(each, f"{words} {name}".strip())
        if hasattr(command, "commands"):
            return
        params = command.get_params(context)  # type: ignore[attr-defined]
        needed = " ".join("x" for each in params if each.required)
        for each in params:
            if each.param_type_name == "option" and each.bare_type() in {"str", "list[str]"}:
                yield words, needed, max(each.opts, key=len)

    yield from of(context.command, "")


EVERY = sorted(options())


def test_there_are_options() -> None:
    assert len(EVERY) > 100
    assert ("dlq purge", "", "--cause") in EVERY


@pytest.mark.long
@pytest.mark.parametrize("command", sorted({each[0] for each in EVERY}))
def test_an_empty_text_is_not_taken_for_none_at_all(sqsctl: Sqsctl, command: str) -> None:
    for words, needed, option in EVERY:
        if words == command and option not in ALLOWED:
            ran = sqsctl(*words.split(), *needed.split(), option, "", "-o", "json")
            told = ran.envelope["errors"][0]
            assert (ran.code, told["code"]) == (2, "empty_option"), (words, option, told)
