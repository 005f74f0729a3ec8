"""Single keys from a terminal, without Enter behind them."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqsctl.cli.screen.cell_width import dumb


def has_keys() -> bool:
    """Whether a person sits at a terminal whose keys can be read one by one."""
    if sys.platform == "win32":  # no termios
        return False
    # A closed stream is None: nobody sits there.
    both = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
    return both and not dumb()


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
