"""Foreign text cut to a width in terminal cells.

Terminals disagree about characters of ambiguous width (``▤``, ``→``, ``·``): one cell in most
places, two in an East Asian setting. They count as two here: a line that is too short harms
nobody, one that wraps breaks the redrawing of a prompt.
"""

from __future__ import annotations

import os
import unicodedata

from sqsctl.cli.screen.output import safe_line

ELLIPSIS = "…"


def cells(text: str) -> int:
    """The widest that a text may be on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    ambiguous = sum(unicodedata.east_asian_width(each) == "A" for each in text)
    return cell_len(text) + ambiguous


def fit(text: object, limit: int) -> str:
    """Foreign text on one line, made safe, at most ``limit`` cells wide."""
    line = safe_line(text)
    if cells(line) <= limit:
        return line
    room = max(0, limit - cells(ELLIPSIS))
    kept: list[str] = []
    for each in line:
        room -= cells(each)
        if room < 0:
            break
        kept.append(each)
    return "".join(kept) + ELLIPSIS


def columns() -> int:
    """The width of the terminal that prompts are drawn on."""
    import shutil

    return max(20, shutil.get_terminal_size((80, 24)).columns)


def dumb() -> bool:
    """Whether the terminal cannot move its cursor."""
    return os.environ.get("TERM", "") in {"", "dumb", "unknown"}
