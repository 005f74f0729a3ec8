"""The demo's screens: a head line on each, and behind each a pause where a person reads."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqsctl.cli.screen.keys import has_keys, keys
from sqsctl.cli.screen.output import Output, styled

PAUSE_S = 15.0
WIDTH = 80
ENTER = {"\r", "\n"}


class Left(Exception):  # noqa: N818 - nothing failed
    """The person has seen enough."""


@dataclass
class Screens:
    """Begins one screen after the other; so many there are."""

    output: Output
    total: int
    number: int = 0
    _started: float = field(default_factory=time.monotonic)
    _paused_s: float = 0.0

    @property
    def played_s(self) -> float:
        """Seconds since the start, without the pauses."""
        return time.monotonic() - self._started - self._paused_s

    def begin(self, title: str) -> None:
        """The next screen, once the person has read the one before. Raises Left on q."""
        if self.output.json:
            return
        watched = has_keys() and not self.output.quiet
        if watched and self.number:
            self._pause()
        self.number += 1
        console = self.output.stdout
        if watched:
            self._clear()
        else:
            console.print()
        head = f"sqsctl demo · {self.number} of {self.total} · {title}"
        seconds = int(self.played_s)
        clock = f"{seconds // 60}:{seconds % 60:02}"
        room = min(console.width, WIDTH) - len(head)
        console.print(styled(f"{head}{clock:>{max(room, len(clock) + 2)}}", "bold"), soft_wrap=True)

    def _clear(self) -> None:
        """An empty screen; what was on it scrolls away, and can be scrolled back to."""
        from rich.control import Control

        console = self.output.stdout
        console.print("\n" * (console.height - 2))
        console.control(Control.home())

    def _pause(self) -> None:
        from rich.control import Control
        from rich.segment import ControlType

        console = self.output.stdout
        begun = time.monotonic()
        keys_told = f"[enter] goes on (by itself after {PAUSE_S:.0f} s), [q] leaves"
        console.print(styled(f"\n{keys_told}", "dim"), end="", soft_wrap=True)
        try:
            # What was typed before the pause is dropped: it was not an answer to this screen.
            with keys() as pressed:
                while (left := begun + PAUSE_S - time.monotonic()) > 0:
                    key = pressed(left)
                    if key == "q":
                        raise Left
                    if key in ENTER:
                        return
        finally:
            console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
            self._paused_s += time.monotonic() - begun
