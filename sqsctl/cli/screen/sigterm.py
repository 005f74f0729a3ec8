"""SIGTERM or SIGHUP while a prompt is drawn.

An exception that a signal handler raises comes up wherever the event loop is just then, and in
some places it is lost: the prompt goes, and the program stays. So the prompt is asked to end, and
what the signal means to the program happens behind it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_AGAIN_S = 0.05
# kill, and a terminal that was closed.
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Terminated(SystemExit):
    """SIGTERM or SIGHUP came. Of a callback's errors an event loop hands on a SystemExit alone."""


@contextmanager
def ends_on_sigterm(application: Any) -> Iterator[None]:
    """Within it, SIGTERM and SIGHUP end a prompt_toolkit application first, then the program."""
    before = {each: handler for each in _ENDING if callable(handler := signal.getsignal(each))}
    if not before or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, Any]] = []

    def end() -> None:
        if application.future is not None and not application.future.done():
            application.exit(exception=EOFError())
        elif application.loop is not None:  # about to begin, or to end
            application.loop.call_later(_AGAIN_S, end)

    def come(number: int, frame: Any) -> None:
        came.append((number, frame))
        if application.loop is None:
            _handle(before, number, frame)
        else:
            application.loop.call_soon_threadsafe(end)

    for each in before:
        signal.signal(each, come)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        if came:
            _handle(before, *came[0])


def _handle(handlers: dict[signal.Signals, Any], number: int, frame: Any) -> None:
    handlers[signal.Signals(number)](number, frame)


@contextmanager
def terminable() -> Iterator[None]:
    """Within it, SIGTERM raises Terminated, and so does SIGHUP: a terminal that was closed.

    Under nohup SIGHUP is ignored, and stays so.
    """

    def terminate(*_: object) -> None:
        raise Terminated

    wanted = [each for each in _ENDING if signal.getsignal(each) is not signal.SIG_IGN]
    try:
        before = {each: signal.signal(each, terminate) for each in wanted}
    except ValueError:  # not the main thread: a test, or somebody else's program
        yield
        return
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
