"""Queues that a stack declares or reads and that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqsctl.model.functions import EventSourceMapping
from sqsctl.model.queues import Queue
from sqsctl.model.stack import Stack

MISSING = "missing"
_QUEUE = "queue "


@dataclass(frozen=True, slots=True)
class MissingQueue:
    """A queue that is not there; ``arn`` is empty where nothing says it.

    ``readers`` are the mappings on it, ``sources`` the queues that dead-letter to it.
    ``elsewhere``: it is another account's, where what may not be seen also counts as missing.
    """

    name: str
    arn: str
    readers: tuple[EventSourceMapping, ...]
    sources: tuple[Queue, ...]
    elsewhere: bool


def missing_queues(stack: Stack) -> Iterator[MissingQueue]:
    """Each of them once. Reads QUEUES and MAPPINGS."""
    for gap in stack.queues.unread:
        if gap.reason != MISSING or not gap.what.startswith(_QUEUE):
            continue
        name = gap.what.removeprefix(_QUEUE)
        readers = tuple(e for e in stack.mappings if e.queue_arn.rpartition(":")[2] == name)
        sources = tuple(
            each
            for each in stack.queues
            if (each.dead_letter_target_arn or "").rpartition(":")[2] == name
        )
        arns = [each.queue_arn for each in readers]
        arns += [each.dead_letter_target_arn or "" for each in sources]
        arn = next(iter(arns), "")
        account = arn.split(":")[4] if arn.count(":") == 5 else ""
        yield MissingQueue(
            name,
            arn,
            readers,
            sources,
            elsewhere=bool(account and stack.account and account != stack.account),
        )
