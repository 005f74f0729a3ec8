"""The running account of a redrive: who was seen, claimed, sent, is owed, came back.

Every message id of the source is in at most one state at a time. All methods are
atomic; the workers share one Ledger and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from sqsctl.errors import SqsctlError
from sqsctl.model.message import Message
from sqsctl.model.transfer import FailedMove
from sqsctl.operations.moving.journal import UnfinishedRun
from sqsctl.operations.shared.id_set import IdSet

MAX_FAILURES_KEPT = 1000
MAX_COPIES_KEPT = 100
SWALLOWED_S = 290.0  # SQS deduplicates for five minutes
_SLACK_S = 1.0


def swallowed(since: float | None, now: float | None) -> bool:
    """Whether a FIFO queue took the second of two tries for the first one again.

    Both are the server's own times, the first from before the first try, the second from after
    the last. Where one is not known nothing is.
    """
    return since is not None and now is not None and 0 <= now - since <= SWALLOWED_S


class Standing(Enum):
    """What a received message is to this run."""

    FRESH = auto()  # never met: decide
    OWED = auto()  # sent before: delete it, do not send it
    RETURNED = auto()  # it is the copy that this run sent: the consumer failed again
    KNOWN = auto()  # decided already, or in another worker's hands


class Ledger:
    """Thread-safe."""

    def __init__(
        self,
        *,
        bound: int,
        limit: int | None,
        unfinished: UnfinishedRun | None,
        keep_copies: int = MAX_COPIES_KEPT,
    ) -> None:
        self._lock = threading.Lock()
        self._bound = bound
        self._limit = limit
        self._keep_copies = keep_copies
        self._claimed = 0
        self._reserved = 0
        self._decided = IdSet()  # claimed, skipped, failed or returned
        self._forgotten: set[str] = set()  # decided once, but to be met anew
        self._copies = IdSet(unfinished.sent.values() if unfinished else ())
        self._inherited: frozenset[str] = frozenset(unfinished.owed) if unfinished else frozenset()
        self._sent = IdSet(unfinished.sent if unfinished else ())
        self._owed: set[str] = set(unfinished.owed) if unfinished else set()
        self._perhaps: dict[str, float | None] = dict(unfinished.perhaps) if unfinished else {}
        self._met = 0
        self._doubted: dict[str, None] = dict(unfinished.doubtful) if unfinished else {}
        self._reasons: dict[str, str] = {}
        self.selected = 0
        self.moved = 0
        self.failed = 0
        self.skipped = 0
        self.returned = 0
        self.resumed = 0
        self.vanished = 0
        self.arrivals = 0
        self._in_doubt = 0
        self.watched_until = 0.0
        self.copies: list[str] = []
        self.acceptances: list[tuple[str, str]] = []
        self.blocked: dict[str, None] = {}
        self.hidden: dict[str, None] = {}
        self.error: BaseException | None = None

    # What may still be taken.

    def reserve(self, wanted: int) -> int:
        """How many more may be received now, at most ``wanted``; 0 at the bound or limit."""
        with self._lock:
            room = min(wanted, self._bound - self._met - self._reserved)
            if self._limit is not None:
                room = min(room, self._limit - self._claimed - self._reserved)
            room = max(room, 0)
            self._reserved += room
            return room

    def settle(self, reserved: int) -> None:
        """Give a reservation back, once what came of it is accounted for."""
        with self._lock:
            self._reserved -= reserved

    @property
    def idle(self) -> bool:
        """Nobody holds a reservation."""
        return self._reserved == 0

    @property
    def unsettled(self) -> int:
        """How many messages a run (this or an earlier one) sent, or may have, and that are
        still at the source as far as anybody knows."""
        return len(self._owed) + len(self._perhaps)

    @property
    def unresolved(self) -> bool:
        """Some may have been sent, by this run or an earlier one, and are still there."""
        return bool(self._perhaps) or self._in_doubt > 0

    @property
    def sought(self) -> frozenset[str]:
        """What is worth waiting for beyond the bound: ids that are sent but not gone.

        A run with a limit does not go through the whole queue for an earlier run's.
        """
        with self._lock:
            if self._limit is None:
                return frozenset(self._owed)
            return frozenset(self._owed - self._inherited)

    def watch_until(self, moment: float) -> None:
        """Something in flight comes back by ``moment`` at the latest, if it is still there."""
        with self._lock:
            self.watched_until = max(self.watched_until, moment + _SLACK_S)

    @property
    def owed(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._owed)

    # What arrives.

    def meet(self, message: Message) -> Standing:
        """Account for a received message. A FRESH one is the caller's until it decides."""
        key = message.message_id
        with self._lock:
            self.arrivals += 1
            known = not self._decided.add(key) and key not in self._forgotten
            if not known:
                self._forgotten.discard(key)
                self._met += 1
            if key in self._sent:
                return Standing.OWED
            if known:
                return Standing.KNOWN
            if key in self._copies:
                self.returned += 1
                return Standing.RETURNED
            return Standing.FRESH

    def skip(self, group: str | None = None) -> None:
        """It is not among those to move; ``group``: a FIFO group that it hides meanwhile."""
        with self._lock:
            self.skipped += 1
            if group is not None:
                self.hidden[group] = None

    def claim(self) -> bool:
        """Whether one more may be moved under the limit."""
        with self._lock:
            if self._limit is not None and self._claimed >= self._limit:
                return False
            self._claimed += 1
            self.selected += 1
            return True

    def forget(self, message: Message, *, claimed: bool) -> None:
        """It slipped away undecided (its hold lapsed); when it comes again it is fresh."""
        with self._lock:
            if message.message_id not in self._forgotten:
                self._forgotten.add(message.message_id)
                self._met -= 1
                self._claimed -= claimed
                self.selected -= claimed

    # What becomes of it.

    def was_sent(
        self,
        pairs: Sequence[tuple[str, str]],
        unsure: Iterable[str],
        *,
        tried_at: float | None,
        now: float | None,
        fifo: bool,
        edited: bool = False,
    ) -> list[str]:
        """The target acknowledged these; returns those that may be there twice.

        An earlier try of the ``unsure`` (from ``tried_at`` on) may have arrived, as may one of
        an earlier run. See ``swallowed``; what was ``edited`` may have been another message then,
        or of another group, which no FIFO queue takes for the same.
        """
        with self._lock:
            earlier: dict[str, float | None] = dict.fromkeys(unsure, tried_at)
            for key, copy in pairs:
                self._sent.add(key)
                self._owed.add(key)
                if copy:
                    self._copies.add(copy)
                    if len(self.acceptances) < MAX_FAILURES_KEPT:
                        self.acceptances.append((key, copy))
                    if len(self.copies) < self._keep_copies:
                        self.copies.append(copy)
                if key in self._perhaps:
                    since = self._perhaps.pop(key)
                    earlier[key] = None if edited else since
            doubtful = [
                key for key, since in earlier.items() if not (fifo and swallowed(since, now))
            ]
            self._doubted.update(dict.fromkeys(doubtful))
            return doubtful

    def was_not_sent(self, keys: Iterable[str]) -> list[str]:
        """Those of the refused that no earlier run may have sent either."""
        with self._lock:
            return [key for key in keys if key not in self._perhaps]

    def was_deleted(self, key: str) -> None:
        """The source let go of it."""
        with self._lock:
            if key not in self._owed:
                return
            self._owed.discard(key)
            self.moved += 1
            if key in self._inherited:
                self.resumed += 1
                self.selected += 1

    def has_failed(self, key: str, reason: str, *, doubtful: bool = False) -> None:
        """It stays at the source; ``doubtful``: it may be at the target nevertheless."""
        with self._lock:
            self.failed += 1
            if doubtful:
                self._in_doubt += 1
                self._doubted[key] = None
            if len(self._reasons) < MAX_FAILURES_KEPT:
                self._reasons[key] = reason

    def block(self, group: str) -> None:
        """A FIFO group whose rest stays behind a message that stays."""
        with self._lock:
            self.blocked[group] = None

    def never_came_back(self) -> tuple[str, ...]:
        """The source was watched for long enough: what is still owed is gone from it.

        What this run sent and asked to delete was moved. What an earlier one sent is gone from
        here for a reason that nobody knows.
        """
        gone = tuple(self.sought)
        for key in gone:
            if key in self._inherited:
                with self._lock:
                    self._owed.discard(key)
                    self.vanished += 1
            else:
                self.was_deleted(key)
        return gone

    def abort(self, error: BaseException) -> None:
        """Something ends the whole run; the first error counts."""
        with self._lock:
            if self.error is None or (
                isinstance(self.error, SqsctlError) and not isinstance(error, SqsctlError)
            ):
                self.error = error

    # The account.

    @property
    def possible_duplicates(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._doubted)

    @property
    def failures(self) -> tuple[FailedMove, ...]:
        with self._lock:
            return tuple(FailedMove(key, reason) for key, reason in self._reasons.items())
