"""The folder that a command works in."""

from __future__ import annotations

from pathlib import Path


def working_folder() -> Path:
    """The working folder; the root where it was deleted meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")
