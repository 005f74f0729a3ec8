"""What a folder's tool has packaged, or what one file holds.

Nothing is run, and no AWS is asked. A folder is read in the order in which a person would
look: what ``serverless package``, ``sam build`` and ``cdk synth`` left, a Terraform plan as
JSON, then a template as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.operations.packaged import cdk_assembly, serverless_package, terraform_plan
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.packaged.plain_template import from_template
from sqsctl.operations.target import project_stack
from sqsctl.operations.target.serverless import text_of
from sqsctl.operations.target.yaml_documents import load_json, load_yaml

BUILT_BY_SAM = Path(".aws-sam") / "build" / "template.yaml"
TEMPLATES = ("template.yaml", "template.yml", "template.json")
PLANS = ("plan.json", "tfplan.json")
_SERVERLESS = ("serverless.yml", "serverless.yaml", "serverless.json", "serverless.ts")
_NO_LETTER = re.compile(r"[^A-Za-z0-9-]+")

HOW = {
    "serverless": "serverless package",
    "sam": "sam build",
    "cdk": "cdk synth",
    "terraform": "terraform plan -out plan.bin && terraform show -json plan.bin > plan.json",
}


def packaged_stacks(
    place: Path, *, stage: str | None = None, stack: str | None = None
) -> tuple[PackagedStack, ...]:
    """The stacks of a folder or of a file; of several only ``stack``, where it is named.

    Raises SqsctlError (exit 5) where nothing is packaged there, with the command that does it,
    UsageError where what is there cannot be read.
    """
    if not place.exists():
        raise SqsctlError(f"there is no {place}", exit=Exit.NOT_FOUND, code="no_such_file")
    found = _in_file(place) if place.is_file() else _in_folder(place, stage)
    if stack is None or len(found) <= 1:
        return found
    chosen = tuple(each for each in found if each.name == stack)
    if not chosen:
        raise UsageError(
            f"{place} holds no stack {stack}",
            hint=f"it holds {', '.join(each.name for each in found)}",
        )
    return chosen


def as_written(folder: Path) -> bool:
    """Whether what is deployed from a folder is a template as it was written, packaged by none."""
    packaged = (".serverless", BUILT_BY_SAM, "cdk.out", *PLANS)
    return any((folder / each).is_file() for each in TEMPLATES) and not any(
        (folder / each).exists() for each in packaged
    )


def _in_folder(folder: Path, stage: str | None) -> tuple[PackagedStack, ...]:
    readers: tuple[Callable[[], tuple[PackagedStack, ...]], ...] = (
        lambda: serverless_package.read(folder, stage),
        lambda: _built_by_sam(folder, stage),
        lambda: cdk_assembly.read(folder),
        lambda: _first(folder, PLANS),
        lambda: _raw(folder, stage),
    )
    for reader in readers:
        found = reader()
        if found:
            return found
    raise _nothing(folder)


def _in_file(path: Path) -> tuple[PackagedStack, ...]:
    if path.name == "manifest.json":
        return cdk_assembly.read(path.parent.parent)
    document = load_json(path) if path.suffix == ".json" else _yaml(path)
    if not isinstance(document, Mapping):
        raise UsageError(f"{path} holds no template")
    if "planned_values" in document or "values" in document:
        return (terraform_plan.read(path, document),)
    if not isinstance(document.get("Resources"), Mapping):
        raise UsageError(f"{path} holds no Resources: it is no template")
    # Of a JSON file, too, the lines are wanted.
    located = _yaml(path)
    beside = path.parent
    if beside.name == "cdk.out":
        for each in cdk_assembly.read(beside.parent):
            if each.file.name == path.name:
                return (each,)
    if beside.name == ".serverless":
        return serverless_package.read(beside.parent, None)
    return (from_template(path, located, _name_of(path)),)


def _yaml(path: Path) -> Any:
    return load_yaml(text_of(path), path.name)


def _built_by_sam(folder: Path, stage: str | None) -> tuple[PackagedStack, ...]:
    path = folder / BUILT_BY_SAM
    if not path.is_file():
        return ()
    return (from_template(path, _yaml(path), _stack_name(folder, stage)),)


def _raw(folder: Path, stage: str | None) -> tuple[PackagedStack, ...]:
    path = next((folder / name for name in TEMPLATES if (folder / name).is_file()), None)
    if path is None:
        return ()
    document = _yaml(path)
    if not isinstance(document, Mapping) or not isinstance(document.get("Resources"), Mapping):
        return ()
    return (from_template(path, document, _stack_name(folder, stage)),)


def _first(folder: Path, names: tuple[str, ...]) -> tuple[PackagedStack, ...]:
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    return _in_file(path) if path else ()


def _stack_name(folder: Path, stage: str | None) -> str:
    told = project_stack.stack(folder, stage=stage)
    return told.name or _named(folder.resolve().name)


def _name_of(path: Path) -> str:
    """A stack's name for a template of its own: the project's, or the file's."""
    folder = path.parent
    if folder.name == "build" and folder.parent.name == ".aws-sam":
        folder = folder.parent.parent
    if path.name in TEMPLATES:
        return _stack_name(folder, None)
    return _named(path.name.partition(".")[0])


def _named(text: str) -> str:
    name = _NO_LETTER.sub("-", text).strip("-")
    return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")


def _nothing(folder: Path) -> SqsctlError:
    tool = next(iter(tools_of(folder)), None)
    if tool is None:
        return SqsctlError(
            f"{folder} holds no packaged project: no .serverless, .aws-sam/build, cdk.out, "
            "template.yaml or plan.json",
            hint="package it first, or name the template; `sqsctl lab init` writes a project",
            exit=Exit.NOT_FOUND,
            code="nothing_packaged",
        )
    return SqsctlError(
        f"the project in {folder} is not packaged",
        hint=HOW[tool],
        exit=Exit.NOT_FOUND,
        code="nothing_packaged",
    )


def tools_of(folder: Path) -> tuple[str, ...]:
    """The tools whose project files lie in a folder."""
    files = {
        "serverless": _SERVERLESS,
        "sam": ("samconfig.toml", "samconfig.yaml"),
        "cdk": ("cdk.json",),
        "terraform": ("main.tf",),
    }
    return tuple(
        tool for tool, names in files.items() if any((folder / name).is_file() for name in names)
    )
