"""How a shape is written, and the JSON Schema that it stands for.

A mapping is an object, a key that ends in ``?`` may be missing, a list is a list of its one
shape, ``"int?"`` may be null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shape = Any

_PLAIN: dict[str, dict[str, Any]] = {
    "any": {},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "time": {
        "type": "string",
        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        "description": "ISO 8601 in UTC with milliseconds",
    },
}


class OneOf(tuple[Shape, ...]):
    """One of several shapes."""

    __slots__ = ()


class Each:
    """An object whose keys are data: every value has this shape."""

    def __init__(self, value: Shape) -> None:
        self.value = value


class Words(tuple[str, ...]):
    """One of these words."""

    __slots__ = ()


def schema(shape: Shape) -> dict[str, Any]:
    """The JSON Schema of a shape."""
    if isinstance(shape, str):
        plain = _PLAIN[shape.removesuffix("?")]
        return _or_null(plain) if shape.endswith("?") else dict(plain)
    if isinstance(shape, Words):
        return {"enum": list(shape)}
    if isinstance(shape, OneOf):
        return {"anyOf": [schema(each) for each in shape]}
    if isinstance(shape, Each):
        return {"type": "object", "additionalProperties": schema(shape.value)}
    if isinstance(shape, list):
        (item,) = shape
        return {"type": "array", "items": schema(item)}
    if shape is None:
        return {"type": "null"}
    return {
        "type": "object",
        "required": [key for key in shape if not key.endswith("?")],
        "properties": {key.removesuffix("?"): schema(each) for key, each in shape.items()},
    }


def _or_null(plain: Mapping[str, Any]) -> dict[str, Any]:
    kind = plain.get("type")
    return {**plain, "type": [kind, "null"]} if kind else dict(plain)
