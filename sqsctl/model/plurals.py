"""Numbers with their nouns, as people say them."""

from __future__ import annotations


def counted(number: float, one: str, many: str = "") -> str:
    """``1 message``, ``2 messages``; ``many`` where an s does not do it.

    A whole number is told as it is, another with three figures.
    """
    told = f"{int(number)}" if number == int(number) else f"{number:.3g}"
    return f"{told} {one if told == '1' else many or f'{one}s'}"


def waiting(number: int) -> str:
    """``1 message waits``, ``2 messages wait``."""
    return counted(number, "message waits", "messages wait")
