"""Python as the small tree. Raises what ``ast`` raises on text that is no Python."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable

from sqsctl.handlercode.parsing.source_files import Unit
from sqsctl.handlercode.parsing.syntax import (
    NOTHING,
    Assign,
    Await,
    Bind,
    Call,
    Catch,
    Choice,
    Class,
    Constant,
    Do,
    Expr,
    Function,
    Group,
    If,
    Imported,
    Item,
    Leave,
    Loop,
    Member,
    Name,
    Other,
    Raise,
    Rest,
    Return,
    Row,
    Stmt,
    Table,
    Try,
)

_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef)


def parsed(text: str) -> ast.Module:
    """The source's syntax tree. Raises what ``ast.parse`` raises of hostile text; warns of none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def python_unit(path: str, text: str) -> Unit:
    """A module's functions, classes, values and imports."""
    tree = parsed(text)
    unit = Unit(path)
    for node in _top(tree.body):
        if isinstance(node, _DEFINITION):
            unit.values[node.name] = _function(node)
        elif isinstance(node, ast.ClassDef):
            unit.classes[node.name] = made = _class(node)
            unit.methods[node.name] = frozenset(made.methods)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    unit.values[target.id] = _expr(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            unit.values[node.target.id] = _expr(node.value)
    for each in ast.walk(tree):
        if isinstance(each, ast.Import):
            for alias in each.names:
                name = alias.asname or alias.name.partition(".")[0]
                unit.imports[name] = Imported(alias.name if alias.asname else name, "")
        elif isinstance(each, ast.ImportFrom):
            for alias in each.names:
                unit.imports[alias.asname or alias.name] = Imported(
                    each.module or "", alias.name, each.level
                )
    return unit


def _top(body: Iterable[ast.stmt]) -> list[ast.stmt]:
    """Statements that run at import, those of its ``if`` and ``try``, too."""
    found: list[ast.stmt] = []
    for node in body:
        found.append(node)
        if isinstance(node, ast.If | ast.Try | ast.With):
            found += _top(node.body)
    return found


def _class(node: ast.ClassDef) -> Class:
    return Class(
        {
            each.name: _function(each, method=True)
            for each in node.body
            if isinstance(each, _DEFINITION)
        },
        tuple(each.id for each in node.bases if isinstance(each, ast.Name)),
    )


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, *, method: bool = False) -> Function:
    static = any(isinstance(e, ast.Name) and e.id == "staticmethod" for e in node.decorator_list)
    return Function(
        node.name,
        _params(node.args),
        _body(node.body),
        asynchronous=isinstance(node, ast.AsyncFunctionDef),
        method=method and not static,
        decorators=tuple(_expr(each) for each in node.decorator_list),
        line=node.lineno,
    )


def _params(args: ast.arguments) -> tuple[Expr, ...]:
    given = tuple(Name(each.arg) for each in (*args.posonlyargs, *args.args))
    rest = (Rest(Name(args.vararg.arg)),) if args.vararg else ()
    return (*given, *rest, *(Name(each.arg) for each in args.kwonlyargs))


def _body(body: Iterable[ast.stmt]) -> tuple[Stmt, ...]:
    return tuple(each for node in body for each in _stmt(node))


def _stmt(node: ast.stmt) -> tuple[Stmt, ...]:  # noqa: PLR0912 - an arm for each kind
    line = node.lineno
    match node:
        case ast.Expr():
            return (Do(_expr(node.value), line),)
        case ast.Assign():
            value = _expr(node.value)
            return tuple(Bind(_expr(target), value, line) for target in node.targets)
        case ast.AnnAssign():
            return (Bind(_expr(node.target), _expr(node.value), line),) if node.value else ()
        case ast.AugAssign():
            target = _expr(node.target)
            return (Bind(target, Other((target, _expr(node.value)), line), line),)
        case ast.Return():
            return (Return(_expr(node.value) if node.value else None, line),)
        case ast.Raise():
            return (Raise(_expr(node.exc) if node.exc else None, line),)
        case ast.Assert():
            return (If(_expr(node.test), (), (Raise(None, line),), line),)
        case ast.For() | ast.AsyncFor():
            loop = Loop(_expr(node.iter), _expr(node.target), _body(node.body), line)
            return (loop, *_body(node.orelse))
        case ast.While():
            return (Loop(None, None, _body(node.body), line), *_body(node.orelse))
        case ast.If():
            return (If(_expr(node.test), _body(node.body), _body(node.orelse), line),)
        case ast.With() | ast.AsyncWith():
            return _with(node)
        case ast.Try() | ast.TryStar():
            return _try(node)
        case ast.Match():
            cases = tuple(Group(_body(case.body), line) for case in node.cases)
            return (If(_expr(node.subject), cases, (), line),)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return (Bind(Name(node.name, line), _function(node), line),)
        case ast.Break() | ast.Continue():
            return (Leave(isinstance(node, ast.Break), line),)
        case _:
            return ()


def _with(node: ast.With | ast.AsyncWith) -> tuple[Stmt, ...]:
    """``with suppress(…)`` is a try that catches."""
    before: list[Stmt] = []
    suppressed: list[str] | None = None
    for item in node.items:
        made = _expr(item.context_expr)
        called = made.callee if isinstance(made, Call) else None
        if isinstance(called, Name | Member) and _last(called) == "suppress":
            suppressed = [_last(each) for each in made.args] if isinstance(made, Call) else []
        elif item.optional_vars:
            before.append(Bind(_expr(item.optional_vars), made, node.lineno))
        else:
            before.append(Do(made, node.lineno))
    body = _body(node.body)
    if suppressed is not None:
        caught = Catch(tuple(suppressed), "", (), node.lineno)
        return (*before, Try(body, (caught,), (), node.lineno))
    return (*before, Group(body, node.lineno))


def _try(node: ast.Try | ast.TryStar) -> tuple[Stmt, ...]:
    catches = tuple(
        Catch(_kinds(each.type), each.name or "", _body(each.body), each.lineno)
        for each in node.handlers
    )
    made = Try(_body(node.body), catches, _body(node.finalbody), node.lineno)
    return (made, *_body(node.orelse))


def _kinds(node: ast.expr | None) -> tuple[str, ...]:
    if node is None:
        return ()
    each = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(_last(_expr(kind)) for kind in each)


def _last(expr: Expr) -> str:
    return expr.id if isinstance(expr, Name) else expr.name if isinstance(expr, Member) else ""


def _expr(node: ast.AST | None) -> Expr:  # noqa: PLR0912 - an arm for each kind
    line = getattr(node, "lineno", 0)
    match node:
        case None:
            return NOTHING
        case ast.Name():
            return Name(node.id, line)
        case ast.Constant():
            known = node.value if isinstance(node.value, str | int | float) else None
            return Constant(known, line)
        case ast.Attribute():
            return Member(_expr(node.value), node.attr, node.end_lineno or line)
        case ast.Subscript():
            of, index = _expr(node.value), _expr(node.slice)
            if isinstance(index, Constant) and isinstance(index.value, str):
                return Member(of, index.value, line, item=True)
            return of if isinstance(node.slice, ast.Slice) else Item(of, index, line)
        case ast.Call():
            return _call(node)
        case ast.Dict():
            keys = [_expr(key) if key else NOTHING for key in node.keys]
            texts = [str(k.value) if isinstance(k, Constant) and k.value else "" for k in keys]
            values = [_expr(each) for each in node.values]
            return Table(tuple(zip(texts, values, strict=True)), line)
        case ast.List() | ast.Tuple() | ast.Set():
            return Row(tuple(_expr(each) for each in node.elts), line)
        case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
            return _comprehension(_expr(node.elt), node.generators, line)
        case ast.DictComp():
            both = Other((_expr(node.key), _expr(node.value)), line)
            return _comprehension(both, node.generators, line)
        case ast.Lambda():
            body = (Return(_expr(node.body), line),)
            return Function("", _params(node.args), body, line=line)
        case ast.Await():
            return Await(_expr(node.value), line)
        case ast.Starred():
            inner = _expr(node.value)
            return Rest(inner, line) if isinstance(node.ctx, ast.Store) else inner
        case ast.IfExp():
            return Choice(_expr(node.test), (_expr(node.body), _expr(node.orelse)), line)
        case ast.BoolOp():
            values = [_expr(each) for each in node.values]
            if isinstance(node.op, ast.And):
                return Choice(Other(tuple(values[:-1]), line), (values[-1],), line)
            return Choice(None, tuple(values), line)
        case ast.NamedExpr():
            return Assign(_expr(node.target), _expr(node.value), line)
        case ast.AST():
            found = [e for e in ast.iter_child_nodes(node) if isinstance(e, ast.expr | ast.keyword)]
            return Other(
                tuple(
                    _expr(getattr(e, "value", e)) if isinstance(e, ast.keyword) else _expr(e)
                    for e in found
                ),
                line,
            )


def _call(node: ast.Call) -> Expr:
    callee = _expr(node.func)
    args = tuple(_expr(each) for each in node.args)
    if isinstance(callee, Member) and callee.name == "get" and args:
        key = args[0]
        if isinstance(key, Constant) and isinstance(key.value, str) and len(args) <= 2:
            return Member(callee.of, key.value, callee.line, item=True, maybe=True)
    keywords = tuple((each.arg or "", _expr(each.value)) for each in node.keywords)
    line = callee.line if isinstance(callee, Member) else node.lineno
    return Call(callee, args, keywords, line)


def _comprehension(made: Expr, generators: list[ast.comprehension], line: int) -> Expr:
    """``[f(x) for x in y]`` is ``y.map(x => f(x))``."""
    for each in reversed(generators):
        body: tuple[Stmt, ...] = (Return(made, line),)
        for test in each.ifs:
            body = (If(_expr(test), body, (), line),)
        inner = Function("", (_expr(each.target),), body, line=line)
        made = Call(Member(_expr(each.iter), "map", line), (inner,), (), line)
    return made
