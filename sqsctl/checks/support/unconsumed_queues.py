"""Queues that nothing consumes: those that somebody should, and those that messages only lie in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.support.queue_use import queue_use, variables_of
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Queue,
    Stack,
)

_WORD = re.compile(r"[^a-z0-9]")
_LEAST = 3  # characters of a queue's short name that a function's has to share


def consumed_by_design(queue: Queue, stack: Stack) -> tuple[str, str] | None:
    """What says that the queue is to be consumed: a fact and its value; None where nothing does.

    A RedrivePolicy counts receives, so somebody is to receive; a function of its name that does
    nothing else is its consumer. A queue that functions only send to may be meant to keep what
    it holds. Reads FUNCTIONS, MAPPINGS, APIS, PACKAGES and PERMISSIONS.
    """
    if queue.dead_letter_target_arn:
        return "RedrivePolicy.deadLetterTargetArn", queue.dead_letter_target_arn
    named = [each.name for each in _idle(queue, stack) if _paired(queue, each, stack)]
    return ("a function of its name that nothing calls", named[0]) if named else None


def _idle(queue: Queue, stack: Stack) -> Iterator[Function]:
    """Functions that no queue feeds, no API calls, and that do not send to the queue."""
    busy = set(stack.consumers())
    busy |= {route.function_name or "" for api in stack.apis for route in api.routes}
    for function in stack.functions:
        if function.name in busy:
            continue
        knows = any(variables_of(function, queue, stack))
        if not knows or queue_use(stack, function, queue).sends is False:
            yield function


def _paired(queue: Queue, function: Function, stack: Stack) -> bool:
    """Whether the names match behind what the stack's name puts before both."""
    prefix = f"{stack.stack_name}-" if stack.stack_name else ""
    stem = queue.name.removesuffix(".fifo").removeprefix(prefix)
    short = _WORD.sub("", stem.lower()).removesuffix("queue")
    return len(short) >= _LEAST and _WORD.sub(
        "", function.name.removeprefix(prefix).lower()
    ).startswith(short)
