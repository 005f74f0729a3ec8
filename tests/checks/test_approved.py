"""What is said of every stack of the zoo and every text of the corpus, whole, as it was approved.

``approved`` holds it, a file for each check and for each file of texts. A change of words changes
lines there: ``pytest tests/checks/test_approved.py --update`` writes them, the difference is to
be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.stack import Stack
from tests.approved import Told
from tests.checks.corpus_cases import explained
from tests.checks.test_corpus import MENDED, SICK
from tests.checks.zoo import OTHERS, PAIRS

APPROVED = Path(__file__).parent / "approved"
TEXTS = (*SICK, *MENDED)


def stacks(name: str) -> Iterator[tuple[str, Stack]]:
    """The stacks of a check, or those that are of none."""
    if name == "others":
        yield from ((f"{number}", each) for number, each in enumerate(OTHERS))
        return
    for number, pair in enumerate(each for each in PAIRS if each.id == name):
        yield f"broken {number}", pair.broken
        yield f"mended {number}", pair.mended


@pytest.mark.parametrize("name", sorted({*(each.id for each in PAIRS), "others"}))
def test_of_a_stack(name: str, request: pytest.FixtureRequest) -> None:
    told = Told()
    for case, stack in stacks(name):
        told.case(case)
        for each in diagnose(stack).findings:
            told.finding(each)
    told.compare(APPROVED / "stacks" / f"{name}.txt", request)


@pytest.mark.parametrize("file", sorted({each.file for each in TEXTS}))
def test_of_a_text(file: str, request: pytest.FixtureRequest) -> None:
    told = Told()
    for text in TEXTS:
        if text.file == file:
            told.case(text.name)
            for each in explained(text):
                told.finding(each)
    told.compare(APPROVED / "texts" / f"{file}.txt", request)
