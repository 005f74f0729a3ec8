"""JavaScript files: what they define, import and export.

Definitions are made into the small tree when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from sqsctl.handlercode.parsing.from_javascript import expression, function
from sqsctl.handlercode.parsing.javascript_nodes import FUNCTIONS, in_sequence, named, text_of
from sqsctl.handlercode.parsing.source_files import BUNDLED, Unit
from sqsctl.handlercode.parsing.syntax import Class, Expr, Function, Imported, Member, Name, Return

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_CLASSES = frozenset({"class", "class_declaration"})
_DEFINITIONS = frozenset({"function_declaration", "generator_function_declaration"})
_DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})


@cache
def _parser() -> Parser:
    import tree_sitter_javascript
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_javascript.language()))


def javascript_root(text: str) -> Node:
    """The root of a source's syntax tree; columns in it count bytes of UTF-8."""
    return _parser().parse(text.encode("utf-8", "replace")).root_node


def javascript_unit(path: str, text: str) -> Unit:
    """A file; what cannot be parsed in it is left out."""
    unit = Unit(path)
    for node in named(javascript_root(text)):
        _top(unit, node)
    return unit


def _top(unit: Unit, node: Node) -> None:
    if node.type == "export_statement":
        _export(unit, node)
    elif node.type == "import_statement":
        _import(unit, node)
    elif node.type in _DEFINITIONS:
        _wait(unit, node, lambda: function(node))
    elif node.type in _CLASSES:
        _class(unit, node, node)
    elif node.type in _DECLARATIONS:
        for each in named(node):
            _declared(unit, each)
    elif node.type == "expression_statement":
        for each in named(node):
            _expression(unit, each)
    elif node.type in {"if_statement", "try_statement", "statement_block"}:
        for each in named(node):
            _top(unit, each)


def _wait(unit: Unit, node: Node, make: Callable[[], Expr | Class | None]) -> None:
    name = text_of(node.child_by_field_name("name"))
    if name:
        unit.waiting[name] = make


def _class_of(node: Node) -> Class:
    methods: dict[str, Function] = {}
    for each in named(node.child_by_field_name("body")):
        value = each.child_by_field_name("value")
        if each.type == "method_definition":
            methods[text_of(each.child_by_field_name("name"))] = function(each)
        elif value and value.type in FUNCTIONS:
            methods[text_of(each.child_by_field_name("property"))] = function(value)
    return Class(methods)


def _method_names(node: Node) -> frozenset[str]:
    members = named(node.child_by_field_name("body"))
    names = [each.child_by_field_name(key) for each in members for key in ("name", "property")]
    return frozenset(text_of(each) for each in names if each)


def _class(unit: Unit, node: Node, made: Node) -> None:
    """A class, made later; its methods' names are known at once."""
    _wait(unit, node, lambda: _class_of(made))
    unit.methods[text_of(node.child_by_field_name("name"))] = _method_names(made)


def _prototype(node: Node) -> Class | None:
    """A class as compiled for ES5: ``(function () { C.prototype.run = function …; }())``."""
    while node.type in {"parenthesized_expression", "call_expression"}:
        callee = node.child_by_field_name("function")
        inner = callee or (named(node)[0] if named(node) else None)
        if inner is None:
            return None
        node = inner
    if node.type not in FUNCTIONS or ".prototype." not in text_of(node):
        return None
    methods: dict[str, Function] = {}
    for stmt in named(node.child_by_field_name("body")):
        told = named(stmt)[0] if named(stmt) else stmt
        for made in in_sequence(told):
            left = made.child_by_field_name("left")
            right = made.child_by_field_name("right")
            first, _, name = text_of(left).rpartition(".")
            if right and first.endswith(".prototype") and right.type in FUNCTIONS:
                methods[name] = function(right)
    return Class(methods) if methods else None


def _declared(unit: Unit, node: Node) -> None:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None:
        return
    required = _required(unit, value)
    if required:
        _require(unit, name, required)
        return
    if name.type != "identifier":
        return
    if value.type in _CLASSES:
        _class(unit, node, value)
        return
    if prototype := _prototype(value):
        unit.waiting[text_of(name)] = lambda: prototype
        unit.methods[text_of(name)] = frozenset(prototype.methods)
        return
    _wait(unit, node, lambda: expression(value))
    _wrapped(unit, text_of(name), value)
    if value.type == "assignment_expression":
        _expression(unit, value)


def _required(unit: Unit, node: Node) -> str:
    """The module of ``require("x")``, also inside ``__importStar(…)`` or ``(await import(…))``."""
    if node.type == "call_expression":
        callee = text_of(node.child_by_field_name("function"))
        args = named(node.child_by_field_name("arguments"))
        if callee in {"require", "import"} and args and args[0].type == "string":
            return text_of(args[0])[1:-1]
        if callee in unit.bundled and not args:
            return BUNDLED + callee
        if args and args[0].type == "call_expression" and "require" not in callee:
            return _required(unit, args[0])
    elif node.type in {"await_expression", "parenthesized_expression"}:
        inner = named(node)
        return _required(unit, inner[0]) if inner else ""
    return ""


def _require(unit: Unit, name: Node, module: str) -> None:
    if name.type == "identifier":
        unit.imports[text_of(name)] = Imported(module, "")
        return
    for each in named(name):
        key, value = each.child_by_field_name("key"), each.child_by_field_name("value")
        if key and value:
            unit.imports[text_of(value)] = Imported(module, text_of(key))
        else:
            unit.imports[text_of(each)] = Imported(module, text_of(each))


def _import(unit: Unit, node: Node) -> None:
    module = text_of(node.child_by_field_name("source"))[1:-1]
    for clause in named(node):
        for each in named(clause) if clause.type == "import_clause" else ():
            if each.type == "identifier":
                unit.imports[text_of(each)] = Imported(module, "default")
            elif each.type == "namespace_import":
                unit.imports[text_of(named(each)[0])] = Imported(module, "")
            for one in named(each) if each.type == "named_imports" else ():
                known = text_of(one.child_by_field_name("name"))
                local = text_of(one.child_by_field_name("alias")) or known
                unit.imports[local] = Imported(module, known)


def _export(unit: Unit, node: Node) -> None:
    declared = node.child_by_field_name("declaration")
    value = node.child_by_field_name("value")
    source = text_of(node.child_by_field_name("source"))[1:-1]
    if declared is not None:
        before = set(unit.waiting)
        _top(unit, declared)
        for name in set(unit.waiting) - before:
            unit.exports[name] = Name(name)
        if any(each.type == "default" for each in node.children):
            unit.exports["default"] = Name(text_of(declared.child_by_field_name("name")))
    elif value is not None:
        unit.exports["default"] = expression(value)
    for clause in named(node):
        for one in named(clause) if clause.type == "export_clause" else ():
            known = text_of(one.child_by_field_name("name"))
            name = text_of(one.child_by_field_name("alias")) or known
            if source:
                unit.imports[f"{name} of {source}"] = Imported(source, known)
                unit.exports[name] = Name(f"{name} of {source}")
            else:
                unit.exports[name] = Name(known)


def _expression(unit: Unit, node: Node) -> None:
    """``exports.x = …``, ``module.exports = …``, ``0 && (…)``, and a bundler's ``__export``."""
    if node.type == "assignment_expression":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        if right.type == "assignment_expression":
            _expression(unit, right)
            right = right.child_by_field_name("right") or right
        _assigned(unit, left, right)
    elif node.type == "call_expression":
        _called(unit, node)
    elif node.type in {"binary_expression", "parenthesized_expression", "sequence_expression"}:
        for each in named(node):
            _expression(unit, each)


def _assigned(unit: Unit, left: Node, right: Node) -> None:
    name = text_of(left).replace(" ", "")
    start, _, end = name.partition(".")
    if end and start in unit.aliases:
        name = f"{unit.aliases[start]}.{end}"
    if left.type == "identifier":
        unit.waiting[name] = lambda: expression(right)
        return
    first, _, last = name.rpartition(".")
    if last == "exports" or name in {"module.exports", "exports.default"}:
        if right.type == "object":
            # esbuild names them again for Node, by names that are not there.
            for key, value in _table(right):
                unit.exports.setdefault(key, value)
        elif right.type != "call_expression" or not text_of(right).startswith("__toCommonJS"):
            unit.exports["default"] = expression(right)
    elif first in {"exports", "module.exports"} or first.startswith("exports"):
        unit.exports[last] = expression(right)


def _table(node: Node) -> list[tuple[str, Expr]]:
    made = expression(node)
    entries = getattr(made, "entries", ())
    return [(key, _unwrapped(value)) for key, value in entries if key]


def _unwrapped(value: Expr) -> Expr:
    """What a getter ``() => handler`` gives."""
    if isinstance(value, Function) and not value.params and len(value.body) == 1:
        only = value.body[0]
        if isinstance(only, Return) and isinstance(only.value, Name | Member):
            return only.value
    return value


def _called(unit: Unit, node: Node) -> None:
    """``__export(x, {handler: () => handler})``; the name of a minified one is anybody's."""
    args = named(node.child_by_field_name("arguments"))
    if len(args) == 2 and args[0].type == "identifier" and args[1].type == "object":
        for key, value in _table(args[1]):
            if isinstance(value, Name):
                unit.exports.setdefault(key, value)
    elif len(args) == 3 and args[1].type == "string" and args[2].type == "object":
        # Object.defineProperty(exports, "handler", {get: () => …})
        for key, value in _table(args[2]):
            if key in {"get", "value"} and text_of(args[0]).endswith("exports"):
                unit.exports.setdefault(text_of(args[1])[1:-1], value)


def _wrapped(unit: Unit, name: str, node: Node) -> None:
    """A module that a bundler made a function of: ``__commonJS({"path"(exports) {…}})``."""
    args = named(node.child_by_field_name("arguments")) if node.type == "call_expression" else []
    if len(args) != 1:
        return
    inner = args[0] if args[0].type in FUNCTIONS else None
    members = named(args[0]) if args[0].type == "object" else []
    if len(members) == 1:
        value = members[0].child_by_field_name("value")
        inner = members[0] if members[0].type == "method_definition" else value
    if inner is None or inner.type not in FUNCTIONS:
        return
    made = inner
    unit.bundled[name] = cache(lambda: _module(unit, made))
    if "Records" in text_of(inner):
        unit.inner.append(unit.bundled[name]())


def _module(unit: Unit, node: Node) -> Unit:
    """The file that a function is the wrapping of."""
    module = Unit(unit.path, bundled=unit.bundled, outer=unit)
    unit.modules.append(module)
    params = named(node.child_by_field_name("parameters"))
    single = node.child_by_field_name("parameter")
    names = [text_of(each) for each in ([single] if single else params)]
    module.aliases = dict(zip(names, ("exports", "module"), strict=False))
    for child in named(node.child_by_field_name("body")):
        _top(module, child)
    return module
