"""How many copies may be made before one message is deleted, and how many sends refused in a row.

Every message is in two places between its send and its deletion. Where deletions fail, each
further send makes one more duplicate; where sends are refused, going on changes nothing. Both
end a run, whatever the errors are.
"""

from __future__ import annotations

import threading

from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.plurals import counted


class CopyLimit:
    """Thread-safe. ``allowed``: of the order of one batch for each worker.

    ``owed`` messages of an earlier run wait to be deleted: then there is room for one ``batch``
    at first, so that runs which all fail hardly add up.
    """

    def __init__(self, allowed: int, *, batch: int, owed: int = 0) -> None:
        self._lock = threading.Lock()
        self._allowed = max(allowed, batch)
        self._copied = min(owed, self._allowed - batch)
        self._refused = 0
        self._under_way = 0
        self._why_left = ""
        self.error: SqsctlError | None = None

    def may_send(self, messages: int) -> bool:
        """Whether so many may be sent now; then ``sent`` and ``done`` have to follow.

        False: not before others are done, or, with ``error`` set, not at all.
        """
        with self._lock:
            if self._copied and self._copied + messages > self._allowed:
                if self._under_way == 0:
                    self.error = self.error or self._too_many()
                return False
            if self.error is not None:
                return False
            self._copied += messages
            self._under_way += 1
            return True

    def sent(self, *, taken: bool, absent: int, refused: int, why: str = "") -> None:
        """What came of a send: ``absent`` are certainly not there, ``refused`` of them for
        ``why``, which is nothing about the messages themselves."""
        with self._lock:
            self._copied -= min(absent, self._copied)
            self._refused = 0 if taken else self._refused + refused
            if self._refused >= self._allowed and self.error is None:
                self.error = _refused(why)

    def done(self) -> None:
        """What was sent was tried to be deleted."""
        with self._lock:
            self._under_way -= 1

    def deleted(self) -> None:
        """The source lets messages go."""
        with self._lock:
            self._copied = 0

    def left(self, why: str) -> None:
        """Why copies could not be made out, or messages not be deleted."""
        with self._lock:
            self._why_left = why or self._why_left

    def _too_many(self) -> SqsctlError:
        copies = counted(
            self._copied,
            "message was or may have been copied",
            "messages were or may have been copied",
        )
        why = f": {self._why_left}" if self._why_left else ""
        return SqsctlError(
            f"{copies}, and none could be deleted where it came from{why}; nothing more is sent",
            hint="these are listed: once they can be deleted, the next run does only that",
            exit=Exit.AMBIGUOUS,
            code="deletes_fail",
        )


def _refused(why: str) -> SqsctlError:
    away = why.startswith("unreachable")
    said = "cannot be reached" if away else "goes on refusing messages that it could take later"
    return SqsctlError(
        f"the destination {said}: {why}",
        hint="check the network and --endpoint-url" if away else "wait, and lower --rate",
        exit=Exit.UNAVAILABLE,
        code="unreachable" if away else "throttled",
    )
