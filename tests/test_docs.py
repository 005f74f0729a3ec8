"""The generated pages are those of the code."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent


def generator() -> ModuleType:
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date() -> None:
    wanted: dict[Path, str] = generator().pages()
    stale = [
        str(path.relative_to(ROOT))
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    left = {*(ROOT / "docs/reference").rglob("*.md")} - set(wanted)
    assert not stale, f"run: python docs/generate.py ({stale})"
    assert not left, f"nothing generates {left}"
