"""The helpers that compilers put async functions into, read as the functions they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqsctl.handlercode.parsing.javascript_nodes import named, text_of
from sqsctl.handlercode.parsing.syntax import Await, Call, Expr, Function, Member, Name, Row, Stmt

if TYPE_CHECKING:
    from tree_sitter import Node

# Without ``this`` and arguments, an async function's body is such a generator's.
_AWAITER_ARGUMENTS = 2
# (0, module.f): what compilers make of a call of an import.
_INDIRECT = 2
# The line of an await whose chain of calls is not read to its end.
_UNFINISHED = -1
# __awaiter(this, arguments, Promise, f) and __generator(this, f) of TypeScript for ES5.
_AWAITER, _GENERATOR = 4, 2


def asynchronous(
    listed: Node | None,
    args: tuple[Expr, ...],
    line: int,
    body: Callable[[Node], tuple[Stmt, ...]],
) -> Expr | None:
    """What a call with these arguments stands for; None where it is no such helper's.

    ``body`` reads the state machine that TypeScript makes for ES5.
    """
    last = args[-1] if args else None
    if not isinstance(last, Function):
        return None
    if not last.generator and _of_this(listed):
        if len(args) == _AWAITER and (not last.params or isinstance(args[1], Row)):
            # __awaiter(this, void 0, void 0, f): f returns what __generator makes.
            return Call(replace(last, asynchronous=True), _given(args), (), line)
        if len(args) == _GENERATOR and len(last.params) == 1:
            inner = body(named(listed)[-1])
            made = Function("", (), inner, asynchronous=True, generator=True, line=last.line)
            return Call(made, (), (), line)
    if last.generator and len(args) >= _AWAITER_ARGUMENTS:
        # __awaiter(this, void 0, void 0, function* () {…}), esbuild's __async(this, null, …)
        whole = Function("", last.params, last.body, asynchronous=True, line=last.line)
        return Call(whole, _given(args), (), line)
    if last.generator and len(args) == 1:
        return Function("", last.params, last.body, asynchronous=True, line=last.line)
    return None


def in_awaited_chain(callee: Expr, args: tuple[Expr, ...]) -> Await | None:
    """``await (0, module.f)(x).then(…)``, of which the parser takes ``await (0, …)`` for a call.

    It is read from the inside: what was found so far, as awaited, is called once more. None of any
    other call.
    """
    if isinstance(callee, Name) and callee.id == "await" and len(args) == _INDIRECT:
        return Await(args[-1], _UNFINISHED)
    if isinstance(callee, Await) and callee.line == _UNFINISHED:
        return Await(Call(callee.value, args, (), args[0].line if args else 0), _UNFINISHED)
    of = callee.of if isinstance(callee, Member) else None
    if isinstance(callee, Member) and isinstance(of, Await) and of.line == _UNFINISHED:
        return Await(Call(replace(callee, of=of.value), args, (), callee.line), _UNFINISHED)
    return None


def _given(args: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """What ``__awaiter(this, [event], void 0, function* ({ Records }) { … })`` calls it with."""
    return args[1].items if isinstance(args[1], Row) else ()


def _of_this(arguments: Node | None) -> bool:
    """``(this, …)``, or ``(void 0, …)`` where a module has no this; names may be minified."""
    first = named(arguments)[0]
    return first.type == "this" or text_of(first) in {"void 0", "undefined"}
