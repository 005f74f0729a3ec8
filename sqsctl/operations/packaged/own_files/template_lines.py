"""Lines of a template that a person wrote: CloudFormation's or SAM's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqsctl.operations.packaged.own_files.documents import line_of_key, starting
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.target.serverless import text_of
from sqsctl.operations.target.yaml_documents import deep, load_yaml

_NAMES = ("template.yaml", "template.yml", "template.json")


def find(packaged: PackagedStack, logical_id: str, names: Sequence[str]) -> tuple[Path, int] | None:
    """The line of a resource; of one that SAM's transform made, of what it was made of."""
    path, resources = packaged.file, packaged.template.get("Resources")
    if path.parent != packaged.folder:  # what sam build wrote from the project's own
        names_of = (packaged.folder / each for each in _NAMES)
        own = next((each for each in names_of if each.is_file()), None)
        if own is not None:
            path, resources = own, deep(load_yaml(text_of(own), own.name), "Resources")
    keys = [str(each) for each in resources] if isinstance(resources, dict) else []
    key = logical_id if logical_id in keys else starting(keys, logical_id)
    line = line_of_key(resources, key, names) if key else None
    return (path, line) if line is not None else None
