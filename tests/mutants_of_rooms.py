"""How many random flips in checks/ and remedies/ a test of these rooms notices.

    python -m tests.mutants_of_rooms [--sample 30] [--seed 1] [--only sqsctl/checks/rank.py]

Each flip of ``tests.flips`` is made in a copy of the repository, where the tests of both rooms
then run until the first failure: first the files that name what was changed most often. Exit 1
where fewer than 85 % are noticed. A sample of 30 takes a quarter of an hour at most.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.flips import Flip, flips

ROOT = Path(__file__).parent.parent
ROOMS = ("sqsctl/checks", "sqsctl/remedies")
TESTS = ("tests/checks", "tests/remedies")
FOLDERS = ("sqsctl", "tests", "docs")
LEAST = 0.85
WORKERS = 2
SLOWEST_S = 400
_TELLS_NOTHING = frozenset({pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED})


def every_flip() -> Iterator[Flip]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield from flips(path.relative_to(ROOT), path.read_bytes())


@contextmanager
def copies() -> Iterator[SimpleQueue[Path]]:
    """A copy of the repository for each worker. The tests pass there before anything is changed."""
    with tempfile.TemporaryDirectory() as made:
        free: SimpleQueue[Path] = SimpleQueue()
        for number in range(WORKERS):
            folder = Path(made) / str(number)
            for each in FOLDERS:
                left_out = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / each, folder / each, ignore=left_out)
            for file in ROOT.iterdir():
                if file.is_file():
                    shutil.copy(file, folder)
            free.put(folder)
        if fails(folder, test_files(folder)):
            sys.exit("the tests fail without any flip: nothing can be said")
        yield free


def test_files(folder: Path) -> list[Path]:
    return sorted(file for room in TESTS for file in (folder / room).rglob("test_*.py"))


def nearest_first(folder: Path, source: Path) -> list[Path]:
    """The test files, first those that name a file of the source, or its check, most often."""
    names = re.compile(rf"\b(?:{source.stem}|{source.stem.replace('_', '-')})\b")
    return sorted(test_files(folder), key=lambda each: -len(names.findall(each.read_text("utf-8"))))


def noticed(flip: Flip, free: SimpleQueue[Path]) -> bool:
    """Whether a test fails with this flip."""
    folder = free.get()
    target = folder / flip.path
    source = target.read_bytes()
    try:
        target.write_bytes(flip.applied(source))
        return fails(folder, nearest_first(folder, flip.path))
    finally:
        target.write_bytes(source)
        free.put(folder)


def fails(folder: Path, files: list[Path]) -> bool:
    """Whether one of the tests fails, or does not come to its end, in the copy."""
    words = (sys.executable, "-B", "-m", "pytest", "-x", "-q", "-n", "0", *map(str, files))
    given = {**os.environ, "PYTHONPATH": str(folder)}
    try:
        ran = subprocess.run(
            words, cwd=folder, env=given, capture_output=True, check=False, timeout=SLOWEST_S
        )
    except subprocess.TimeoutExpired:
        return True
    if ran.returncode in _TELLS_NOTHING:
        sys.exit(f"pytest cannot run: {ran.stdout.decode()}{ran.stderr.decode()}")
    return ran.returncode != 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--only", default="", help="flips of the files whose path holds this")
    given = parser.parse_args()
    every = [each for each in every_flip() if given.only in str(each.path)]
    chosen = random.Random(given.seed).sample(every, min(given.sample, len(every)))
    print(f"seed {given.seed}: {len(chosen)} of {len(every)} flips", flush=True)
    failed = 0
    with copies() as free, ThreadPoolExecutor(WORKERS) as workers:
        for flip, seen in zip(
            chosen, workers.map(lambda each: noticed(each, free), chosen), strict=True
        ):
            failed += seen
            print(f"{'noticed ' if seen else 'SURVIVED'} {flip}", flush=True)
    print(f"{failed} of {len(chosen)} noticed ({failed / len(chosen):.0%})")
    return 0 if failed >= LEAST * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
