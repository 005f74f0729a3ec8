"""A latency's histogram in few rows: what a person can take in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sqsctl.model.transfer import Latency

ROWS = 10


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many requests took more than ``over_ms`` and at most ``upto_ms``."""

    over_ms: float
    upto_ms: float
    count: int


def buckets(latency: Latency, rows: int = ROWS) -> tuple[Bucket, ...]:
    """At most ``rows`` buckets from the fastest to the slowest request; counts add up to all.

    Equally wide where the spread is small, else each wider than the one before by the same
    factor, so that a few slow requests do not press all others into one row.
    """
    if not latency.count or latency.min is None or latency.max is None:
        return ()
    low, high = latency.min, max(latency.max, latency.min)
    if high <= low * 1.02 or rows < 2:
        return (Bucket(low, high, latency.count),)
    edges = _edges(low, high, rows)
    counts = [0] * rows
    place = 0
    for upper, number in latency.counts:
        middle = min(max(upper / math.sqrt(1.01), low), high)
        while place < rows - 1 and middle > edges[place + 1]:
            place += 1
        counts[place] += number
    return tuple(
        Bucket(edges[index], edges[index + 1], number) for index, number in enumerate(counts)
    )


def _edges(low: float, high: float, rows: int) -> list[float]:
    if high / max(low, 0.001) < rows:
        return [low + (high - low) * index / rows for index in range(rows + 1)]
    start = max(low, 0.001)
    factor = (high / start) ** (1 / rows)
    return [start * factor**index for index in range(rows)] + [high]
