"""A writer of log events as unkind as CloudWatch Logs meets them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

STREAMS = 20


@dataclass(frozen=True)
class Written:
    """An event, and when it could be read at the latest (time.monotonic)."""

    stream: str
    message: str
    readable_at: float


def write_history(
    put: Callable[[str, list[dict[str, Any]]], object], seconds: float, seed: int
) -> list[Written]:
    """20 streams, new ones among them; late by up to 9 s; many in the same millisecond.

    ``put`` writes a batch into a stream. Texts are "the same" or each its own.
    """
    dice = random.Random(seed)
    written: list[Written] = []
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        stream = f"stream-{dice.randrange(min(STREAMS, 2 + number // 4))}"
        now = int(time.time() * 1000)
        at = dice.choice((now, now, now // 1000 * 1000, now - dice.randrange(9_000)))
        texts = []
        for _ in range(dice.randrange(1, 4)):
            number += 1
            texts.append(dice.choice((f"own {number}", "the same")))
        put(stream, [{"timestamp": at, "message": text} for text in texts])
        readable = time.monotonic()
        written += [Written(stream, text, readable) for text in texts]
        time.sleep(dice.random() * 0.03)
    return written
