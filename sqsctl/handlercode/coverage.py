"""Which records of a batch a handler takes up, and which fields of the event it reads.

Every expression that is the event or its list of records counts as given to something that handles
all of them, unless what is around it is known to take no record, or a single one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqsctl.handlercode import call_names
from sqsctl.handlercode.frames import Fault, Frame, Sighting, Value, What
from sqsctl.handlercode.parsing.syntax import (
    Await,
    Call,
    Choice,
    Constant,
    Expr,
    Function,
    Member,
    Name,
    Raise,
    Row,
    Stmt,
    Table,
    everything,
    parts,
    statements,
    within,
)

RECORDS = frozenset({"Records", "records"})
# What tells of a list no more than that it is there, or how long it is.
_LOOKS = frozenset({"len", "isinstance", "isArray", "bool", "Boolean", "type", "keys", "has",
    "hasOwnProperty", "hasOwn"})  # fmt: skip
# Tested against the number of records, these are about more than one.
_MORE_THAN_ONE = (1, 2)


@dataclass(slots=True)
class Coverage:
    """What was met while the handler was followed; ``taken`` are single records."""

    handler: Function | None = None
    taken: list[Sighting] = field(default_factory=list)
    fields: list[Sighting] = field(default_factory=list)
    bodies: list[tuple[Stmt, ...]] = field(default_factory=list)
    unseen: bool = False
    _lists: dict[int, Expr] = field(default_factory=dict)
    _spared: set[int] = field(default_factory=set)
    _visited: dict[int, Expr] = field(default_factory=dict)
    _told: bool = False

    # --- what the walk meets -------------------------------------------------------------------

    def entered(self, body: tuple[Stmt, ...]) -> None:
        self.bodies.append(body)

    def met(self, expr: Expr, made: Value) -> None:
        """An expression and what it is."""
        self._visited[id(expr)] = expr
        if made in {What.EVENT, What.RECORDS}:
            self._lists[id(expr)] = expr

    def spare(self, expr: Expr | None) -> None:
        """The value is only kept under a name, which is followed."""
        if expr is not None:
            self._spared.update(id(each) for each in _same_value(expr))

    def told(self, expr: Expr) -> None:
        """The value ends in a log."""
        for each in within(expr):
            self._told = self._told or (id(each) in self._lists and not _of_a_member(expr, each))
            self._spared.add(id(each))

    def asked(self, test: Expr) -> None:
        """The value is tested."""
        for each in _outside_calls(test):
            self._spared.add(id(each))

    def answered(self, value: Expr) -> None:
        """The value is part of the answer to Lambda, which reads none of it."""
        for each in _in_an_answer(value):
            self._spared.add(id(each))

    def looked_at(self, call: Call) -> None:
        if call_names.last_of(call.callee) in _LOOKS:
            for each in (*parts(call.callee), *call.args):
                self.spare(each)

    def took(self, frame: Frame, of: Expr, line: int, detail: str) -> None:
        """One record was taken out of the list."""
        self.spare(of)
        self.taken.append(Sighting(Fault.FIRST, frame.unit.path, line, detail))

    def checked(self, test: Expr, branches: tuple[Stmt, ...]) -> None:
        """``if (event.Records.length !== 1) throw …``: what is not handled is not lost."""
        numbers = {each.value for each in within(test) if isinstance(each, Constant)}
        about = any(id(each) in self._lists for each in within(test))
        ends = any(isinstance(each, Raise) for each in statements(branches, nested=False))
        self.unseen = self.unseen or bool(about and ends and numbers.intersection(_MORE_THAN_ONE))

    # --- what it comes to ----------------------------------------------------------------------

    def judge(self, path: str) -> Sighting | None:
        """Whether only single records are handled, or none."""
        if self.unseen or self.handler is None or self._unvisited():
            return None
        if any(key not in self._spared for key in self._lists):
            return None
        if self.taken:
            return self.taken[0]
        if self.fields:
            return self.fields[0]
        given = self._event() is not None or not path.endswith(".py")
        if self._told or not given:
            return None
        return Sighting(Fault.NONE, path, self.handler.line, self.handler.name)

    def others(self, body: tuple[Stmt, ...], apart: Expr) -> bool:
        """Whether the records are used anywhere else in a body than in this expression."""
        here = {id(each) for each in within(apart)}
        return any(
            id(each) in self._lists and id(each) not in here | self._spared
            for each in everything(body)
        )

    def _unvisited(self) -> bool:
        """Whether the records, or the event, stand where the walk did not come by."""
        first = self._event()
        event = first.id if isinstance(first, Name) else ""
        for body in self.bodies:
            for each in everything(body):
                if id(each) in self._visited:
                    continue
                if isinstance(each, Member) and each.name in RECORDS:
                    return True
        for each in everything(self.handler.body) if self.handler else ():
            if isinstance(each, Name) and (
                each.id == "arguments" or (each.id == event and id(each) not in self._visited)
            ):
                return True
        return False

    def _event(self) -> Expr | None:
        """The handler's parameter for the event."""
        if self.handler is None:
            return None
        params = self.handler.params
        own = self.handler.method and isinstance(params[0] if params else None, Name)
        itself = own and getattr(params[0], "id", "") == "self"
        params = params[1:] if itself else params
        return params[0] if params else None


def _same_value(expr: Expr) -> Iterator[Expr]:
    """The expressions whose value an expression has, or keeps in a list of its own."""
    yield expr
    match expr:
        case Await():
            yield from _same_value(expr.value)
        case Choice():
            for each in expr.options:
                yield from _same_value(each)
        case Row():
            for each in expr.items:
                yield from _same_value(each)
        case Call() if call_names.last_of(expr.callee) in call_names.SAME:
            for each in (*parts(expr.callee), *expr.args):
                yield from _same_value(each)
        case _:
            return


def _outside_calls(expr: Expr) -> Iterator[Expr]:
    """The parts of an expression that no call is given."""
    yield expr
    if not isinstance(expr, Call):
        for each in parts(expr):
            yield from _outside_calls(each)


def _in_an_answer(expr: Expr) -> Iterator[Expr]:
    yield expr
    call = isinstance(expr, Call)
    if not call or call_names.last_of(getattr(expr, "callee", expr)) in {"stringify", "dumps"}:
        for each in parts(expr) if isinstance(expr, Table | Row | Call) else ():
            yield from _in_an_answer(each)


def _of_a_member(expr: Expr, inner: Expr) -> bool:
    """Whether something is only told of the value: ``event.Records.length``."""
    return any(isinstance(each, Member) and each.of is inner for each in within(expr))
