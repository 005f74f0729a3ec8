"""Consumers that a redrive keeps from their queue for a while."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PausedMapping:
    """An event source mapping that ``dlq redrive --pause-consumer`` switched off.

    ``at`` is when, in ISO 8601. ``running``: that redrive is still at work and puts it back by
    itself; otherwise it was killed, or could not.
    """

    uuid: str
    function_name: str
    queue_arn: str
    at: str
    running: bool = False
