"""How many random flips in checks/ and remedies/ a test of these rooms notices.

    python -m tests.mutants_of_rooms [--sample 30] [--seed 1]

Each flip (a comparison, and/or, a whole number, a fix's disposition) is made in a copy of the
source, whose tests then run until the first failure: first those that name the changed file
or its check, then all. Exit 1 where fewer than 85 % are noticed.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("sqsctl/checks", "sqsctl/remedies")
TESTS = ("tests/checks", "tests/remedies", "tests/cli/doctor/test_fix_commands.py")
LEAST = 0.85
NEAREST = 4
_SWAPS = {
    "==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<",
    " and ": " or ", " or ": " and ", " not in ": " in ", " in ": " not in ",
    '"safe"': '"unsafe"', '"unsafe"': '"manual"', '"manual"': '"safe"',
}  # fmt: skip


def flips(path: Path) -> Iterator[tuple[int, int, int, str]]:
    """Line, first and last column, and what to write there."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Compare(left=left, comparators=[right]):
                yield from _between(lines, left, right)
            case ast.BoolOp(values=[first, second, *_]):
                yield from _between(lines, first, second)
            case ast.Constant(value=int() as number) if not isinstance(number, bool):
                yield node.lineno, node.col_offset, node.end_col_offset or 0, str(number + 1)
            case ast.Constant(value=str() as word) if f'"{word}"' in _SWAPS:
                end = node.end_col_offset or 0
                yield node.lineno, node.col_offset, end, _SWAPS[f'"{word}"']


def _between(
    lines: list[str], left: ast.expr, right: ast.expr
) -> Iterator[tuple[int, int, int, str]]:
    start = left.end_col_offset or 0
    if left.end_lineno != right.lineno or not lines[right.lineno - 1].isascii():
        return
    said = lines[right.lineno - 1][start : right.col_offset]
    for old, new in _SWAPS.items():
        if said.strip() == old.strip():
            yield right.lineno, start, right.col_offset, f" {new.strip()} "


def noticed(folder: Path, path: Path, flip: tuple[int, int, int, str]) -> bool:
    """Whether a test fails with this flip."""
    target = folder / path.relative_to(ROOT)
    kept = target.read_text(encoding="utf-8")
    lines = kept.splitlines(keepends=True)
    line, first, last, new = flip
    lines[line - 1] = f"{lines[line - 1][:first]}{new}{lines[line - 1][last:]}"
    target.write_text("".join(lines), encoding="utf-8")
    try:
        near = nearest(folder, path)
        return bool(near and fails(folder, near)) or fails(folder, TESTS)
    finally:
        target.write_text(kept, encoding="utf-8")


def nearest(folder: Path, path: Path) -> list[str]:
    """The few test files that name a file of the source, or its check, most often."""
    names = re.compile(rf"\b(?:{path.stem}|{path.stem.replace('_', '-')})\b")
    counts: dict[str, int] = {}
    for test in TESTS:
        place = folder / test
        for file in [place] if place.is_file() else place.rglob("test_*.py"):
            found = len(names.findall(file.read_text(encoding="utf-8")))
            counts[str(file.relative_to(folder))] = found
    best = sorted(filter(counts.get, counts), key=lambda each: -counts[each])
    return best[:NEAREST]


def fails(folder: Path, tests: Sequence[str]) -> bool:
    """Whether one of the tests fails in the copy."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", *tests]
    given = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        words, cwd=folder, env=given, capture_output=True, check=False, timeout=600
    )
    return ran.returncode != 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    every = [
        (path, flip)
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for flip in flips(path)
    ]
    chosen = random.Random(given.seed).sample(every, min(given.sample, len(every)))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for each in ("sqsctl", "tests", "docs"):
            left = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / each, folder / each, ignore=left)
        for each in ("pyproject.toml", "README.md", "CHANGELOG.md", "constraints.txt"):
            shutil.copy(ROOT / each, folder / each)
        if fails(folder, TESTS):
            print("the tests fail without any flip: nothing can be said")
            return 1
        failed = 0
        for path, flip in chosen:
            seen = noticed(folder, path, flip)
            failed += seen
            place = f"{path.relative_to(ROOT)}:{flip[0]}: {flip[3].strip()}"
            print(f"{'noticed ' if seen else 'SURVIVED'} {place}", flush=True)
    print(f"{failed} of {len(chosen)} noticed ({failed / len(chosen):.0%})")
    return 0 if failed >= LEAST * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
