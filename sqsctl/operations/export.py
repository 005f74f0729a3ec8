"""Write the messages of a queue into a file; the queue keeps them all.

Everything that is seen stays hidden until the end, so that nothing is written twice, and
is then handed back. The file comes into being whole or not at all: it is written beside
its place, flushed to disk and renamed; what an interrupt leaves has a footer too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Self

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.deadletters import ExportSummary
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.operations import archive
from sqsctl.operations.control import Control
from sqsctl.operations.hold import BATCH, Clock, steady
from sqsctl.operations.idset import IdSet
from sqsctl.operations.patience import received
from sqsctl.operations.peek import EMPTY_POLLS, Look, hides_more, refuse_to_look
from sqsctl.operations.ports import HandsOutMessages
from sqsctl.operations.selection import Select
from sqsctl.operations.spool import Spool

_DAMAGED_KEPT = 100
_HOLD_S = 120


def export(
    queue: HandsOutMessages,
    facts: Queue,
    path: Path,
    *,
    look: Look | None = None,
    select: Select | None = None,
    overwrite: bool = False,
    control: Control | None = None,
    progress: Callable[[int, int], None] | None = None,
    clock: Clock = steady,
) -> ExportSummary:
    """Export the messages that ``select`` wants (all, without one) to ``path``, mode 0600.

    ``look`` as for ``peek`` (its ``limit`` counts exported messages; by default there is
    none). ``progress`` gets how many were looked at and how many were written. Raises
    RefusedError where a look could dead-letter, or where ``path`` exists and may not be
    overwritten.
    """
    look = look or Look(limit=0, hold_s=_HOLD_S)
    refuse_to_look(facts, look)
    if path.exists() and not overwrite:
        raise RefusedError(
            f"{path} exists", hint="choose another name, or add --force", code="file_exists"
        )
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with _Writer(beside, facts) as writer, Spool(queue, look.hold_s, clock=clock) as spool:
            run = _Export(spool, look, select, writer, control or Control(), facts.fifo, progress)
            try:
                run.run()
            finally:
                unreleased = spool.release()
            writer.finish()
            beside.replace(path)
            _sync_folder(path.parent)
    except OSError as error:
        raise SqsctlError(f"cannot write {path}: {error.strerror or error}") from error
    return ExportSummary(
        path=str(path),
        messages=writer.messages,
        bytes_written=path.stat().st_size,
        sha256=writer.sha256,
        looked_at=len(run.seen),
        exhausted=run.exhausted and not hides_more(facts, len(run.seen)),
        groups_locked=tuple(run.groups),
        interrupted=run.control.stopping,
        unreleased=unreleased,
        damaged=tuple(run.damaged),
    )


class _Export:
    def __init__(
        self,
        spool: Spool,
        look: Look,
        select: Select | None,
        writer: _Writer,
        control: Control,
        fifo: bool,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._spool = spool
        self._look = look
        self._select = select
        self._writer = writer
        self._progress = progress
        self._fifo = fifo
        self.control = control
        self.seen = IdSet()
        self.exhausted = False
        self.damaged: list[str] = []
        self.groups: dict[str, None] = {}

    def run(self) -> None:
        empty = 0
        look = self._look
        while not self.control.stopping and (wanted := self._wanted()) > 0:
            receive = partial(self._spool.receive, wanted, wait_s=look.wait_s)
            batch = received(receive, self.control)
            self._spool.tend()
            for each in batch:
                if self.seen.add(each.message_id):
                    if self._fifo and each.group_id is not None:
                        self.groups[each.group_id] = None
                    self._keep(each)
            empty = 0 if batch else empty + 1
            if empty == EMPTY_POLLS:
                self.exhausted = True
                return
            if self._progress:
                self._progress(len(self.seen), self._writer.messages)

    def _wanted(self) -> int:
        look = self._look
        if look.limit and self._select is not None and self._writer.messages >= look.limit:
            return 0
        wanted = BATCH
        if look.limit and self._select is None:
            wanted = min(wanted, look.limit - self._writer.messages)
        if look.scan is not None:
            wanted = min(wanted, look.scan - len(self.seen))
        return wanted

    def _keep(self, message: Message) -> None:
        if message.damaged:
            if len(self.damaged) < _DAMAGED_KEPT:
                self.damaged.append(message.message_id)
            return
        wanted = self._select is None or self._select(message)
        if wanted and (not self._look.limit or self._writer.messages < self._look.limit):
            self._writer.write(message)


class _Writer:
    """The file beside its place, and the checksum of what is in it."""

    def __init__(self, path: Path, queue: Queue) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        self._path = path
        self._file: IO[bytes] = os.fdopen(os.open(path, flags, 0o600), "wb")
        self._digest = hashlib.sha256()
        self.messages = 0
        self._put(archive.header(queue))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """What was not moved to its place by now never will be."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, message: Message) -> None:
        self._put(archive.message_line(message))
        self.messages += 1

    def finish(self) -> None:
        self._file.write(archive.footer(self.messages, self.sha256))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def _put(self, line: bytes) -> None:
        self._file.write(line)
        self._digest.update(line)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
