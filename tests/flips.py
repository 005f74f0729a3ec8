"""Flips of a source: a condition turned round, a constant changed; one at a time.

What is flipped: comparisons, ``and`` and ``or``, ``any`` and ``all``, ``min`` and ``max``,
conditions and their ``not``, numbers, switches, a fix's disposition, and levels (of severity,
confidence, kind). What no test should pin is left alone: type hints, decorators, sizes of caches,
``zip(strict=…)``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

# Of an order both are tried: the limit itself, and the other side of it.
_OPERATORS = {
    "==": ("!=",), "!=": ("==",),
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "is not": ("is",), "is": ("is not",), "not in": ("in",), "in": ("not in",),
    "and": ("or",), "or": ("and",),
}  # fmt: skip
_OPERATOR = re.compile("|".join(rf"(?<![\w<>=!]){each}(?![\w<>=!])" for each in _OPERATORS))
_WORDS = {"safe": "unsafe", "unsafe": "manual", "manual": "safe"}
_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}
_LEVELS = {
    "INFO": "WARNING", "WARNING": "ERROR", "ERROR": "WARNING",
    "LOW": "MEDIUM", "MEDIUM": "HIGH", "HIGH": "MEDIUM",
    "CAUSE": "RISK", "SYMPTOM": "CAUSE", "RISK": "SYMPTOM",
}  # fmt: skip
_SCALES = frozenset({"Severity", "Confidence", "Kind"})
_PINNED_BY_NOBODY = frozenset({"strict", "maxsize"})


@dataclass(frozen=True)
class Flip:
    """What to write in place of a part of a file's bytes."""

    path: Path
    line: int
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.old} -> {self.new}"

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.end :]


def flips(path: Path, source: bytes) -> Iterator[Flip]:
    """Every flip of a file, in the order of its nodes."""
    place = _Places(path, source)
    for node in _looked_at(ast.parse(source)):
        yield from _of_a_condition(node, place)
        yield from _of_a_constant(node, place)


def _of_a_condition(node: ast.AST, place: _Places) -> Iterator[Flip]:
    match node:
        case ast.Compare(left=left, comparators=others):
            for first, second in pairwise((left, *others)):
                yield from place.between(first, second)
        case ast.BoolOp(values=values):
            for first, second in pairwise(values):
                yield from place.between(first, second)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield place.of(node, place.text(operand))
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield from place.negated(test)
        case ast.comprehension(ifs=tests):
            for test in tests:
                yield from place.negated(test)


def _of_a_constant(node: ast.AST, place: _Places) -> Iterator[Flip]:
    match node:
        case ast.Constant(value=bool() as switch):
            yield place.of(node, str(not switch))
        case ast.Constant(value=int() | float() as number):
            yield place.of(node, str(number + 1))
        case ast.Constant(value=str() as word) if word in _WORDS:
            yield place.of(node, f'"{_WORDS[word]}"')
        case ast.Name(id=name) if name in _NAMES:
            yield place.of(node, _NAMES[name])
        case ast.Attribute(value=ast.Name(id=scale), attr=level) if scale in _SCALES:
            yield place.of(node, f"{scale}.{_LEVELS[level]}")


def _looked_at(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it, without what no test should pin."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            named = isinstance(child, ast.keyword) and child.arg in _PINNED_BY_NOBODY
            if isinstance(child, ast.AST) and not named:
                yield from _looked_at(child)


class _Places:
    """Where the nodes of a source stand, in bytes."""

    def __init__(self, path: Path, source: bytes) -> None:
        self.path = path
        self.source = source
        self.lines = [0]
        for line in source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def start(self, node: ast.expr) -> int:
        return self.lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr) -> int:
        return self.lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)

    def text(self, node: ast.expr) -> str:
        return self.source[self.start(node) : self.end(node)].decode()

    def of(self, node: ast.expr, new: str) -> Flip:
        start, end = self.start(node), self.end(node)
        return Flip(self.path, node.lineno, start, end, self.text(node), new)

    def between(self, first: ast.expr, second: ast.expr) -> Iterator[Flip]:
        """The operator between two operands; brackets, line ends and comments may be there, too."""
        start = self.end(first)
        said = self.source[start : self.start(second)].decode()
        without = re.sub("#.*", lambda comment: " " * len(comment.group()), said)
        if found := _OPERATOR.search(without):
            at = start + len(said[: found.start()].encode())
            old = found.group()
            line = self.source.count(b"\n", 0, at) + 1
            for new in _OPERATORS[old]:
                yield Flip(self.path, line, at, at + len(old), old, new)

    def negated(self, test: ast.expr) -> Iterator[Flip]:
        """A condition without an operator of its own, turned round."""
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
            yield self.of(test, f"(not ({self.text(test)}))")
