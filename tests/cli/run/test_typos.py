"""A mistyped word is answered with the nearest one, or with what lists those there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Sqsctl


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dctor"], "Did you mean 'doctor'?"),
        (["dlq", "redri"], "Did you mean 'redrive'?"),
        (["dlq", "redrive", "--canry", "1"], "--canary"),
        (["doctor", "functin-timeout"], "did you mean function-timeout?"),
        (["iam", "dlq", "peak"], "did you mean dlq peek?"),
        (["iam", "peek"], "did you mean dlq peek?"),
        (["config", "set", "regoin", "x"], "did you mean region?"),
        (["config", "set", "nonsense", "x"], "known: profile, region"),
        (["doctor", "nonsense"], "--list-checks"),
    ],
)
def test_the_nearest_word_is_named(
    sqsctl: Sqsctl, state_home: Path, arguments: list[str], said: str
) -> None:
    shown = sqsctl(*arguments)
    assert shown.code == 2
    assert said in shown.err


@pytest.mark.parametrize(
    ("typed", "said"),
    [("import-modul-missing", "did you mean import-module-missing?"), ("zzz", "lab incidents")],
)
def test_incidents_too(typed: str, said: str) -> None:
    from sqsctl.errors import NotFoundError
    from sqsctl.lab import incidents

    with pytest.raises(NotFoundError) as raised:
        incidents.get(typed)
    assert said in (raised.value.hint or "")
