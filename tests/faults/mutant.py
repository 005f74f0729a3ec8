"""One seeded mistake, and the tests that have to fail with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """``old`` stands exactly once in ``path`` and becomes ``new``.

    ``always``: one of those that failure models name, tried in every run; the others on
    demand.
    """

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]
    always: bool = False
