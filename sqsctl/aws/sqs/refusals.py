"""SQS's refusals that callers tell apart, under stable names.

``unsupported``: the endpoint does not have the call (emulators lack some).
``purge_in_progress``: one purge a minute. ``task_running``: one move task per source.
``not_a_dead_letter_queue``: move tasks start from dead-letter queues only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqsctl.errors import Exit, SqsctlError

_UNSUPPORTED = frozenset(
    {
        "InvalidAction",
        "UnknownOperationException",
        "UnknownOperation",
        "NotImplemented",
        "NotImplementedException",
        "UnsupportedOperation",
        "AWS.SimpleQueueService.UnsupportedOperation",
        "404",
        "405",
        "501",
    }
)
_NOT_IMPLEMENTED = re.compile(r"not (?:yet )?implemented", re.IGNORECASE)


@contextmanager
def refused_as(what: str) -> Iterator[None]:
    """Give the refusals above their names; to be wrapped around ``translated``."""
    try:
        yield
    except SqsctlError as error:
        named = _named(error, what)
        if named is None:
            raise
        raise named from error


def _named(error: SqsctlError, what: str) -> SqsctlError | None:
    text = error.message
    if error.code in _UNSUPPORTED or _NOT_IMPLEMENTED.search(text):
        return SqsctlError(f"{what}: this endpoint does not offer that: {text}", code="unsupported")
    if "PurgeQueueInProgress" in error.code:
        return SqsctlError(
            f"{what} was purged within the last 60 s; SQS allows one purge a minute",
            hint="wait a minute, then `again`",
            exit=Exit.UNAVAILABLE,
            code="purge_in_progress",
        )
    if "already a task running" in text:
        return SqsctlError(
            f"{what}: a redrive task is running already; SQS allows one per queue",
            hint="`sqsctl dlq tasks` shows it, and can cancel it",
            exit=Exit.REFUSED,
            code="task_running",
        )
    if "must be configured as a Dead Letter Queue" in text:
        return SqsctlError(
            f"{what} is no queue's dead-letter queue, which SQS's own redrive needs",
            hint="`again --method client` moves messages without it",
            exit=Exit.REFUSED,
            code="not_a_dead_letter_queue",
        )
    return None
