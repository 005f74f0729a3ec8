"""What is done with the other records of a batch once one has failed.

Goes on: right on a standard queue; on a FIFO queue records are handled before an earlier one that
comes back. Stops: what follows has to be reported, too, else Lambda deletes it unhandled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqsctl.handlercode import call_names
from sqsctl.handlercode.coverage import Coverage
from sqsctl.handlercode.frames import Closure, Fault, Frame, Sighting, What
from sqsctl.handlercode.parsing.syntax import (
    Assign,
    Bind,
    Call,
    Do,
    Expr,
    Function,
    If,
    Leave,
    Loop,
    Member,
    Name,
    Raise,
    Return,
    Row,
    Stmt,
    Table,
    Try,
    blocks,
    everything,
    expressions,
    statements,
    within,
)
from sqsctl.handlercode.scopes import own_function, root_of

_ENTRY = "itemIdentifier"
_DEEP = 3

Chain = tuple[tuple[tuple[Stmt, ...], int], ...]


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a failed record is kept: the statement, and the blocks of the loop around it."""

    stmt: Stmt
    chain: Chain
    caught: bool


@dataclass(slots=True)
class FailureOrder:
    """Collected while a consumer is followed; ``on`` are places that go on after a failure."""

    on: list[Sighting] = field(default_factory=list)
    _left: list[tuple[Frame, Loop, Sighting]] = field(default_factory=list)

    def loop(self, frame: Frame, loop: Loop) -> None:
        """A loop over the records, after it was followed."""
        sites = list(_sites(frame, loop.body))
        for site in sites:
            left = _left(site)
            if left is not None:
                self._leaves(frame, loop, left)
            elif not _minded(site, sites, loop.body):
                self._note(frame, site.stmt.line or loop.line, "the loop goes on")

    def callback(self, frame: Frame, call: Call, closure: Closure, *, waits: bool) -> None:
        """``records.map(f)``; ``waits``: f is asynchronous, so that all are begun at once."""
        name = call_names.last_of(call.callee)
        if waits and name in {"map", "flatMap"}:
            self._note(frame, call.line, f"{name} begins all records at once")
            return
        body = closure.function.body
        sites = list(_sites(frame, body))
        if any(not _minded(each, sites, body) for each in sites):
            self._note(frame, call.line, f"{name} goes on")
        elif not sites and name in {"map", "flatMap", "filter"} and _catches(frame, closure):
            self._note(frame, call.line, "all records are tried")

    def processor(self, frame_path: str, line: int, detail: str) -> None:
        """A library that tries every record."""
        self.on.append(Sighting(Fault.ORDER, frame_path, line, detail))

    def lost(self, coverage: Coverage) -> Iterator[Sighting]:
        """Loops that are left at a failure, with nobody taking up the records that follow."""
        for frame, loop, sighting in self._left:
            if loop.over is not None and not coverage.others(frame.scope.body, loop.over):
                yield sighting

    def _leaves(self, frame: Frame, loop: Loop, stmt: Stmt) -> None:
        if isinstance(stmt, Raise):
            return
        word = "return" if isinstance(stmt, Return) else "break"
        found = Sighting(Fault.EARLY, frame.unit.path, stmt.line, word, loop.line)
        self._left.append((frame, loop, found))

    def _note(self, frame: Frame, line: int, detail: str) -> None:
        self.on.append(Sighting(Fault.ORDER, frame.unit.path, line, detail))


def _sites(frame: Frame, body: tuple[Stmt, ...]) -> Iterator[_Site]:
    yield from _sites_in(frame, body, (), caught=False)


def _sites_in(
    frame: Frame, block: tuple[Stmt, ...], chain: Chain, *, caught: bool
) -> Iterator[_Site]:
    for index, stmt in enumerate(block):
        here = (*chain, (block, index))
        if _keeps(frame, stmt, caught=caught):
            yield _Site(stmt, here, caught)
        if isinstance(stmt, Try):
            yield from _sites_in(frame, stmt.body, here, caught=caught)
            for each in stmt.catches:
                yield from _sites_in(frame, each.body, here, caught=True)
            yield from _sites_in(frame, stmt.final, here, caught=caught)
            continue
        for inner in blocks(stmt):
            yield from _sites_in(frame, inner, here, caught=caught)


def _keeps(frame: Frame, stmt: Stmt, *, caught: bool) -> bool:
    """Whether a statement keeps a record, or its id, as one that failed."""
    for expr in expressions(stmt):
        for each in within(expr):
            if isinstance(stmt, Return):
                if isinstance(each, Table) and _one_entry(each):
                    return True
                continue
            given: tuple[Expr, ...] = ()
            if isinstance(each, Call) and call_names.last_of(each.callee) in call_names.COLLECTS:
                given = each.args
            elif isinstance(stmt, Bind) and isinstance(each, Row):
                given = tuple(one for one in each.items if isinstance(one, Table))
            if any(_is_entry(frame, one, caught=caught) for one in given):
                return True
    return False


def _one_entry(table: Table) -> bool:
    """``{batchItemFailures: [{itemIdentifier: …}]}``"""
    given = dict(table.entries).get(call_names.REPORT)
    return isinstance(given, Row) and any(
        isinstance(each, Table) and _is_one(each) for each in given.items
    )


def _is_one(table: Table) -> bool:
    return any(key == _ENTRY for key, _ in table.entries)


def _is_entry(frame: Frame, expr: Expr, *, caught: bool) -> bool:
    if isinstance(expr, Table):
        return _is_one(expr)
    if not caught:
        return False
    if isinstance(expr, Member):
        return expr.name in {"messageId", "message_id"}
    known = frame.env.get(expr.id) if isinstance(expr, Name) else None
    return known in {What.ID, What.RECORD}


def _left(site: _Site) -> Stmt | None:
    """What ends the loop after the record was kept."""
    if isinstance(site.stmt, Return):
        return site.stmt
    for block, index in reversed(site.chain):
        for stmt in block[index + 1 :]:
            if isinstance(stmt, Return | Raise) or (isinstance(stmt, Leave) and stmt.ends):
                return stmt
    return None


def _minded(site: _Site, sites: list[_Site], body: tuple[Stmt, ...]) -> bool:
    """Whether the loop asks, there or elsewhere, whether a record failed before."""
    around = {id(block[index]) for block, index in site.chain}
    others = {name for each in sites if each is not site for name in _changed(each)}
    own = set(_changed(site))
    for stmt in statements(body, nested=False):
        if not isinstance(stmt, If):
            continue
        names = others if id(stmt) in around else own
        if any(isinstance(each, Name) and each.id in names for each in within(stmt.test)):
            inner = statements((*stmt.then, *stmt.otherwise), nested=False)
            if any(isinstance(each, Leave | Return | Raise | Do) for each in inner):
                return True
    return False


def _changed(site: _Site) -> Iterator[str]:
    """The names that are set, or added to, where the record is kept."""
    block, _ = site.chain[-1]
    for stmt in block:
        targets = [stmt.target] if isinstance(stmt, Bind) else []
        for expr in expressions(stmt):
            for each in within(expr):
                if isinstance(each, Assign):
                    targets.append(each.target)
                if isinstance(each, Call) and isinstance(each.callee, Member):
                    targets.append(each.callee.of)
        for target in targets:
            root = root_of(target)
            if root:
                yield root


def _catches(frame: Frame, closure: Closure, depth: int = 0) -> bool:
    """Whether a function, or one that it calls, lives through an error of its work."""
    function = closure.function
    for stmt in statements(function.body):
        if isinstance(stmt, Try):
            for each in stmt.catches:
                if not any(isinstance(one, Raise) for one in statements(each.body)):
                    return True
    if depth >= _DEEP:
        return False
    for expr in everything(function.body):
        if not isinstance(expr, Call) or isinstance(expr.callee, Function):
            continue
        own = own_function(frame.scope.program, closure.unit, expr.callee)
        if own is not None and _catches(frame, Closure(*own, {}), depth + 1):
            return True
    return False
