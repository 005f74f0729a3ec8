"""Lint, format, types and architecture: part of the test command."""

from __future__ import annotations

import subprocess
import sys
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


def test_only_two_commands_know_the_lab() -> None:
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
    assert visitors <= {"sqsctl.cli.lab.group", "sqsctl.cli.lab.demo"}
