"""Read YAML that somebody else wrote: bounded, inert, nothing in it is ever run.

CloudFormation's short tags (``!Ref``, ``!GetAtt``, ``!Sub``, …) become their long form
(``{"Ref": …}``); any other tag is dropped and its plain value kept. Every mapping and
list remembers the line it came from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqsctl.errors import UsageError

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 5_000_000
MAX_DEPTH = 60
MAX_NODES = 200_000
MAX_ALIASES = 1_000
MAX_NUMBER = 100  # characters

_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


class Located(dict[str, Any]):
    """A mapping that knows its line (1-based), and the lines of its keys."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        """Where a key stands; the mapping's own line where it has none."""
        return self.lines.get(key, self.line)


def load_yaml(text: str, name: str = "the file") -> Any:
    """The first document of a YAML (or JSON) text, as plain values and Located mappings.

    Raises UsageError for what is no YAML, or is larger, deeper or more entangled than any
    honest template.
    """
    import yaml

    if len(text) > MAX_BYTES:
        raise UsageError(f"{name} is too large to be read ({len(text):,} characters)")
    try:
        loader = _loader()(text)
        try:
            _bounded(loader, name)
        finally:
            loader.dispose()
        loader = _loader()(text)
        try:
            node = loader.get_node() if loader.check_node() else None
            return None if node is None else _value(loader, node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not readable"
        raise UsageError(f"{name} is not valid YAML: {problem}{where}", code="yaml") from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{name} is not readable as YAML: {error}", code="yaml") from error


def load_json(path: Path) -> Any:
    """A JSON file of a project, bounded. Raises UsageError where it is none."""
    try:
        inside_only(path)
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path.name} is too large to be read")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path.name} is not valid JSON: {error}", code="json") from error


def json_of(text: str, name: str) -> Any:
    """A JSON text inside a project's file. Raises UsageError where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not valid JSON: {error}", code="json") from error


def inside_only(path: Path) -> None:
    """Raise UsageError for a link that leads out of its folder: nothing outside is read."""
    if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
        raise UsageError(f"{path.name} is a link that leads out of the folder", code="outside")


def deep(document: Any, *keys: str) -> Any:
    """What stands below these keys; None where there is nothing."""
    for key in keys:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def template_parameters(template: str) -> frozenset[str]:
    """The names of the parameters that a CloudFormation template declares."""
    document = load_yaml(template, "the template")
    declared = document.get("Parameters") if isinstance(document, Mapping) else None
    return frozenset(str(key) for key in declared) if isinstance(declared, Mapping) else frozenset()


@cache
def _loader() -> type[yaml.SafeLoader]:
    import yaml

    # libyaml's parser where it is there: ten times as fast, and as inert.
    loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return loader


def _bounded(loader: yaml.SafeLoader, name: str) -> None:
    """Walk the events, without building anything: caps on depth, nodes and aliases."""
    import yaml

    depth = nodes = aliases = 0
    while loader.check_event():
        event = cast("yaml.Event", loader.get_event())  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            nodes += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        elif isinstance(event, yaml.DocumentEndEvent):
            return
        if depth > MAX_DEPTH or nodes > MAX_NODES or aliases > MAX_ALIASES:
            raise UsageError(f"{name} is too deep or too entangled to be read", code="yaml")


class _Budget:
    """Aliases make a small text a huge tree; every value built is counted."""

    def __init__(self) -> None:
        self.left = MAX_NODES

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ValueError("it unfolds into too many values")


def _value(loader: yaml.SafeLoader, root: yaml.Node) -> Any:
    import yaml

    budget = _Budget()

    def build(node: yaml.Node, path: frozenset[int]) -> Any:
        budget.spend()
        if id(node) in path:
            raise ValueError("it refers to itself")
        inner = path | {id(node)}
        if isinstance(node, yaml.MappingNode):
            loader.flatten_mapping(node)
            found = Located(node.start_mark.line + 1)
            for key_node, value_node in node.value:
                key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
                found[key] = build(value_node, inner)
                found.lines[key] = key_node.start_mark.line + 1
            return _tagged(node, found)
        if isinstance(node, yaml.SequenceNode):
            return _tagged(node, [build(each, inner) for each in node.value])
        if node.tag in _NUMBERS and len(node.value) > MAX_NUMBER:
            return str(node.value)  # converting takes the square of its length
        if node.tag.startswith("tag:yaml.org,2002:"):
            try:
                return loader.construct_object(node)
            except (yaml.YAMLError, ValueError, OverflowError):
                return str(node.value)
        return _tagged(node, str(node.value))

    return build(root, frozenset())


def _tagged(node: yaml.Node, value: Any) -> Any:
    tag = node.tag
    if not tag.startswith("!") or tag == "!":
        return value
    name = tag[1:]
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    long = Located(node.start_mark.line + 1)
    long[name if name in {"Ref", "Condition"} else f"Fn::{name}"] = value
    return long
