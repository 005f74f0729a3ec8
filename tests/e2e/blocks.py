"""The hand-written pages' blocks of commands, and what each command is to do.

A ``console`` block holds command lines (``$ sqsctl …``) and, below each, what holds
afterwards, as a reader sees it too. English and Korean say the same:

    # exit code 10                          # 종료 코드 10
    # shows: function-timeout               # 출력: function-timeout
    # shows twice: {"input": 600}           # 두 번 출력: {"input": 600}
    # needs: node                           # 필요: node

Without an exit code it is 0. ``needs`` stands first in a block and holds for all of it.
A block ``text error.log`` is a file of that name, for the commands that follow.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

_FENCE = re.compile(r"```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"# (?:exit code|종료 코드) (\d+)")
_SHOWS = re.compile(r"# (?:shows|출력): (.+)")
_TWICE = re.compile(r"# (?:shows twice|두 번 출력): (.+)")
_NEEDS = re.compile(r"# (?:needs|필요): (\S+)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its info string, its text, the page's line that it starts on."""

    info: str
    text: str
    line: int

    @property
    def file(self) -> str:
        """The name of the file that it is, or empty."""
        kind, _, name = self.info.partition(" ")
        return name.strip() if kind == "text" else ""


@dataclass(frozen=True)
class Step:
    """One command: its words after ``sqsctl``, and what has to hold afterwards."""

    words: tuple[str, ...]
    line: int
    exit_code: int = 0
    shows: tuple[tuple[str, int], ...] = ()
    needs: str = ""

    @property
    def said(self) -> str:
        return f"line {self.line}: sqsctl {shlex.join(self.words)}"

    @property
    def meaning(self) -> tuple[object, ...]:
        """All but where it stands."""
        return self.words, self.exit_code, self.shows, self.needs

    def missing(self, code: int, printed: str) -> list[str]:
        """What does not hold; runs of spaces count as one."""
        seen = _squeezed(printed)
        wrong = [f"exit code {code}, not {self.exit_code}"] if code != self.exit_code else []
        for text, times in self.shows:
            count = seen.count(_squeezed(text))
            if count < times:
                wrong.append(f"{text!r} shown {count} times, not {times}")
        return wrong


def blocks(page: str) -> Iterator[Block]:
    """Every fenced block of a page."""
    for match in _FENCE.finditer(page):
        line = page.count("\n", 0, match.start()) + 2
        yield Block(match["info"].strip(), match["text"], line)


def steps(block: Block) -> Iterator[Step]:
    """The commands of a console block. Raises ValueError for a line that it cannot read."""
    needs = ""
    step: Step | None = None
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ sqsctl"):
            if step:
                yield step
            step = Step(tuple(shlex.split(line[2:])[1:]), number, needs=needs)
        elif step is None and (found := _NEEDS.fullmatch(line)):
            needs = found[1]
        elif step is not None and (found := _EXIT.fullmatch(line)):
            step = replace(step, exit_code=int(found[1]))
        elif step is not None and (found := _TWICE.fullmatch(line)):
            step = replace(step, shows=(*step.shows, (found[1], 2)))
        elif step is not None and (found := _SHOWS.fullmatch(line)):
            step = replace(step, shows=(*step.shows, (found[1], 1)))
        else:
            raise ValueError(f"line {number}: {line!r} is neither a command nor an expectation")
    if step:
        yield step


def _squeezed(text: str) -> str:
    return " ".join(text.split())
