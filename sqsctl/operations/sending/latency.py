"""A histogram of request durations: constant memory, right to one percent.

Bins grow by one percent each, so that a microsecond and a minute both have their
place; minimum, maximum and mean are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from sqsctl.model.transfer import Latency

_GROWTH = math.log(1.01)
_FLOOR_MS = 0.001


class Histogram:
    """Not thread-safe: each worker has its own, merged at the end."""

    __slots__ = ("_bins", "_count", "_max", "_min", "_sum")

    def __init__(self) -> None:
        self._bins: dict[int, int] = {}
        self._count = 0
        self._sum = 0.0
        self._min = math.inf
        self._max = 0.0

    def add(self, milliseconds: float) -> None:
        place = int(math.log(max(milliseconds, _FLOOR_MS) / _FLOOR_MS) / _GROWTH)
        self._bins[place] = self._bins.get(place, 0) + 1
        self._count += 1
        self._sum += milliseconds
        self._min = min(self._min, milliseconds)
        self._max = max(self._max, milliseconds)

    def merge(self, others: Iterable[Histogram]) -> Histogram:
        """Add the others' counts to this one."""
        for other in others:
            for place, number in tuple(other._bins.items()):
                self._bins[place] = self._bins.get(place, 0) + number
            self._count += other._count
            self._sum += other._sum
            self._min = min(self._min, other._min)
            self._max = max(self._max, other._max)
        return self

    def summary(self) -> Latency:
        if not self._count:
            return Latency()
        bare = Latency(
            min=self._min,
            avg=self._sum / self._count,
            max=self._max,
            count=self._count,
            counts=tuple((_upper(place), self._bins[place]) for place in sorted(self._bins)),
        )
        return replace(
            bare,
            med=quantile(bare, 0.5),
            p90=quantile(bare, 0.9),
            p95=quantile(bare, 0.95),
            p99=quantile(bare, 0.99),
        )


def quantile(latency: Latency, share: float) -> float | None:
    """The smallest duration that at least ``share`` of all do not exceed, about.

    It is the middle of a bin, never outside of what was measured.
    """
    if not latency.count or latency.min is None or latency.max is None:
        return None
    wanted = math.ceil(share * latency.count)
    seen = 0
    for upper, number in latency.counts:
        seen += number
        if seen >= wanted:
            return min(max(upper * math.exp(-_GROWTH / 2), latency.min), latency.max)
    return latency.max


def _upper(place: int) -> float:
    return _FLOOR_MS * math.exp((place + 1) * _GROWTH)
