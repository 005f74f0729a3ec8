"""Every check changes its mind where it did: its limits, and what it says on either side.

``expected_edges`` holds them, a file for each stack of the zoo.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sqsctl.checks.registry import all_checks
from tests.checks.edges import edges
from tests.checks.zoo import PAIRS

EXPECTED = Path(__file__).parent / "expected_edges"
CHECKS = {check.meta.id: check for check in all_checks()}


@pytest.mark.parametrize("index", range(len(PAIRS)), ids=[each.id for each in PAIRS])
def test_limits(index: int, request: pytest.FixtureRequest) -> None:
    pair = PAIRS[index]
    before = sum(each.id == pair.id for each in PAIRS[:index])
    shown = "".join(
        f"{name} {line}\n"
        for name, stack in (("broken", pair.broken), ("mended", pair.mended))
        for line in edges(CHECKS[pair.id], stack)
    )
    _compare(EXPECTED / f"{pair.id}{f'-{before + 1}' if before else ''}.txt", shown, request)


def _compare(file: Path, shown: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(shown, encoding="utf-8")
        return
    if not file.exists():
        pytest.skip("new: pytest tests/checks/test_edges.py --update writes it")
    expected = dict(_lines(file.read_text(encoding="utf-8")))
    found = dict(_lines(shown))
    wrong = {
        line: (said, found.get(line)) for line, said in expected.items() if found.get(line) != said
    }
    assert not wrong, "pytest tests/checks/test_edges.py --update, and look at the difference"


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """What a line is about, and what it says. A line more than before is no difference."""
    for line in text.splitlines():
        about, _, said = line.partition(": ")
        yield about, said
