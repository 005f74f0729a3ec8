"""What the pages at the root and the pictures show can be typed: every command line parses."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest
import typer

from tests.e2e.test_tutorial import parse

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/reliability.md")


def capture() -> ModuleType:
    specification = importlib.util.spec_from_file_location("capture", ROOT / "docs/capture.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    before = list(sys.path)
    specification.loader.exec_module(module)
    sys.path[:] = before
    return module


def lines(page: str) -> Iterator[str]:
    """Command lines in indented blocks and inline; ``A, B`` in a table are two."""
    for line in page.splitlines():
        if match := re.match(r"(?: {4}|\$ )(?:\S*/)?(sqsctl [^#]+)", line):
            yield match[1].strip()
        else:
            yield from re.findall(r"`(sqsctl [^`]+)`", line)


def wrong(given: list[str]) -> list[str]:
    found = []
    for line in given:
        if "--install-completion" in line:
            continue  # parsing it would do it
        try:
            parse(line)
        except typer.TyperException as error:
            found.append(f"{line}: {error.format_message()}")
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_command_line_parses(page: str) -> None:
    given = list(lines((ROOT / page).read_text(encoding="utf-8")))
    assert wrong(given) == []
    assert len(given) > 20 or page != "README.md"


def test_pictures_show_commands_that_are_there() -> None:
    sessions = capture().SESSIONS
    images = {path.name: path for path in (ROOT / "docs/images").iterdir()}
    assert set(images) == set(sessions)
    for name, (title, session) in sessions.items():
        picture = ET.fromstring(images[name].read_text(encoding="utf-8"))  # noqa: S314
        shown = " ".join("".join(picture.itertext()).split())
        assert title in shown
        typed = [line[2:] for line in session if line.startswith("$ ")]
        assert wrong(typed) == []
        for line in typed:
            assert line in shown, f"{name} does not show {line}: python docs/capture.py"


def test_pictures_fetch_nothing() -> None:
    """Where a font or another file cannot be fetched they look the same."""
    for path in (ROOT / "docs/images").iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"@import|@font-face|url\((?!#)|<image|<script|href=", text), path


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["doctor.svg"])
def test_sessions_end_as_the_pictures_show(name: str) -> None:
    module = capture()
    _, session = module.SESSIONS[name]
    with module.stage() as environment:
        screen = module.play(session, environment)
    text = "\n".join(screen.text)
    for expected in (
        "10  import-module-missing",
        "✗ import-module-missing  jobsWorker cannot start",
        "explains  10 messages are in jobs-dlq",
        "mended: import-module-missing",
        "✓ 10 moved out of tutorial-step-2-dev-jobs-dlq",
    ):
        assert expected in text
    assert "<svg" in module.svg(screen, "title")
