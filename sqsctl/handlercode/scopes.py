"""A function's body as its own values are looked at, and what it calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from sqsctl.handlercode import call_names
from sqsctl.handlercode.name_index import Index
from sqsctl.handlercode.parsing.source_files import Unit
from sqsctl.handlercode.parsing.syntax import Call, Expr, Function, Member, Name, Stmt
from sqsctl.handlercode.program import Program


class Use(Enum):
    """Who gets what a function returns."""

    ANSWER = "Lambda"
    WRAPPED = "something around the handler that is not known"
    USED = "the caller"
    DROPPED = "nobody"


@dataclass(frozen=True, slots=True)
class Scope:
    """A body and who gets what it returns; ``around`` is that of the function around it.

    ``catches``: inside a try that catches any error.
    """

    program: Program
    unit: Unit
    body: tuple[Stmt, ...]
    use: Use
    depth: int = 0
    seen: frozenset[str] = field(default_factory=frozenset)
    around: Scope | None = None
    catches: bool = False

    def apart(self, unit: Unit, body: tuple[Stmt, ...], use: Use) -> Scope:
        """The scope of a function that is called from here."""
        return Scope(self.program, unit, body, use, self.depth + 1)

    def inside(self, body: tuple[Stmt, ...], use: Use) -> Scope:
        """The scope of a function that stands here."""
        return Scope(self.program, self.unit, body, use, self.depth + 1, self.seen, self)

    def known(self, name: str) -> Scope:
        return replace(self, seen=self.seen | {name})

    def caught(self) -> Scope:
        return replace(self, catches=True)

    @property
    def index(self) -> Index:
        return self.program.index(self.body)

    def called(self, call: Call) -> tuple[Unit, Function] | None:
        """The program's own function that is called."""
        return own_function(self.program, self.unit, call.callee)


def own_function(program: Program, unit: Unit, callee: Expr) -> tuple[Unit, Function] | None:
    """The function that an expression names, where the program defines it."""
    placed = None
    if isinstance(callee, Function):
        return unit, callee
    if isinstance(callee, Name):
        placed = program.named(unit, callee.id)
    elif isinstance(callee, Member):
        placed = program.member(unit, callee)
        if placed is None and not program.foreign(unit, callee.of):
            methods = program.methods(callee.name)
            if len(methods) == 1 and callee.name not in call_names.COLLECTS | call_names.ITERATES:
                return methods[0]
    if placed and isinstance(placed.value, Function):
        return placed.unit, placed.value
    return None


def root_of(expr: Expr) -> str | None:
    """The variable that a list stands in: ``result`` of ``result.failed``."""
    while isinstance(expr, Member):
        expr = expr.of
    return expr.id if isinstance(expr, Name) and expr.id not in {"this", "self"} else None
