"""Notes of consumers that were switched off: which, by whom, and at which AWS.

A note lies in the user's state folder, its owner's only, from before anything is switched off
until everything is on again. The run that wrote it holds a lock on it, which goes with the
process, so a note without a lock is of a run that was killed. A note names its whole target:
what has the same id elsewhere is something else.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqsctl.errors import SqsctlError
from sqsctl.model.functions import EventSourceMapping
from sqsctl.model.paused import PausedMapping
from sqsctl.private_files import create

_PATTERN = "paused-*.json"


@dataclass(frozen=True, slots=True)
class Where:
    """The AWS that a note is about. ``place`` tells one server from another."""

    place: str
    account: str
    region: str

    def __str__(self) -> str:
        server = "AWS" if self.place == "aws" else self.place.removeprefix("endpoint ")
        return f"{server}, account {self.account or 'unknown'}, {self.region or 'no region'}"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was read. ``where`` None: it does not name its target."""

    path: Path
    where: Where | None
    mappings: tuple[PausedMapping, ...]
    running: bool


def where_of(place: str, queue_arn: str) -> Where:
    """The AWS that a queue is at."""
    parts = queue_arn.split(":")
    return Where(place, parts[4], parts[3]) if len(parts) >= 6 else Where(place, "", "")


@contextlib.contextmanager
def noted(folder: Path, where: Where, mappings: Sequence[EventSourceMapping]) -> Iterator[Path]:
    """Write down what will be switched off; on disk, and locked, before the block begins.

    The note stays where the block leaves it. Raises SqsctlError where it cannot be written.
    """
    path = folder / f"paused-{secrets.token_hex(8)}.json"
    document = {
        "pid": os.getpid(),
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "place": where.place,
        "account": where.account,
        "region": where.region,
        "mappings": [
            {
                "uuid": each.uuid,
                "function": each.function_name,
                "queue_arn": each.queue_arn,
                "was": each.state,
            }
            for each in mappings
        ],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = create(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        try:
            _lock(descriptor)
            os.write(descriptor, json.dumps(document).encode("ascii"))
            os.fsync(descriptor)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise _unwritable(path, error) from error
        yield path
    finally:
        os.close(descriptor)


def notes(folder: Path) -> tuple[Note, ...]:
    """Every note there is; what cannot be read is none."""
    found = (_read(path) for path in sorted(folder.glob(_PATTERN)))
    return tuple(each for each in found if each is not None)


def _read(path: Path) -> Note | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("mappings"), list):
        return None
    running = _held(path)
    told = (_text(document, key) for key in ("place", "account", "region"))
    where = Where(*told)
    at = _text(document, "at")
    mappings = tuple(
        PausedMapping(
            _text(each, "uuid"),
            _text(each, "function"),
            _text(each, "queue_arn"),
            at,
            running,
        )
        for each in document["mappings"]
        if isinstance(each, dict) and _text(each, "uuid")
    )
    return Note(path, where if where.place else None, mappings, running) if mappings else None


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _lock(descriptor: int) -> None:
    with contextlib.suppress(ImportError):  # no such locks here: every note looks forsaken
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _held(path: Path) -> bool:
    """Whether the run that wrote it is still there."""
    try:
        import fcntl

        descriptor = os.open(path, os.O_RDONLY)
    except (ImportError, OSError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _unwritable(path: Path, error: OSError) -> SqsctlError:
    return SqsctlError(
        f"cannot write {path}: {error.strerror or error}",
        hint="no consumer is paused without a note: free some space or set XDG_STATE_HOME",
        code="note_unwritable",
    )
