"""The generated pages are those of the code; links lead somewhere; variables are told."""

from __future__ import annotations

import importlib.util
import re
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
    left = {*(ROOT / "docs/reference").rglob("*.*")} - set(wanted)
    assert not stale, f"run: python docs/generate.py ({stale})"
    assert not left, f"nothing generates {left}"


def test_links_of_all_pages_lead_somewhere() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    assert len(pages) > 60
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not target.startswith(("https://", "mailto:")) and not (page.parent / target).exists()
    ]
    assert broken == []


def test_environment_variables_are_told() -> None:
    """Those of its own that the code reads, and no others."""
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    told = set(re.findall(r"SQSCTL_[A-Z_]+", page))
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sqsctl").rglob("*.py"))
    internal = {"SQSCTL_LAB_FOLDER"}
    assert told == set(re.findall(r'"(SQSCTL_[A-Z_]+)"', source)) - internal
    for name in re.findall(r"`([A-Z][A-Z_]{5,})`", page):
        if not name.startswith(("AWS_", "SQSCTL_", "FORCE_")):
            assert re.search(rf'"{name}"', source), name
