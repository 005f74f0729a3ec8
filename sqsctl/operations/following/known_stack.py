"""What names the failures of a log that is followed: the stack, read once a run has failed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqsctl.errors import SqsctlError
from sqsctl.model.deployed import StackRef
from sqsctl.model.stack import Fact, Stack
from sqsctl.operations.logs.annotation import nothing_known

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

# As for dead letters, but for the logs: those come in by themselves.
FACTS = frozenset(
    {
        Fact.QUEUES,
        Fact.FUNCTIONS,
        Fact.MAPPINGS,
        Fact.APIS,
        Fact.DEAD_LETTERS,
        Fact.PACKAGES,
        Fact.METRICS,
    }
)
ANEW = timedelta(minutes=1)


class KnownStack:
    """Gives the stack as far as it can be read; after ANEW it is read again, beside the log.

    The first call reads and waits for it. Never raises: what cannot be read is unknown.
    """

    def __init__(
        self,
        session: Callable[[], Session],
        ref: StackRef,
        *,
        since: datetime | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._ref = ref
        self._since = since
        self._now = now
        self._lock = threading.Lock()
        self._stack: Stack | None = None
        self._read_at = now()

    def __call__(self) -> Stack:
        with self._lock:
            if self._stack is None:
                self._read_at = self._now()
                self._stack = self._read() or nothing_known()
            elif self._now() - self._read_at > ANEW:
                self._read_at = self._now()
                threading.Thread(target=self._renew, name="stack", daemon=True).start()
            return self._stack

    def _renew(self) -> None:
        found = self._read()
        with self._lock:
            self._stack = found or self._stack

    def _read(self) -> Stack | None:
        from sqsctl.operations.diagnosis.observe import observe

        try:
            return observe(self._session(), self._ref, needs=FACTS, since=self._since)
        except SqsctlError:
            return None  # credentials that expired, an AWS that is away: the log goes on
