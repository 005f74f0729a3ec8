"""Small edits of a handler's source in whole lines: what stands there, and what to write instead.

Only what can be said for sure from the source is rewritten: where it cannot be, there is no edit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqsctl.handlercode.parsing.from_python import parsed
from sqsctl.handlercode.parsing.javascript_nodes import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_BYTES = 200_000
_PYTHON_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_LEAVING = {"return_statement", "break_statement"}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """From ``line`` on (the first is 1) ``lines`` take the place of ``replaces``."""

    line: int
    replaces: tuple[str, ...]
    lines: tuple[str, ...]


def go_on(path: str, text: str, line: int) -> Rewrite | None:
    """``continue`` instead of the return or break that leaves the loop over the records."""
    for span in _leaving(path, text, line):
        return _with(text, span, "continue;" if _javascript(path) else "continue")
    return None


def own_body(path: str, text: str, line: int) -> Rewrite | None:
    """The record's body instead of the event's, in a loop over the event's records."""
    for span, record in _bodies_of_events(path, text, line):
        return _with(text, span, f"{record}.body" if _javascript(path) else f'{record}["body"]')
    return None


@dataclass(frozen=True, slots=True)
class _Span:
    """First line and column, last line and column behind it; lines from 1, columns in bytes."""

    line: int
    column: int
    end_line: int
    end_column: int


def _with(text: str, span: _Span, instead: str) -> Rewrite | None:
    lines = text.splitlines()
    if span.end_line > len(lines):
        return None
    replaces = lines[span.line - 1 : span.end_line]
    before = replaces[0].encode()[: span.column].decode("utf-8", "replace")
    after = replaces[-1].encode()[span.end_column :].decode("utf-8", "replace")
    return Rewrite(span.line, tuple(replaces), (f"{before}{instead}{after}".rstrip(),))


def _javascript(path: str) -> bool:
    return path.endswith((".js", ".cjs", ".mjs"))


def _leaving(path: str, text: str, line: int) -> Iterator[_Span]:
    if _javascript(path):
        for node in _nodes(text, line):
            if node.type in _LEAVING and node.start_point[0] + 1 == line:
                yield _span_of(node)
        return
    for each, parents in _python_nodes(path, text):
        if not isinstance(each, ast.Return | ast.Break) or each.lineno != line:
            continue
        inner = next((p for p in parents if isinstance(p, (*_LOOPS, *_PYTHON_FUNCTIONS))), None)
        if isinstance(inner, _LOOPS):
            yield _python_span(each)


def _bodies_of_events(path: str, text: str, line: int) -> Iterator[tuple[_Span, str]]:
    """Where a line reads the event's body, and what the record is called there."""
    if _javascript(path):
        for node in _nodes(text, line):
            if node.start_point[0] + 1 != line or node.type != "member_expression":
                continue
            field = text_of(node.child_by_field_name("property"))
            owner = text_of(node.child_by_field_name("object"))
            record = _javascript_record(node, owner)
            if field == "body" and record:
                yield _span_of(node), record
        return
    for each, parents in _python_nodes(path, text):
        owner = _python_body(each)
        if not owner or not isinstance(each, ast.expr) or each.lineno != line:
            continue
        for parent in parents:
            if isinstance(parent, _PYTHON_FUNCTIONS):
                break
            if isinstance(parent, ast.For) and isinstance(parent.target, ast.Name):
                if _python_field(parent.iter, "Records") == owner:
                    yield _python_span(each), parent.target.id
                break


# -- Python ------------------------------------------------------------------------------------


def _python_nodes(path: str, text: str) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Each node with those around it, the innermost first."""
    if not path.endswith(".py") or len(text) > _MOST_BYTES:
        return
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    waiting: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree, ())]
    while waiting:
        node, parents = waiting.pop()
        yield node, parents
        waiting += [(each, (node, *parents)) for each in ast.iter_child_nodes(node)]


def _python_field(node: ast.AST, field: str) -> str:
    """Whose field it is: ``event["body"]`` and ``event.get("body")`` are event's."""
    match node:
        case ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=key)):
            return owner if key == field else ""
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=owner), attr="get"),
            args=[ast.Constant(value=key), *_],
        ):
            return owner if key == field else ""
        case _:
            return ""


def _python_body(node: ast.AST) -> str:
    return _python_field(node, "body")


def _python_span(node: ast.stmt | ast.expr) -> _Span:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return _Span(node.lineno, node.col_offset, end_line, end_column)


# -- JavaScript --------------------------------------------------------------------------------


def _nodes(text: str, line: int) -> Iterator[Node]:
    """The nodes that begin or go on at a line, the outer ones first."""
    from sqsctl.handlercode.parsing.javascript_unit import javascript_root

    if len(text) > _MOST_BYTES:
        return
    waiting = [javascript_root(text)]
    while waiting:
        node = waiting.pop()
        if node.start_point[0] + 1 <= line <= node.end_point[0] + 1:
            yield node
            waiting += reversed(node.named_children)


def _javascript_record(node: Node, event: str) -> str:
    """The name of the record in the ``for … of EVENT.Records`` around a node; else empty."""
    around = node.parent
    while around is not None:
        if around.type == "for_in_statement":
            if text_of(around.child_by_field_name("right")) != f"{event}.Records":
                return ""
            record = around.child_by_field_name("left")
            return text_of(record) if record is not None and record.type == "identifier" else ""
        around = around.parent
    return ""


def _span_of(node: Node) -> _Span:
    return _Span(
        node.start_point[0] + 1,
        node.start_point[1],
        node.end_point[0] + 1,
        node.end_point[1],
    )
