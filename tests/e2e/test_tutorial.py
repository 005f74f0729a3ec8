"""The tutorial's pages are true: every command in them runs, and does what they say.

Each page runs on a lab of its own, which is up already unless the page starts it. Both
languages hold the same commands, so one is enough by default; ``-m long`` runs the other.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqsctl.lab import server
from tests.e2e.blocks import Step, blocks, steps
from tests.program import Sqsctl

TUTORIAL = Path(__file__).parent.parent.parent / "docs/tutorial"
LANGUAGES = ("en", "ko")
PATIENCE_S = 60.0

# Reading again changes nothing but what is seen.
READING = (
    ("dlq", "groups"),
    ("dlq", "peek"),
    ("doctor",),
    ("logs", "tail"),
    ("metrics",),
    ("queue", "inspect"),
    ("stack", "show"),
)


def pages(language: str) -> list[Path]:
    found = sorted((TUTORIAL / language).glob("*.md"))
    assert found
    return found


def commands(page: Path) -> list[Step]:
    text = page.read_text(encoding="utf-8")
    return [each for block in blocks(text) if block.info == "console" for each in steps(block)]


def files(page: Path) -> dict[str, str]:
    text = page.read_text(encoding="utf-8")
    return {block.file: block.text for block in blocks(text) if block.file}


def run(sqsctl: Sqsctl, step: Step) -> None:
    """Run it; where it only reads, again until what the page says can be seen."""
    reads = any(step.words[: len(words)] == words for words in READING)
    deadline = time.monotonic() + (PATIENCE_S if reads else 0)
    while True:
        ran = sqsctl(*step.words)
        missing = step.missing(ran.code, ran.out + ran.err)
        if not missing:
            return
        assert time.monotonic() < deadline, f"{step.said}: {missing}\n{ran.out}\n{ran.err}"
        time.sleep(0.3)


def each_page() -> Iterator[object]:
    for language in LANGUAGES:
        for page in pages(language):
            marks = [] if language == "en" else [pytest.mark.long]
            yield pytest.param(page, marks=marks, id=f"{language}-{page.stem}")


@pytest.fixture
def own_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A lab name and a state folder that nothing else uses; the lab is down afterwards."""
    name = "tutorial"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SQSCTL_LAB_NAME", name)
    monkeypatch.setenv("COLUMNS", "400")
    yield name
    server.stop(name)


@pytest.mark.lab
@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", each_page())
def test_every_command_does_what_the_page_says(
    page: Path, own_lab: str, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    for name, text in files(page).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    there = commands(page)
    if there[0].words != ("lab", "up"):
        assert sqsctl("lab", "up").code == 0
    for step in there:
        if not step.needs or shutil.which(step.needs):
            run(sqsctl, step)
    if there[-1].words == ("lab", "down"):
        assert server.status(own_lab).condition == "stopped"


def test_the_first_page_starts_the_lab_and_the_last_one_ends_it() -> None:
    english = [step.words for page in pages("en") for step in commands(page)]
    assert english[0] == ("lab", "up")
    assert english[-1] == ("lab", "down")


def test_both_languages_hold_the_same_commands_and_files() -> None:
    english, korean = (pages(language) for language in LANGUAGES)
    assert [page.name for page in english] == [page.name for page in korean]
    for one, other in zip(english, korean, strict=True):
        assert [each.meaning for each in commands(one)] == [
            each.meaning for each in commands(other)
        ], one.name
        assert files(one) == files(other), one.name
    assert sum(len(commands(page)) for page in english) > 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_stand_in_blocks_that_are_run(language: str) -> None:
    """Neither a shell block nor an indented line holds a command that nobody tries."""
    for page in pages(language):
        text = page.read_text(encoding="utf-8")
        lines = [
            line
            for block in blocks(text)
            if block.info == "console"
            for line in block.text.splitlines()
        ]
        everywhere = [line for line in text.splitlines() if line.lstrip().startswith("$ sqsctl")]
        assert everywhere == [line for line in lines if line.startswith("$ ")], page.name
