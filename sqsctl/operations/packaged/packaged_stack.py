"""One stack as a tool packaged it: its template, and where each function's code lies here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Tool = Literal["serverless", "sam", "cdk", "cloudformation", "terraform"]

FUNCTION_TYPES = frozenset({"AWS::Lambda::Function", "AWS::Serverless::Function"})
LAYER_TYPES = frozenset({"AWS::Lambda::LayerVersion", "AWS::Serverless::LayerVersion"})
NESTED_TYPE = "AWS::CloudFormation::Stack"

# The property that says where a resource's code is.
CODE_PROPERTIES: Mapping[str, str] = {
    "AWS::Lambda::Function": "Code",
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Lambda::LayerVersion": "Content",
    "AWS::Serverless::LayerVersion": "ContentUri",
}

Resource = Mapping[str, Any]
_MADE_FOLDERS = frozenset({".serverless", ".aws-sam", "cdk.out"})


@dataclass(frozen=True, slots=True)
class PackagedStack:
    """A template, as plain values and Located mappings, with what belongs to it.

    ``code`` is the path of a zip, a folder or a single file for the logical id of each function
    and layer whose code lies on this machine; ``nested`` are the stacks of its
    AWS::CloudFormation::Stack resources, by logical id. ``without`` names what its tool could
    not say before a deploy, a sentence each. ``region`` is what the project says, where it does.
    ``addresses`` are what Terraform calls each resource, by logical id.
    """

    name: str
    tool: Tool
    file: Path
    template: Mapping[str, Any]
    code: Mapping[str, Path] = field(default_factory=dict)
    nested: Mapping[str, PackagedStack] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    region: str | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the project's own files are: above what its tool made."""
        made = (each for each in self.file.parents if each.name in _MADE_FOLDERS)
        return next(made, self.file).parent

    @property
    def resources(self) -> Mapping[str, Resource]:
        found = self.template.get("Resources")
        if not isinstance(found, Mapping):
            return {}
        return {str(key): each for key, each in found.items() if isinstance(each, Mapping)}


def properties(resource: Resource) -> Mapping[str, Any]:
    """A resource's properties; empty where it has none."""
    found = resource.get("Properties")
    return found if isinstance(found, Mapping) else {}
