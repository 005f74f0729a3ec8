"""Lines of a CDK app's code: by the stack trace that synth left, else by the construct's id.

Source: aws/aws-cdk, cloud-assembly-schema (metadata by construct path: aws:cdk:logicalId with
``trace``, aws:cdk:creationStack; additionalMetadataFile).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.target.serverless import text_of
from sqsctl.operations.target.yaml_documents import deep, load_json

_FRAME = re.compile(r"\(?((?:/|[A-Za-z]:\\|[\w.]+/)[^():]*):(\d+)(?::\d+)?\)?$")
_ENDINGS = (".ts", ".py", ".js", ".mjs", ".cs", ".java", ".go")
_LEFT_OUT = frozenset({"node_modules", "cdk.out", "test", "tests", "dist", "__pycache__"})
_MADE = frozenset({"Resource", "Default"})
_MAX_FILES = 500


def find(packaged: PackagedStack, logical_id: str, names: Sequence[str]) -> tuple[Path, int] | None:
    """The line that makes the construct of a resource."""
    del names  # a property may be set anywhere
    assembly = packaged.file.parent
    folder = packaged.folder
    for path, entries in _metadata(assembly):
        if any(
            each.get("type") == "aws:cdk:logicalId" and each.get("data") == logical_id
            for each in entries
        ):
            return _traced(entries, folder) or _by_id(path, folder)
    return None


def _metadata(assembly: Path) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    artifacts = deep(load_json(assembly / "manifest.json"), "artifacts")
    for artifact in artifacts.values() if isinstance(artifacts, Mapping) else ():
        beside = deep(artifact, "additionalMetadataFile")
        found = [deep(artifact, "metadata")]
        if isinstance(beside, str) and Path(beside).name == beside:
            found.append(load_json(assembly / beside))
        for each in found:
            for path, entries in each.items() if isinstance(each, Mapping) else ():
                listed = entries if isinstance(entries, list) else []
                yield str(path), [entry for entry in listed if isinstance(entry, Mapping)]


def _traced(entries: Sequence[Mapping[str, Any]], folder: Path) -> tuple[Path, int] | None:
    """The first frame of the project's own code."""
    for entry in entries:
        frames = entry.get("trace") or (
            entry.get("data") if entry.get("type") == "aws:cdk:creationStack" else None
        )
        for frame in frames if isinstance(frames, list) else ():
            found = _FRAME.search(str(frame).strip())
            if found is None:
                continue
            path = folder / found[1].removeprefix("file://")
            inside = path.resolve().is_relative_to(folder.resolve())
            if inside and path.is_file() and not set(path.parts) & {"node_modules", "cdk.out"}:
                return path, int(found[2])
    return None


def _by_id(path: str, folder: Path) -> tuple[Path, int] | None:
    """The only line of the app's code that holds the id of the construct, or of one above it."""
    parts = [each for each in path.strip("/").split("/") if each not in _MADE]
    for part in reversed(parts[1:]):  # the first is the stack itself
        quoted = (f"'{part}'", f'"{part}"', f"`{part}`")
        found = [
            (file, number)
            for file in _sources(folder)
            for number, line in enumerate(_lines(file), 1)
            if any(each in line for each in quoted)
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _sources(folder: Path) -> list[Path]:
    found: list[Path] = []
    for here, folders, files in os.walk(folder):
        folders[:] = [
            each
            for each in sorted(folders)
            if each not in _LEFT_OUT
            and not each.startswith(".")
            and not (Path(here) / each / "pyvenv.cfg").is_file()
        ]
        compiled = {Path(each).stem for each in files if each.endswith(".ts")}
        found += [
            Path(here) / each
            for each in sorted(files)
            if each.endswith(_ENDINGS)
            and not (each.endswith(".js") and Path(each).stem in compiled)
        ]
        if len(found) > _MAX_FILES:
            break
    return found[:_MAX_FILES]


def _lines(path: Path) -> list[str]:
    try:
        return text_of(path).splitlines()
    except UsageError:
        return []
