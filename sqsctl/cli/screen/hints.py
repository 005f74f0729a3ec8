"""Hints of errors as whole command lines: what a person is told to type works as it stands.

Rooms below write a command in backticks: `sqsctl dlq tasks`, or `again --yes` for the command line
that failed, with more. Here, where that line is known, each becomes whole: the selection, the
destination and the target that the line named go along, quoted.
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from typing import TYPE_CHECKING

from sqsctl.cli.screen import command_lines
from sqsctl.errors import SqsctlError

if TYPE_CHECKING:
    from sqsctl.cli.run.context import Run

_COMMAND = re.compile(r"`((?:again|sqsctl|aws)(?: [^`\n]*)?)`")
# They have no target, or another one than the command at hand.
_TARGETLESS = frozenset({"lab", "config", "demo", "iam", "--help", "--version"})
_OF_EVERYTHING = frozenset({("queue", "ls"), ("stack", "ls")})
_SCOPE = ("stack", "stage", "queue")
_LONGEST = 1000  # a body on the command line is not printed once more


def written_out(error: SqsctlError, run: Run) -> SqsctlError:
    """The error, its hint with whole command lines."""
    error.hint = completed(error.hint, run) if error.hint else error.hint
    return error


def unmarked(hint: str) -> str:
    """A hint where no command line is known: in the session, before a command was chosen."""
    return _COMMAND.sub(lambda found: re.sub("^again", "the same command", found[1]), hint)


def completed(hint: str, run: Run) -> str:
    """A hint with the commands in its backticks made whole; the backticks go."""
    return _COMMAND.sub(lambda found: _whole(found[1], run), hint)


def _whole(command: str, run: Run) -> str:
    try:
        words = shlex.split(command)
        if words[0] == "again":
            return _again(words[1:], run)
        if words[0] == "aws":
            return command_lines.command_here(command, run)
        return command if _without_target(words) else shlex.join([*words, *_meant(words, run)])
    except (SqsctlError, ValueError):
        return command  # no target was decided, or the text is not a shell's


def _without_target(words: list[str]) -> bool:
    return len(words) < 2 or words[1] in _TARGETLESS or words[1:3] == ["logs", "explain"]


def _meant(words: list[str], run: Run) -> list[str]:
    """What this command line named of its target, less what the command names itself."""
    settings = run.settings
    named = [
        word
        for key in _SCOPE
        if settings.kind(key) == "flag" and tuple(words[1:3]) not in _OF_EVERYTHING
        for word in (f"--{key}", settings.text(key) or "")
    ]
    return _without([*named, *command_lines.own_options(run)], words)


def _again(more: list[str], run: Run) -> str:
    words = list(run.words)
    dash = words.index("--") if "--" in words else len(words)
    line = shlex.join(["sqsctl", *_without(words[:dash], more), *more, *words[dash:]])
    return line if len(line) <= _LONGEST else " ".join(["the same command", *more])


def _without(words: list[str], given: list[str]) -> list[str]:
    """``words`` less the options that ``given`` has, and their values."""
    options = {each for each in given if each.startswith("--")}
    valued = {one for one, other in pairwise(given) if other[:1] != "-"}
    left: list[str] = []
    skip = False
    for word in words:
        name = word.partition("=")[0]
        if not skip and name not in options:
            left.append(word)
        skip = not skip and word in options & valued
    return left
