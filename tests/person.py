"""Somebody at a terminal of 80 columns and 24 lines: sees the screen, presses keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence

import pexpect
import pyte

DOWN, UP, ESCAPE = "\x1b[B", "\x1b[A", "\x1b"
CLEAR = "\x05\x15"  # to the end of the line, then away with it


class Person:
    """Drives a program in a pseudo-terminal. ``seen`` is everything it ever printed."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: str | None = None,
        patience_s: float = 60.0,
    ) -> None:
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.Stream(self._screen)
        self._patience_s = patience_s
        self.seen = ""
        self._child: pexpect.spawn[str] = pexpect.spawn(
            command[0],
            list(command[1:]),
            env={**environment, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
            cwd=folder,
            dimensions=(24, 80),
            encoding="utf-8",
        )

    @property
    def lines(self) -> list[str]:
        """The screen as it is now."""
        self._read(0.2)
        return [line.rstrip() for line in self._screen.display]

    def press(self, keys: str) -> None:
        self._child.send(keys)
        self._read(0.2)

    def wait_for(self, holds: Callable[[list[str]], bool], what: str) -> None:
        """Look until the screen is as it should be; fails with the screen that was there."""
        until = time.monotonic() + self._patience_s
        while not holds(lines := self.lines):
            shown = "\n".join(lines)
            assert time.monotonic() < until, f"waited in vain for {what}:\n{shown}"
            assert self._child.isalive() or not lines, f"it ended before {what}:\n{shown}"

    def asked(self, question: str) -> None:
        """Wait for a question to choose at: the last one on the screen, and still open.

        An open one has its keys in brackets behind it, one that was answered the answer.
        """
        self.wait_for(
            lambda lines: _last_question(lines).startswith(f"{question} ("), f"? {question}"
        )

    def type(self, question: str, text: str) -> None:
        """Wait for a question that wants a text, and give it instead of what it suggests."""
        self.wait_for(lambda lines: _last_question(lines).startswith(question), f"? {question}")
        self.press(f"{CLEAR}{text}\r")

    def choose(self, question: str, title: str) -> None:
        """Go to a line of a menu, and take it."""
        self.asked(question)
        self.wait_for(lambda lines: bool(_place(lines, title)), title)
        self._go_to(title)
        self.press("\r")

    def _go_to(self, title: str) -> None:
        for _ in range(60):
            lines = self.lines
            pointer = next(place for place, line in enumerate(lines) if line.startswith(" »"))
            wanted = _place(lines, title)
            if pointer == wanted:
                return
            self.press(DOWN if wanted > pointer else UP)
        raise AssertionError(f"cannot get to {title}")

    def end(self) -> int | None:
        """Wait until the program is over; its exit code."""
        until = time.monotonic() + self._patience_s
        while self._child.isalive() and time.monotonic() < until:
            self._read(0.2)
        self._child.close(force=True)
        return self._child.exitstatus

    def _read(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                text = self._child.read_nonblocking(65_536, timeout=0.05)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                return
            self.seen += text
            self._stream.feed(text)


def _last_question(lines: Sequence[str]) -> str:
    asked = [line[2:] for line in lines if line.startswith("? ")]
    return asked[-1] if asked else ""


def _place(lines: Sequence[str], title: str) -> int:
    """The line of a menu that begins like this, below the last question; 0 where there is none."""
    start = max((place for place, line in enumerate(lines) if line.startswith("? ")), default=0)
    wanted = re.compile(rf"^ [ »] (?:[○●] )?{re.escape(title)}")
    return next(
        (place for place, line in enumerate(lines) if place > start and wanted.match(line)), 0
    )
