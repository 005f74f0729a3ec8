"""All code that a handler reaches, and what a value in it may come from.

Coarser than ``walker``: it asks not what happens, only what can.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from sqsctl.handlercode import call_names
from sqsctl.handlercode.parsing.source_files import BUNDLED, Unit
from sqsctl.handlercode.parsing.syntax import (
    Call,
    Constant,
    Expr,
    Function,
    Item,
    Member,
    Name,
    Table,
    bindings,
    everything,
    names_in,
    parts,
    within,
)
from sqsctl.handlercode.program import Placed, Program
from sqsctl.handlercode.scopes import own_function

_DEEP = 12
_MOST_METHODS = 6
# Expressions that are looked at, those near the handler first: a bundle holds whole libraries.
_MOST = 15_000
_SDK = ("aws-sdk", "@aws-sdk/", "boto3", "botocore")


@dataclass(frozen=True, slots=True)
class Spot:
    """An expression, its file, and the function that it stands in."""

    unit: Unit
    expr: Expr
    function: Function | None = None

    def of(self, expr: Expr) -> Spot:
        """Another expression of the same place."""
        return Spot(self.unit, expr, self.function)


class Reach:
    """``spots`` are all expressions that are reached; ``read`` the variables read in them."""

    def __init__(self, program: Program, start: Placed) -> None:
        self.program = program
        self.spots: list[Spot] = []
        self.read: set[str] = set()
        self.whole = True
        self.elsewhere: set[str] = set()
        self._seen: set[int] = set()
        self._bound: dict[tuple[int, str], list[Spot]] = defaultdict(list)
        self._named: dict[str, list[Spot]] = defaultdict(list)
        self._members: dict[str, list[Spot]] = defaultdict(list)
        self._waiting = deque([Spot(start.unit, start.value)])
        self._classes: set[str] = set()
        while self._waiting and len(self.spots) < _MOST:
            self._take(self._waiting.popleft())
        self.whole = self.whole and not self._waiting

    # --- what a value comes from ---------------------------------------------------------------

    def variables(self, spot: Spot) -> set[str]:
        """The environment variables that a value can come from."""
        return set(self._variables(spot, _DEEP, set()))

    def meanings(
        self, spot: Spot, depth: int = _DEEP, seen: frozenset[int] = frozenset()
    ) -> Iterator[Spot]:
        """What an expression stands for, through names and fields."""
        further = depth > 0 and id(spot.expr) not in seen and self.program.step()
        found = list(self._sources(spot, depth, seen)) if further else []
        if not found:
            yield spot
        for each in found:
            if each.expr is not spot.expr:
                yield from self.meanings(each, depth - 1, seen | {id(spot.expr)})

    def own(self, spot: Spot, call: Call) -> bool:
        """Whether the call is one of the package's own functions or classes."""
        if isinstance(call.callee, Name) and self.program.class_of(spot.unit, call.callee.id):
            return True
        return own_function(self.program, spot.unit, call.callee) is not None

    def _variables(self, spot: Spot, depth: int, seen: set[int]) -> Iterator[str]:
        if not depth or id(spot.expr) in seen or not self.program.step():
            return
        seen.add(id(spot.expr))
        name = variable(spot.expr)
        if name:
            yield name
            return
        sources = list(self._sources(spot, depth))
        for each in sources:
            yield from self._variables(each, depth - 1, seen)
        if not sources or not isinstance(spot.expr, Name | Member):
            for part in parts(spot.expr):
                yield from self._variables(spot.of(part), depth - 1, seen)

    def _sources(
        self, spot: Spot, depth: int, seen: frozenset[int] = frozenset()
    ) -> Iterator[Spot]:
        """The expressions that a name or a field was set to."""
        expr = spot.expr
        if isinstance(expr, Name):
            local = self._bound.get((id(spot.function), expr.id), [])
            yield from local
            if not local:
                placed = self.program.named(spot.unit, expr.id)
                if placed is not None and not isinstance(placed.value, Name | Function):
                    yield Spot(placed.unit, placed.value)
                elif placed is None and spot.function is not None:
                    # Of a function around it, most likely.
                    yield from self._named.get(expr.id, ())
        elif isinstance(expr, Member):
            placed = self.program.member(spot.unit, expr)
            if placed is not None:
                yield Spot(placed.unit, placed.value)
                return
            for of in self.meanings(spot.of(expr.of), depth - 1, seen | {id(expr)}):
                if isinstance(of.expr, Table):
                    yield from (of.of(value) for key, value in of.expr.entries if key == expr.name)
            yield from self._members.get(expr.name, ())

    def _bind(self, function: int, name: str, value: Spot) -> None:
        self._bound[function, name].append(value)
        self._named[name].append(value)

    # --- what is reached -----------------------------------------------------------------------

    def _take(self, spot: Spot) -> None:
        for each in within(spot.expr):
            if not isinstance(each, Function):
                self._expression(spot.of(each))
            elif id(each) not in self._seen:
                self._seen.add(id(each))
                self._function(spot, each)

    def _function(self, spot: Spot, function: Function) -> None:
        inside = Spot(spot.unit, function, function)
        for each in function.decorators:
            self._take(spot.of(each))
        for target, value in bindings(function.body):
            if isinstance(target, Member):
                self._members[target.name].append(inside.of(value))
            else:
                for name in names_in(target):
                    taken = Member(value, name) if isinstance(target, Table) else value
                    self._bind(id(function), name, inside.of(taken))
        for each in everything(function.body):
            self._expression(inside.of(each))

    def _expression(self, spot: Spot) -> None:
        expr = spot.expr
        if id(expr) in self._seen:
            return
        self._seen.add(id(expr))
        self.spots.append(spot)
        name = variable(expr)
        if name:
            self.read.add(name)
        match expr:
            case Name():
                self._name(spot, expr)
            case Member():
                placed = self.program.member(spot.unit, expr)
                if placed is not None:
                    self._waiting.append(Spot(placed.unit, placed.value))
                self._methods(expr)
            case Call():
                self._called(spot, expr)
            case Function():
                # What stands inside is gone through with the function around it.
                for target, value in bindings(expr.body):
                    for each in names_in(target) if not isinstance(target, Member) else ():
                        self._bind(id(spot.function), each, spot.of(value))
            case _:
                return

    def _name(self, spot: Spot, expr: Name) -> None:
        placed = self.program.named(spot.unit, expr.id)
        if placed is not None:
            self._waiting.append(Spot(placed.unit, placed.value))
        elif self.program.class_of(spot.unit, expr.id):
            self._class(spot.unit, expr.id)
        else:
            self._imported(spot.unit, expr.id)

    def _class(self, unit: Unit, name: str) -> None:
        found = self.program.class_of(unit, name)
        if found is None or name in self._classes:
            return
        self._classes.add(name)
        for each in found[1].methods.values():
            self._waiting.append(Spot(found[0], each))

    def _methods(self, expr: Member) -> None:
        found = self.program.methods(expr.name)
        if len(found) <= _MOST_METHODS:
            self._waiting += [Spot(unit, function) for unit, function in found]

    def _imported(self, unit: Unit, name: str) -> None:
        """Own code that is not in the package's sources is code that was not read."""
        imported = unit.imports.get(name)
        if imported is None or imported.module.startswith((*_SDK, BUNDLED)):
            return
        if not self.program.foreign(unit, Name(name)):
            return
        if imported.module.startswith(".") or imported.level > 0:
            self.whole = False
        self.elsewhere.add(imported.module)

    def _called(self, spot: Spot, call: Call) -> None:
        """What own functions are given."""
        own = own_function(self.program, spot.unit, call.callee)
        functions = [own[1]] if own else []
        known = self.program.class_of(spot.unit, call_names.last_of(call.callee))
        if known is not None:
            makes = ("__init__", "constructor")
            functions += [each for key, each in known[1].methods.items() if key in makes]
        for function in functions:
            params = function.params
            first = params[0] if params else None
            if function.method and isinstance(first, Name) and first.id == "self":
                params = params[1:]
            for param, given in zip(params, call.args, strict=False):
                for name in names_in(param):
                    self._bind(id(function), name, spot.of(given))
            for key, value in call.keywords:
                self._bind(id(function), key, spot.of(value))


def variable(expr: Expr) -> str:
    """The environment variable that an expression reads; empty for any other."""
    if isinstance(expr, Member) and _environment(expr.of):
        return expr.name
    if isinstance(expr, Item) and _environment(expr.of) and isinstance(expr.index, Constant):
        return str(expr.index.value or "")
    if isinstance(expr, Call) and call_names.last_of(expr.callee) == "getenv" and expr.args:
        first = expr.args[0]
        return str(first.value or "") if isinstance(first, Constant) else ""
    return ""


def _environment(expr: Expr) -> bool:
    """``process.env``, ``os.environ``"""
    return call_names.last_of(expr) in {"env", "environ"}
