"""TypeScript's async functions as compiled for ES5: a switch over the labels of a state machine.

``return [4, x]`` waits for x, whose value the next state has as ``_a.sent()``; ``[2, x]`` returns,
``[3, n]`` goes to a label, backwards in a loop; ``_a.trys.push([from, catch, finally, end])`` opens
a try. Read back as what it was compiled from, its conditions apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqsctl.handlercode.parsing.javascript_nodes import in_sequence, line_of, named, text_of
from sqsctl.handlercode.parsing.syntax import (
    NOTHING,
    Assign,
    Await,
    Bind,
    Call,
    Catch,
    Constant,
    Do,
    Expr,
    Group,
    If,
    Loop,
    Member,
    Name,
    Return,
    Row,
    Stmt,
    Try,
    within,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_RETURNS, _GOES, _WAITS = "2", "3", "4"
_MOST_STATES = 400
# Where a value is that an expression goes on with: of no variable, so that it counts as used.
_KEPT = Member(NOTHING, "sent")


@dataclass(slots=True)
class _State:
    label: int
    line: int
    body: list[Stmt] = field(default_factory=list)
    tries: list[tuple[int | None, ...]] = field(default_factory=list)
    goes_to: list[int] = field(default_factory=list)
    waits_for: Expr | None = None


def machine(
    node: Node, statement: Callable[[Node], list[Stmt]], expression: Callable[[Node], Expr]
) -> tuple[Stmt, ...]:
    """The body that the function of a ``__generator`` stands for."""
    body = node.child_by_field_name("body")
    switch = next((each for each in named(body) if each.type == "switch_statement"), None)
    states: list[_State] = []
    reader = _Reader(statement, expression)
    if switch is None:
        states.append(reader.state(0, named(body), line_of(node)))
    else:
        for case in named(switch.child_by_field_name("body"))[:_MOST_STATES]:
            value = case.child_by_field_name("value")
            label = int(text_of(value)) if text_of(value).isdigit() else len(states)
            inner = [each for each in named(case) if each != value]
            states.append(reader.state(label, inner, line_of(case)))
    return tuple(_Builder(states).block(0, len(states), frozenset()))


class _Reader:
    def __init__(
        self, statement: Callable[[Node], list[Stmt]], expression: Callable[[Node], Expr]
    ) -> None:
        self._statement = statement
        self._expression = expression
        self._waited: Expr | None = None

    def state(self, label: int, nodes: list[Node], line: int) -> _State:
        made = _State(label, line)
        for node in nodes:
            made.body += self._read(made, node)
        self._waited = made.waits_for
        return made

    def _read(self, state: _State, node: Node) -> list[Stmt]:
        if node.type == "return_statement":
            return self._returned(state, node)
        if node.type == "expression_statement" and named(node):
            parts = in_sequence(named(node)[0])
            return [each for part in parts for each in self._done(state, part)]
        if node.type == "if_statement":
            test = node.child_by_field_name("condition")
            then = node.child_by_field_name("consequence")
            inner = named(then) if then and then.type == "statement_block" else [then]
            body = [s for each in inner if each for s in self._read(_State(0, 0), each)]
            value = self._expression(test) if test else Name("")
            return [*self._before(value), If(self._sent(value), tuple(body), (), line_of(node))]
        return [
            each
            for made in self._statement(node)
            for one in _plain(made)
            for each in self._resumed(one)
        ]

    def _done(self, state: _State, node: Node) -> list[Stmt]:
        """An expression that stands as a statement."""
        text = text_of(node)
        if ".trys.push(" in text[:80]:
            numbers = text[text.find("[") + 1 : text.find("]")].split(",")
            state.tries.append(tuple(int(n) if n.strip().isdigit() else None for n in numbers))
            return []
        value = self._expression(node)
        if isinstance(value, Assign):
            return self._resumed(Bind(value.target, value.value, value.line))
        return self._resumed(Do(value, line_of(node)))

    def _returned(self, state: _State, node: Node) -> list[Stmt]:
        return self._answered(state, named(node)[0]) if named(node) else []

    def _answered(self, state: _State, node: Node) -> list[Stmt]:
        """``a(), [4, b]``, and as minified ``c ? [4, b] : [3, 2]``."""
        *before, last = in_sequence(node)
        done = [each for part in before for each in self._done(state, part)]
        while last.type == "parenthesized_expression" and named(last):
            last = named(last)[0]
        if last.type != "ternary_expression":
            return [*done, *self._answer(state, last)]
        test, yes, no = named(last)[:3]
        value = self._expression(test)
        chosen = [tuple(self._answered(state, each)) for each in (yes, no)]
        return [*done, If(value, chosen[0], chosen[1], line_of(last))]

    def _answer(self, state: _State, node: Node) -> list[Stmt]:
        parts = named(node) if node.type == "array" else []
        kind = text_of(parts[0]) if parts else ""
        value = self._expression(parts[1]) if len(parts) > 1 else None
        line = line_of(node)
        if kind == _RETURNS:
            before = self._before(value) if value else []
            return [*before, Return(self._sent(value) if value else None, line)]
        if kind == _GOES and len(parts) > 1 and text_of(parts[1]).isdigit():
            state.goes_to.append(int(text_of(parts[1])))
        elif kind == _WAITS and value is not None:
            before = self._before(value)
            state.waits_for = self._sent(value)
            return before
        return []

    def _resumed(self, stmt: Stmt) -> list[Stmt]:
        """A statement with what was waited for in its place."""
        match stmt:
            case Bind(target=Member(name="label")):
                return []
            case Do():
                if _is_sent(stmt.value):
                    return self._taken(stmt.line)
                return [*self._before(stmt.value), stmt]
            case Bind():
                return [
                    *self._before(stmt.value),
                    Bind(stmt.target, self._sent(stmt.value), stmt.line),
                ]
            case _:
                return [stmt]

    def _before(self, expr: Expr) -> list[Stmt]:
        """Where what was waited for is a part of an expression, it is waited for before."""
        if _is_sent(expr) or not any(_is_sent(each) for each in within(expr)):
            return []
        waited, self._waited = self._waited, None
        return [Bind(_KEPT, Await(waited, expr.line), waited.line)] if waited is not None else []

    def _taken(self, line: int) -> list[Stmt]:
        waited, self._waited = self._waited, None
        return [Do(Await(waited, line), waited.line)] if waited is not None else []

    def _sent(self, expr: Expr) -> Expr:
        if not _is_sent(expr) or self._waited is None:
            return expr
        waited, self._waited = self._waited, None
        return Await(waited, waited.line)


def _plain(stmt: Stmt) -> list[Stmt]:
    """A statement with the machine's own returns inside it as what they are."""
    match stmt:
        case Return(value=Row(items=items)) if items and isinstance(items[0], Constant):
            given = items[1] if len(items) > 1 else None
            kind = str(items[0].value)
            if kind == _RETURNS:
                return [Return(given, stmt.line)]
            return [Do(Await(given, stmt.line), stmt.line)] if kind == _WAITS and given else []
        case If():
            return [If(stmt.test, _all_plain(stmt.then), _all_plain(stmt.otherwise), stmt.line)]
        case Group():
            return [Group(_all_plain(stmt.body), stmt.line)]
        case Loop():
            return [Loop(stmt.over, stmt.each, _all_plain(stmt.body), stmt.line)]
        case _:
            return [stmt]


def _all_plain(body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    return tuple(each for stmt in body for each in _plain(stmt))


def _is_sent(expr: Expr) -> bool:
    return (
        isinstance(expr, Call)
        and isinstance(expr.callee, Member)
        and expr.callee.name == "sent"
        and not expr.args
    )


class _Builder:
    """Puts the states back into loops and tries."""

    def __init__(self, states: list[_State]) -> None:
        self._states = states
        self._at = {each.label: index for index, each in enumerate(states)}

    def block(self, start: int, stop: int, open_: frozenset[tuple[str, int, int]]) -> list[Stmt]:
        made: list[Stmt] = []
        index = start
        while index < stop:
            found = self._opens(index, stop, open_)
            if found is None:
                state = self._states[index]
                made += state.body
                if state.waits_for is not None and not self._is_taken(index):
                    made.append(Do(Await(state.waits_for, state.line), state.waits_for.line))
                index += 1
                continue
            key, end, numbers = found
            kind, inner = key[0], open_ | {key}
            line = self._states[index].line
            if kind == "loop":
                made.append(
                    Loop(self._over(index), None, tuple(self.block(index, end, inner)), line)
                )
            else:
                made.append(self._try(index, end, numbers, inner))
            index = end
        return made

    def _opens(
        self, index: int, stop: int, open_: frozenset[tuple[str, int, int]]
    ) -> tuple[tuple[str, int, int], int, tuple[int | None, ...]] | None:
        """The widest loop or try that begins here and is not open yet."""
        label = self._states[index].label
        found: list[tuple[int, str, tuple[int | None, ...]]] = []
        found += [
            (number + 1, "loop", ())
            for number, state in enumerate(self._states[index:stop], start=index)
            if label in state.goes_to
        ]
        for numbers in self._states[index].tries:
            found.append((self._at.get(numbers[-1] or -1, stop), "try", numbers))
        for end, kind, numbers in sorted(found, key=lambda each: -each[0]):
            key = (kind, index, end)
            if key not in open_ and end > index:
                return key, min(end, stop), numbers
        return None

    def _try(
        self,
        index: int,
        end: int,
        numbers: tuple[int | None, ...],
        open_: frozenset[tuple[str, int, int]],
    ) -> Try:
        known = [self._at.get(each) if each is not None else None for each in (*numbers, None)]
        catch, final = known[1], known[2] if len(numbers) > 3 else None
        body_end = next((each for each in (catch, final) if each is not None), end)
        body = self.block(index, min(body_end, end), open_)
        catches: tuple[Catch, ...] = ()
        if catch is not None:
            caught = self.block(catch, final if final is not None else end, open_)
            param = ""
            first = caught[0] if caught else None
            if isinstance(first, Bind) and _is_sent(first.value) and isinstance(first.target, Name):
                param, caught = first.target.id, caught[1:]
            catches = (Catch((), param, tuple(caught), self._states[catch].line),)
        ended = tuple(self.block(final, end, open_)) if final is not None else ()
        return Try(tuple(body), catches, ended, self._states[index].line)

    def _over(self, index: int) -> Expr | None:
        """What ``if (!(i < x.length)) return [3, …]`` at a loop's begin goes through."""
        for stmt in self._states[index].body:
            if isinstance(stmt, If):
                for each in within(stmt.test):
                    if isinstance(each, Member) and each.name == "length":
                        return each.of
        return None

    def _is_taken(self, index: int) -> bool:
        """Whether the next state has what this one waits for."""
        waited = self._states[index].waits_for
        following = self._states[index + 1] if index + 1 < len(self._states) else None
        return following is not None and any(
            isinstance(each, Await) and each.value is waited
            for stmt in following.body
            for value in (getattr(stmt, "value", None), getattr(stmt, "test", None))
            if value is not None
            for each in within(value)
        )
