"""JSON of others may be nested deep: who catches the one kind of refusal catches the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent / "sqsctl"
# They run inside the lab, as its owner's code.
INSIDE = ("lab/functions", "lab/runtimes", "lab/fidelity")


def unguarded(tree: ast.AST) -> Iterator[int]:
    """Lines of tries around json.loads that catch ValueError, and no RecursionError."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Try):
            continue
        loads = any(
            isinstance(each, ast.Call) and ast.unparse(each.func) == "json.loads"
            for statement in node.body
            for each in ast.walk(statement)
        )
        caught = {
            ast.unparse(name)
            for handler in node.handlers
            if handler.type is not None
            for name in (
                handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            )
        }
        values = caught & {"ValueError", "json.JSONDecodeError"}
        if loads and values and not caught & {"RecursionError", "RuntimeError", "Exception"}:
            yield node.lineno
        elif loads and caught == {"json.JSONDecodeError", "RecursionError"}:
            yield node.lineno  # a number of 5,000 digits is a plain ValueError


def test_who_catches_bad_json_catches_deep_json() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in ROOT.rglob("*.py")
        if not path.relative_to(ROOT).as_posix().startswith(INSIDE)
        for line in unguarded(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, found


def test_the_rule_sees_what_it_is_for() -> None:
    bad = "try:\n    x = json.loads(y)\nexcept ValueError:\n    pass\n"
    assert list(unguarded(ast.parse(bad))) == [1]
    assert not list(unguarded(ast.parse(bad.replace("ValueError", "(ValueError, RecursionError)"))))
