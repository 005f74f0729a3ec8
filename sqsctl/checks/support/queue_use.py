"""What a function does with a queue that its environment names.

A queue's address is no intention: the code tells, where it was read; else what the role may do;
else nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqsctl.checks.support.queue_names import differs, named_queues
from sqsctl.handlercode.packages import queue_calls_of
from sqsctl.handlercode.queue_calls import Action, QueueCalls
from sqsctl.model.functions import Function
from sqsctl.model.stack import Package, Queue, Stack

_PERMISSIONS = {
    Action.SEND: "sqs:SendMessage",
    Action.RECEIVE: "sqs:ReceiveMessage",
    Action.DELETE: "sqs:DeleteMessage",
}


@dataclass(frozen=True, slots=True)
class Use:
    """None: not known. ``place`` is the call in the code, ``app.py:5``; ``source`` who tells."""

    sends: bool | None = None
    receives: bool | None = None
    deletes: bool | None = None
    source: Literal["code", "role", ""] = ""
    place: str = ""


def queue_use(stack: Stack, function: Function, queue: Queue) -> Use:
    """What the function does with the queue. Reads PACKAGES and PERMISSIONS."""
    return code_use(stack, function, queue) or _by_role(stack, function, queue)


def code_use(stack: Stack, function: Function, queue: Queue) -> Use | None:
    """What its code tells, None where that leaves open whether it sends. Reads PACKAGES."""
    variables = frozenset(variables_of(function, queue, stack))
    for package in stack.packages:
        if package.function == function.name:
            return _by_code(package, function, variables)
    return None


def variables_of(function: Function, queue: Queue, stack: Stack) -> Iterator[str]:
    """The function's variables that name the queue, and not one of its name elsewhere."""
    for variable, value in function.environment.items():
        if value and value in (queue.url, queue.arn):
            yield variable
    for named in named_queues(function):
        if named.name == queue.name and not differs(named, queue, stack):
            yield named.variable


def sends_by(function: Function, queue: Queue, stack: Stack) -> str:
    """The variable that names the queue, of a function that sends to it as far as is known."""
    variable = next(variables_of(function, queue, stack), "")
    return variable if variable and queue_use(stack, function, queue).sends is not False else ""


def unused(stack: Stack, function: Function) -> frozenset[str]:
    """Variables with queues' names that the function's code does nothing with. Reads PACKAGES."""
    for package in stack.packages:
        if package.function == function.name:
            calls = queue_calls_of(function, package)
            named = frozenset(each.variable for each in named_queues(function))
            return frozenset(
                each
                for each in named
                if _seen_whole(calls, package, function, frozenset({each}))
                and all(calls.never(action, frozenset({each})) for action in Action)
            )
    return frozenset()


def received_by_hand(queue: Queue, stack: Stack) -> tuple[Function, Use] | None:
    """A function whose code receives from the queue itself. Reads FUNCTIONS and PACKAGES."""
    for function in stack.functions:
        if any(variables_of(function, queue, stack)):
            use = code_use(stack, function, queue)
            if use and use.receives:
                return function, use
    return None


def _by_code(package: Package, function: Function, variables: frozenset[str]) -> Use | None:
    """What the code tells; None where it leaves open whether the queue is sent to."""
    calls = queue_calls_of(function, package)
    if not variables or not _seen_whole(calls, package, function, variables):
        never = dict.fromkeys(Action, False)
    else:
        never = {each: calls.never(each, variables) for each in Action}
    does = {each: calls.does(each, variables) for each in Action}
    if does[Action.SEND] is None and not never[Action.SEND]:
        return None

    def told(action: Action) -> bool | None:
        return True if does[action] else False if never[action] else None

    first = next((each for each in does.values() if each), None)
    return Use(
        told(Action.SEND),
        told(Action.RECEIVE),
        told(Action.DELETE),
        "code",
        f"{first.path}:{first.line}" if first else "",
    )


def _seen_whole(
    calls: QueueCalls, package: Package, function: Function, variables: frozenset[str]
) -> bool:
    """Whether code that was not read can be what uses the variable."""
    if package.truncated or (function.layers and not calls.read & variables):
        return False
    libraries = {
        each.partition("-")[0].lower()
        for each in (path.partition("/")[0] for path in package.paths)
        if each.endswith((".dist-info", ".egg-info"))
    }
    for module in calls.elsewhere:
        path = module.replace(".", "/")
        own = {f"{path}.py", f"{path}/__init__.py"} & package.paths
        if own and path.partition("/")[0].lower() not in libraries:
            return False
    return True


def _by_role(stack: Stack, function: Function, queue: Queue) -> Use:
    """What the role may do with the queue, as far as it was asked."""
    asked = {
        each.action: each.decision == "allowed"
        for each in stack.permissions
        if each.function == function.name and each.resource == queue.arn
    }
    may = {each: asked.get(name) for each, name in _PERMISSIONS.items()}
    source: Literal["role", ""] = "role" if any(each is not None for each in may.values()) else ""
    return Use(may[Action.SEND], may[Action.RECEIVE], may[Action.DELETE], source)
