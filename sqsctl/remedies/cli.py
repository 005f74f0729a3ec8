"""Commands of the AWS CLI and of sqsctl, as argv."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from sqsctl.model.intents import Look
from sqsctl.model.remedy import Call, Command
from sqsctl.remedies.context import Context, consumed_by

# What stands in a command for a name that nothing tells.
FUNCTION = "FUNCTION_NAME"
QUEUE_URL = "QUEUE_URL"
MAPPING = "UUID"
_WORLDWIDE = frozenset({"iam", "organizations"})
_LOOKING = ("get_", "list_", "describe_")
_SHORT = re.compile(r"[A-Za-z0-9._/:-]+")


def aws(call: Call, context: Context, *, query: str = "") -> Command:
    """An API call as the AWS CLI has it, with the region that was looked at."""
    words = ["aws", _kebab_service(call.service), call.operation.replace("_", "-")]
    for name, value in call.parameters:
        words += option(name, value)
    if context.region and call.service not in _WORLDWIDE:
        words += ["--region", context.region]
    if query:
        words += ["--query", query]
    return Command(tuple(words), changes=not call.operation.startswith(_LOOKING))


def look(asked: Look, context: Context) -> Command:
    """A command that only looks."""
    if asked.call is not None:
        return aws(asked.call, context, query=asked.query)
    return sqsctl(context, *asked.words, queue=asked.queue, function=asked.function, changes=False)


def sqsctl(
    context: Context, *words: str, queue: str = "", function: str = "", changes: bool = True
) -> Command:
    """``sqsctl`` and the words, with what they are to work on.

    A queue that is known is named itself, else the stack. Without either the function leads to
    the queue that it consumes. Words that name a function themselves need none of them.
    """
    stack = context.stack
    if not queue and not stack.stack_name and not {"--function", "--queue"} & {*words}:
        queue = next(iter(consumed_by(stack, function or context.function)), "")
    aim = ("--queue", queue) if queue else ("--stack", stack.stack_name) if stack.stack_name else ()
    return Command(("sqsctl", *words, *aim), changes)


def kebab(name: str) -> str:
    """``FunctionName`` is ``function-name``, ``UUID`` ``uuid``, ``VpcEndpointId`` ``vpc-…``."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1-\2", name))
    return parted.lower()


def _kebab_service(service: str) -> str:
    return service.replace("_", "-")


def option(name: str, value: object) -> Iterator[str]:
    """A parameter of a call as words of the AWS CLI."""
    named = f"--{kebab(name)}"
    if isinstance(value, bool):
        yield named if value else named.replace("--", "--no-", 1)
    elif isinstance(value, Mapping):
        yield from (named, _structure(value))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        plain = all(not isinstance(each, Mapping | list | tuple) for each in value)
        yield named
        yield from ([str(each) for each in value] if plain and value else [_json(value)])
    else:
        yield from (named, str(value))


def _structure(value: Mapping[str, object]) -> str:
    """The shorthand syntax where it can say it, else JSON."""
    if value and all(
        isinstance(each, str | int) and not isinstance(each, bool) and _SHORT.fullmatch(str(each))
        for each in value.values()
    ):
        return ",".join(f"{key}={each}" for key, each in value.items())
    return _json(value)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
