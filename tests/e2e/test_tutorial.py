"""The hand-written pages are true.

Every command of the tutorial runs, and does what the page says. Each page has a lab of
its own, which is up already unless the page starts it. Both languages hold the same
commands, so one is enough by default; ``-m long`` runs the other. Of the other pages every
command line is parsed by the program itself, and tables are compared with the code.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from _pytest.mark.structures import ParameterSet

from sqsctl.checks.registry import all_checks
from sqsctl.cli.main import make_app
from sqsctl.lab import server
from sqsctl.lab.fidelity.remaining import REMAINING
from sqsctl.operations.diagnosis.ignores import parse as parse_ignores
from tests.e2e.blocks import Step, blocks, steps
from tests.program import Sqsctl

DOCS = Path(__file__).parent.parent.parent / "docs"
TUTORIAL = DOCS / "tutorial"
LANGUAGES = ("en", "ko")
SLOW = {"04-load", "05-issue-log"}
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
        time.sleep(1.0)


def each_page() -> Iterator[ParameterSet]:
    for language in LANGUAGES:
        for page in pages(language):
            always = language == "en" and page.stem not in SLOW
            marks = [] if always else [pytest.mark.long]
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
@pytest.mark.parametrize("page", list(each_page()))
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


def handwritten() -> list[Path]:
    """The pages of docs/ that nothing generates."""
    return [
        path
        for path in sorted(DOCS.rglob("*.md"))
        if path.is_relative_to(TUTORIAL)
        or path.is_relative_to(DOCS / "guides")
        or path == DOCS / "lab.md"
    ]


def command_lines(page: str) -> Iterator[str]:
    """Every sqsctl command line: in console blocks, and inline in the text."""
    for block in blocks(page):
        if block.info == "console":
            for line in block.text.splitlines():
                if line.startswith("$ "):
                    yield line[2:]
    outside = re.sub(r"```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    for line in re.findall(r"(?<!`)`(sqsctl [^`]+)`(?!`)", outside):
        yield line.replace("\n", " ")


@cache
def program_tree() -> Any:
    """The program's commands, as the library beneath it has them."""
    return typer.main.get_command(make_app())


@cache
def parse(line: str) -> str:
    """Let the program parse a command line, running nothing; the command that it names."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>")
    lexer.whitespace_split = True
    words = list(lexer)
    for end in ("|", ">"):
        if end in words:
            words = words[: words.index(end)]
    assert words[0] == "sqsctl", line
    rest = words[1:]
    command = program_tree()
    context = command.make_context("sqsctl", [*rest], resilient_parsing=False)
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = command.make_context(name, rest, parent=context)
    return str(context.command_path)


@pytest.mark.parametrize("page", handwritten(), ids=lambda page: str(page.relative_to(DOCS)))
def test_every_command_line_is_one(page: Path) -> None:
    wrong = []
    lines = list(command_lines(page.read_text(encoding="utf-8")))
    for line in lines:
        try:
            parse(line)
        except typer.TyperException as error:
            wrong.append(f"{line}: {error.format_message()}")
    assert not wrong
    assert lines


@pytest.mark.parametrize(
    "line", ["sqsctl dlq peak", "sqsctl doctor --sicne 6h", "sqsctl produce --count many"]
)
def test_a_wrong_command_line_is_noticed(line: str) -> None:
    with pytest.raises(typer.TyperException):
        parse(line)


def test_links_lead_somewhere() -> None:
    for page in handwritten():
        for target in re.findall(r"\]\(([^)#]+?)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("https://"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_page_of_the_lab_lists_its_incidents(sqsctl: Sqsctl) -> None:
    listed = json.loads(sqsctl("lab", "incidents", "-o", "json").out)["data"]["incidents"]
    wanted = [
        f"| `{each['name']}` | {each['step']} | {each['breaks']} | `{each['expects']}` |"
        for each in listed
    ]
    text = (DOCS / "lab.md").read_text(encoding="utf-8")
    table = text.split("|---|---|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == wanted


def test_the_page_of_the_lab_lists_what_differs_from_aws() -> None:
    text = (DOCS / "lab.md").read_text(encoding="utf-8")
    entries = text.split("These differences remain:\n\n- ")[1].split("\n- ")
    assert tuple(" ".join(entry.split()) for entry in entries) == REMAINING


def test_checks_that_pages_name_are_there() -> None:
    known = {check.meta.id for check in all_checks()}
    for page in handwritten():
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.info == "console":
                named = re.findall(r"([a-z0-9-]+) · (?:error|warning|info) ·", block.text)
                named += re.findall(r"--(?:cause|only|skip) ([a-z0-9-]+)", block.text)
                assert set(named) <= known, page.name


def test_the_settings_that_the_guide_shows_are_understood() -> None:
    guide = (DOCS / "guides/reading-doctor.md").read_text(encoding="utf-8")
    (shown,) = [block.text for block in blocks(guide) if block.info == "toml"]
    (decision,) = parse_ignores(tomllib.loads(shown), [check.meta.id for check in all_checks()])
    assert (decision.check, decision.subject) == ("max-receive-count-low", "jobs")
