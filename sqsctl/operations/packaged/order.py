"""Stacks of one app in the order in which they can be deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqsctl.operations.packaged.packaged_stack import PackagedStack


def in_order(stacks: Sequence[PackagedStack]) -> tuple[PackagedStack, ...]:
    """Those that export a value before those that import it; else as they are."""
    makers = {name: each.name for each in stacks for name in _exports(each.template)}
    waits = {
        each.name: {makers[name] for name in _imports(each.template) if name in makers}
        for each in stacks
    }
    done: list[PackagedStack] = []
    left = list(stacks)
    while left:
        names = {each.name for each in left}
        free = [each for each in left if not (waits[each.name] - {each.name}) & names]
        done += free or left  # a circle: CloudFormation will say so
        left = [each for each in left if each not in done]
    return tuple(done)


def _exports(template: Mapping[str, Any]) -> Iterator[str]:
    outputs = template.get("Outputs")
    for each in outputs.values() if isinstance(outputs, Mapping) else ():
        exported = each.get("Export") if isinstance(each, Mapping) else None
        name = exported.get("Name") if isinstance(exported, Mapping) else None
        if isinstance(name, str):
            yield name


def _imports(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "Fn::ImportValue" and isinstance(each, str):
                yield each
            else:
                yield from _imports(each)
    elif isinstance(value, list):
        for each in value:
            yield from _imports(each)
