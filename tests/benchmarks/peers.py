"""Programs to measure against, installed from their registry into venvs of their own."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

RUNS = 9


def peer(package: str, program: str) -> Path:
    """The program of a PyPI package, in a venv that is kept between runs."""
    home = Path(tempfile.gettempdir()) / f"sqsctl-peer-{package.replace('=', '-')}"
    path = home / "bin" / program
    if not path.exists():
        venv.create(home, with_pip=True)
        subprocess.run(
            [home / "bin" / "pip", "install", "-q", package], check=True, capture_output=True
        )
    return path


def sqsctl() -> Path:
    """The program as it is installed beside this interpreter."""
    return Path(sys.executable).with_name("sqsctl")


def in_turn(
    ours: Sequence[str | Path],
    theirs: Sequence[str | Path],
    *,
    runs: int = RUNS,
    environment: Mapping[str, str] | None = None,
) -> float:
    """The median of the ratio ours / theirs, run in turn, so that drift hits both."""
    ratios = []
    for turn in range(runs + 1):
        mine, other = (_once(command, environment) for command in (ours, theirs))
        if turn:  # the first round only warms the disk cache
            ratios.append(mine / other)
    ratio = statistics.median(ratios)
    name, other_name = (" ".join(map(str, command)) for command in (ours, theirs))
    print(
        f"\n{name}\n  against {other_name}\n  wall time ratio: median {ratio:.2f},"
        f" {min(ratios):.2f} to {max(ratios):.2f} in {runs} pairs"
    )
    return ratio


def _once(command: Sequence[str | Path], environment: Mapping[str, str] | None) -> float:
    started = time.perf_counter()
    ended = subprocess.run(
        [str(each) for each in command],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    took = time.perf_counter() - started
    assert ended.returncode == 0, ended.stderr
    return took
