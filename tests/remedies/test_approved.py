"""Every kind of remedy in the words of every tool and language, as they were approved.

A change of words changes lines in ``approved``: ``pytest tests/remedies/test_approved.py
--update`` writes them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.intents import Remedy, Tool, remedy
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import Group, Stack
from sqsctl.remedies.context import context_of
from sqsctl.remedies.render import render
from tests.approved import Told
from tests.checks.build import WORKER
from tests.remedies.intent_cases import (
    CODE,
    GRANTS,
    PLACES,
    RUNTIMES,
    built_by,
    for_tools,
    of_texts,
)

APPROVED = Path(__file__).parent / "approved"
TEXT = Stack("text", "")
OF_A_TEXT: tuple[Tool, ...] = ("serverless", "sam", "cloudformation", "terraform", "command")


def worded(asked: Remedy, seen: Stack, subject: str = WORKER) -> Fix:
    finding = Finding("a-check", Severity.ERROR, Kind.CAUSE, "", (), Fix(""), subject=subject)
    return render(asked, context_of(seen, replace(finding, remedy=asked)))


def test_of_no_tool(request: pytest.FixtureRequest) -> None:
    """What every tool shares: calls, how to see that it worked, what is left, the way back."""
    told = Told()
    for name, asked in for_tools():
        told.case(name)
        told.fix(worded(asked, built_by()))
    told.compare(APPROVED / "no tool.txt", request)


@pytest.mark.parametrize("place", PLACES)
def test_of_a_tool(place: str, request: pytest.FixtureRequest) -> None:
    told = Told()
    for name, asked in for_tools():
        told.case(name)
        told.ways(worded(asked, PLACES[place]))
    told.compare(APPROVED / "tools" / f"{place}.txt", request)


@pytest.mark.parametrize("tool", OF_A_TEXT)
def test_of_a_text_that_a_tool_printed(tool: Tool, request: pytest.FixtureRequest) -> None:
    told = Told()
    for name, asked in of_texts():
        told.case(name)
        told.ways(worded(replace(asked, tool=tool), TEXT, ""))
    told.compare(APPROVED / "texts" / f"{tool}.txt", request)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_of_a_language(runtime: str, request: pytest.FixtureRequest) -> None:
    """As an archive for either processor, and as an image; then where a log tells what it can."""
    told = Told()
    seen = built_by(runtime=runtime)
    kinds: dict[str, dict[str, Any]] = {
        "x86_64": {"architectures": ("x86_64",)},
        "arm64": {"architectures": ("arm64",)},
        "image": {"package_type": "Image"},
    }
    for code, intents in CODE.items():
        asked = remedy("", *intents)
        for kind, fields in kinds.items():
            told.case(f"{code}, {kind}")
            functions = tuple(replace(each, **fields) for each in seen.functions)
            told.fix(worded(asked, replace(seen, functions=Group(functions))))
        told.case(f"{code}, in a log")
        told.fix(worded(replace(asked, runtime=runtime), TEXT, ""))
    told.compare(APPROVED / "languages" / f"{runtime}.txt", request)


def test_of_permissions(request: pytest.FixtureRequest) -> None:
    told = Told()
    for name, intent in GRANTS.items():
        told.case(name)
        told.fix(worded(remedy("", intent, disposition="unsafe"), built_by()))
    told.compare(APPROVED / "permissions.txt", request)
