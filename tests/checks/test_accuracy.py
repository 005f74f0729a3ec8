"""docs/accuracy.md is what the command writes, and names what is missed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from tests.checks.corpus_cases import Excerpt

ROOT = Path(__file__).parents[2]


def _command() -> ModuleType:
    specification = importlib.util.spec_from_file_location("accuracy", ROOT / "docs/accuracy.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["accuracy"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date() -> None:
    command = _command()
    wanted = command.page(command.corpus())
    written = command.PAGE.read_text(encoding="utf-8")
    assert written == wanted, "run: python docs/accuracy.py"


def test_a_miss_is_named() -> None:
    full = "ENOSPC: no space left on device, write"
    command = _command()
    found = command.judge(
        (
            Excerpt("new", "right", full, ("sandbox-limit",), must=("/tmp",)),
            Excerpt("new", "no remedy", full, ("sandbox-limit",), must=("never said",)),
            Excerpt("new", "harm", full, ("sandbox-limit",), must=("tmp",), must_not=("/tmp",)),
            Excerpt("new", "other cause", full, ("wrong-region",)),
            Excerpt("new", "none", "all is well", ("wrong-region",)),
            Excerpt("new", "alarm", full, ()),
        )
    )
    page = command.page(found)
    assert "Causes: 3 of 5 right." in page
    assert "Remedies: 1 of 3 right." in page
    assert "False alarms: 1 on 1 texts" in page
    assert "no remedy: lacks /never said/" in page
    assert "harm: holds //tmp/" in page
    assert "other cause: named sandbox-limit, meant wrong-region" in page
    assert "none: named nothing, meant wrong-region" in page
    assert "- alarm: a false alarm" in page
