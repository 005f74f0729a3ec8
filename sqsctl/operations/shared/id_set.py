"""A set of message ids that costs 16 to 64 bytes each, however many there are.

Ids are told apart by the first 128 bits of their SHA-256; two of a million being taken for
one is less likely than any other way to lose them (about 1 in 10^27).
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable

_EMPTY = 0
_START = 1024


class IdSet:
    """Add and look up; nothing is ever removed. Not thread-safe."""

    __slots__ = ("_count", "_high", "_low", "_mask")

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._reset(_START)
        for each in ids:
            self.add(each)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: str) -> bool:
        return self._place(*_digest(key))[1]

    def add(self, key: str) -> bool:
        """Whether it is new."""
        high, low = _digest(key)
        place, known = self._place(high, low)
        if known:
            return False
        self._high[place], self._low[place] = high, low
        self._count += 1
        if self._count * 3 > len(self._high) * 2:
            self._grow()
        return True

    def _reset(self, size: int) -> None:
        self._high = array("Q", bytes(8 * size))
        self._low = array("Q", bytes(8 * size))
        self._mask = size - 1
        self._count = 0

    def _place(self, high: int, low: int) -> tuple[int, bool]:
        """Where it is, or where it would go."""
        place = low & self._mask
        while self._high[place] != _EMPTY:
            if self._high[place] == high and self._low[place] == low:
                return place, True
            place = (place + 1) & self._mask
        return place, False

    def _grow(self) -> None:
        highs, lows = self._high, self._low
        self._reset(len(highs) * 2)
        for high, low in zip(highs, lows, strict=True):
            if high != _EMPTY:
                place, _ = self._place(high, low)
                self._high[place], self._low[place] = high, low
                self._count += 1


def _digest(key: str) -> tuple[int, int]:
    raw = hashlib.sha256(key.encode(errors="surrogatepass")).digest()
    high = int.from_bytes(raw[:8], "big") or 1  # 0 marks a free place
    return high, int.from_bytes(raw[8:16], "big")
