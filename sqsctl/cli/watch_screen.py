"""The screen of ``sqsctl watch``: drawn anew at each look, with keys."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqsctl.cli.context import Run
from sqsctl.cli.output import styled
from sqsctl.cli.watch_view import rendered

if TYPE_CHECKING:
    from rich.console import Console, Group

    from sqsctl.operations.board import Picture

KEYS = "q quit   d doctor   r redrive"
REDRIVE = "dead letters go back with: sqsctl dlq redrive --dry-run   (then without --dry-run)"


def live(run: Run, look: Callable[[], Picture], interval_s: float) -> None:
    """Show until q. Ctrl-C comes through as KeyboardInterrupt."""
    hint = ""
    while True:
        key = _shown(run.output.stdout, look, interval_s, hint)
        if key == "q":
            return
        if key == "d":
            from sqsctl.cli.menu import carry_out

            carry_out(run, ["doctor"])
            run.output.notice("any key: back to the screen, q: quit")
            with keys() as pressed:
                if pressed(None) == "q":
                    return
        hint = REDRIVE if key == "r" and not hint else ""


def _shown(console: Console, look: Callable[[], Picture], interval_s: float, hint: str) -> str:
    """Draw until a key that means something is pressed; returns it."""
    from rich.live import Live

    picture = look()
    with (
        keys() as pressed,
        Live(
            screen_of(picture, console, hint), console=console, screen=True, auto_refresh=False
        ) as screen,
    ):
        while True:
            due = time.monotonic() + interval_s
            while (left := due - time.monotonic()) > 0:
                key = pressed(left)
                if key and key in "qdr":
                    return key
            screen.update(screen_of(look(), console, hint), refresh=True)


def screen_of(picture: Picture, console: Console, hint: str) -> Group:
    """The picture cut to the terminal's size, the keys below."""
    from rich.console import Group

    width, height = console.size
    lines = rendered(picture, height=max(1, height - 2))
    lines.append(styled(hint or KEYS, "reverse" if not hint else "bold"))
    for each in lines:
        each.no_wrap = True
        each.truncate(max(1, width - 1), overflow="ellipsis")
    return Group(*lines)


@contextmanager
def keys() -> Iterator[Callable[[float | None], str]]:
    """A function that waits for a key, so many seconds (None: for ever); "" where none came.

    The terminal gives keys one by one meanwhile, and Ctrl-C still interrupts.
    """
    import os
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed(seconds: float | None) -> str:
        ready, _, _ = select.select([descriptor], [], [], seconds)
        if not ready:
            return ""
        raw = os.read(descriptor, 32)
        if not raw:
            return "q"  # the terminal is gone
        return raw[:1].decode("ascii", errors="replace").lower()

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
