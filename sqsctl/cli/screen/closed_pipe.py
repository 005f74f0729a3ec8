"""A reader that went away, for commands that follow."""

from __future__ import annotations

import select
import sys
import time


def reader_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more.

    A write would tell too, but a follower may have nothing to write for hours.
    """
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLERR)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (AttributeError, OSError, ValueError):
        return False


def watchful_sleep(seconds: float) -> None:
    """Sleep, but not longer than stdout's reader stays. Raises BrokenPipeError."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if reader_gone():
            raise BrokenPipeError
        time.sleep(min(left, 0.25))
    if reader_gone():
        raise BrokenPipeError
