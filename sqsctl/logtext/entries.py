"""What one block of the log is: a mark of the platform, an error, or an ordinary line."""

from __future__ import annotations

from sqsctl.logtext.blocks import Block
from sqsctl.logtext.entry import Entry, Mark
from sqsctl.logtext.json_entries import json_entry
from sqsctl.logtext.text_entries import platform_line, text_entry

__all__ = ["Entry", "Mark", "understand"]


def understand(block: Block) -> Entry:
    """Say what a block is. Never raises."""
    text = block.text
    events = tuple(block.events)
    at = events[0].timestamp
    if platform := platform_line(text, events, at):
        return platform
    if text.startswith("{") and (entry := json_entry(text, events, at)):
        return entry
    return text_entry(text, events, at)
