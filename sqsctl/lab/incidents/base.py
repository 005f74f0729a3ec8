"""What an incident is, and the journal that knows which are active.

The journal lies in the lab's folder: an incident broken by one process is healed by
another, and is gone with the lab.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from sqsctl import private_files
from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.lab.incidents.bench import Bench
from sqsctl.lab.incidents.changes import Change
from sqsctl.lab.incidents.parts import Parts


class Incident:
    """A way in which the stack breaks.

    ``name`` is the id of the check that finds it; ``expects`` the one that doctor must
    put first, the same unless said otherwise. ``step`` is the tutorial's; ``breaks``
    says in one line what is done. ``account_wide`` ones reach beyond their stack.
    """

    known: ClassVar[dict[str, Incident]] = {}
    name: ClassVar[str]
    step: ClassVar[str]
    breaks: ClassVar[str]
    expects: ClassVar[str]
    changes: ClassVar[tuple[Change, ...]] = ()
    account_wide: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        if "name" in cls.__dict__ and "expects" not in cls.__dict__:
            cls.expects = cls.name
        if "name" in cls.__dict__:
            Incident.known[cls.name] = cls()

    def break_(self, aws: Session, queue: str | None = None) -> bool:
        """Break it; returns when that is in effect. False if it was broken already.

        ``queue`` chooses where the stack consumes several. Raises RefusedError, with nothing
        changed, where the incident does not fit the stack.
        """
        bench = Bench(aws, queue)
        with Journal.of(bench.state) as journal:
            if self.name in journal.active(bench.stack):
                return False
            journal.recall(bench)
            self.check(bench)
            for change in self.changes:
                change.fits(bench)
            journal.add(bench, self)
        return True

    def heal(self, aws: Session) -> bool:
        """Put back what it changed. False if it was not active."""
        bench = Bench(aws)
        with Journal.of(bench.state) as journal:
            if self.name not in journal.active(bench.stack):
                return False
            journal.recall(bench)
            journal.remove(bench, self)
        return True

    def check(self, bench: Bench) -> None:
        """Raise a SqsctlError where it cannot be broken here; nothing is changed yet."""

    def prepare(self, bench: Bench) -> None:
        """Make what its changes need. Whatever comes of it, ``clean_up`` will be called."""

    def provoke(self, bench: Bench) -> None:
        """Whatever makes the trouble show, once its changes are in effect."""

    def clean_up(self, bench: Bench) -> None:
        """Take away what was made, or a part of it; the settings are back by then."""


class Journal:
    """Which incidents are active on which stack, and each setting's value before them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stacks: dict[str, dict[str, Any]] = {}
        with contextlib.suppress(OSError, ValueError):
            self._stacks = json.loads(path.read_text(encoding="utf-8"))

    @classmethod
    @contextlib.contextmanager
    def of(cls, state: LabState) -> Iterator[Journal]:
        """The lab's journal, with no other process at it meanwhile."""
        folder = Path(state.folder)
        handle = private_files.shared(folder / "incidents.lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield cls(folder / "incidents.json")
        finally:
            os.close(handle)

    def active(self, stack: str) -> tuple[str, ...]:
        """The active incidents of a stack, oldest first."""
        return tuple(self._stacks.get(stack, {}).get("active", ()))

    def recall(self, bench: Bench) -> None:
        """Work on the parts that were found when the stack was first broken."""
        kept = self._stacks.get(bench.stack, {})
        if kept.get("active") and kept.get("parts"):
            bench.remember(Parts(**kept["parts"]))

    def add(self, bench: Bench, incident: Incident) -> None:
        """Note what is there, then change it: a failure in between leaves it healable."""
        entry = self._stacks.setdefault(bench.stack, {"active": [], "before": {}})
        entry["parts"] = bench.parts.plain()
        for change in incident.changes:
            if change.key not in entry["before"]:
                entry["before"][change.key] = change.read(bench)
        entry["active"].append(incident.name)
        self._save()
        incident.prepare(bench)
        self._lay(bench, entry, incident.changes)
        incident.provoke(bench)

    def remove(self, bench: Bench, incident: Incident) -> None:
        """Write each setting as it was, with the changes of the other incidents over it."""
        entry = self._stacks[bench.stack]
        left = [name for name in entry["active"] if name != incident.name]
        self._lay(bench, entry | {"active": left}, tuple(reversed(incident.changes)))
        incident.clean_up(bench)
        entry["active"] = left
        held = {change.key for name in left for change in Incident.known[name].changes}
        entry["before"] = {key: value for key, value in entry["before"].items() if key in held}
        self._save()

    @staticmethod
    def _lay(bench: Bench, entry: dict[str, Any], changes: tuple[Change, ...]) -> None:
        for change in changes:
            value = entry["before"][change.key]
            for name in entry["active"]:
                for other in Incident.known[name].changes:
                    if other.key == change.key:
                        value = other.broken(bench, value)
            change.write(bench, value)

    def _save(self) -> None:
        private_files.write(self._path, json.dumps(self._stacks), sync=False)
