"""Names that a remedy makes up, within what AWS takes."""

from __future__ import annotations

LONGEST_QUEUE = 80  # characters of a queue's name, .fifo included


def dead_letter_name(queue: str, end: str = "-dlq") -> str:
    """A name for a queue's dead-letter queue; a long name loses its own end."""
    fifo = ".fifo" if queue.endswith(".fifo") else ""
    stem = queue.removesuffix(".fifo")
    return f"{stem[: LONGEST_QUEUE - len(end) - len(fifo)]}{end}{fifo}"
