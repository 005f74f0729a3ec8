"""The helpers that compilers put async functions into, read as the functions they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqsctl.handlercode.parsing.javascript_nodes import named, text_of
from sqsctl.handlercode.parsing.syntax import (
    Await,
    Bind,
    Call,
    Expr,
    Function,
    Member,
    Name,
    Return,
    Row,
    Stmt,
)

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
_KEPT_AND_RETURNED = 2


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
    if len(args) == 1 and _is_machine(last):
        # swc's _async_to_generator(function () { return _ts_generator(this, f) })
        return replace(last, asynchronous=True)
    return None


def delegating(function: Function) -> Function:
    """A function that Babel puts before an async one, as a plain call of it, or as that one.

    ``function f(x) { return _f.apply(this, arguments) }``, and ``function _f() { _f = g; return
    _f.apply(this, arguments) }`` where g is the async function. Any other stays as it is.
    """
    *before, last = function.body or (None,)
    applied = _applied(last)
    if applied is None:
        return function
    if not before:
        body = (Return(Call(applied, function.params, (), function.line), function.line),)
        return replace(function, body=body) if function.params else function
    set_to = before[0].value if len(before) == 1 and isinstance(before[0], Bind) else None
    own = isinstance(applied, Name) and applied.id == function.name
    return replace(set_to, name=function.name) if own and isinstance(set_to, Function) else function


def made_at_once(call: Call) -> Function | None:
    """``function () { var _f = g; return function (x) { return _f.apply(…) } }()``, which is g."""
    made = call.callee
    if not isinstance(made, Function) or call.args or len(made.body) != _KEPT_AND_RETURNED:
        return None
    kept, last = made.body
    given = last.value if isinstance(last, Return) else None
    if not isinstance(kept, Bind) or not isinstance(kept.value, Function):
        return None
    inner = given.body[0] if isinstance(given, Function) and len(given.body) == 1 else None
    called = inner.value if isinstance(inner, Return) else None
    whose = called.callee if isinstance(called, Call) else None
    whose = _applied(inner) or whose
    same = isinstance(whose, Name) and isinstance(kept.target, Name) and whose.id == kept.target.id
    return kept.value if same else None


def _applied(stmt: Stmt | None) -> Expr | None:
    """f of ``return f.apply(this, arguments)``"""
    made = stmt.value if isinstance(stmt, Return) else None
    if not isinstance(made, Call) or not isinstance(made.callee, Member):
        return None
    last = made.args[-1] if made.args else None
    passed_on = isinstance(last, Name) and last.id == "arguments"
    return made.callee.of if passed_on and made.callee.name == "apply" else None


def _is_machine(function: Function) -> bool:
    """Whether a function does no more than make such a state machine."""
    last = function.body[-1] if function.body else None
    made = last.value if isinstance(last, Return) else None
    inner = made.callee if isinstance(made, Call) else None
    return isinstance(inner, Function) and inner.generator and inner.asynchronous


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
