"""A function's body, gone through once: where a name stands, what it is bound to.

Made when it is first asked for, and kept as long as the program is.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from sqsctl.handlercode.parsing.syntax import (
    Call,
    Expr,
    Function,
    Member,
    Name,
    Row,
    Stmt,
    Table,
    bindings,
    expressions,
    names_in,
    statements,
    within,
)


class Index:
    """Of a body and the functions in it.

    ``mentions`` are the statements that name something, ``counts`` how often, ``bound`` the names
    that the body itself sets, ``values`` what names are set to anywhere in it, ``kept`` the targets
    and values that are members, ``functions`` those that stand in it, ``resolvers`` the names under
    which promises made in it are fulfilled.
    """

    def __init__(self, body: tuple[Stmt, ...]) -> None:
        self.mentions: dict[str, list[Stmt]] = defaultdict(list)
        self.counts: Counter[str] = Counter()
        self.members: dict[str, list[Member]] = defaultdict(list)
        self.values: dict[str, list[tuple[Expr, Expr]]] = defaultdict(list)
        self.kept: list[tuple[Member, Expr]] = []
        self.functions: set[int] = set()
        self.resolvers: set[str] = set()
        for stmt in statements(body):
            named: set[str] = set()
            for expr in expressions(stmt):
                for each in within(expr):
                    self._take(each, named)
            for name in named:
                self.mentions[name].append(stmt)
        for target, value in bindings(body):
            if isinstance(target, Member):
                self.kept.append((target, value))
            else:
                for name in names_in(target):
                    self.values[name].append((target, value))
        self.bound = {
            name
            for target, _ in bindings(body, nested=False)
            if isinstance(target, Name | Table | Row)
            for name in names_in(target)
        }
        own = statements(body, nested=False)
        self.own = {id(each) for each in own}

    def _take(self, expr: Expr, named: set[str]) -> None:
        if isinstance(expr, Name):
            named.add(expr.id)
            self.counts[expr.id] += 1
        elif isinstance(expr, Member):
            self.members[expr.name].append(expr)
        elif isinstance(expr, Function):
            self.functions.add(id(expr))
        elif isinstance(expr, Call) and expr.new and isinstance(expr.callee, Name):
            first = expr.args[0] if expr.callee.id == "Promise" and expr.args else None
            if isinstance(first, Function) and first.params:
                self.resolvers.update(names_in(first.params[0]))
