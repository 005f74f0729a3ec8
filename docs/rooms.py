"""The rooms of the package as text: what each is for, and which it stands on, from its imports."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from textwrap import shorten

PACKAGE = Path(__file__).resolve().parent.parent / "sqsctl"
OPENED = ("operations", "cli")  # rooms that are shown with the rooms inside
BEGIN, END = "<!-- rooms: made by docs/generate.py -->\n", "<!-- /rooms -->"
WIDTH = 100


def picture() -> str:
    """Each room on a line, the upper ones first: a room stands on those to its right."""
    uses = _uses()
    lines = ["```text"]
    for room in _upper_first({each.split(".")[0] for each in uses}, uses):
        lines += _lines(room, uses, "")
        if room in OPENED:
            inner = {each for each in uses if each.startswith(f"{room}.") and _is_room(each)}
            for each in _upper_first(inner, uses):
                lines += _lines(each, uses, "  ")
    return "\n".join([*lines, "```"]) + "\n"


def within(page: str) -> str:
    """The page with the picture of today between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{picture()}{END}{after}"


def _lines(room: str, uses: dict[str, set[str]], indent: str) -> list[str]:
    below = uses[room]
    if indent:
        parent = room.split(".", maxsplit=1)[0]
        inner = [each for each in below if each.startswith(f"{parent}.") and _is_room(each)]
        on = sorted(each.removeprefix(f"{parent}.") for each in inner)
    else:
        on = sorted({each.split(".")[0] for each in below} - {room})
    name = f"{indent}{room.rsplit('.', maxsplit=1)[-1]}"
    stands = f"  > {' '.join(on)}" if on else ""
    room_for = WIDTH - 16 - len(stands)
    if room_for < 40:
        return [f"{name:<16}{_purpose(room, WIDTH - 16)}", f"{'':<16}{stands.strip()}"]
    return [f"{name:<16}{_purpose(room, room_for)}{stands}"]


def _purpose(room: str, width: int) -> str:
    path = PACKAGE.joinpath(*room.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    said = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return shorten(said.split("\n\n")[0], width, placeholder=" …")


def _is_room(name: str) -> bool:
    return PACKAGE.joinpath(*name.split(".")).is_dir()


def _uses() -> dict[str, set[str]]:
    """For each room, and each room inside of one, those that it imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE).with_suffix("").parts
        if inside[0].startswith("_") or inside[:2] in {("lab", "functions"), ("lab", "runtimes")}:
            continue
        for own in {inside[0], ".".join(inside[:2])} if len(inside) > 1 else {inside[0]}:
            found[own] |= {each for each in _imported(path) if each != own}
    for own, used in found.items():
        found[own] = {each for each in used if not each.startswith(f"{own}.")}
    return dict(found)


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for each in ast.walk(statement)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or id(node) in typing:
            continue
        if (node.module or "").startswith("sqsctl."):
            parts = str(node.module).split(".")[1:]
            found |= {parts[0], ".".join(parts[:2])}
    return found


def _upper_first(rooms: set[str], uses: dict[str, set[str]]) -> list[str]:
    """A room comes before all that it imports."""
    left, ordered = set(rooms), []
    while left:
        free = sorted(
            each for each in left if not any(each in uses[other] for other in left - {each})
        )
        if not free:
            raise ValueError(f"a circle among {sorted(left)}")
        ordered += free
        left -= set(free)
    return ordered
