"""What earlier restores sent to a queue, whatever file they read.

A message that one file gave back is not sent once more because another file holds it, too: an
export that was whole after all, a second export, a copy. Journals tell it by message id for
about a month.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqsctl.model.queues import Queue
from sqsctl.operations.moving import journal as journals

_KIND = "restore:"


@dataclass(slots=True)
class Earlier:
    """``sent`` maps message ids to the restore that sent them, ``perhaps`` are those of which
    nobody knows, ``doubtful`` those that were sent and may be there twice, untold."""

    sent: dict[str, str] = field(default_factory=dict)
    perhaps: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)


def source(sha256: str, place: str, facts: Queue) -> str:
    """What the journal of a restore is called: its file's checksum and its queue."""
    return f"{_KIND}{sha256} {journals.identity(place, facts)}"


def earlier(folder: Path, place: str, facts: Queue, but: Path | None = None) -> Earlier:
    """What the journals of restores to this queue tell, ``but`` one."""
    told = Earlier()
    queue = f" {journals.identity(place, facts)}"
    for path in journals.of_queue(folder, facts.arn):
        if path == but or not journals.source_of(path).startswith(_KIND):
            continue
        run = journals.read(path)
        if not run.source.endswith(queue):
            continue
        name = f"{run.terms.get('file') or 'an export'} ({run.started_at})"
        told.sent |= dict.fromkeys(run.sent, name)
        told.perhaps |= run.perhaps.keys()
        told.doubtful |= run.doubtful.keys()
    told.perhaps -= told.sent.keys()
    return told
