"""Whether an answer can be a report of failed records; what is not known can be one."""

from __future__ import annotations

from sqsctl.handlercode import call_names
from sqsctl.handlercode.parsing.syntax import (
    Call,
    Choice,
    Constant,
    Expr,
    Function,
    Member,
    Name,
    Return,
    Table,
    everything,
    parts,
    statements,
)
from sqsctl.handlercode.scopes import Scope, Use, root_of

_DEEP = 6
_NO_ANSWER = frozenset({"Error", "map", "filter", "parse", "loads"})


def may_report(scope: Scope, expr: Expr, depth: int = 0) -> bool:
    """Whether an answer can be one of batchItemFailures; what is not known may be."""
    if depth > _DEEP or not scope.program.step():
        return True
    match expr:
        case Constant() | Function():
            return False
        case Table():
            if any(key == call_names.REPORT for key, _ in expr.entries):
                return True
            return any(
                not key and may_report(scope, value, depth + 1) for key, value in expr.entries
            )
        case Name():
            return may_report_name(scope, expr.id, depth)
        case Call():
            return _call_may_report(scope, expr, depth)
        case Choice():
            return any(may_report(scope, each, depth + 1) for each in expr.options)
        case Member():
            if expr.name == call_names.REPORT or not isinstance(expr.of, Name):
                return expr.name == call_names.REPORT
            # What an object keeps is not followed.
            return expr.of.id in {"this", "self"} or may_report_name(scope, expr.of.id, depth)
        case _:
            return any(may_report(scope, each, depth + 1) for each in parts(expr))


def _call_may_report(scope: Scope, call: Call, depth: int) -> bool:
    word = call_names.last_of(call.callee)
    if call_names.tells(call) or word in call_names.SHAPES | _NO_ANSWER:
        return False
    own = scope.called(call)
    if own is None:
        return not call_names.pure(call)
    unit, function = own
    if any(_says_report(each) for each in everything(function.body)):
        return True
    inner = scope.apart(unit, function.body, Use.USED)
    values = [
        stmt.value
        for stmt in statements(function.body, nested=False)
        if isinstance(stmt, Return) and stmt.value
    ]
    return scope.depth > _DEEP or any(may_report(inner, each, depth + 1) for each in values)


def _says_report(expr: Expr) -> bool:
    if isinstance(expr, Table):
        return any(key == call_names.REPORT for key, _ in expr.entries)
    if isinstance(expr, Call):
        return call_names.last_of(expr.callee) in call_names.POWERTOOLS
    return isinstance(expr, Member | Name) and call_names.last_of(expr) == call_names.REPORT


def may_report_name(scope: Scope, name: str, depth: int = 0) -> bool:
    """Whether the variable can hold such an answer."""
    if name in {"undefined", "null", "None"} or f"={name}" in scope.seen:
        return False
    inner = scope.known(f"={name}")
    for target, _ in scope.index.kept:
        if target.name == call_names.REPORT and root_of(target) == name:
            return True
    values = scope.index.values.get(name, [])
    if any(may_report(inner, value, depth + 1) for _, value in values):
        return True
    if any(root_of(each) == name for each in scope.index.members.get(call_names.REPORT, ())):
        return True
    if values:
        return False
    known = scope.unit.value(name)
    return known is not None and may_report(inner, known, depth + 1)
