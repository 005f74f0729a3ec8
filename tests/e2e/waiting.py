"""Wait until something holds: bounded, and it says what it saw last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], holds: Callable[[T], bool], *, seconds: float = 45.0) -> T:
    """Look again and again; returns what held. Fails with what was seen last."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if holds(seen):
            return seen
        assert time.monotonic() < deadline, f"waited {seconds} s in vain; last seen: {seen!r}"
        time.sleep(0.2)
