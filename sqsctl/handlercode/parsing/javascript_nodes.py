"""What the parser's nodes of JavaScript say: their text, place and parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_expression",
        "function_declaration",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
NAMES = frozenset(
    {
        "identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "this",
        "super",
    }
)


def text_of(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node else ""


def line_of(node: Node) -> int:
    return int(node.start_point[0]) + 1


def named(node: Node | None) -> list[Node]:
    return [each for each in node.named_children if each.type != "comment"] if node else []


def key_of(node: Node) -> str:
    if node.type == "computed_property_name":
        inner = named(node)
        return string_of(inner[0]) if inner and inner[0].type == "string" else ""
    return string_of(node) if node.type == "string" else text_of(node)


def string_of(node: Node) -> str:
    return "".join(text_of(each) for each in named(node))


def number_of(text: str) -> int | float | None:
    try:
        return int(text, 0) if text.lstrip("0") or text == "0" else None
    except ValueError:
        return None


def in_sequence(node: Node) -> list[Node]:
    """``a, b`` as a and b."""
    if node.type == "parenthesized_expression" and named(node):
        inner = named(node)[0]
        return in_sequence(inner) if inner.type == "sequence_expression" else [node]
    if node.type == "sequence_expression":
        return [each for child in named(node) for each in in_sequence(child)]
    return [node]
