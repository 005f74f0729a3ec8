"""Run something on the server's event loop, from one of its threads.

The emulator's handlers change queues between two awaits, so on the loop nothing
interleaves. Upstream's poller changes them from a thread of its own and can lose a
message that is sent at that moment; everything here goes through the loop instead.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

ANSWER_S = 30.0
BEAT_S = 0.05

_late_s = 0.0


class LoopClosedError(RuntimeError):
    """The server ends: there is no loop any more."""


def on_loop(function: Callable[[], T]) -> T:
    """Call it on the loop, in the calling thread's context, and return what it returns."""
    from ministack import app

    loop: asyncio.AbstractEventLoop | None = app._MAIN_LOOP
    if loop is None or loop.is_closed():
        raise LoopClosedError
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def call() -> None:
        try:
            future.set_result(function())
        except Exception as error:  # noqa: BLE001 - it belongs to the caller
            future.set_exception(error)

    try:
        loop.call_soon_threadsafe(call, context=contextvars.copy_context())
    except RuntimeError as error:
        raise LoopClosedError from error
    return future.result(ANSWER_S)


async def keep_time() -> None:
    """Measure, for as long as the server runs, how late the loop comes to what is due."""
    global _late_s  # noqa: PLW0603 - one loop, one clock
    while True:
        due = time.monotonic() + BEAT_S
        await asyncio.sleep(BEAT_S)
        _late_s += max(0.0, time.monotonic() - due)


def lateness() -> float:
    """Seconds that the loop was late, altogether: grows while the machine or the lab is busy."""
    return _late_s
