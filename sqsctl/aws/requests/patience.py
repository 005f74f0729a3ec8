"""An end to every request, however slowly its answer comes.

A socket's timeout counts from byte to byte: a server that sends one byte a second is never
late. Here a request has a moment at which its connection is shut down, whoever reads from it.
After a signal (``hurry``) nobody is waited for longer than GRACE_S, and a server that said
nothing in that time is asked nothing further until ``calm``.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

GRACE_S = 1.2
_TICK_S = 0.1


class Request:
    """A request under way. ``cut``: its connection was shut down, so there is no answer."""

    __slots__ = ("begun", "connection", "cut", "polls", "sock", "until")

    def __init__(self, seconds: float, *, polls: bool) -> None:
        self.begun = time.monotonic()
        self.until = self.begun + seconds
        self.polls = polls
        self.connection: Any = None
        self.sock: Any = None
        self.cut = False

    def end(self) -> None:
        """Whoever reads from the connection finds it closed."""
        self.cut = True
        found = getattr(self.connection, "sock", None) or self.sock
        # Of TLS, too, the socket below: its own shutdown is not for another thread.
        with suppress(OSError, TypeError):
            socket.socket.shutdown(getattr(found, "socket", found), socket.SHUT_RDWR)


class _Watch:
    """Ends what is late. One thread for the process, asleep while nothing is under way."""

    def __init__(self) -> None:
        self._open: set[Request] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self.hurried_at: float | None = None
        self.gone = False

    def add(self, request: Request) -> None:
        with self._lock:
            self._open.add(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
        self._wake.set()

    def remove(self, request: Request) -> None:
        with self._lock:
            self._open.discard(request)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._open:
                time.sleep(_TICK_S)
                self._end_what_is_late()

    def _end_what_is_late(self) -> None:
        now = time.monotonic()
        hurried = self.hurried_at
        with self._lock:
            for each in self._open:
                until = each.until
                if hurried is not None:
                    until = min(until, max(hurried, each.begun) + GRACE_S)
                if now >= until:
                    # That a long poll brings nothing says nothing about the server.
                    self.gone = self.gone or (hurried is not None and not each.polls)
                    each.end()


_watch = _Watch()
_here = threading.local()


@contextmanager
def within(seconds: float, *, polls: bool = False) -> Iterator[Request]:
    """A request that ends ``seconds`` from now. ``polls``: the server may take its time."""
    request = Request(seconds, polls=polls)
    _here.request = request
    _watch.add(request)
    try:
        yield request
    finally:
        _watch.remove(request)
        _here.request = None


def note(connection: Any) -> None:
    """This thread's request goes over ``connection``."""
    request: Request | None = getattr(_here, "request", None)
    if request is not None:
        request.connection = connection
        request.sock = getattr(connection, "sock", None) or request.sock


def noting(pool: Any) -> Any:
    """A connection pool like ``pool``, whose connections say by whom they are used."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> Any:
            note(self)
            return super().connect()

        def request(self, *args: Any, **more: Any) -> Any:
            note(self)
            return super().request(*args, **more)

        def getresponse(self, *args: Any, **more: Any) -> Any:
            note(self)
            return super().getresponse(*args, **more)

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


def hurry() -> None:
    """A signal came: nobody is waited for any longer. May be called from a signal's handler.

    Called again, it gives everybody the same short time once more.
    """
    _watch.gone = False
    _watch.hurried_at = time.monotonic()


def calm() -> None:
    """As before ``hurry``."""
    _watch.hurried_at = None
    _watch.gone = False


def hurried() -> bool:
    """Whether a signal came."""
    return _watch.hurried_at is not None


def given_up() -> bool:
    """Whether, after a signal, a server was not waited for: nothing further is asked of it."""
    return _watch.gone
