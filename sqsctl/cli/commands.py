"""The command tree: which file speaks for which words."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add every command. The files are light: what is heavy they import when they run."""
    from sqsctl.cli import config, demo, dlq, doctor, lab, logs, produce, queue, send, stack

    for part in (demo, lab, stack, send, produce, queue, dlq, logs, doctor, config):
        part.register(app)
