"""Properties of a resource as lines of YAML, as CloudFormation's templates have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

REMOVED = object()  # stands for a property that is to be taken out
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


def read(value: object) -> object:
    """An attribute of a queue as a template has it: a number, a document, else the text."""
    text = str(value)
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return json.loads(text) if text.startswith("{") else text
    except ValueError:
        return text


def properties(given: Mapping[str, object], indent: int = 4) -> Iterator[str]:
    """A line for each property, and for each part of it."""
    for key, value in given.items():
        if value is REMOVED:
            yield f"{' ' * indent}# remove: {key}"
        else:
            yield from _yaml(key, _kept(key, value), indent)


def _kept(key: str, value: object) -> object:
    """A redrive policy's target stands in the template already, as a reference."""
    if key != "RedrivePolicy" or not isinstance(value, Mapping):
        return value
    return {
        name: each
        for name, each in value.items()
        if name != "deadLetterTargetArn" or isinstance(each, Reference)
    }


def _yaml(key: str, value: object, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, Mapping):
        yield f"{pad}{key}:"
        for name, each in value.items():
            yield from _yaml(str(name), each, indent + 2)
    elif isinstance(value, list | tuple):
        yield f"{pad}{key}:"
        yield from (f"{pad}  - {_scalar(each)}" for each in value)
    else:
        yield f"{pad}{key}: {_scalar(value)}"


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if isinstance(value, int | Reference | Substitution):
        return text
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
