"""What ``cdk synth`` left: cdk.out, its stacks and their assets.

An asset is a file or a folder of cdk.out; the template names it by the key under which
``cdk deploy`` would upload it, and ``<stack>.assets.json`` says which is which.
Source: aws/aws-cdk, cloud-assembly-schema, assets/schema (files: source {path, packaging},
destinations {bucketName, objectKey}).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.operations.packaged.packaged_stack import (
    CODE_PROPERTIES,
    NESTED_TYPE,
    PackagedStack,
    properties,
)
from sqsctl.operations.packaged.project_root import named
from sqsctl.operations.target.project_stack import cdk_stacks
from sqsctl.operations.target.serverless import text_of
from sqsctl.operations.target.yaml_documents import deep, load_json, load_yaml

FOLDER = "cdk.out"
_DEEPEST = 5


def read(folder: Path) -> tuple[PackagedStack, ...]:
    """The stacks of the folder's app; nothing where it was not synthesised."""
    return tuple(
        _stack(each.name, each.template) for each in cdk_stacks(folder) if each.template.is_file()
    )


def _stack(name: str, path: Path, left: int = _DEEPEST) -> PackagedStack:
    document = load_yaml(text_of(path), path.name)
    if not isinstance(document, Mapping):
        raise UsageError(f"{path} holds no template")
    assets = dict(_assets(path.parent))
    code: dict[str, Path] = {}
    nested: dict[str, PackagedStack] = {}
    for key, resource in (document.get("Resources") or {}).items():
        if not isinstance(resource, Mapping):
            continue
        kind = str(resource.get("Type"))
        said = deep(properties(resource).get(CODE_PROPERTIES.get(kind, "")), "S3Key")
        if isinstance(said, str) and said in assets:
            code[key] = assets[said]
        if kind == NESTED_TYPE and left:
            inner = _named_in(properties(resource).get("TemplateURL"), assets)
            if inner is not None:
                nested[key] = _stack(f"{name}-{key}", inner, left - 1)
    return PackagedStack(name, "cdk", path, document, code, nested)


def _assets(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each asset of an assembly by the key that templates name it by."""
    for manifest in sorted(folder.glob("*.assets.json")):
        files = deep(load_json(manifest), "files")
        for each in files.values() if isinstance(files, Mapping) else ():
            source = deep(each, "source", "path")
            destinations = deep(each, "destinations")
            path = named(folder, str(source))
            if not isinstance(destinations, Mapping) or path is None:
                continue
            for place in destinations.values():
                key = deep(place, "objectKey")
                if isinstance(key, str):
                    yield key, path


def _named_in(value: Any, assets: Mapping[str, Path]) -> Path | None:
    """The asset whose key a template's URL ends with, however it is put together."""
    if isinstance(value, str):
        return next((path for key, path in assets.items() if value.endswith(key)), None)
    parts = value.values() if isinstance(value, Mapping) else value
    for each in parts if isinstance(parts, list | tuple) or isinstance(value, Mapping) else ():
        found = _named_in(each, assets)
        if found is not None:
            return found
    return None
