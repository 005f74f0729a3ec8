"""What is told about dead letters: forecasts, groups, one message's story, exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqsctl.model.logline import Attempt
from sqsctl.model.message import Message


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will become of a message if nobody does anything.

    ``attempt`` of ``max_attempts`` receives are used up (None: no limit on this queue).
    ``visible_at`` None: now. ``dead_at`` is when it is dead-lettered at the earliest, if
    every further attempt fails at once and takes the queue's visibility timeout;
    ``expires_at`` when retention deletes it (None where that cannot be known: on a FIFO
    dead-letter queue the clock may have started anew).
    """

    attempt: int
    max_attempts: int | None
    visible_at: datetime | None
    dead_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetterGroup:
    """Dead letters of one cause and one shape of body.

    ``cause`` is a check id, empty where unknown. ``fingerprint`` is the same for bodies that
    differ in values alone. Times are those of sending. ``failed_by`` and ``error`` are there for
    what another service than SQS could not deliver (model.failed_delivery).
    """

    cause: str
    fingerprint: str
    count: int
    first_at: datetime | None
    last_at: datetime | None
    sample_message_ids: tuple[str, ...]
    failed_by: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class MessageHistory:
    """One message's way: sent, tried, dead-lettered.

    ``attempts`` are the consumers' invocations that had it, oldest first; ``certain`` tells
    whether they name it, or only fit by time; ``others`` are failed ones of that time which may
    have had other messages. ``receives`` is after how many receives its queue
    gave it up, None where that queue is not known.
    """

    message: Message
    origin: str | None
    cause: str
    attempts: tuple[Attempt, ...]
    certain: bool
    forecast: Forecast
    receives: int | None = None
    others: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """A finished export. ``sha256`` is that of everything before the footer, which has it too.

    ``exhausted``: the queue had no more to show. On a FIFO queue the messages behind those
    in hand cannot be received, so a group (``groups_locked``) shows its first ones only, and
    the export is not exhausted where SQS counts more than were seen.

    About so many are not in the file since nobody could see them: ``in_flight`` are in other
    hands, ``delayed`` not yet there, ``behind`` stand in their FIFO group behind one in hand.
    """

    path: str
    messages: int
    bytes_written: int
    sha256: str
    looked_at: int
    exhausted: bool
    interrupted: bool = False
    unreleased: int = 0
    damaged: tuple[str, ...] = ()
    groups_locked: tuple[str, ...] = ()
    in_flight: int = 0
    delayed: int = 0
    behind: int = 0

    @property
    def unseen(self) -> int:
        return self.in_flight + self.delayed + self.behind


@dataclass(frozen=True, slots=True)
class RestoreSummary:
    """What a restore sent. ``partial``: the file is torn or its checksum is wrong.

    ``skipped`` lines had been sent by an earlier run of the same restore, ``restored_before`` ones
    by the restores ``restored_by``, most often of another file. Places are line numbers of the
    file.
    """

    path: str
    lines: int
    sent: int
    skipped: int
    failed: int
    possible_duplicates: tuple[str, ...] = ()
    failures: tuple[tuple[int, str], ...] = ()
    partial: bool = False
    partial_reason: str = ""
    interrupted: bool = False
    journal: str | None = None
    restored_before: int = 0
    restored_by: tuple[str, ...] = ()
