"""Sentences that a terminal or an editor broke over lines.

A terminal breaks at a column, in the middle of a word; an editor at the last blank before
it. Either way a broken line is one that the next line's first word would not have fitted
on, and the next line is nothing that begins an entry of its own. Where other lines are wider
than the place of the break, grammar tells: a line that ends in the middle of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.logtext import patterns as p
from sqsctl.logtext.margins import plain_text, without_margin

_NARROWEST, _WIDEST = 40, 260
_BEGINS = re.compile(
    rf"\s*(?:$|{p.STAMP}|\d\d?:\d\d:\d\d|{p.UUID}|\[?(?:{p.LEVELS})[\]: \t]"
    r"|(?:START|END|REPORT) Request|INIT_|RequestId: |[{}\[\]\"`#$>*•~^]|- |\d{1,2}\. "
    r"|at \S|File \"|Traceback |Caused by: |During |The above exc|Require stack:"
    r"|(?:[\w$]{1,80}\.){0,12}[A-Z]\w{0,80}(?:Error|Exception)\b:|Runtime\.\w+\s*$)"
)
# What stands below these lines is another line, however long they are.
_WHOLE = re.compile(
    r"\s*(?:START|END|REPORT) RequestId|INIT_|RequestId: \S+ Process exited"
    r"|\s*File \"[^\"\n]{1,300}\", line \d{1,6}, in \S{1,120}\s*$"
)
_UNFINISHED = re.compile(r"[A-Za-z][a-z]{0,30},?$")
_GOES_ON = re.compile(r"[a-z]{2,20} [a-z(]")


def unwrapped(text: str) -> tuple[str, ...]:
    """The text with broken lines joined, in the ways that they can be meant; empty for none."""
    lines = [line.rstrip() for line in without_margin(plain_text(text)).split("\n")]
    own = "\n".join(lines)
    ways = ("\n".join(_joined(lines, between)) for between in (" ", ""))
    return tuple(dict.fromkeys(each for each in ways if each != own))


def _joined(lines: list[str], between: str) -> Iterator[str]:
    """Each line with what can be its rest: as wide as the widest of them."""
    for run in _runs(lines):
        width = max(len(line) for line in run)
        if not _NARROWEST <= width <= _WIDEST:
            yield from run
            continue
        whole = before = run[0]
        for line in run[1:]:
            if _goes_on(before, line, width, hard=not between):
                # Where a blank stood in the last column, copying took it away.
                gap = between or (" " if len(before) < width else "")
                whole += gap + (line.lstrip() if between else line)
            else:
                yield whole
                whole = line
            before = line
        yield whole


def _runs(lines: list[str]) -> Iterator[list[str]]:
    """Lines up to the next that begins something of its own."""
    run: list[str] = []
    for line in lines:
        if run and (not run[-1] or _BEGINS.match(line) or _WHOLE.match(run[-1])):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _goes_on(before: str, line: str, width: int, *, hard: bool) -> bool:
    if hard:
        return len(before) >= width - 1
    word = line.split(maxsplit=1)[0]
    return len(before) + 1 + len(word) > width or (
        _UNFINISHED.search(before) is not None and _GOES_ON.match(line) is not None
    )
