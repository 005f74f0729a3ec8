"""A terminal that remembers what it showed: the program's output as a person sees it.

``Terminal.run`` runs a command line in a pseudo-terminal and feeds what it prints to an
emulator (pyte), so that progress bars, long lines and wide characters end up as they do on a
screen.
"""

from __future__ import annotations

import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from itertools import groupby

import pyte
from rich.style import Style
from rich.text import Text

_PLAIN = {"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"}
ROWS = 400  # more than a session prints: nothing scrolls away


class Terminal:
    """A screen of one width."""

    def __init__(self, columns: int, environment: Mapping[str, str]) -> None:
        self.columns = columns
        self._environment = {**environment, "TERM": "xterm-256color"}
        self._screen = pyte.Screen(columns, ROWS)
        self._stream = pyte.ByteStream(self._screen)

    def show(self, text: str) -> None:
        """Something that no program prints: a prompt with what is typed."""
        self._stream.feed(text.replace("\n", "\r\n").encode())

    def run(self, command: Sequence[str], *, timeout_s: float = 60.0) -> int:
        """Run it to its end on this screen; its exit code."""
        ours, theirs = pty.openpty()
        try:
            ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.columns, 0, 0))
            process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env=self._environment,
                start_new_session=True,
            )
            os.close(theirs)
            self._follow(process, ours, time.monotonic() + timeout_s)
        finally:
            os.close(ours)
        return process.wait()

    def _follow(self, process: subprocess.Popen[bytes], ours: int, deadline: float) -> None:
        while True:
            if time.monotonic() > deadline:
                process.kill()
                raise TimeoutError(f"{process.args!r} does not end")
            if not select.select([ours], [], [], 0.1)[0]:
                if process.poll() is not None:
                    return
                continue
            try:
                data = os.read(ours, 65_536)
            except OSError:  # nobody holds the other end any more
                return
            if not data:
                return
            # The emulator knows no dim text: it is grey here.
            self._stream.feed(data.replace(b"\x1b[2m", b"\x1b[90m"))

    @property
    def text(self) -> list[str]:
        """The lines, without the spaces at their ends and the empty ones below."""
        lines = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def styled(self, row: int) -> Text:
        """A line with its colours."""
        cells = [self._screen.buffer[row][column] for column in range(self.columns)]
        line = Text()
        for (color, bold), run in groupby(cells, key=lambda cell: (cell.fg, cell.bold)):
            # Empty is the second half of a wide character.
            line.append("".join(cell.data for cell in run), Style(color=_color(color), bold=bold))
        line.rstrip()
        return line


def _color(name: str) -> str | None:
    """The emulator's name of a colour in Rich's words."""
    if name == "default":
        return None
    name = name.replace("brown", "yellow")
    if name.startswith("bright"):
        return f"bright_{name.removeprefix('bright')}"
    return f"#{name}" if name not in _PLAIN else name
