"""Where a value stands that a deploy was refused for: its tool's file, and its resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqsctl.checks.support.deploys.errors import resource_in
from sqsctl.checks.support.deploys.tools import tool_shown
from sqsctl.model.intents import Intent, Option, Remedy, Set

_TYPES: Mapping[str, tuple[str, ...]] = {
    "queue": ("AWS::SQS::Queue", "aws_sqs_queue"),
    "function": ("AWS::Lambda::Function", "AWS::Serverless::Function", "aws_lambda_function"),
    "mapping": ("AWS::Lambda::EventSourceMapping", "aws_lambda_event_source_mapping"),
    "permission": ("AWS::Lambda::Permission", "aws_lambda_permission"),
}
# A table may cut a type in two: its beginning tells enough.
_SHORTEST = len("AWS::Lambda::EventSour")


def placed(asked: Remedy, text: str, around: str = "") -> Remedy:
    """A deploy's remedy, told in the tool's own file and on the resource that the text names.

    ``around`` are the other lines of the copy: a tool may say its name there alone.
    """
    name, type_ = resource_in(text)
    if type_.startswith("aws_") and "." not in name:
        name = f"{type_}.{name}"

    def set_there(each: Intent) -> Intent:
        if not isinstance(each, Set) or each.resource or not _of_kind(each.kind, type_):
            return each
        return replace(each, resource=name)

    options = tuple(
        Option(tuple(set_there(each) for each in option.intents), option.when)
        for option in asked.options
    )
    return replace(asked, options=options, tool=asked.tool or tool_shown(f"{text}\n{around}"))


def _of_kind(kind: str, type_: str) -> bool:
    return any(
        each == type_ or (len(type_) >= _SHORTEST and each.startswith(type_))
        for each in _TYPES.get(kind, ())
    )
