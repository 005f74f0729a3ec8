"""Log lines sorted by request, and stack traces told from what they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqsctl.operations.logs.annotation import Annotated

MAX_REQUESTS = 1_000
MAX_LINES = 5_000
LONGEST = timedelta(minutes=31)  # Lambda ends an invocation after 15, or 30, apart from its own

_TRACE_START = re.compile(
    r"Traceback \(most recent call last\)|During handling of the above exception"
    r"|The above exception was the direct cause"
)
_FRAME = re.compile(r'\s+(?:File "|at |\.\.\. |[~^]+\s*$)|\s*\[Previous line repeated')
_STACK_IN_JSON = re.compile(
    r'"(?P<key>stack|stackTrace|trace)"\s*:\s*\[(?P<frames>(?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]'
)


class Requests:
    """Collects lines by request. None is lost, none comes twice.

    ``add`` gives the requests that are complete with a line: once their REPORT came, or when
    their invocation cannot be running any more, or when too many are open. A line of no request
    comes by itself. ``rest`` gives those that are still open.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Open] = {}

    def add(self, line: Annotated) -> Iterator[tuple[Annotated, ...]]:
        now = line.event.timestamp
        if now is not None:
            # The oldest stands first.
            while self._open:
                first = next(iter(self._open))
                if now - (self._open[first].since or now) <= LONGEST:
                    break
                yield tuple(self._open.pop(first).lines)
        if line.request_id is None:
            yield (line,)
            return
        key = (line.function, line.request_id)
        held = self._open.setdefault(key, _Open(now))
        held.lines.append(line)
        ended = line.phase == "report"
        if ended or len(held.lines) >= MAX_LINES:
            yield tuple(self._open.pop(key).lines)
        elif len(self._open) > MAX_REQUESTS:
            yield tuple(self._open.pop(next(iter(self._open))).lines)

    def rest(self) -> Iterator[tuple[Annotated, ...]]:
        while self._open:
            yield tuple(self._open.pop(next(iter(self._open))).lines)


def by_request(lines: Iterable[Annotated]) -> Iterator[tuple[Annotated, ...]]:
    """The lines of each request together, in the order in which requests are complete."""
    requests = Requests()
    for line in lines:
        yield from requests.add(line)
    yield from requests.rest()


@dataclass(slots=True)
class _Open:
    since: datetime | None
    lines: list[Annotated] = field(default_factory=list)


class Folder:
    """Takes stack traces out of texts, whether they come in one event or a line an event.

    One for each log stream. ``fold`` gives what is left of a text, None for nothing, and how
    many lines were folded since something was last left.
    """

    def __init__(self) -> None:
        self._inside = False
        self._folded = 0

    def fold(self, text: str) -> tuple[str | None, int]:
        """Fold one event's text."""
        if (
            "\n" not in text
            and not self._inside
            and not text[:1].isspace()
            and text[:1] not in "TD"
        ):
            return _json_folded(text), self._taken()
        kept = [line for line in text.split("\n") if not self._hides(line)]
        while len(kept) > 1 and not kept[-1].strip():
            kept.pop()
        if not any(line.strip() for line in kept):
            # A text that is empty by itself is shown as such.
            if text.strip():
                return None, 0
            return text, self._taken()
        return _json_folded("\n".join(kept)), self._taken()

    def _hides(self, line: str) -> bool:
        if _TRACE_START.match(line):
            self._inside = True
        elif _FRAME.match(line):
            self._inside = self._inside or "File" in line
        elif not (self._inside and (_indented(line) or not line.strip())):
            self._inside = False
            return False
        self._folded += 1
        return True

    def _taken(self) -> int:
        folded, self._folded = self._folded, 0
        return folded


def _indented(line: str) -> bool:
    # Lambda's Python runtime indents with no-break spaces.
    return len(line) > 4 and line[:4].isspace()


def _json_folded(text: str) -> str:
    if '"stack' not in text and '"trace"' not in text:
        return text

    def short(match: re.Match[str]) -> str:
        frames = match["frames"].count('",') + 1 if match["frames"].strip() else 0
        return f'"{match["key"]}":[…{frames}]'

    return _STACK_IN_JSON.sub(short, text)
