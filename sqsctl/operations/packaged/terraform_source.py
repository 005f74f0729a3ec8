"""Blocks of resources in .tf files, read as text: what a plan in JSON does not hold.

Only what Terraform's formatter writes is looked for: a block's head on one line, an argument at
the beginning of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqsctl.errors import UsageError
from sqsctl.operations.target.serverless import text_of

INDEX = re.compile(r"\[[^\]]*\]")
_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.[^"]*)"')
_MAX_FILES = 200


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of a block; ``line`` is the number of the first in its file."""

    path: Path
    line: int
    lines: Sequence[str]

    def expression(self, key: str) -> str | None:
        """What stands behind a key, wherever in the block; of one line only."""
        pattern = re.compile(rf'\s*"?{re.escape(key)}"?\s*[=:]\s*(.+?)\s*,?\s*(?:#.*|//.*)?$')
        return next((found[1] for each in self.lines if (found := pattern.match(each))), None)


def block_of(folder: Path, address: str) -> Block | None:
    """The block of a resource, in the folder of the plan or of a local module below it."""
    root = folder.resolve()
    parts = INDEX.sub("", address).split(".")
    while len(parts) > 3 and parts[0] == "module":
        call = _block(folder, f'module "{parts[1]}"')
        lines = call.lines if call else ()
        source = next((found[1] for each in lines if (found := _SOURCE.match(each))), None)
        if source is None:
            return None
        folder = folder / source
        if not folder.resolve().is_relative_to(root):
            return None  # nothing outside the project is read
        parts = parts[2:]
    return _block(folder, f'resource "{parts[0]}" "{parts[1]}"') if len(parts) == 2 else None


def _block(folder: Path, head: str) -> Block | None:
    for path in sorted(folder.glob("*.tf"))[:_MAX_FILES]:
        try:
            lines = text_of(path).splitlines()
        except UsageError:
            continue
        for index, each in enumerate(lines):
            if re.match(rf"\s*{re.escape(head)}\s*\{{", each):
                rest = lines[index:]
                end = next((at for at, text in enumerate(rest) if text.startswith("}")), None)
                return Block(path, index + 1, rest[: end + 1] if end is not None else rest)
    return None
