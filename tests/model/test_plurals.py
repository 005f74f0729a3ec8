"""Numbers agree with their nouns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sqsctl
from sqsctl.model.plurals import counted, waiting

ROOT = Path(sqsctl.__file__).parent
NOUNS = "message|receive|line|day|hour|invocation|request|dead letter|piece|attempt|group"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 messages"),
        (1, "1 message"),
        (2, "2 messages"),
        (1.0, "1 message"),
        (1.5, "1.5 messages"),
        (0.999, "0.999 messages"),
        (1.0001, "1 message"),
        (1_209_600, "1209600 messages"),
    ],
)
def test_one_is_one(number: float, said: str) -> None:
    assert counted(number, "message") == said


def test_other_plurals() -> None:
    assert counted(1, "more piece of evidence", "more pieces of evidence").startswith(
        "1 more piece "
    )
    assert [waiting(1), waiting(3)] == ["1 message waits", "3 messages wait"]


def test_no_text_counts_by_hand() -> None:
    """A number that is put before a plural may be one; constants in capitals are not."""
    by_hand = re.compile(rf"\{{(?!counted|waiting)[a-z][^{{}}]*\}} (?:{NOUNS})s\b")
    known = {
        "operations/moving/archive.py",  # what a file's footer says, beside what was counted
        "checks/recursion_dropped.py",  # more than a hundred
    }
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted(ROOT.rglob("*.py"))
        if str(path.relative_to(ROOT)) not in known and "lab" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if by_hand.search(line) and "== 1" not in line and "> 1" not in line and "!= 1" not in line
    ]
    assert found == []
