"""Consumers that were written before the program was asked: compiled, inherited, wrapped."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqsctl.handlercode.consumer import consumer
from tests.handlercode.cases import Case, cases
from tests.handlercode.test_consumers import found
from tests.yaml_files import loaded

_FILES = ("unseen", "habits")
_CASES = [each for name in _FILES for each in cases(name)]
_TOLD = {
    each["name"]: each
    for name in _FILES
    for each in loaded(Path(__file__).with_name(f"{name}.yaml"))
}


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_what_is_found_in_it(case: Case) -> None:
    told = _TOLD[case.name]
    code = consumer(case.handler, case.files)
    expected = {case.expect} if case.expect and not told.get("missed") else set()
    assert (found(code), code.followed) == (expected, told.get("sure", True))


def test_there_are_right_and_wrong_ones() -> None:
    assert len(_TOLD) == len(_CASES)
    right = [each for each in _CASES if not each.expect]
    assert len(right) >= 45
    assert len(_CASES) - len(right) >= 40
