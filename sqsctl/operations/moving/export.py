"""Write the messages of a queue into a file; the queue keeps them all.

Everything that is seen stays hidden until the end, so that nothing is written twice, and
is then handed back. The file comes into being whole or not at all: it is written beside
its place, flushed to disk and renamed; what an interrupt leaves has a footer too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sqsctl import private_files
from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.dead_letters import ExportSummary
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.operations.dead_letters.readable_bodies import decoded
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.dead_letters.survey import Look, refuse_to_look, survey
from sqsctl.operations.dead_letters.visibility_hold import Clock, steady
from sqsctl.operations.moving import archive
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.interfaces import HandsOutMessages

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
    opened: archive.Opener = decoded,
) -> ExportSummary:
    """Export the messages that ``select`` wants (all, without one) to ``path``, mode 0600.

    ``look`` as for ``peek`` (its ``limit`` counts exported messages; by default there is
    none). ``progress`` gets how many were looked at and how many were written; ``opened`` takes
    the wrappings off a body. Raises
    RefusedError where a look could dead-letter, or where ``path`` exists and may not be
    overwritten.
    """
    look = look or Look(limit=0, hold_s=_HOLD_S)
    refuse_to_look(facts, look)
    control = control or Control()
    if path.exists() and not overwrite:
        raise _exists(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with private_files.writing(path, overwrite=overwrite) as file:
            writer = _Writer(file, facts, opened)
            seen = survey(
                queue,
                facts,
                writer.write,
                look=look,
                select=select,
                control=control,
                progress=progress,
                clock=clock,
            )
            writer.finish()
    except OSError as error:
        if isinstance(error, FileExistsError) and (path.exists() or path.is_symlink()):
            raise _exists(path) from error  # it came meanwhile, or is a link that leads nowhere
        raise SqsctlError(f"cannot write {path}: {error.strerror or error}") from error
    cut_short = (
        control.stopping
        or (look.limit and seen.wanted >= look.limit)
        or (look.scan is not None and seen.looked_at >= look.scan)
    )
    in_flight, delayed, behind = (0, 0, 0) if cut_short else _unseen(facts, seen.looked_at)
    return ExportSummary(
        path=str(path),
        messages=writer.messages,
        bytes_written=path.stat().st_size,
        sha256=writer.sha256,
        looked_at=seen.looked_at,
        exhausted=seen.exhausted,
        groups_locked=seen.groups_locked,
        interrupted=control.stopping,
        unreleased=seen.unreleased,
        damaged=tuple(writer.damaged),
        in_flight=in_flight,
        delayed=delayed,
        behind=behind,
    )


def _unseen(facts: Queue, looked_at: int) -> tuple[int, int, int]:
    """How many of those that were there at the start nobody could see: in flight, delayed, and,
    on a FIFO queue, behind others. About, as SQS counts."""
    missing = max(0, facts.approximate_total - looked_at)
    delayed = min(facts.delayed, missing)
    in_flight = min(facts.in_flight, missing - delayed)
    return in_flight, delayed, missing - delayed - in_flight if facts.fifo else 0


def _exists(path: Path) -> RefusedError:
    return RefusedError(
        f"{path} exists", hint="choose another name, or `again --force`", code="file_exists"
    )


class _Writer:
    """Writes an archive, and knows the checksum of what is in it."""

    def __init__(self, file: IO[bytes], queue: Queue, opened: archive.Opener) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._opened = opened
        self.messages = 0
        self.damaged: list[str] = []
        self._put(archive.header(queue))

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, message: Message) -> None:
        """A message whose body is not its checksum's is named, not written."""
        if message.damaged:
            if len(self.damaged) < _DAMAGED_KEPT:
                self.damaged.append(message.message_id)
            return
        self._put(archive.message_line(message, self._opened))
        self.messages += 1

    def finish(self) -> None:
        self._file.write(archive.footer(self.messages, self.sha256))

    def _put(self, line: bytes) -> None:
        self._file.write(line)
        self._digest.update(line)
