"""Sentences that a terminal or an editor broke over lines.

A terminal breaks at a column, in the middle of a word; an editor at the last blank before
it. Either way a broken line is one that the next line's first word would not have fitted
on, and the next line is nothing that begins an entry of its own.
"""

from __future__ import annotations

import re

from sqsctl.checks.reading import patterns as p
from sqsctl.checks.reading.margins import plain_text, without_margin

_NARROWEST, _WIDEST = 40, 260
_BEGINS = re.compile(
    rf"\s*(?:$|{p.STAMP}|\d\d?:\d\d:\d\d|{p.UUID}|\[?(?:{p.LEVELS})[\]: \t]"
    r"|(?:START|END|REPORT) Request|INIT_|RequestId: |[{}\[\]\"`#$>*•]|- |\d{1,2}\. "
    r"|at \S|File \"|Traceback |Caused by: |During |The above exc|Require stack:"
    r"|[A-Z]\w{0,80}(?:Error|Exception)\b:|Runtime\.\w+\s*$)"
)


def unwrapped(text: str) -> tuple[str, ...]:
    """The text with broken lines joined, in the ways that they can be meant; empty for none."""
    lines = [line.rstrip() for line in without_margin(plain_text(text)).split("\n")]
    width = max((len(line) for line in lines), default=0)
    if not _NARROWEST <= width <= _WIDEST:
        return ()
    soft = _joined(lines, width, " ")
    hard = _joined(lines, width, "")
    own = "\n".join(lines)
    return tuple(dict.fromkeys(each for each in (soft, hard) if each != own))


def _joined(lines: list[str], width: int, between: str) -> str:
    joined: list[str] = []
    before = ""
    for line in lines:
        if before and _goes_on(before, line, width, hard=not between):
            joined[-1] += between + (line.lstrip() if between else line)
        else:
            joined.append(line)
        before = line
    return "\n".join(joined)


def _goes_on(before: str, line: str, width: int, *, hard: bool) -> bool:
    if _BEGINS.match(line):
        return False
    if hard:
        return len(before) >= width - 1
    word = line.split(maxsplit=1)[0]
    return len(before) + 1 + len(word) > width
