"""All checks, found by looking into this package: a new file is a new check."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from sqsctl import checks
from sqsctl.checks.base import Check


@cache
def all_checks() -> tuple[Check, ...]:
    """One instance of every check, ordered by id."""
    found: list[Check] = []
    for info in pkgutil.iter_modules(checks.__path__):
        if info.ispkg:
            continue
        module = importlib.import_module(f"{checks.__name__}.{info.name}")
        found += [
            each()
            for _, each in inspect.getmembers(module, inspect.isclass)
            if issubclass(each, Check)
            and each.__module__ == module.__name__
            and not inspect.isabstract(each)
        ]
    return tuple(sorted(found, key=lambda check: check.meta.id))


def by_id() -> dict[str, Check]:
    """The checks by their public id."""
    return {check.meta.id: check for check in all_checks()}
