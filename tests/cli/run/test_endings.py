"""How the end of a command is told within another one."""

from __future__ import annotations

import pytest

from sqsctl.cli.run.command_line import _ending
from sqsctl.errors import Exit


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["doctor"], Exit.NEGATIVE, "problems were found"),
        (["probe"], Exit.NEGATIVE, "the message did not arrive"),
        (["logs", "explain"], Exit.NEGATIVE, "the answer is no"),
        (["doctor"], Exit.NOT_FOUND, "what it needs is not there"),
    ],
)
def test_an_ending_says_what_happened(words: list[str], code: Exit, told: str) -> None:
    assert _ending(words, code) == told


def test_every_code_but_success_has_an_ending_without_jargon() -> None:
    for code in set(Exit) - {Exit.OK, Exit.INTERRUPTED}:
        assert ":" not in _ending(["x"], code).split(" ")[0]
        assert _ending(["x"], code) != code.meaning
