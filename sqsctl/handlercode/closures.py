"""The functions that an expression stands for, with the values around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqsctl.handlercode.frames import Closure, Frame, Value
from sqsctl.handlercode.parsing.syntax import Bind, Call, Expr, Function, Member, Name, Return
from sqsctl.handlercode.scopes import Use, own_function

if TYPE_CHECKING:
    from sqsctl.handlercode.walker import Walker


def own_closure(walker: Walker, frame: Frame, callee: Expr) -> Closure | None:
    """The program's own function, or one that was given by its caller."""
    if isinstance(callee, Function):
        return Closure(frame.unit, callee, frame.env)
    if isinstance(callee, Name) and callee.id in frame.env:
        known = frame.env[callee.id]
        return known if isinstance(known, Closure) else None
    if isinstance(callee, Call):
        made = walker.value(frame, callee, Use.USED)
        return made if isinstance(made, Closure) else None
    found = own_function(walker.program, frame.unit, callee)
    return Closure(found[0], found[1], {}) if found else None


def asynchronous(walker: Walker, closure: Closure, deep: int = 3) -> bool:
    """Whether a call of it is a promise: an async function, or one that returns such a call."""
    function = closure.function
    if function.asynchronous:
        return True
    only = function.body[0] if len(function.body) == 1 else None
    if not isinstance(only, Return) or not isinstance(only.value, Call) or not deep:
        return False
    callee = only.value.callee
    if isinstance(callee, Member) and callee.name in {"then", "catch", "promise"}:
        return True
    own = own_function(walker.program, closure.unit, callee)
    return own is not None and asynchronous(walker, Closure(own[0], own[1], {}), deep - 1)


def returned_closure(own: Closure, args: list[Value]) -> Closure | None:
    """A function that makes a function: ``const wrap = (f) => async (event) => f(event)``."""
    last = own.function.body[-1] if own.function.body else None
    value = last.value if isinstance(last, Return) else None
    if isinstance(value, Name):
        bound = [
            each.value
            for each in own.function.body
            if isinstance(each, Bind)
            and isinstance(each.target, Name)
            and each.target.id == value.id
        ]
        value = bound[-1] if bound else value
    if not isinstance(value, Function):
        return None
    env: dict[str, Value] = dict(own.env)
    params = own.function.params[1:] if own.function.method else own.function.params
    for index, param in enumerate(params):
        if isinstance(param, Name):
            env[param.id] = args[index] if index < len(args) else None
    return Closure(own.unit, value, env)
