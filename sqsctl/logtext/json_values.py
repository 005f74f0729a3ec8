"""JSON from strangers: nothing here raises, whatever the text holds.

Python's decoder gives up on very deep nesting (RecursionError) and on integers of
more than 4,300 digits (ValueError); both count as "not JSON".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeGuard

_DECODER = json.JSONDecoder()
_TRIES = 8
_NODES = 400
_DEPTH = 8


def loads(text: str) -> object | None:
    """The value that ``text`` as a whole is, or None where it is not JSON."""
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return None


def is_record(value: object) -> TypeGuard[dict[str, object]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def embedded(text: str) -> dict[str, object] | None:
    """The first JSON object that stands somewhere in the text."""
    found = embedded_at(text)
    return found[0] if found else None


def embedded_at(text: str) -> tuple[dict[str, object], int, int] | None:
    """The first JSON object in the text, with where it begins and ends."""
    at = text.find("{")
    for _ in range(_TRIES):
        if at < 0:
            return None
        try:
            value, stop = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if is_record(value) and value:
            return value, at, stop
        at = text.find("{", at + 1)
    return None


def value_at(text: str, start: int) -> tuple[object, int] | None:
    """The JSON value that begins here, blanks apart, with where it ends."""
    while start < len(text) and text[start] in " \t":
        start += 1
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None


def records(value: object) -> Iterator[dict[str, object]]:
    """Every object in the value, outermost first; bounded in depth and number."""
    level: list[object] = [value]
    seen = 0
    for _ in range(_DEPTH):
        below: list[object] = []
        for each in level:
            seen += 1
            if seen > _NODES:
                return
            if is_record(each):
                yield each
                below += each.values()
            elif isinstance(each, list):
                below += each[:50]
        level = [each for each in below if isinstance(each, dict | list)]
        if not level:
            return


def text_of(record: dict[str, object], *keys: str) -> str:
    """The first of the keys that holds a non-empty string, else an empty one."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def number_of(record: dict[str, object], key: str) -> float | None:
    """A number under the key, None where there is none."""
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
