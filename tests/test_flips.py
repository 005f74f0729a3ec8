"""Flips of a source: what they change, and what they leave alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.flips import flips


def changed(source: str) -> list[str]:
    """The source after each flip."""
    written = source.encode()
    return [each.applied(written).decode() for each in flips(Path("a.py"), written)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a == b", ["a != b"]),
        ("a < b <= c", ["a <= b <= c", "a >= b <= c", "a < b < c", "a < b > c"]),
        ("a is not b", ["a is b"]),
        ("(a\n  # or not\n  and (b))", ["(a\n  # or not\n  or (b))"]),
        ("not a", ["a"]),
        ("x if a else y", ["x if (not (a)) else y"]),
        ("[a for a in b if a.c]", ["[a for a in b if (not (a.c))]"]),
        ("any(a)", ["all(a)"]),
        ("f(30, True)", ["f(31, True)", "f(30, False)"]),
        ('f(disposition="safe")', ['f(disposition="unsafe")']),
        ("Confidence.HIGH", ["Confidence.MEDIUM"]),
        ('"ö" in a', ['"ö" not in a']),
        # What no test should pin.
        ('def f(a: Literal["safe", 1]) -> Literal[True]: ...', []),
        ("@dataclass(frozen=True)\nclass A: ...", []),
        ("zip(a, b, strict=True)", []),
    ],
)
def test_each_flip_changes_one_thing(source: str, expected: list[str]) -> None:
    assert changed(source) == expected
    assert all(ast.parse(each) for each in expected)
