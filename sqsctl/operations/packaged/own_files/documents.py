"""Lines of a YAML document: the key that stands for a property, however deep it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqsctl.operations.target.yaml_documents import Located

# What Serverless and Lift call it where it is not the same in another case.
_OTHER_NAMES = {
    "ReservedConcurrentExecutions": "reservedConcurrency",
    "maxReceiveCount": "maxRetries",
    "MaximumBatchingWindowInSeconds": "maximumBatchingWindow",
    "FunctionResponseTypes": "functionResponseType",
}


def line_within(declared: Any, names: Sequence[str]) -> int | None:
    """The line of the first name that is a key of the mapping or of one in it."""
    for name in names:
        wanted = {name, name[:1].lower() + name[1:], _OTHER_NAMES.get(name, name)}
        for mapping in _mappings(declared):
            key = next((each for each in mapping if each in wanted), None)
            if key is not None:
                return mapping.line_of(key)
    return None


def line_of_key(parent: Any, key: str, names: Sequence[str]) -> int | None:
    """The same of what stands under a key; the line of the key where none is found."""
    declared = parent.get(key) if isinstance(parent, Mapping) else None
    within = line_within(declared, names)
    if within is not None:
        return within
    if isinstance(parent, Located):
        return parent.line_of(key)
    return declared.line if isinstance(declared, Located) else None


def starting(keys: Sequence[str], logical_id: str) -> str | None:
    """The longest key that a logical id which a tool made begins with."""
    fitting = [each for each in keys if logical_id.startswith(each)]
    return max(fitting, key=len, default=None)


def _mappings(value: Any) -> Iterator[Located]:
    """The mapping itself, then those within, level by level."""
    level = [value]
    while level:
        yield from (each for each in level if isinstance(each, Located))
        level = [
            inner
            for each in level
            for inner in (
                each.values()
                if isinstance(each, Located)
                else each
                if isinstance(each, list)
                else ()
            )
            if isinstance(inner, Located | list)
        ]
