"""``for…of`` as Babel and swc compile it, read as the loop that it stands for."""

from __future__ import annotations

from typing import TypeGuard

from sqsctl.handlercode.parsing.syntax import (
    Assign,
    Bind,
    Call,
    Expr,
    Item,
    Loop,
    Member,
    Name,
    Stmt,
    within,
)

_NEXT = frozenset({"n", "next"})


def is_iterator(callee: Expr) -> TypeGuard[Item]:
    """``list[Symbol.iterator]``, whose call goes through the list."""
    return isinstance(callee, Item) and (
        isinstance(callee.index, Member)
        and isinstance(callee.index.of, Name)
        and (callee.index.of.id, callee.index.name) == ("Symbol", "iterator")
    )


def stepped(condition: Expr | None, body: tuple[Stmt, ...], line: int) -> Loop | None:
    """``for (…; !(step = it.next()).done; …) { var each = step.value; … }``"""
    for test in within(condition) if condition else ():
        if not isinstance(test, Assign) or not isinstance(test.target, Name):
            continue
        iterator = _asked_for_next(test.value)
        for index, stmt in enumerate(body):
            if iterator and isinstance(stmt, Bind) and _is_value(stmt.value, test.target.id):
                return Loop(iterator, stmt.target, (*body[:index], *body[index + 1 :]), line)
    return None


def _asked_for_next(expr: Expr) -> Name | None:
    """``it.n()``, ``it.next()``, and ``it()`` as Babel has it in loose mode."""
    if not isinstance(expr, Call) or expr.args:
        return None
    callee = expr.callee
    made = callee.of if isinstance(callee, Member) and callee.name in _NEXT else callee
    return made if isinstance(made, Name) else None


def _is_value(expr: Expr, step: str) -> bool:
    if not isinstance(expr, Member) or not isinstance(expr.of, Name):
        return False
    return (expr.of.id, expr.name) == (step, "value")
