"""What ``serverless package`` left: .serverless, of Serverless 3 and 4 and of osls.

The template names each package by its key in a bucket; the file of that name lies in
.serverless, or where ``package.artifact`` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.operations.packaged.packaged_stack import (
    CODE_PROPERTIES,
    PackagedStack,
    properties,
)
from sqsctl.operations.packaged.project_root import named, root_of, within
from sqsctl.operations.target import project_stack
from sqsctl.operations.target.serverless import text_of
from sqsctl.operations.target.yaml_documents import deep, load_json, load_yaml

FOLDER = ".serverless"
TEMPLATE = "cloudformation-template-update-stack.json"
STATE = "serverless-state.json"


def read(folder: Path, stage: str | None) -> tuple[PackagedStack, ...]:
    """The folder's service; nothing where it was not packaged.

    Raises UsageError where the package is another stage's, or its files are no such thing.
    """
    path = folder / FOLDER / TEMPLATE
    if not path.is_file():
        return ()
    document = load_yaml(text_of(path), path.name)
    if not isinstance(document, Mapping):
        raise UsageError(f"{path} holds no template")
    kept = project_stack.packaged(folder)
    if kept is not None and stage not in {None, kept.stage}:
        raise UsageError(
            f"what {FOLDER} holds was packaged for stage {kept.stage}, not for {stage}",
            hint=f"serverless package --stage {stage}",
        )
    name = kept.stack_name if kept else project_stack.stack(folder, stage=stage).name
    if name is None:
        raise UsageError(f"the stack's name cannot be told from {FOLDER}")
    artifacts = dict(_artifacts(folder))
    code = {
        key: artifacts[file]
        for key, resource in (document.get("Resources") or {}).items()
        if (file := _file_of(resource)) in artifacts
    }
    region = kept.region if kept else None
    return (PackagedStack(name, "serverless", path, document, code, region=region),)


def _file_of(resource: Any) -> str:
    """The file name at the end of the key where a resource's code will lie."""
    if not isinstance(resource, Mapping):
        return ""
    place = properties(resource).get(CODE_PROPERTIES.get(str(resource.get("Type")), ""))
    key = deep(place, "S3Key")
    return key.rpartition("/")[2] if isinstance(key, str) else ""


def _artifacts(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every package by its file name: those that were named, then what lies in .serverless."""
    state = folder / FOLDER / STATE
    document = load_json(state) if state.is_file() else {}
    for said in _named(document):
        path = named(folder, said)
        if path is not None and path.is_file():
            yield path.name, path
    for path in sorted((folder / FOLDER).glob("*.zip")):
        within(root_of(folder), path)
        yield path.name, path


def _named(document: Any) -> Iterator[str]:
    """The values of every ``artifact`` in the state."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key == "artifact" and isinstance(value, str):
                yield value
            else:
                yield from _named(value)
    elif isinstance(document, list):
        for each in document:
            yield from _named(each)
