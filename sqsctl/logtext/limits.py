"""How much of a hostile log is looked at."""

from __future__ import annotations

# An event may have 1 MiB (CloudWatch Logs' limit); what tells an error's kind stands at its
# head, what ended it at its tail.
HEAD_CHARACTERS = 48_000
TAIL_CHARACTERS = 8_000
MESSAGE_CHARACTERS = 4_000
TRACE_LINES = 60
BLOCK_EVENTS = 400
KEPT_LINES = 200


def cut(text: str) -> str:
    """The text, its middle left out where it is longer than what is looked at."""
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    return text[:HEAD_CHARACTERS] + "\n" + text[-TAIL_CHARACTERS:]
