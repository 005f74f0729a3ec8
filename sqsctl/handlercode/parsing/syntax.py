"""The small language that Python and JavaScript are read into.

Only what tells where a record goes and where an error ends is kept apart; everything else is
``Other`` with its parts. Nodes are told apart by identity. Lines count from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    id: str
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A text, a number, None; of a text with places in it, the text is empty."""

    value: str | int | float | None
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """``of.name``, ``of["name"]`` and Python's ``of.get("name")``.

    ``maybe``: nothing, and no error, where it is not there: ``of?.name``, ``of.get("name")``.
    """

    of: Expr
    name: str
    line: int = 0
    item: bool = False
    maybe: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    of: Expr
    index: Expr
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """``new X(…)`` is a call, too. ``keywords`` are Python's."""

    callee: Expr
    args: tuple[Expr, ...] = ()
    keywords: tuple[tuple[str, Expr], ...] = ()
    line: int = 0
    new: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """An object or dict; a key is empty where it is computed or spread. Also a pattern."""

    entries: tuple[tuple[str, Expr], ...]
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """An array, list or tuple; also a pattern."""

    items: tuple[Expr, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """``...rest`` and ``*rest`` in a pattern."""

    target: Expr
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Await:
    value: Expr
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of the options: ``a ? b : c``, ``a && b`` (the test is a), ``a || b``."""

    test: Expr | None
    options: tuple[Expr, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    target: Expr
    value: Expr
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    parts: tuple[Expr, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """``method``: its first parameter is the object. ``generator``: what async compiles to.

    A ``generator`` that is asynchronous was put together from a state machine's jumps.
    """

    name: str
    params: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    asynchronous: bool = False
    generator: bool = False
    method: bool = False
    decorators: tuple[Expr, ...] = ()
    line: int = 0


Expr = (
    Name
    | Constant
    | Member
    | Item
    | Call
    | Table
    | Row
    | Rest
    | Await
    | Choice
    | Assign
    | Other
    | Function
)


@dataclass(frozen=True, slots=True, eq=False)
class Do:
    value: Expr
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Bind:
    target: Expr
    value: Expr
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Return:
    value: Expr | None
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Raise:
    value: Expr | None
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """``over`` is what it goes through, by element or by index; None for any other loop."""

    over: Expr | None
    each: Expr | None
    body: tuple[Stmt, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Catch:
    """``kinds`` are the classes it catches; none is all."""

    kinds: tuple[str, ...]
    param: str
    body: tuple[Stmt, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    body: tuple[Stmt, ...]
    catches: tuple[Catch, ...]
    final: tuple[Stmt, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class If:
    test: Expr
    then: tuple[Stmt, ...]
    otherwise: tuple[Stmt, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Leave:
    """``break`` or ``continue``."""

    ends: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    body: tuple[Stmt, ...]
    line: int = 0


Stmt = Do | Bind | Return | Raise | Loop | Try | If | Leave | Group

NOTHING = Constant(None)


@dataclass(frozen=True, slots=True)
class Imported:
    """Where a name comes from; ``name`` is empty for a whole module."""

    module: str
    name: str
    level: int = 0


@dataclass(slots=True)
class Class:
    """What is callable on an object; ``bases`` are the classes it inherits from, by name."""

    methods: dict[str, Function] = field(default_factory=dict)
    bases: tuple[str, ...] = ()


def parts(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly in one; none of a function."""
    match expr:
        case Member():
            return (expr.of,)
        case Item():
            return (expr.of, expr.index)
        case Call():
            return (expr.callee, *expr.args, *(value for _, value in expr.keywords))
        case Table():
            return tuple(value for _, value in expr.entries)
        case Row():
            return expr.items
        case Rest():
            return (expr.target,)
        case Await():
            return (expr.value,)
        case Choice():
            return (*((expr.test,) if expr.test else ()), *expr.options)
        case Assign():
            return (expr.target, expr.value)
        case Other():
            return expr.parts
        case _:
            return ()


def within(expr: Expr) -> Iterator[Expr]:
    """The expression and all in it, not what functions in it hold."""
    queue = [expr]
    while queue:
        each = queue.pop()
        yield each
        queue += parts(each)


def expressions(stmt: Stmt) -> tuple[Expr, ...]:
    """The expressions that stand directly in a statement."""
    match stmt:
        case Do():
            return (stmt.value,)
        case Bind():
            return (stmt.target, stmt.value)
        case Return() | Raise():
            return (stmt.value,) if stmt.value else ()
        case Loop():
            return (stmt.over,) if stmt.over else ()
        case If():
            return (stmt.test,)
        case _:
            return ()


def blocks(stmt: Stmt) -> tuple[tuple[Stmt, ...], ...]:
    """The blocks of a statement."""
    match stmt:
        case Loop() | Group():
            return (stmt.body,)
        case Try():
            return (stmt.body, *(each.body for each in stmt.catches), stmt.final)
        case If():
            return (stmt.then, stmt.otherwise)
        case _:
            return ()


def statements(body: tuple[Stmt, ...], *, nested: bool = True) -> Iterator[Stmt]:
    """All statements of a body; with ``nested`` those of the functions in it, too."""
    for stmt in body:
        yield stmt
        for block in blocks(stmt):
            yield from statements(block, nested=nested)
        if nested:
            for expr in expressions(stmt):
                for each in within(expr):
                    if isinstance(each, Function):
                        yield from statements(each.body)


def everything(body: tuple[Stmt, ...]) -> Iterator[Expr]:
    """All expressions of a body and of the functions in it."""
    for stmt in statements(body):
        for expr in expressions(stmt):
            yield from within(expr)


def names_in(pattern: Expr) -> tuple[str, ...]:
    """The names that a pattern binds."""
    return tuple(each.id for each in within(pattern) if isinstance(each, Name))


def bindings(body: tuple[Stmt, ...], *, nested: bool = True) -> Iterator[tuple[Expr, Expr]]:
    """Targets and values of all that is set in a body."""
    for stmt in statements(body, nested=nested):
        if isinstance(stmt, Bind):
            yield stmt.target, stmt.value
        for expr in expressions(stmt):
            for each in within(expr):
                if isinstance(each, Assign):
                    yield each.target, each.value
