"""Figures over time in one line of text."""

from __future__ import annotations

BLOCKS = "▁▂▃▄▅▆▇█"
