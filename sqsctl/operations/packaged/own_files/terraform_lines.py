"""Lines of .tf files: the argument of a resource, else its block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.packaged.terraform_source import block_of

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def find(packaged: PackagedStack, logical_id: str, names: Sequence[str]) -> tuple[Path, int] | None:
    """The line of a resource, in the folder of the plan or of a module in it."""
    block = block_of(packaged.folder, packaged.addresses.get(logical_id, ""))
    if block is None:
        return None
    return block.path, block.line + next(_offsets(block.lines, names), 0)


def _offsets(lines: Sequence[str], names: Sequence[str]) -> Iterator[int]:
    for name in names:
        words = _CAPITAL.sub("_", name).lower().split("_")
        # VisibilityTimeout is visibility_timeout_seconds, MessageRetentionPeriod ..._seconds.
        for wanted in (name, "_".join(words), "_".join(words[:-1])):
            if not wanted:
                continue
            pattern = re.compile(rf"\s*{re.escape(wanted)}\w*\s*[={{]")
            yield from (at for at, each in enumerate(lines) if at and pattern.match(each))
