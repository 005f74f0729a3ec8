"""The helpers that compilers put async functions into, read as the functions they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqsctl.handlercode.parsing.javascript_nodes import named, text_of
from sqsctl.handlercode.parsing.syntax import Call, Expr, Function, Stmt

if TYPE_CHECKING:
    from tree_sitter import Node

# Without ``this`` and arguments, an async function's body is such a generator's.
_AWAITER_ARGUMENTS = 2
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
        if len(args) == _AWAITER and not last.params:
            # __awaiter(this, void 0, void 0, f): f returns what __generator makes.
            return Call(replace(last, asynchronous=True), (), (), line)
        if len(args) == _GENERATOR and len(last.params) == 1:
            made = Function("", (), body(named(listed)[-1]), asynchronous=True, line=last.line)
            return Call(made, (), (), line)
    if last.generator and len(args) >= _AWAITER_ARGUMENTS:
        # __awaiter(this, void 0, void 0, function* () {…}), esbuild's __async(this, null, …)
        whole = Function("", (), last.body, asynchronous=True, line=last.line)
        return Call(whole, (), (), line)
    if last.generator and len(args) == 1:
        return Function("", last.params, last.body, asynchronous=True, line=last.line)
    return None


def _of_this(arguments: Node | None) -> bool:
    """``(this, …)``, or ``(void 0, …)`` where a module has no this; names may be minified."""
    first = named(arguments)[0]
    return first.type == "this" or text_of(first) in {"void 0", "undefined"}
