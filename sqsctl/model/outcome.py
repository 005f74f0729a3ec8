"""What became of what the user asked for: results of operations, not of AWS calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejection:
    """An entry that AWS refused. ``sender_fault``: asking again cannot help."""

    index: int
    code: str
    message: str
    sender_fault: bool = True


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An entry that AWS acknowledged, by its place in the request."""

    index: int
    message_id: str
    md5_of_body: str = ""
    sequence_number: str | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The answer to one batch call (send or delete), entry by entry.

    ``unknown`` holds the places of entries of which nobody can say whether AWS took them:
    the response was lost, torn or a 5xx. For a send these may be duplicated by a retry.
    ``damaged`` are places that AWS acknowledged with the checksum of something else.
    ``whole``: the request was refused before SQS looked at its entries.
    """

    accepted: tuple[Acceptance, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    unknown: tuple[int, ...] = ()
    unknown_reason: str = ""
    damaged: tuple[int, ...] = ()
    whole: bool = False
