"""Command lines as a person can copy them: never broken but by the shell's own continuation."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_INDENT = "  "


def shell_lines(argv: Sequence[str], width: int | None) -> list[str]:
    """The command on one line; where that is wider than ``width``, an option a line.

    Every line but the last ends with a backslash, so that what is copied is one command. A
    single word that is wider than ``width`` stays whole. ``width`` None: a pipe has no width.
    """
    whole = shlex.join(argv)
    if width is None or len(whole) <= width:
        return [whole]
    first, *groups = _groups(argv)
    lines = [shlex.join(first), *(_INDENT + shlex.join(each) for each in groups)]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def _groups(argv: Sequence[str]) -> list[list[str]]:
    """The command's words, then each option with its values."""
    found = [[argv[0]]]
    for word in argv[1:]:
        if word.startswith("--"):
            found.append([])
        found[-1].append(word)
    return found
