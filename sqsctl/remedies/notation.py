"""Properties of a resource as lines of YAML, as CloudFormation's templates have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqsctl.model.intents import REMOVED, QueueArn

_PLAIN = re.compile(r"[A-Za-z/$][\w./:$@*-]*(?<!:)")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


@dataclass(frozen=True, slots=True)
class Reference:
    """Another resource of the template, or an attribute of it."""

    logical_id: str
    attribute: str = ""

    def __str__(self) -> str:
        if self.attribute:
            return f"!GetAtt {self.logical_id}.{self.attribute}"
        return f"!Ref {self.logical_id}"


@dataclass(frozen=True, slots=True)
class Substitution:
    """A text with parts that CloudFormation fills in."""

    text: str

    def __str__(self) -> str:
        return f"!Sub {json.dumps(self.text, ensure_ascii=False)}"


def in_template(value: object) -> object:
    """A value, a queue's ARN by the resource that makes the queue."""
    return Reference("Queue", "Arn") if isinstance(value, QueueArn) else value


def removed_within(value: object) -> list[str]:
    """Names that are to be taken out of a value that holds others."""
    if not isinstance(value, Mapping):
        return []
    return [
        name
        for key, each in value.items()
        for name in ([str(key)] if each is REMOVED else removed_within(each))
    ]


def read(value: object) -> object:
    """An attribute of a queue as a template has it: a number, a document, else the text."""
    text = str(value)
    try:
        if text.isascii() and text.isdigit():
            return int(text)
        return json.loads(text) if text.startswith("{") else text
    except (ValueError, RecursionError):
        return text


def yaml_lines(given: Mapping[str, object], indent: int = 0) -> Iterator[str]:
    """A line for each key, and for each part of it; what is to be removed as a comment."""
    for key, value in given.items():
        yield from _yaml(key, value, indent)


def without_target(policy: object) -> object:
    """A redrive policy without its target, which stands in the template, as a reference."""
    if not isinstance(policy, Mapping):
        return policy
    return {key: each for key, each in policy.items() if key != "deadLetterTargetArn"}


def merged(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    """Both, where they have the same keys their parts."""
    result = dict(one)
    for key, value in other.items():
        known = result.get(key)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        result[key] = merged(known, value) if both else value  # type: ignore[arg-type]
    return result


def _yaml(key: str, value: object, indent: int) -> Iterator[str]:
    pad = " " * indent
    if value is REMOVED:
        yield f"{pad}# remove: {key}"
    elif isinstance(value, Mapping):
        yield f"{pad}{key}:"
        for name, each in value.items():
            yield from _yaml(str(name), each, indent + 2)
    elif isinstance(value, list | tuple):
        yield f"{pad}{key}:"
        for each in value:
            yield from _item(each, indent + 2)
    else:
        yield f"{pad}{key}: {_scalar(value)}"


def _item(value: object, indent: int) -> Iterator[str]:
    """An entry of a list: a scalar, or a mapping whose first key stands behind the dash."""
    pad = " " * indent
    if not isinstance(value, Mapping):
        yield f"{pad}- {_scalar(value)}"
        return
    first, *more = list(yaml_lines(value, indent + 2)) or [""]
    yield f"{pad}- {first.strip()}"
    yield from more


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    value = in_template(value)
    text = str(value)
    if isinstance(value, int | Reference | Substitution):
        return text
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
