"""What a redrive's journal tells the next run: what is certainly sent, perhaps sent, and gone.

Tolerant of torn, foreign and tampered lines: what cannot be read says nothing, and what is of
another type than the journal writes is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqsctl.errors import RefusedError, SqsctlError

_LARGEST = 1e12  # no time and no duration is above


@dataclass(slots=True)
class UnfinishedRun:
    """What a journal tells.

    ``source`` is the ``identity`` that the run worked on, ``terms`` the options that it was
    begun with, ``command`` the command line. ``sent`` maps source message ids to the ids they
    got at the target; ``perhaps`` are those of which nobody knows, with the server's time from
    which on they may have been sent (None: not known);
    ``deleted`` are gone from the source for certain. ``doubtful`` were sent and may be there
    twice, and the run that did it came to no end at which it could have told. ``hold_s`` is
    for how long the run hid what it had in hand.
    """

    path: Path
    source: str = ""
    run: str = ""
    started_at: str = ""
    finished: bool = False
    hold_s: int = 0
    terms: dict[str, str] = field(default_factory=dict)
    command: str = ""
    sent: dict[str, str] = field(default_factory=dict)
    perhaps: dict[str, float | None] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    doubtful: dict[str, None] = field(default_factory=dict)
    unreadable_lines: int = 0

    @property
    def owed(self) -> set[str]:
        """Sent, but not known to be deleted."""
        return self.sent.keys() - self.deleted

    @property
    def open(self) -> bool:
        """Whether there is something that a later run has to settle."""
        return not self.finished or self.unsettled

    @property
    def unsettled(self) -> bool:
        """Whether messages may be in two places at once, or were, untold."""
        return bool(self.owed or self.perhaps or self.doubtful)


def refuse_other_terms(unfinished: UnfinishedRun, terms: Mapping[str, str]) -> None:
    """Raises RefusedError where a run would go on with other options than it was begun with.

    What one selection left undone, or was on its way to one queue, is nothing that another
    can finish.
    """
    if not unfinished.unsettled or unfinished.terms == dict(terms):
        return
    other = sorted(
        key for key in {*unfinished.terms, *terms} if unfinished.terms.get(key) != terms.get(key)
    )
    raise RefusedError(
        f"the run of {unfinished.started_at} was not finished, and was begun with other options "
        f"({', '.join(other)})",
        hint=f"finish it first: {unfinished.command}; `again --no-resume` leaves it as it is",
        code="other_options",
    )


def read(path: Path) -> UnfinishedRun:
    """What a journal tells; tolerant of torn and foreign lines."""
    unfinished = UnfinishedRun(path)
    for record in _records(path, unfinished):
        _apply(unfinished, record)
    return unfinished


def _records(path: Path, unfinished: UnfinishedRun) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as lines:
            for line in lines:
                record = parsed(line)
                if record is None:
                    unfinished.unreadable_lines += bool(line.strip())
                else:
                    yield record
    except OSError as error:
        raise SqsctlError(f"cannot read the journal {path}: {error}") from error


def parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _apply(unfinished: UnfinishedRun, record: dict[str, Any]) -> None:
    kind = str(record.get("kind"))
    if kind in {"begin", "resume"}:
        unfinished.hold_s = max(unfinished.hold_s, int(_number(record.get("hold_s")) or 0))
        unfinished.finished = False
        if kind == "begin":
            _begun(unfinished, record)
    elif kind in {"intent", "unknown"}:
        for key in _texts(record.get("ids")):
            unfinished.perhaps.setdefault(key, _number(record.get("t")))
    elif kind == "sent":
        for pair in _list(record.get("ids")):
            if isinstance(pair, list) and len(pair) == 2 and len(_texts(pair)) == 2:
                unfinished.sent[pair[0]] = pair[1]
                unfinished.perhaps.pop(pair[0], None)
        unfinished.doubtful.update(dict.fromkeys(_texts(record.get("doubtful"))))
    elif kind == "unsent":
        for key in _texts(record.get("ids")):
            unfinished.perhaps.pop(key, None)
    elif kind == "deleted":
        unfinished.deleted.update(_texts(record.get("ids")))
    elif kind in {"end", "abandoned"}:
        unfinished.finished = True
        unfinished.doubtful.clear()
        if kind == "abandoned" or record.get("settled") is True:
            unfinished.perhaps.clear()
            unfinished.deleted.update(unfinished.sent)


def _begun(unfinished: UnfinishedRun, record: dict[str, Any]) -> None:
    unfinished.source = str(record.get("source", ""))
    unfinished.run = str(record.get("run", ""))
    unfinished.started_at = str(record.get("at", ""))
    unfinished.command = str(record.get("command", ""))
    terms = record.get("terms")
    if isinstance(terms, dict):
        unfinished.terms = {key: str(value) for key, value in terms.items()}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [each for each in _list(value) if isinstance(each, str)]


def _number(value: object) -> float | None:
    """A finite number; None for what is none, as true, NaN and what only Python reads."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _LARGEST else None
