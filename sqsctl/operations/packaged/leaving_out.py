"""What an emulator cannot do of a template, and the template without it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqsctl.operations.packaged.packaged_stack import (
    FUNCTION_TYPES,
    PackagedStack,
    properties,
)

LANGUAGES = ("python", "nodejs")
# Nothing without what they refer to.
_DEPENDENT = frozenset(
    {
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Lambda::Version",
        "AWS::SNS::Subscription",
        "AWS::SQS::QueuePolicy",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
    }
)
_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)((?:\.[A-Za-z0-9.]+)?)\}")


@dataclass(frozen=True, slots=True)
class Lacking:
    """A resource that is not there on the emulator: its logical id, its type, and why."""

    logical_id: str
    type: str
    reason: str


def lacking(stack: PackagedStack, known: Collection[str]) -> tuple[Lacking, ...]:
    """What cannot be deployed of a transformed template; ``known`` are the emulator's types.

    What is nothing without another one that is left out is left out with it.
    """
    found = list(_lacking(stack, known))
    gone = {each.logical_id for each in found}
    while True:
        more = [
            Lacking(key, str(each.get("Type")), f"belongs to {', '.join(sorted(named))}")
            for key, each in stack.resources.items()
            if key not in gone
            and each.get("Type") in _DEPENDENT
            and (named := set(references(properties(each))) & gone)
        ]
        if not more:
            return tuple(found)
        found += more
        gone |= {each.logical_id for each in more}


def _lacking(stack: PackagedStack, known: Collection[str]) -> Iterator[Lacking]:
    for key, each in stack.resources.items():
        kind = str(each.get("Type", ""))
        if kind not in known and not kind.startswith("Custom::"):
            yield Lacking(key, kind, "the emulator has no such resources")
        elif kind in FUNCTION_TYPES and (why := _not_runnable(stack, key, properties(each))):
            yield Lacking(key, kind, why)


def _not_runnable(stack: PackagedStack, key: str, function: Mapping[str, Any]) -> str:
    code = function.get("Code")
    if function.get("PackageType") == "Image" or (isinstance(code, Mapping) and "ImageUri" in code):
        return "a container image: the lab runs zip packages"
    runtime = function.get("Runtime")
    if isinstance(runtime, str) and not runtime.startswith(LANGUAGES):
        return f"{runtime}: the lab runs Python and Node.js"
    inline = isinstance(code, Mapping) and "ZipFile" in code
    if not inline and key not in stack.code:
        return "its code is not on this machine"
    return ""


def references(value: Any) -> Iterator[str]:
    """The logical ids and parameters that a value refers to."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "Ref" and isinstance(each, str):
                yield each
            elif key == "Fn::GetAtt" and isinstance(each, list | str):
                yield str(each[0] if isinstance(each, list) and each else each).partition(".")[0]
            elif key == "Fn::Sub":
                text = each[0] if isinstance(each, list) and each else each
                yield from (match[1] for match in _SUBSTITUTED.finditer(str(text)))
                yield from references(each)
            else:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def without(template: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    """The template without some resources; what refers to them gets their logical id instead."""
    resources = {
        key: _without_hooks(each, gone)
        for key, each in template["Resources"].items()
        if key not in gone
    }
    outputs = {
        key: each
        for key, each in (template.get("Outputs") or {}).items()
        if not set(references(each)) & set(gone)
    }
    made = {**template, "Resources": replaced(resources, gone)}
    if "Outputs" in template:
        made["Outputs"] = outputs
    return made


def _without_hooks(resource: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    kept = dict(resource)
    said = kept.get("DependsOn")
    waits = [said] if isinstance(said, str) else list(said or ())
    left = [each for each in waits if each not in gone]
    kept.pop("DependsOn", None)
    if left:
        kept["DependsOn"] = left
    if set(references(kept.get("UpdatePolicy"))) & set(gone):
        del kept["UpdatePolicy"]
    return kept


def replaced(value: Any, gone: Collection[str]) -> Any:
    """A value with every reference to what is gone as plain text."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            (key, inner), *_ = value.items()
            named = inner[0] if isinstance(inner, list) and inner else inner
            if key in {"Ref", "Fn::GetAtt"} and str(named).partition(".")[0] in gone:
                return str(named).partition(".")[0]
            if key == "Fn::Sub":
                return {key: replaced_text(replaced(inner, gone), gone)}
        return {key: replaced(each, gone) for key, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, gone) for each in value]
    return value


def replaced_text(value: Any, gone: Collection[str]) -> Any:
    """The text of a Fn::Sub, alone or with its variables."""
    if isinstance(value, list) and value:
        return [replaced_text(value[0], gone), *value[1:]]
    if not isinstance(value, str):
        return value
    return _SUBSTITUTED.sub(lambda match: match[1] if match[1] in gone else match[0], value)
