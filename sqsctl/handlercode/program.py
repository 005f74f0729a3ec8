"""A package's sources as one program: its handler, and what a name in it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqsctl.handlercode.name_index import Index
from sqsctl.handlercode.parsing.from_python import python_unit
from sqsctl.handlercode.parsing.javascript_unit import javascript_unit
from sqsctl.handlercode.parsing.source_files import BUNDLED, Unit
from sqsctl.handlercode.parsing.syntax import Class, Expr, Function, Imported, Member, Name, Stmt

_MOST = 2_000_000
_ENDS = (".js", ".mjs", ".cjs")
_ALIASES = 12
_STEPS = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """An expression and the file whose names it uses."""

    unit: Unit
    value: Expr


@dataclass(slots=True)
class Program:
    """``unread`` are paths of sources that could not be parsed, or not followed.

    ``steps`` are what may still be spent on finding out what a value comes to.
    """

    units: dict[str, Unit] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    steps: int = _STEPS
    _indexes: dict[int, tuple[tuple[Stmt, ...], Index]] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop the parser's nodes; what was made of them stays."""
        for each in self.units.values():
            each.forget()

    def index(self, body: tuple[Stmt, ...]) -> Index:
        """The body gone through, once."""
        if id(body) not in self._indexes:
            self._indexes[id(body)] = body, Index(body)
        return self._indexes[id(body)][1]

    def step(self) -> bool:
        """Whether there is anything left to be spent; takes one."""
        self.steps -= 1
        return self.steps > 0

    def rest(self, steps: int) -> None:
        """Begin anew with what may be spent."""
        self.steps = steps

    def named(self, unit: Unit, name: str) -> Placed | None:
        """What a name of the file stands for, through aliases and imports."""
        seen: set[tuple[int, str]] = set()
        found: Placed | None = Placed(unit, Name(name))
        while found and isinstance(found.value, Name) and len(seen) < _ALIASES:
            key = (id(found.unit), found.value.id)
            if key in seen:
                return None
            seen.add(key)
            found = self._step(found.unit, found.value.id)
        return found

    def exported(self, unit: Unit, name: str) -> Placed | None:
        """What a file gives to others under the name; Python gives what it has."""
        value = unit.exports.get(name)
        if value is None and not unit.path.endswith(".py"):
            default = unit.exports.get("default")
            if isinstance(default, Name):
                placed = self.named(unit, default.id)
                entries = getattr(placed.value, "entries", ()) if placed else ()
                value = next((each for key, each in entries if key == name), None)
            if value is None:
                return None
        elif value is None:
            return self.named(unit, name)
        return self.named(unit, value.id) if isinstance(value, Name) else Placed(unit, value)

    def member(self, unit: Unit, expr: Member) -> Placed | None:
        """``module.name`` of an imported module."""
        if not isinstance(expr.of, Name) or expr.of.id not in unit.imports:
            return None
        imported = unit.imports[expr.of.id]
        other = self._unit_of(unit, imported)
        if other is None and imported.name:
            inner = Imported(f"{imported.module}.{imported.name}", "", imported.level)
            other = self._unit_of(unit, inner)
        return self.exported(other, expr.name) if other else None

    def class_of(self, unit: Unit, name: str) -> tuple[Unit, Class] | None:
        found = unit.cls(name)
        if found is not None:
            return unit, found
        imported = unit.imports.get(name)
        other = self._unit_of(unit, imported) if imported else None
        if other is None or imported is None:
            return None
        exported = other.exports.get(imported.name)
        known = exported.id if isinstance(exported, Name) else imported.name
        inner = other.cls(known)
        return (other, inner) if inner else None

    def method_of(self, unit: Unit, cls: Class, name: str) -> tuple[Unit, Function] | None:
        """A class's own method, or the one that it inherits."""
        waiting, seen = [(unit, cls)], 0
        while waiting and seen < _ALIASES:
            seen += 1
            where, each = waiting.pop(0)
            if name in each.methods:
                return where, each.methods[name]
            bases = (self.class_of(where, base) for base in each.bases)
            waiting += [found for found in bases if found]
        return None

    def methods(self, name: str) -> list[tuple[Unit, Function]]:
        """The methods of this name that the program's classes have."""
        found: list[tuple[Unit, Function]] = []
        units = [one for each in self.units.values() for one in (each, *each.inner)]
        for unit in units:
            for key in [each for each, names in unit.methods.items() if name in names]:
                known = unit.cls(key)
                if known and name in known.methods:
                    found.append((unit, known.methods[name]))
        return found

    def handler(self, setting: str) -> Placed | None:
        """What the handler setting names; None where it is not there."""
        folder, _, last = setting.rpartition("/")
        stem, _, name = last.partition(".")
        found: Placed | None = None
        for end in _ENDS:
            unit = self.units.get(
                "/".join(part for part in (folder.lstrip("./"), stem + end) if part)
            )
            for each in (unit, *unit.inner) if unit else ():
                found = found or self.exported(each, name)
        if found is None:
            module, _, name = setting.rpartition(".")
            unit = self.units.get(module.replace(".", "/").lstrip("/") + ".py")
            found = self.named(unit, name) if unit else None
        return found

    def foreign(self, unit: Unit, expr: Expr) -> bool:
        """Whether it is something of a module that is not in the program."""
        imported = unit.imports.get(expr.id) if isinstance(expr, Name) else None
        return imported is not None and self._unit_of(unit, imported) is None

    def _step(self, unit: Unit, name: str) -> Placed | None:
        value = unit.value(name)
        if value is not None:
            return Placed(unit, value)
        imported = unit.imports.get(name)
        other = self._unit_of(unit, imported) if imported else None
        if imported is None or other is None:
            return None
        return self.exported(other, imported.name or "default")

    def _unit_of(self, unit: Unit, imported: Imported) -> Unit | None:
        if imported.module.startswith(BUNDLED):
            make = unit.bundled.get(imported.module.removeprefix(BUNDLED))
            return make() if make else None
        folder = unit.path.rpartition("/")[0]
        if unit.path.endswith(".py"):
            return self._python_unit(folder, imported)
        if not imported.module.startswith("."):
            return None
        path = _joined(folder, imported.module)
        tries = [path, *(path + end for end in _ENDS), *(f"{path}/index{end}" for end in _ENDS)]
        return next((self.units[each] for each in tries if each in self.units), None)

    def _python_unit(self, folder: str, imported: Imported) -> Unit | None:
        path = imported.module.replace(".", "/")
        if imported.level:
            base = folder.split("/") if folder else []
            base = base[: len(base) - imported.level + 1] if imported.level > 1 else base
            folders = ["/".join(base)]
        else:
            folders = ["", folder]
        for each in folders:
            whole = "/".join(part for part in (each, path) if part)
            for tried in (f"{whole}.py", f"{whole}/__init__.py"):
                if tried in self.units:
                    return self.units[tried]
        return None


def _joined(folder: str, relative: str) -> str:
    parts = folder.split("/") if folder else []
    for each in relative.split("/"):
        if each == "..":
            parts = parts[:-1]
        elif each not in {"", "."}:
            parts.append(each)
    return "/".join(parts)


# Babel's async functions for ES5: what jumps through the states is not followed.
_REGENERATOR = re.compile(r"\bswitch ?\((?:\w+\.p(?:rev)? ?= ?)?\w+\.n(?:ext)?\)")


def program_of(sources: Mapping[str, str]) -> Program:
    """Parse the sources; manifests and what is too large are no part of it."""
    program = Program()
    unread: list[str] = []
    for path, whole in sources.items():
        python = path.endswith(".py")
        if not (python or path.endswith(_ENDS)):
            continue
        if len(whole) > _MOST:
            unread.append(path)
            continue
        text = whole.removeprefix("\ufeff")
        try:
            program.units[path] = python_unit(path, text) if python else javascript_unit(path, text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            unread.append(path)
            continue
        if not python and _REGENERATOR.search(text):
            unread.append(path)
    program.unread = tuple(unread)
    return program
