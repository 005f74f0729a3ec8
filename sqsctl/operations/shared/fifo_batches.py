"""Batches for FIFO queues: one message per group at a time.

An entry of a batch can fail alone; what follows it in its group must not overtake it, so
it goes into a later batch, which is only sent once the fate of the first is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_waves(
    items: Sequence[T], group: Callable[[T], str | None], most: int | None = None
) -> Iterator[list[T]]:
    """Split so that each wave has at most one item per group, order kept within groups.

    A group of None has no order: such items go together. ``most`` bounds a wave's length.
    """
    left = list(items)
    while left:
        seen: set[str] = set()
        wave: list[T] = []
        rest: list[T] = []
        for each in left:
            key = group(each)
            if (key is not None and key in seen) or (most is not None and len(wave) >= most):
                rest.append(each)
            else:
                wave.append(each)
            if key is not None:
                seen.add(key)
        yield wave
        left = rest
