"""pipx run and uvx: sqsctl once, without installing it, as the README says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.xdist_group("packages")]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("pipx", ("pipx", "run", "--spec", ".[lab]", "sqsctl")),
        ("uv", ("uvx", "--from", ".[lab]", "sqsctl")),
    ],
)
def test_the_readme_s_line_runs_it(tool: str, words: tuple[str, ...], tmp_path: Path) -> None:
    assert (
        f"{' '.join(words)} demo".replace(".[lab]", "'.[lab]'") in (ROOT / "README.md").read_text()
    )
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "tools"], check=True)
    bin_ = tmp_path / "tools/bin"
    subprocess.run([bin_ / "pip", "install", "-q", tool], check=True)
    environment = os.environ | {"HOME": str(tmp_path), "PATH": f"{bin_}:{os.environ['PATH']}"}
    done = subprocess.run(
        [bin_ / words[0], *words[1:], "--version"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
