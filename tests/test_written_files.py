"""Whatever writes a file does it through private_files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sqsctl"
# What the emulator unpacks lies in the lab's own folder, which only its owner can enter.
ELSEWHERE = {
    "lab/fidelity/functions/deployment.py": {"mkdtemp", "extractall", "symlink_to"},
    "lab/fidelity/functions/environments.py": {"mkdtemp"},
    "lab/fidelity/functions/node_sdk.py": {"symlink_to", "copytree", "copy"},
}
# They run inside of the lab's functions, as the person's own code does there.
GUESTS = ("lab/functions/", "lab/runtimes/")
COPIES = {"copyfile", "copytree", "copy2", "copy", "move"}  # of shutil: others have a copy, too
WRITERS = COPIES | {
    *("write_text", "write_bytes", "touch", "symlink_to", "hardlink_to", "mkfifo", "mknod"),
    *("mkstemp", "mktemp", "mkdtemp", "extractall", "TemporaryDirectory"),
    *("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"),
}
FLAGS = frozenset({"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC"})


def writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each call that may make or change a file."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, of = _called(node.func)
        if (
            (name in WRITERS and (name not in COPIES or of == "shutil"))
            or (name == "open" and _opens_to_write(node, of))
            or (name == "fdopen" and _mode(node, 1) not in {None, "r", "rb"} and not _made(node))
        ):
            yield node.lineno, name


def _called(function: ast.expr) -> tuple[str, str]:
    if isinstance(function, ast.Name):
        return function.id, ""
    if isinstance(function, ast.Attribute):
        of = function.value
        return function.attr, of.id if isinstance(of, ast.Name) else "?"
    return "", ""


def _opens_to_write(node: ast.Call, of: str) -> bool:
    if any(isinstance(each, ast.Attribute) and each.attr == "devnull" for each in node.args):
        return False
    if of == "os":
        flags = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
        return bool(flags & FLAGS)
    mode = _mode(node, 1 if of == "" else 0)
    return mode is not None and bool(set(mode) & set("wax+"))


def _mode(node: ast.Call, place: int) -> str | None:
    given = [each.value for each in node.keywords if each.arg == "mode"]
    given += node.args[place : place + 1]
    value = given[0] if given else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _made(node: ast.Call) -> bool:
    """Whether the descriptor is one that private_files made."""
    first = node.args[0]
    return isinstance(first, ast.Call) and _called(first.func) in {
        ("create", "private_files"),
        ("shared", "private_files"),
        ("create", ""),
    }


def test_files_are_written_by_the_one_helper_alone() -> None:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name == "private_files.py" or name.startswith(GUESTS):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        allowed = ELSEWHERE.get(name, set())
        calls = [(line, call) for line, call in writes(tree) if call not in allowed]
        found.update({f"{name}:{line}": call for line, call in calls})
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        'open("x", "w")',
        'open("x", mode="ab")',
        'path.open("r+b")',
        'io.open("x", "x")',
        'path.write_text("x")',
        "os.open(path, os.O_RDWR | os.O_CREAT)",
        "tempfile.mkstemp()",
        "NamedTemporaryFile()",
        'os.fdopen(descriptor, "w")',
        "shutil.copyfile(a, b)",
        "path.touch()",
    ],
)
def test_the_test_sees(code: str) -> None:
    assert len(list(writes(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code",
    [
        'open("x")',
        'path.open("rb")',
        "os.open(path, os.O_RDONLY)",
        "queues.open(ref)",
        'open(os.devnull, "w")',
        'os.fdopen(create(path), "wb")',
        "names.copy()",
    ],
)
def test_what_reads_is_left_alone(code: str) -> None:
    assert list(writes(ast.parse(code))) == []
