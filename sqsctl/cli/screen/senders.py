"""Who sends to which queue, as far as code, roles and environments tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqsctl.model.stack import Stack


def senders(stack: Stack) -> list[tuple[str, str, bool]]:
    """Functions behind no route that may send to a queue, that queue, and whether it is sure."""
    behind = {route.function_name for api in stack.apis for route in api.routes}
    return [each for each in sending(stack) if each[0] not in behind]


def sending(stack: Stack) -> list[tuple[str, str, bool]]:
    """Functions that may send to a queue, that queue, and whether it is sure.

    A function is one that sends by its code, else by its role; where neither was read, it is a
    function that names the queue. A consumer that names the queue it reads, or where its dead
    letters go, is no sender.
    """
    from sqsctl.checks.support.queue_use import queue_use, variables_of

    dead = stack.dead_letter_queues()
    reads = {(each.function_name, each.queue_arn) for each in stack.mappings}
    found: list[tuple[str, str, bool]] = []
    for function in stack.functions:
        for queue in stack.queues:
            if not any(variables_of(function, queue, stack)):
                continue
            use = queue_use(stack, function, queue)
            own = queue.arn in dead or (function.name, queue.arn) in reads
            if use.sends if own and use.source == "code" else not own and use.sends is not False:
                found.append((function.name, queue.name, bool(use.sends)))
    return found


def alone(stack: Stack) -> list[str]:
    """Functions that lead to no other hop; of a whole stack only those that matter are drawn."""
    if stack.stack_name is not None:
        return []
    led = {route.function_name for api in stack.apis for route in api.routes}
    led |= {each.function_name for each in stack.mappings}
    led |= {function for function, _, _ in senders(stack)}
    return [each.name for each in stack.functions if each.name not in led]
