"""What the readers of one observation share: the calls under way, the gaps, the wishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqsctl.model.deployed import StackRef
from sqsctl.model.stack import Fact, Unread
from sqsctl.operations.shared.concurrent_calls import Work

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

CORE = "core"
MAPPINGS = "mappings"
LOGS = "logs"
FIGURES = "figures"
API = "api"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read: the facts, the time, and whose logs (None: everybody's).

    ``tool``: whether the template is asked which tool it was written for.
    """

    facts: frozenset[Fact]
    since: datetime
    until: datetime
    functions: frozenset[str] | None = None
    tool: bool = False

    def logs_of(self, function: str) -> bool:
        return self.functions is None or function in self.functions


class SharedReads:
    """One observation's common ground. Only touched by the thread that runs the work."""

    def __init__(self, session: Session, ref: StackRef, wanted: Wanted, timeout_s: float) -> None:
        self.session = session
        self.ref = ref
        self.wanted = wanted
        self.work = Work(timeout_s)
        self._gaps: dict[Fact, dict[tuple[str, str], Unread]] = {fact: {} for fact in Fact}
        self._asked: set[tuple[str, str]] = set()

    def gap(self, *facts: Fact) -> Callable[[Unread], None]:
        """Where to note that something of these facts could not be read."""

        def note(unread: Unread) -> None:
            for fact in facts:
                self._gaps[fact][unread.what, unread.reason] = unread

        return note

    def gaps(self, fact: Fact) -> tuple[Unread, ...]:
        return tuple(self._gaps[fact].values())

    def first_time(self, kind: str, name: str) -> bool:
        """Whether this was not asked for before; from now on it was."""
        if (kind, name) in self._asked:
            return False
        self._asked.add((kind, name))
        return True

    def asked(self, kind: str) -> int:
        """How many of a kind were asked for."""
        return sum(each == kind for each, _ in self._asked)
