"""What stands to the left of every line of a copy, though it is no part of the log.

Tools put a name, a quote mark or a box before each line; nobody can list them all. Two
things give such a margin away without knowing the tool: it is the same on every line, or it
stands before the platform's own lines (START, END, REPORT), which begin a line by contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqsctl.logtext import patterns as p
from sqsctl.logtext.prefix import strip_prefix

_PLATFORM = re.compile(
    r"(?:START|END|REPORT) RequestId: |INIT_START Runtime Version: |INIT_REPORT Init Duration: "
)
# Where a line's own text begins: from here on nothing is a margin, however often it repeats.
_CONTENT = re.compile(
    rf"{p.STAMP}|\d\d:\d\d:\d\d|{p.UUID}|\d{{10}}|\b(?:{p.LEVELS}|error|warning|debug|fatal)\b"
    r"|RequestId|[{}\"'(]|START|END|REPORT|INIT_|rror|xception|Traceback|\bat |File |https?:|arn:"
    r"|\bCaused by|^- |[✖✗×❌]"
)
_SEPARATED = re.compile(r"(?:[|>#:\]│┃»*;]|--|\t)[ \t]*$")
_FRAMED = re.compile(r"\s*(?:at |File \"|\.\.\. \d|\^|~|[}\])\"'{]|from /|- /)")
_BOX = re.compile(r"[ \t]*[│┃║][ \t]*$")
_RULE = re.compile(r"[ \t]*[╷╵┌└╭╰├╔╚─━═┐┘╮╯┤╗╝+\-]{1,400}[ \t]*$")
_FENCE = re.compile(r"[ \t>]*(?:```|~~~)[\w\-]{0,20}[ \t]*$")
_CODE_MARKS = re.compile(r"[ \t]*`{1,3}(?=\S)")
_CODE_END = re.compile(r"`{1,3}[ \t]*$")
_MOST_PREFIX = 160
_LEARNED = 16
_LOOKED_AT = 5_000


def plain_text(text: str) -> str:
    """The text without colours and byte order mark, its lines ended as everywhere."""
    plain = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return p.ansi.sub("", plain) if "\x1b" in plain else plain


def without_margin(text: str) -> str:
    """The text without what stands before each of its lines. Never raises."""
    lines = [line for line in text.split("\n") if not _FENCE.match(line)]
    lines = _without_shared(_unboxed(lines))
    lines = list(_outdented(lines))
    lines = [_unquoted(line) if "`" in line else line for line in _without_learned(lines)]
    return "\n".join(lines)


def _unquoted(line: str) -> str:
    """Marks of code around a line; those inside of it are its own."""
    if match := _CODE_MARKS.match(line):
        line = line[match.end() :]
    return _CODE_END.sub("", line) if line.count("`") % 2 or match else line


def _unboxed(lines: list[str]) -> list[str]:
    """Boxes that a tool draws around what it says."""
    boxed = sum(1 for line in lines if line.lstrip()[:1] in {"│", "┃", "║"} and len(line) > 1)
    if not boxed:
        return lines
    kept = [line for line in lines if not (_RULE.match(line) and not line.isascii())]
    return [_BOX.sub("", each) if each.lstrip()[:1] in {"│", "┃", "║"} else each for each in kept]


def _without_shared(lines: list[str]) -> list[str]:
    """The same beginning of all lines, as far as it can be a margin."""
    told = [line for line in lines[:_LOOKED_AT] if line.strip()]
    if len(told) < 2:
        return [re.sub(r"^[ \t]+|^[ \t]*(?:>[ \t]?)+", "", line) for line in lines]
    first, last = min(told), max(told)
    size = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
        min(len(first), len(last)),
    )
    # A line that is nothing but the margin may have lost the blank at its end.
    margin = first[:size]
    if content := _CONTENT.search(margin):
        margin = margin[: content.start()]
    margin = margin[: len(margin) - len(re.split(r"[\s]", margin)[-1])] or _marks(margin)
    if not margin or (margin.strip() and not _is_margin(margin, len(told))):
        return lines
    bare = margin.rstrip()
    return [
        line[len(margin) :] if line.startswith(margin) else "" if line.rstrip() == bare else line
        for line in lines
    ]


def _marks(margin: str) -> str:
    found = re.match(r"[>|│┃#*;»]+", margin)
    return found.group() if found else ""


def _is_margin(margin: str, count: int) -> bool:
    """A mark, or a name that something sets apart; a bare word only where many lines have it."""
    if _SEPARATED.search(margin):
        return True
    return count >= 3 and len(margin) <= _MOST_PREFIX


def _outdented(lines: Sequence[str]) -> Iterator[str]:
    """A paragraph that is indented as a whole is a quotation, no continuation of a line."""
    at = 0
    while at < len(lines):
        stop = at
        while stop < len(lines) and lines[stop].strip():
            stop += 1
        part = lines[at:stop]
        depth = min((len(line) - len(line.lstrip(" \t")) for line in part), default=0)
        quoted = depth >= 2 and not _FRAMED.match(part[0]) and (at == 0 or not lines[at - 1])
        yield from (line[depth:] for line in part) if quoted else part
        if stop < len(lines):
            yield lines[stop].rstrip()
        at = stop + 1


def _without_learned(lines: list[str]) -> list[str]:
    """What stands before the platform's lines stands before the others, too."""
    patterns: dict[str, re.Pattern[str]] = {}
    for line in lines[:_LOOKED_AT]:
        match = _PLATFORM.search(line, 1, _MOST_PREFIX + 60)
        if match is None or len(patterns) >= _LEARNED:
            continue
        before = line[: match.start()]
        if not _foreign(before, line):
            continue
        shape = re.sub(r"\d+", r"\\d+", re.escape(before))
        patterns.setdefault(shape, re.compile(shape))
    if not patterns:
        return lines
    return [_cut(line, patterns) for line in lines]


def _foreign(before: str, line: str) -> bool:
    """Whether no known prefix explains what stands before a platform line."""
    if before[-1:] not in " \t|>:]\"'│" or p.uuid.search(before) or "RequestId" in before:
        return False
    if "{" in before or '":' in before or ',"' in before:  # a record, or a row of an export
        return False
    return not _PLATFORM.match(strip_prefix(line).text)


def _cut(line: str, patterns: dict[str, re.Pattern[str]]) -> str:
    for pattern in patterns.values():
        if match := pattern.match(line):
            return line[match.end() :]
    return line
