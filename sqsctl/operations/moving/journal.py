"""The redrive's memory on disk: what was about to be sent, what was sent, what is gone.

One file per source queue and run, JSON Lines, readable by its owner only, in the user's
state folder. An intent is on disk (fsync) before its message is sent; so after a crash
at any moment the file tells of every message whether it was certainly sent (then it is
only deleted when it comes again), perhaps sent (then it is sent again and reported as a
possible duplicate), or not sent. Message bodies are never written. Ids come from the
outside: they are JSON-escaped, and never used as file names. A torn last line is an
interrupted write and ignored; so is any other line that cannot be read.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqsctl import private_files
from sqsctl.errors import Exit, RefusedError, SqsctlError
from sqsctl.model.queues import Queue
from sqsctl.operations.moving.unfinished_run import UnfinishedRun, parsed, read

__all__ = [
    "Journal",
    "UnfinishedRun",
    "abandon",
    "begin",
    "identity",
    "of_queue",
    "read",
    "resume",
    "source_of",
    "unfinished",
]

FORMAT = 1
_SUFFIX = ".jsonl"
_FIRST_BYTES = 64 * 1024
_LAST_BYTES = 4096
_KEPT_S = 30 * 86_400


class Journal:
    """An open journal. Thread-safe; threads that write at once share one fsync."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._fd = descriptor
        self._write = threading.Lock()
        self._sync = threading.Lock()
        self._written = 0
        self._synced = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def intent(self, ids: Sequence[str], at: float | None = None) -> None:
        """These are about to be sent, ``at`` the server's time. On disk when this returns."""
        self._add({"kind": "intent", "ids": list(ids), "t": at})
        self._fsync()

    def sent(self, pairs: Iterable[tuple[str, str]], doubtful: Iterable[str] = ()) -> None:
        """The target acknowledged these: (id at the source, id at the target).

        ``doubtful`` ones among them may be at the target twice.
        """
        record: dict[str, Any] = {"kind": "sent", "ids": [list(each) for each in pairs]}
        if told := list(doubtful):
            record["doubtful"] = told
        self._add(record)

    def unsent(self, ids: Iterable[str]) -> None:
        """These were certainly not sent, not by an earlier try either."""
        self._add({"kind": "unsent", "ids": list(ids)})

    def unknown(self, ids: Iterable[str]) -> None:
        """Nobody knows whether these were sent. The intent tells since when."""
        self._add({"kind": "unknown", "ids": list(ids)})

    def deleted(self, ids: Iterable[str]) -> None:
        """The source confirmed that these are gone."""
        self._add({"kind": "deleted", "ids": list(ids)})

    def finish(self, reason: str, *, settled: bool = False) -> None:
        """The run ended in good order.

        ``settled``: the source was seen to its end, so whatever was still owed is not there
        any more and no later run has to look for it.
        """
        self.note("end", reason=reason, settled=settled)

    def note(self, kind: str, **facts: object) -> None:
        """A record about the run itself. On disk when this returns."""
        self._add({"kind": kind, "at": _now(), **facts})
        self._fsync()

    def flush(self) -> None:
        self._fsync()

    def close(self) -> None:
        """Let go of the file (and of the lock on it)."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _add(self, record: dict[str, Any]) -> None:
        if not record.get("ids", True):
            return
        line = (json.dumps(record, separators=(",", ":")) + "\n").encode("ascii")
        with self._write:
            try:
                _write_all(self._fd, line)
            except OSError as error:
                raise _unwritable(self.path, error) from error
            self._written += 1

    def _fsync(self) -> None:
        wanted = self._written
        with self._sync:
            if self._synced >= wanted:
                return
            reached = self._written
            try:
                os.fsync(self._fd)
            except OSError as error:
                raise _unwritable(self.path, error) from error
            self._synced = reached


def identity(place: str, queue: Queue) -> str:
    """Which queue a journal is of: on which server, under which ARN, and made when.

    A lab that was started anew, and a queue that was deleted and made again, are not the ones
    that a journal tells of, whatever they are called.
    """
    made = f"{queue.created_at:%Y%m%dT%H%M%SZ}" if queue.created_at else "-"
    return f"{place} {made} {queue.arn}"


def begin(
    folder: Path,
    source: str,
    *,
    hold_s: int,
    terms: Mapping[str, str] | None = None,
    command: str = "",
) -> Journal:
    """Start a journal for a run on ``source``, an ``identity``."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _tidy(folder)
    run = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(4).hex()}"
    path = folder / f"{_key(source)}-{run}{_SUFFIX}"
    try:
        descriptor = private_files.create(path, os.O_WRONLY | os.O_APPEND)
    except OSError as error:
        raise _unwritable(path, error) from error
    _lock(descriptor, path)
    journal = Journal(path, descriptor)
    try:
        journal.note(
            "begin",
            format=FORMAT,
            source=source,
            run=run,
            hold_s=hold_s,
            terms=dict(terms or {}),
            command=command,
        )
    except BaseException:
        journal.close()
        path.unlink(missing_ok=True)  # nothing was sent yet: there is nothing to remember
        raise
    private_files.sync_folder(folder)
    return journal


def resume(unfinished: UnfinishedRun, *, hold_s: int) -> Journal:
    """Go on writing where an unfinished run stopped. Refused while that run still lives."""
    journal = _reopened(unfinished)
    journal.note("resume", hold_s=hold_s)
    return journal


def unfinished(folder: Path, source: str) -> UnfinishedRun | None:
    """The newest journal of this source (an ``identity``) that leaves something to settle."""
    for path in sorted(folder.glob(f"{_key(source)}-*{_SUFFIX}"), reverse=True):
        if _plainly_closed(path):
            continue
        unfinished = read(path)
        if unfinished.source == source and unfinished.open:
            return unfinished
    return None


def of_queue(folder: Path, arn: str) -> list[Path]:
    """The journals, of whatever kind, of queues with this one's name."""
    return sorted(folder.glob(f"{_name(arn)}-*{_SUFFIX}"))


def source_of(path: Path) -> str:
    """What a journal says it is of, from its first line alone; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            record = parsed(file.readline(_FIRST_BYTES))
    except OSError:
        return ""
    return str(record.get("source", "")) if record else ""


def abandon(unfinished: UnfinishedRun) -> None:
    """Mark an unfinished journal as given up, so that no later run picks it up."""
    journal = _reopened(unfinished)
    journal.note("abandoned")
    journal.close()


def _reopened(unfinished: UnfinishedRun) -> Journal:
    try:
        descriptor = private_files.shared(unfinished.path, made=False, more=os.O_APPEND)
    except OSError as error:
        raise _unwritable(unfinished.path, error) from error
    _lock(descriptor, unfinished.path)
    if _torn(descriptor):
        _write_all(descriptor, b"\n")
    return Journal(unfinished.path, descriptor)


def _plainly_closed(path: Path) -> bool:
    """Whether the last line alone says that nothing is left: large journals need no reading."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LAST_BYTES))
            last = file.read().removesuffix(b"\n").rpartition(b"\n")[2]
    except OSError:
        return False
    record = parsed(last + b"\n")
    if record is None:
        return False
    return record.get("kind") == "abandoned" or record.get("settled") is True


def _tidy(folder: Path) -> None:
    """Remove journals that were closed a month ago."""
    for path in folder.glob(f"*{_SUFFIX}"):
        try:
            if path.stat().st_mtime < time.time() - _KEPT_S and _plainly_closed(path):
                path.unlink()
        except OSError:
            continue  # another run was faster, or it is not ours to remove


def _key(source: str) -> str:
    """A file-name-safe key: the queue's name for people, a hash of the whole for certainty."""
    return f"{_name(source)}-{hashlib.sha256(source.encode()).hexdigest()[:12]}"


def _name(source: str) -> str:
    name = source.rpartition(":")[2]
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:80]


def _lock(descriptor: int, path: Path) -> None:
    """One run at a time per journal; the lock goes with the process that holds it."""
    try:
        import fcntl
    except ImportError:  # no such locks here: two runs on one journal stay possible
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise RefusedError(
            f"another redrive of this queue is running (it holds {path.name})",
            hint="wait for it to end, or stop it with Ctrl-C",
            code="redrive_running",
        ) from error


def _torn(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _unwritable(path: Path, error: OSError) -> SqsctlError:
    return SqsctlError(
        f"cannot write the journal {path}: {error.strerror or error}",
        hint="free some space or set XDG_STATE_HOME; nothing is moved without a journal",
        exit=Exit.FAILED,
        code="journal_unwritable",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
