"""SIGTERM while a prompt is drawn.

An exception that a signal handler raises comes up wherever the event loop is just then, and in
some places it is lost: the prompt goes, and the program stays. So the prompt is asked to end, and
what SIGTERM means to the program happens behind it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_AGAIN_S = 0.05


class Terminated(SystemExit):
    """SIGTERM came. An event loop hands on a SystemExit of its callbacks, and swallows others."""


@contextmanager
def ends_on_sigterm(application: Any) -> Iterator[None]:
    """Within it, SIGTERM ends a prompt_toolkit application, and takes effect afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
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
            before(number, frame)
        else:
            application.loop.call_soon_threadsafe(end)

    signal.signal(signal.SIGTERM, come)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if came:
            before(*came[0])


@contextmanager
def terminable() -> Iterator[None]:
    """Within it, SIGTERM raises Terminated, and so does SIGHUP: a terminal that was closed.

    Under nohup SIGHUP is ignored, and stays so.
    """

    def terminate(*_: object) -> None:
        raise Terminated

    wanted = [
        each
        for each in (signal.SIGTERM, getattr(signal, "SIGHUP", None))
        if each is not None and signal.getsignal(each) is not signal.SIG_IGN
    ]
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
