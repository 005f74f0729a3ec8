"""Whether what code learns of a failure gets anywhere: to Lambda, to the caller, to a thrown error.

A catch that only logs is silent. One that puts the record on a list is heard where the list is:
returned as batchItemFailures, thrown about, or given to something that is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqsctl.handlercode import call_names
from sqsctl.handlercode.parsing.source_files import Unit
from sqsctl.handlercode.parsing.syntax import (
    Assign,
    Await,
    Bind,
    Call,
    Choice,
    Constant,
    Do,
    Expr,
    Function,
    Group,
    If,
    Leave,
    Loop,
    Member,
    Name,
    Raise,
    Return,
    Stmt,
    Try,
    names_in,
    parts,
    within,
)
from sqsctl.handlercode.reports import may_report, may_report_name
from sqsctl.handlercode.scopes import Scope, Use, root_of

_DEEP = 6
_CALLBACK_ARGUMENTS = 2


def silent(scope: Scope, body: Iterable[Stmt]) -> bool:
    """Whether nothing that these statements do tells anybody but a log."""
    return all(_silent(scope, stmt) for stmt in body)


def _silent(scope: Scope, stmt: Stmt) -> bool:
    match stmt:
        case Do():
            return quiet(scope, stmt.value)
        case Bind():
            return quiet(scope, stmt.value) and not _bound_is_heard(scope, stmt.target)
        case Return():
            return _silent_return(scope, stmt.value)
        case Raise():
            return False
        case If():
            return silent(scope, (*stmt.then, *stmt.otherwise)) and quiet(scope, stmt.test)
        case Leave():
            return True
        case Loop() | Group():
            return silent(scope, stmt.body)
        case Try():
            after = (*(s for each in stmt.catches for s in each.body), *stmt.final)
            broad = any(call_names.is_broad(each.kinds) for each in stmt.catches)
            return silent(scope.caught() if broad else scope, stmt.body) and silent(scope, after)


def _bound_is_heard(scope: Scope, target: Expr) -> bool:
    if isinstance(target, Name):
        return heard(scope, target.id)
    if (
        isinstance(target, Member)
        and isinstance(target.of, Name)
        and target.of.id not in {"this", "self"}
    ):
        return heard(scope, target.of.id)
    return not isinstance(target, Constant)


def _silent_return(scope: Scope, value: Expr | None) -> bool:
    if value is None or scope.use is Use.DROPPED:
        return value is None or quiet(scope, value)
    if scope.use is Use.ANSWER:
        return not may_report(scope, value) and quiet(scope, value)
    return False


def quiet(scope: Scope, expr: Expr) -> bool:
    """Whether evaluating tells nobody but a log."""
    if not scope.program.step():
        return False
    match expr:
        case Function():
            return True
        case Call():
            return _quiet_call(scope, expr)
        case Assign():
            return quiet(scope, expr.value) and not _bound_is_heard(scope, expr.target)
        case _:
            return all(quiet(scope, each) for each in parts(expr))


def _quiet_call(scope: Scope, call: Call) -> bool:
    args = (*call.args, *(value for _, value in call.keywords))
    callee = call.callee
    if isinstance(callee, Member) and callee.name == "reject":
        return False
    if call_names.tells(call):
        return all(quiet(scope, each) for each in args)
    if scope.catches and isinstance(callee, Member) and callee.name == "result":
        return quiet(scope, callee.of)  # of a future: what it throws is caught
    if _no_error(scope, call) or _fulfils(scope, call):
        return not any(may_report(scope, each) for each in args)
    if isinstance(callee, Member) and callee.name in call_names.COLLECTS:
        root = root_of(callee.of)
        return (
            root is not None and all(quiet(scope, each) for each in args) and not heard(scope, root)
        )
    if call_names.last_of(callee) in call_names.SHAPES or call_names.pure(call):
        return all(quiet(scope, each) for each in (*parts(callee), *args))
    if isinstance(callee, Member) and callee.name in call_names.ITERATES:
        return quiet(scope, callee.of) and all(
            silent(scope.inside(each.body, Use.DROPPED), each.body)
            if isinstance(each, Function)
            else call_names.telling_reference(each)
            for each in args
        )
    own = scope.called(call) if scope.depth < _DEEP else None
    if own is None:
        return False
    unit, function = own
    inner = _scope_of(scope, call, unit, function, Use.DROPPED)
    return silent(inner, function.body) and all(quiet(scope, each) for each in args)


def _no_error(scope: Scope, call: Call) -> bool:
    """``callback(null, …)``, whatever the callback is called: the invocation succeeds."""
    callee = call.callee
    if not isinstance(callee, Name) or not call.args or not call_names.is_nothing(call.args[0]):
        return False
    given = callee.id not in scope.unit.imports and scope.unit.value(callee.id) is None
    return given and len(call.args) <= _CALLBACK_ARGUMENTS


def _fulfils(scope: Scope, call: Call) -> bool:
    """``resolve(…)`` of ``new Promise((resolve) => …)``, whatever it is called."""
    name = call.callee.id if isinstance(call.callee, Name) else ""
    around: Scope | None = scope
    while around is not None and name:
        if name in around.index.resolvers:
            return True
        around = around.around
    return False


def _scope_of(scope: Scope, call: Call, unit: Unit, function: Function, use: Use) -> Scope:
    if call.callee is function:
        return scope.inside(function.body, use)
    return scope.apart(unit, function.body, use)


# --- what a name comes to --------------------------------------------------------------------


def heard(scope: Scope, name: str) -> bool:
    """Whether the name's value is read where it can matter: thrown, tested, returned, given on."""
    if name in scope.seen:
        return False
    if not scope.program.step():
        return True
    scope = scope.known(name)
    if any(_heard_in(scope, stmt, name) for stmt in scope.index.mentions.get(name, ())):
        return True
    if scope.around is not None and _bound_here(scope.around, name):
        return heard(scope.around, name)
    # A variable of the file, or of a function that is not looked into.
    return not _bound_here(scope, name) or scope.unit.value(name) is not None


def _bound_here(scope: Scope, name: str) -> bool:
    return name in scope.index.bound or (
        scope.around is not None and _bound_here(scope.around, name)
    )


def _heard_in(scope: Scope, stmt: Stmt, name: str) -> bool:
    match stmt:
        case Do():
            return not _gone_through_for_a_log(scope, stmt.value) and carries(
                scope, stmt.value, name
            )
        case Bind():
            if not carries(scope, stmt.value, name):
                return False
            if isinstance(stmt.target, Member):
                root = root_of(stmt.target)
                return root is None or may_report_name(scope, root) or heard(scope, root)
            return any(heard(scope, each) for each in names_in(stmt.target))
        case Return():
            return bool(stmt.value) and _returned(scope, stmt, name)
        case Raise():
            return bool(stmt.value) and _mentions(stmt.value, name)
        case If():
            return _mentions(stmt.test, name) and not silent(scope, (*stmt.then, *stmt.otherwise))
        case Loop():
            return (
                stmt.over is not None
                and carries(scope, stmt.over, name)
                and not silent(scope, stmt.body)
            )
        case _:
            return False


def _gone_through_for_a_log(scope: Scope, expr: Expr) -> bool:
    """``results.map((r) => { … })`` whose value nobody takes, and that only tells of each."""
    call = expr.value if isinstance(expr, Await) else expr
    if not isinstance(call, Call) or call_names.last_of(call.callee) not in call_names.ITERATES:
        return False
    given = call.args[0] if call.args else None
    if not isinstance(given, Function) or len(call.args) > 1:
        return False
    return silent(scope.inside(given.body, Use.DROPPED), given.body)


def _returned(scope: Scope, stmt: Return, name: str) -> bool:
    if stmt.value is None or not carries(scope, stmt.value, name):
        return False
    if id(stmt) not in scope.index.own:
        return True  # of a function inside: whoever calls it
    if scope.use is Use.ANSWER:
        return may_report(scope, stmt.value)
    return scope.use is not Use.DROPPED


def _mentions(expr: Expr | None, name: str) -> bool:
    return expr is not None and any(
        isinstance(each, Name) and each.id == name for each in within(expr)
    )


def carries(scope: Scope, expr: Expr, name: str) -> bool:
    """Whether the name's value gets out of an expression to anything but a log."""
    if not scope.program.step():
        return True
    match expr:
        case Name():
            return expr.id == name
        case Call():
            return _call_carries(scope, expr, name)
        case Assign():
            if not carries(scope, expr.value, name):
                return False
            target = expr.target
            return not isinstance(target, Name) or heard(scope, target.id)
        case Choice():
            if expr.test and _mentions(expr.test, name):
                return not all(_only_tells(scope, each) for each in expr.options)
            return any(carries(scope, each, name) for each in expr.options)
        case _:
            return any(carries(scope, each, name) for each in parts(expr))


def _only_tells(scope: Scope, expr: Expr) -> bool:
    """``x && console.error(x)``: what is chosen is said or kept, and no value."""
    return isinstance(expr, Call | Assign) and quiet(scope, expr)


def _call_carries(scope: Scope, call: Call, name: str) -> bool:
    callee = call.callee
    if call_names.tells(call):
        return False
    args = (*call.args, *(value for _, value in call.keywords))
    if isinstance(callee, Member):
        if callee.name in call_names.COLLECTS and root_of(callee.of) == name:
            return any(carries(scope, each, name) for each in args)
        if callee.name in call_names.COLLECTS and any(carries(scope, each, name) for each in args):
            root = root_of(callee.of)
            return root is None or heard(scope, root)
        if callee.name in {"forEach", "map", "filter"} and carries(scope, callee.of, name):
            given = [each for each in args if isinstance(each, Function)]
            if callee.name == "forEach" and given:
                return not silent(scope.inside(given[0].body, Use.DROPPED), given[0].body)
            return True
    return any(carries(scope, each, name) for each in (*parts(callee), *args))
