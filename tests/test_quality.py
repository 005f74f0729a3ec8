"""Lint, format, types and architecture: part of the test command."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["ruff", "check", "."], id="ruff"),
        pytest.param(["ruff", "format", "--check", "."], id="format"),
        pytest.param(["mypy"], id="mypy"),
        pytest.param(["importlinter.cli"], id="architecture"),
    ],
)
def test_tool_is_content(arguments: list[str]) -> None:
    command = [sys.executable, "-m", *arguments]
    if arguments[0] == "importlinter.cli":
        command = [str(Path(sys.executable).with_name("lint-imports"))]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_only_the_labs_own_commands_know_the_lab() -> None:
    graph = grimp.build_graph("sqsctl")
    rooms = [
        module
        for module in graph.modules
        if module == "sqsctl.lab" or module.startswith("sqsctl.lab.")
    ]
    visitors = {
        importer
        for module in rooms
        for importer in graph.find_modules_that_directly_import(module)
        if not importer.startswith("sqsctl.lab")
    }
    assert all(each.startswith("sqsctl.cli.lab.") for each in visitors), sorted(visitors)


def _modules() -> list[Path]:
    """The package's own modules; what runs inside of the lab's functions is none."""
    return [
        path
        for path in (ROOT / "sqsctl").rglob("*.py")
        if not path.is_relative_to(ROOT / "sqsctl" / "lab" / "functions")
        and not path.is_relative_to(ROOT / "sqsctl" / "lab" / "runtimes")
    ]


def test_no_file_is_longer_than_a_person_can_keep_in_mind() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _modules()}
    assert not {str(path): lines for path, lines in lengths.items() if lines > 400}


def test_no_folder_is_wider_than_a_person_can_take_in() -> None:
    """One check or one incident is one file: these two rooms may grow."""
    widths = Counter(path.parent for path in _modules() if path.name != "__init__.py")
    one_each = {ROOT / "sqsctl" / "checks", ROOT / "sqsctl" / "lab" / "incidents"}
    assert not {
        str(room): width for room, width in widths.items() if width > 24 and room not in one_each
    }
