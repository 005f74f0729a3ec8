"""One source file: what it defines, where its other names come from, what it exports.

Values may be made when they are asked for: a bundle holds far more than its handler reaches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqsctl.handlercode.parsing.syntax import Class, Expr, Imported

# The "module" of what a bundler wrapped; its function's name follows.
BUNDLED = "bundled:"


@dataclass(slots=True)
class Unit:
    """``exports`` are JavaScript's; Python exports what it defines.

    ``methods`` are the names that classes have, known before these are made.
    ``bundled`` are modules that a bundler wrapped into functions of this file, by the functions'
    names; ``inner`` are those of them that read records, and ``modules`` all that were made.
    ``outer`` is the file around such a one, and ``aliases`` what it calls ``exports`` and
    ``module``.
    """

    path: str
    values: dict[str, Expr] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    imports: dict[str, Imported] = field(default_factory=dict)
    exports: dict[str, Expr] = field(default_factory=dict)
    waiting: dict[str, Callable[[], Expr | Class | None]] = field(default_factory=dict)
    methods: dict[str, frozenset[str]] = field(default_factory=dict)
    inner: list[Unit] = field(default_factory=list)
    modules: list[Unit] = field(default_factory=list)
    bundled: dict[str, Callable[[], Unit]] = field(default_factory=dict)
    outer: Unit | None = None
    aliases: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> Expr | None:
        """What the name was set to in this file."""
        self._made(name)
        found = self.values.get(name)
        return found if found is not None or self.outer is None else self.outer.value(name)

    def cls(self, name: str) -> Class | None:
        self._made(name)
        return self.classes.get(name)

    def forget(self) -> None:
        """Drop what waits to be made, and the parser's nodes with it."""
        self.waiting.clear()
        self.bundled.clear()
        while self.modules:
            self.modules.pop().forget()

    def _made(self, name: str) -> None:
        make = self.waiting.pop(name, None)
        if make is None:
            return
        made = make()
        if isinstance(made, Class):
            self.classes[name] = made
        elif made is not None:
            self.values[name] = made
