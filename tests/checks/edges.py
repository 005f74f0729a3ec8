"""Where a check changes its mind: the values of a stack's numbers, times and switches.

Of a literal stack each number is moved from nothing to very much, each time from now to a year
ago, each switch is turned and each value that may be unknown is taken away, one at a time. Where
what the check says is different, the first such value is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

from sqsctl.checks.base import Check, examine
from sqsctl.model.finding import Finding
from sqsctl.model.stack import Stack

Put = Callable[[Any], Stack]
NUMBERS = (0, 1, 2, 3, 5, 10, 30, 100, 300, 1_000, 10_000, 100_000, 1_000_000, 20_000_000)
AGES_S = (0, 1, 60, 600, 3_600, 90_000, 700_000, 3_000_000, 32_000_000)
_FAR = (0, -1)  # a number that makes no difference at either end is not looked at further
_APART = frozenset({"observed_at", "line", "port", "from_port", "to_port"})


def edges(check: Check, stack: Stack) -> Iterator[str]:
    """What the check says of the stack, then a line for each value that changes it."""
    said = verdict(check, stack)
    yield f"as it is: {said}"
    now = stack.observed_at
    for path, value, put in places(stack):
        if isinstance(value, bool):
            tried: Iterator[tuple[str, str]] = iter(
                [(str(not value).lower(), verdict(check, put(not value)))]
            )
        elif isinstance(value, datetime):
            if now is None:
                continue
            tried = _moved(said, check, put, AGES_S, lambda age: now - timedelta(seconds=age))
        else:
            tried = _moved(said, check, put, NUMBERS, type(value))
        lines = [(at, then) for at, then in tried if then]
        if any(then != said for _, then in lines):
            shown = "; ".join(f"{at}: {then}" for at, then in lines)
            yield f"{path}: {shown}"


def verdict(check: Check, stack: Stack) -> str:
    """What a check says, without its words."""
    result, findings = examine(check, stack)
    return ", ".join(sorted(map(decided, findings))) or result.outcome.value


def decided(finding: Finding) -> str:
    """How bad it is, who may mend it, and how sure the check is."""
    words = (finding.severity.name.lower(), finding.fix.disposition, finding.confidence.label)
    return " ".join(words) + (" past" if finding.past else "")


def _moved(
    usual: str, check: Check, put: Put, steps: tuple[int, ...], made: Callable[[int], Any]
) -> Iterator[tuple[str, str]]:
    """The first value, and each that changes what is said, with what is said from there on."""
    first, last = (verdict(check, put(made(steps[index]))) for index in _FAR)
    middle = verdict(check, put(made(steps[len(steps) // 2])))
    yield str(steps[0]), first
    if first == last == middle == usual:
        return
    before, said = steps[0], first
    for step in steps[1:]:
        now = verdict(check, put(made(step)))
        if now != said:
            low, high = before, step
            while high - low > 1:
                between = (low + high) // 2
                if verdict(check, put(made(between))) == said:
                    low = between
                else:
                    high = between
            yield str(high), verdict(check, put(made(high)))
        before, said = step, now


def places(stack: Stack) -> Iterator[tuple[str, Any, Put]]:
    """Every number, time and switch of a stack: where it stands, its value, how to put another."""
    for path, value, put in _inside("", stack, lambda new: new):
        yield path.removeprefix("."), value, put


def _inside(path: str, value: Any, put: Put) -> Iterator[tuple[str, Any, Put]]:
    if isinstance(value, bool | int | float | datetime) and not isinstance(value, Enum):
        yield path, value, put
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _inside(f"{path}[{index}]", each, partial(_at, put, value, index))
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if each.init and each.name not in _APART:
                name = "" if each.name == "items" else f".{each.name}"
                put_here = partial(_named, put, value, each.name)
                yield from _inside(f"{path}{name}", getattr(value, each.name), put_here)


def _at(put: Put, values: tuple[Any, ...], index: int, new: Any) -> Stack:
    return put((*values[:index], new, *values[index + 1 :]))


def _named(put: Put, value: Any, name: str, new: Any) -> Stack:
    return put(replace(value, **{name: new}))
