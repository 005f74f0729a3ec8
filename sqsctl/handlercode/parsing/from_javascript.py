"""JavaScript as the small tree: ES modules, CommonJS, and what compilers and bundlers make.

Statements and expressions; ``javascript_unit`` has the files. What a node is not known as
becomes ``Other`` with its parts. TypeScript's helpers for async functions (``__awaiter`` around a
generator) are read as the function that they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqsctl.handlercode.parsing.async_helpers import (
    asynchronous,
    delegating,
    in_awaited_chain,
    made_at_once,
)
from sqsctl.handlercode.parsing.compiled_loops import is_iterator, stepped
from sqsctl.handlercode.parsing.javascript_nodes import (
    FUNCTIONS,
    NAMES,
    in_sequence,
    key_of,
    line_of,
    named,
    number_of,
    string_of,
    text_of,
)
from sqsctl.handlercode.parsing.state_machines import machine
from sqsctl.handlercode.parsing.syntax import (
    NOTHING,
    Assign,
    Await,
    Bind,
    Call,
    Catch,
    Choice,
    Constant,
    Do,
    Expr,
    Function,
    Group,
    If,
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

if TYPE_CHECKING:
    from tree_sitter import Node

_WRAPPED = frozenset({"parenthesized_expression", "spread_element", "rest_pattern"})
_PASSED_ON = frozenset({"labeled_statement", "with_statement", "else_clause", "export_statement"})


def function(node: Node) -> Function:
    """A function of any form."""
    body = node.child_by_field_name("body")
    single = node.child_by_field_name("parameter")
    listed = named(node.child_by_field_name("parameters"))
    inner = block(body) if body and body.type == "statement_block" else _returned(body)
    words = {each.type for each in node.children if not each.is_named}
    made = Function(
        text_of(node.child_by_field_name("name")),
        tuple(pattern(each) for each in ([single] if single else listed)),
        inner,
        asynchronous="async" in words,
        generator="*" in words,
        line=line_of(node),
    )
    return delegating(made)


def _returned(body: Node | None) -> tuple[Stmt, ...]:
    if body is None:
        return ()
    *before, last = in_sequence(body)
    return (
        *(Do(expression(each), line_of(each)) for each in before),
        Return(expression(last), line_of(last)),
    )


def block(node: Node | None) -> tuple[Stmt, ...]:
    """The statements of a block, or the one statement that stands for it."""
    if node is None:
        return ()
    if node.type in {"statement_block", "program", "class_static_block"}:
        return tuple(each for child in named(node) for each in statement(child))
    return tuple(statement(node))


def statement(node: Node) -> Iterator[Stmt]:  # noqa: PLR0912 - an arm for each kind
    line = line_of(node)
    field = node.child_by_field_name
    match node.type:
        case "expression_statement":
            for each in in_sequence(named(node)[0]) if named(node) else ():
                yield _done(each)
        case "lexical_declaration" | "variable_declaration":
            for each in named(node):
                value = each.child_by_field_name("value")
                name = each.child_by_field_name("name")
                if value and name:
                    yield Bind(pattern(name), expression(value), line_of(each))
        case "function_declaration" | "generator_function_declaration":
            yield Bind(Name(text_of(field("name")), line), function(node), line)
        case "return_statement":
            yield from _return(node)
        case "throw_statement":
            yield Raise(expression(named(node)[0]) if named(node) else None, line)
        case "for_in_statement":
            left = field("left")
            yield Loop(
                _maybe(field("right")), pattern(left) if left else None, block(field("body")), line
            )
        case "for_statement":
            yield from _for(node)
        case "while_statement" | "do_statement":
            condition = _maybe(field("condition")) or NOTHING
            yield Loop(
                _indexed(condition), None, (Do(condition, line), *block(field("body"))), line
            )
        case "if_statement":
            test = _maybe(field("condition")) or NOTHING
            yield If(test, block(field("consequence")), block(field("alternative")), line)
        case "try_statement":
            yield _try(node)
        case "switch_statement":
            cases = named(field("body"))
            inner = [
                Group(
                    tuple(
                        s
                        for c in named(each)
                        if c != each.child_by_field_name("value")
                        for s in statement(c)
                    ),
                    line_of(each),
                )
                for each in cases
            ]
            yield If(_maybe(field("value")) or NOTHING, tuple(inner), (), line)
        case "break_statement" | "continue_statement":
            yield Leave(node.type == "break_statement", line)
        case "statement_block":
            yield Group(block(node), line)
        case each if each in _PASSED_ON:
            for child in named(node):
                if child.type.endswith(("statement", "declaration", "statement_block")):
                    yield from statement(child)
        case _:
            return


def _done(node: Node) -> Stmt:
    """An expression that stands as a statement."""
    value = expression(node)
    if isinstance(value, Assign):
        return Bind(value.target, value.value, value.line)
    return Do(value, line_of(node))


def _return(node: Node) -> Iterator[Stmt]:
    """``return a(), b``: a is done, b is returned; ``return void a()`` returns nothing."""
    inner = named(node)
    if not inner:
        yield Return(None, line_of(node))
        return
    *before, last = in_sequence(inner[0])
    for each in before:
        yield _done(each)
    if last.type == "unary_expression" and text_of(last.child_by_field_name("operator")) == "void":
        argument = last.child_by_field_name("argument")
        if argument and argument.type != "number":
            yield Do(expression(argument), line_of(node))
        yield Return(None, line_of(node))
        return
    yield Return(expression(last), line_of(node))


def _for(node: Node) -> Iterator[Stmt]:
    line = line_of(node)
    start = node.child_by_field_name("initializer")
    if start is not None:
        if start.type.endswith(("declaration", "statement")):
            yield from statement(start)
        else:
            yield _done(start)
    condition = _maybe(node.child_by_field_name("condition"))
    body = block(node.child_by_field_name("body"))
    yield stepped(condition, body, line) or Loop(
        _indexed(condition) if condition else None, None, body, line
    )


def _indexed(condition: Expr) -> Expr | None:
    """What ``i < x.length`` goes through."""
    for each in condition.parts if isinstance(condition, Other) else ():
        if isinstance(each, Member) and each.name == "length":
            return each.of
    return None


def _try(node: Node) -> Stmt:
    handler = node.child_by_field_name("handler")
    finalizer = node.child_by_field_name("finalizer")
    catches: tuple[Catch, ...] = ()
    if handler:
        param = text_of(handler.child_by_field_name("parameter"))
        catches = (Catch((), param, block(handler.child_by_field_name("body")), line_of(handler)),)
    final = block(finalizer.child_by_field_name("body")) if finalizer else ()
    return Try(block(node.child_by_field_name("body")), catches, final, line_of(node))


def _maybe(node: Node | None) -> Expr | None:
    return expression(node) if node else None


def pattern(node: Node) -> Expr:
    """What a parameter or a declaration binds."""
    line = line_of(node)
    field = node.child_by_field_name
    left = field("left")
    match node.type:
        case each if each in NAMES:
            return Name(text_of(node), line)
        case "assignment_pattern" | "object_assignment_pattern":
            return pattern(left) if left else NOTHING
        case "object_pattern":
            return Table(tuple(_pairs(named(node))), line)
        case "array_pattern":
            return Row(tuple(pattern(each) for each in named(node)), line)
        case "rest_pattern":
            return Rest(pattern(named(node)[0]), line) if named(node) else NOTHING
        case "lexical_declaration" | "variable_declaration":
            declared = [each.child_by_field_name("name") for each in named(node)]
            return pattern(declared[0]) if declared and declared[0] else NOTHING
        case _:
            return expression(node)


def _pairs(nodes: Iterable[Node]) -> Iterator[tuple[str, Expr]]:
    for each in nodes:
        key, value = each.child_by_field_name("key"), each.child_by_field_name("value")
        if each.type == "object_assignment_pattern":
            left = each.child_by_field_name("left")
            yield text_of(left), pattern(each)
        elif key and value:
            yield key_of(key), pattern(value)
        elif each.type in NAMES:
            yield text_of(each), pattern(each)
        else:
            yield "", pattern(each)


def expression(node: Node) -> Expr:  # noqa: PLR0912 - an arm for each kind
    line = line_of(node)
    field = node.child_by_field_name
    match node.type:
        case each if each in NAMES:
            return Name(text_of(node), line)
        case each if each in _WRAPPED:
            inner = named(node)
            return expression(inner[0]) if inner else NOTHING
        case "member_expression":
            name = field("property")
            line = line_of(name) if name else line
            of = _maybe(field("object")) or NOTHING
            return Member(of, text_of(name), line, maybe=_is_optional(node))
        case "subscript_expression":
            return _subscript(node)
        case "call_expression" | "new_expression":
            return _call(node)
        case "await_expression" | "yield_expression":
            inner = named(node)
            return Await(expression(inner[0]) if inner else NOTHING, line)
        case "object":
            return Table(tuple(_entries(named(node))), line)
        case "array":
            return Row(tuple(expression(each) for each in named(node)), line)
        case each if each in FUNCTIONS:
            return function(node)
        case "assignment_expression":
            left, right = field("left"), field("right")
            return Assign(pattern(left) if left else NOTHING, _maybe(right) or NOTHING, line)
        case "augmented_assignment_expression":
            target, added = _maybe(field("left")) or NOTHING, _maybe(field("right")) or NOTHING
            return Assign(target, Other((target, added), line), line)
        case "update_expression":
            target = _maybe(field("argument")) or NOTHING
            return Assign(target, Other((target,), line), line)
        case "ternary_expression":
            options = (field("consequence"), field("alternative"))
            return Choice(
                _maybe(field("condition")),
                tuple(expression(each) for each in options if each),
                line,
            )
        case "binary_expression":
            return _binary(node)
        case "string":
            return Constant(string_of(node), line)
        case "template_string":
            places = [each for each in named(node) if each.type == "template_substitution"]
            if not places:
                return Constant(string_of(node), line)
            return Other(tuple(expression(e) for p in places for e in named(p)), line)
        case "null" | "undefined":
            return Constant(None, line)
        case "number":
            return Constant(number_of(text_of(node)), line)
        case _:
            return Other(tuple(expression(each) for each in named(node)), line)


def _binary(node: Node) -> Expr:
    left = _maybe(node.child_by_field_name("left")) or NOTHING
    right = _maybe(node.child_by_field_name("right")) or NOTHING
    match text_of(node.child_by_field_name("operator")):
        case "&&":
            return Choice(left, (right,), line_of(node))
        case "||" | "??":
            return Choice(None, (left, right), line_of(node))
        case _:
            return Other((left, right), line_of(node))


def _subscript(node: Node) -> Expr:
    of = _maybe(node.child_by_field_name("object")) or NOTHING
    index = _maybe(node.child_by_field_name("index")) or NOTHING
    if isinstance(index, Constant) and isinstance(index.value, str):
        return Member(of, index.value, line_of(node), item=True, maybe=_is_optional(node))
    return Item(of, index, line_of(node))


def _is_optional(node: Node) -> bool:
    """``a?.b``"""
    return any(each.type == "optional_chain" for each in node.children)


def _entries(nodes: Iterable[Node]) -> Iterator[tuple[str, Expr]]:
    for each in nodes:
        key, value = each.child_by_field_name("key"), each.child_by_field_name("value")
        if key and value:
            yield key_of(key), expression(value)
        elif each.type == "shorthand_property_identifier":
            yield text_of(each), expression(each)
        elif each.type == "method_definition":
            yield text_of(each.child_by_field_name("name")), function(each)
        else:
            yield "", expression(each)


def _asynchronous(listed: Node | None, args: tuple[Expr, ...], line: int) -> Expr | None:
    def body(node: Node) -> tuple[Stmt, ...]:
        return machine(node, lambda each: list(statement(each)), expression)

    return asynchronous(listed, args, line, body)


def _call(node: Node) -> Expr:
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    listed = node.child_by_field_name("arguments")
    args = tuple(expression(each) for each in named(listed))
    if listed is not None and listed.type == "template_string":
        args = (expression(listed),)
    line = line_of(node)
    compiled = _asynchronous(listed, args, line)
    if compiled is not None:
        return compiled
    made = _maybe(callee) or NOTHING
    chain = in_awaited_chain(made, args)
    if chain is not None:
        return chain
    if isinstance(made, Other) and len(made.parts) == 2 and isinstance(made.parts[1], Member):
        made = made.parts[1]  # (0, module.name)(…)
    if is_iterator(made) and not args:
        return made.of
    line = made.line if isinstance(made, Member) else line
    called = Call(made, args, (), line, new=node.type == "new_expression")
    return made_at_once(called) or called
