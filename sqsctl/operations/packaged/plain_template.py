"""A CloudFormation or SAM template whose code is named by paths on this machine.

``Code: ./build`` or ``CodeUri: src/`` as ``aws cloudformation package`` and ``sam`` take it,
relative to the template; so are nested templates, and OpenAPI documents in files of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqsctl.operations.packaged.packaged_stack import (
    CODE_PROPERTIES,
    NESTED_TYPE,
    PackagedStack,
    properties,
)
from sqsctl.operations.packaged.project_root import named
from sqsctl.operations.target.serverless import text_of
from sqsctl.operations.target.yaml_documents import deep, load_yaml

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"
_DEEPEST = 5
_DEFINITIONS = {
    "AWS::Serverless::Api": ("DefinitionUri", "DefinitionBody"),
    "AWS::Serverless::HttpApi": ("DefinitionUri", "DefinitionBody"),
    "AWS::ApiGatewayV2::Api": ("BodyS3Location", "Body"),
}


def from_template(
    path: Path, document: Mapping[str, Any], name: str, *, left: int = _DEEPEST
) -> PackagedStack:
    """The stack of a template that was read from ``path``."""
    folder = path.parent
    resources = document.get("Resources") or {}
    inlined = {
        key: _with_definition(each, folder)
        for key, each in resources.items()
        if isinstance(each, Mapping)
    }
    template = {**document, "Resources": inlined}
    code: dict[str, Path] = {}
    nested: dict[str, PackagedStack] = {}
    for key, each in inlined.items():
        kind = str(each.get("Type"))
        said = _local(properties(each).get(CODE_PROPERTIES.get(kind, "")), each, document)
        if said is not None and (here := _inside(folder, said)) is not None:
            code[key] = here
        if kind == NESTED_TYPE and left:
            inner = _inside(folder, properties(each).get("TemplateURL"))
            if inner is not None and inner.is_file():
                text = load_yaml(text_of(inner), inner.name)
                if isinstance(text, Mapping):
                    nested[key] = from_template(inner, text, f"{name}-{key}", left=left - 1)
    tool = "sam" if uses_sam(document) else "cloudformation"
    return PackagedStack(name, tool, path, template, code, nested)  # type: ignore[arg-type]


def uses_sam(document: Mapping[str, Any]) -> bool:
    """Whether CloudFormation would transform the template as SAM."""
    declared = document.get("Transform")
    listed = declared if isinstance(declared, list) else [declared]
    return SAM_TRANSFORM in listed


def _local(said: Any, resource: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    if said is None and resource.get("Type") == "AWS::Serverless::Function":
        if "InlineCode" in properties(resource) or "ImageUri" in properties(resource):
            return None
        return deep(document, "Globals", "Function", "CodeUri")
    return said


def _inside(folder: Path, said: Any) -> Path | None:
    """A path that a template names, where it exists."""
    if not isinstance(said, str) or "://" in said or not said:
        return None
    return named(folder, said)


def _with_definition(resource: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    uri, body = _DEFINITIONS.get(str(resource.get("Type")), ("", ""))
    path = _inside(folder, properties(resource).get(uri)) if uri else None
    if path is None or not path.is_file():
        return resource
    inner = dict(properties(resource))
    del inner[uri]
    inner[body] = load_yaml(text_of(path), path.name)
    return {**resource, "Properties": inner}
