"""Stopping a running operation, politely or at once.

The first interrupt asks it to finish what is in flight and to summarise; the second
ends it on the spot. Operations look at ``stopping`` between steps and wait only through
``pause``, so that they react at once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sqsctl.aws.requests import patience
from sqsctl.errors import Exit, SqsctlError

# What ends a program: Ctrl-C, kill, and a terminal that was closed.
ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Control:
    """Shared between an operation and whoever may stop it. Thread-safe."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self.exit = Exit.INTERRUPTED

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask for a polite end. May be called from a signal handler."""
        self._stop.set()

    def pause(self, seconds: float) -> bool:
        """Wait; returns False at once when asked to stop."""
        return not self._stop.wait(seconds)


@contextmanager
def interruptible(
    control: Control, announce: Callable[[], None] | None = None
) -> Iterator[Control]:
    """While inside, SIGINT, SIGTERM and SIGHUP stop politely; a second one ends the process.

    ``announce`` is called at the first; from then on no server is waited for. The process then
    ends at once, without running anything further: what must survive is on disk by then. What
    ends or fails after a signal has that signal's exit code: 130 for SIGINT, 143 for the others.

    A signal that the program was started to ignore (nohup) stays ignored. Outside the main
    thread, where handlers cannot be set, nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        yield control
        return

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        code = Exit.INTERRUPTED if number == signal.SIGINT else Exit.TERMINATED
        if control.stopping:
            os._exit(code)
        control.exit = code
        patience.hurry()
        control.stop()
        if announce:
            announce()

    former = {
        each: signal.signal(each, handle)
        for each in ENDING
        if signal.getsignal(each) is not signal.SIG_IGN
    }
    try:
        yield control
    except SqsctlError as error:
        error.exit = control.exit if control.stopping else error.exit
        raise
    finally:
        patience.calm()
        for each, handler in former.items():
            signal.signal(each, handler)
