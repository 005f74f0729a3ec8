"""Lines of serverless.yml: its functions, Lift's constructs and the resources section.

Source: Serverless Framework, "Resources" (names of the resources that it makes:
normalizedFunctionName + LambdaFunction); serverless-lift, construct names as prefixes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqsctl.operations.packaged.own_files.documents import line_of_key, starting
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.target import serverless
from sqsctl.operations.target.yaml_documents import deep


def find(packaged: PackagedStack, logical_id: str, names: Sequence[str]) -> tuple[Path, int] | None:
    """The line of a resource in the project's serverless.yml."""
    project = serverless.read(packaged.folder)
    if project is None:
        return None
    for section, made in _sections(project.document):
        prefix = logical_id if logical_id in made else starting(list(made), logical_id)
        line = line_of_key(section, made[prefix], names) if prefix else None
        if line is not None:
            return project.path, line
    return None


def _sections(document: Mapping[str, Any]) -> Iterator[tuple[Any, dict[str, str]]]:
    """Each section with what logical ids of it begin with, and the key that they come from."""
    resources = document.get("resources")
    for each in resources if isinstance(resources, list) else [resources]:
        yield from _listed(deep(each, "Resources"), lambda key: key)
    functions = document.get("functions")
    for each in functions if isinstance(functions, list) else [functions]:
        yield from _listed(each, _normalised)
    constructs = document.get("constructs")
    # A queue of Lift has resources of its own, and a worker function.
    yield from _listed(constructs, lambda key: key)
    yield from _listed(constructs, _normalised)


def _listed(section: Any, named: Any) -> Iterator[tuple[Any, dict[str, str]]]:
    if isinstance(section, Mapping):
        yield section, {named(str(key)): str(key) for key in section}


def _normalised(key: str) -> str:
    name = key.replace("-", "Dash").replace("_", "Underscore")
    return name[:1].upper() + name[1:]
