"""Which queue of a stack is meant: the one that was named, else the only one there can be."""

from __future__ import annotations

from collections.abc import Iterable

from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.model.deployed import (
    QueuePart,
    StackRef,
)

LISTED = 8  # names in a message


def main_queue(ref: StackRef, name: str | None = None) -> QueuePart:
    """The queue a command works on: the one named, else the only one that is no DLQ.

    Raises NotFoundError and, where there are several, an error that lists them.
    """
    if name:
        part = ref.queue(name)
        if part is None:
            raise NotFoundError(
                f"{ref.title} has no queue {name}",
                hint=f"it has {_listed(_nearest_first(name, ref))}",
                code="queue_not_found",
            )
        return part
    candidates = ref.main_queues or ref.queues
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise NotFoundError(
            f"{ref.title} has no queue",
            hint="name one: `again --queue NAME`",
            code="queue_not_found",
        )
    raise SqsctlError(
        f"{ref.title} has {len(candidates)} queues: {_listed(each.name for each in candidates)}",
        hint=f"choose one: `again --queue {candidates[0].name}`",
        exit=Exit.USAGE,
        code="queue_ambiguous",
    )


def _nearest_first(name: str, ref: StackRef) -> list[str]:
    from difflib import get_close_matches

    names = [each.name for each in ref.queues]
    near = get_close_matches(name, names, 3)
    return [*near, *(each for each in names if each not in near)]


def dead_letter_queue(ref: StackRef, name: str | None = None) -> QueuePart:
    """The DLQ a ``dlq`` command works on; ``name`` may be the main queue's or its own."""
    if name:
        part = main_queue(ref, name)
        if part.dead_letter_queue:
            return part
        target = ref.dead_letter_queue_of(part)
        if target is None:
            raise NotFoundError(
                f"queue {part.name} has no dead-letter queue",
                hint="`sqsctl doctor` shows how to give it one",
                code="dlq_not_found",
            )
        return target
    candidates = ref.dead_letter_queues
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise NotFoundError(
            f"{ref.title} has no dead-letter queue",
            hint="`sqsctl doctor` shows how to give it one",
            code="dlq_not_found",
        )
    raise SqsctlError(
        f"{ref.title} has {len(candidates)} dead-letter queues: "
        f"{_listed(each.name for each in candidates)}",
        hint=f"choose one: `again --queue {candidates[0].name}`",
        exit=Exit.USAGE,
        code="queue_ambiguous",
    )


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
    return ", ".join(found[:LISTED]) + more
