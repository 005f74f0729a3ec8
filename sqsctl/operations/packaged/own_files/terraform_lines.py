"""Lines of .tf files: blocks of resources and modules, read as text.

Only what Terraform's formatter writes is looked for: a block's head on one line, an argument at
the beginning of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqsctl.errors import UsageError
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.target.serverless import text_of

_INDEX = re.compile(r"\[[^\]]*\]")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.[^"]*)"')
_MAX_FILES = 200

Block = tuple[Path, int, list[str]]


def find(packaged: PackagedStack, logical_id: str, names: Sequence[str]) -> tuple[Path, int] | None:
    """The line of a resource, in the folder of the plan or of a module in it."""
    address = _INDEX.sub("", packaged.addresses.get(logical_id, ""))
    folder, root = packaged.folder, packaged.folder.resolve()
    parts = address.split(".")
    while len(parts) > 3 and parts[0] == "module":
        block = _block(folder, f'module "{parts[1]}"')
        source = (
            next((found[1] for each in block[2] if (found := _SOURCE.match(each))), None)
            if block
            else None
        )
        if source is None:
            return None
        folder = folder / source
        if not folder.resolve().is_relative_to(root):
            return None  # nothing outside the project is read
        parts = parts[2:]
    if len(parts) != 2:
        return None
    block = _block(folder, f'resource "{parts[0]}" "{parts[1]}"')
    if block is None:
        return None
    path, line, lines = block
    return path, line + next(_offsets(lines, names), 0)


def _block(folder: Path, head: str) -> Block | None:
    """The file, the first line's number and the lines of the block with this head."""
    for path in sorted(folder.glob("*.tf"))[:_MAX_FILES]:
        try:
            lines = text_of(path).splitlines()
        except UsageError:
            continue
        for index, each in enumerate(lines):
            if re.match(rf"\s*{re.escape(head)}\s*\{{", each):
                end = next(
                    (at for at, text in enumerate(lines[index:]) if text.startswith("}")), None
                )
                return path, index + 1, lines[index : index + end + 1 if end else None]
    return None


def _offsets(lines: Sequence[str], names: Sequence[str]) -> Iterator[int]:
    for name in names:
        words = _CAPITAL.sub("_", name).lower().split("_")
        # VisibilityTimeout is visibility_timeout_seconds, MessageRetentionPeriod ..._seconds.
        for wanted in (name, "_".join(words), "_".join(words[:-1])):
            if not wanted:
                continue
            pattern = re.compile(rf"\s*{re.escape(wanted)}\w*\s*[={{]")
            yield from (at for at, each in enumerate(lines) if at and pattern.match(each))
