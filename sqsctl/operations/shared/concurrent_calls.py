"""Many AWS calls at once, each leading on to others, none able to hold up the rest.

Calls run on threads; what follows from their results runs here, in the caller's thread,
one after the other, so that collected facts need no locks. A call that fails becomes an
Unread with the reason; a call that takes too long is abandoned.
"""

from __future__ import annotations

import queue
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqsctl.aws.parallel import Pool
from sqsctl.errors import SqsctlError
from sqsctl.model.stack import Unread

R = TypeVar("R")

_HOPELESS = frozenset(
    {
        "credentials_missing",
        "credentials_expired",
        "credentials_invalid",
        "profile_not_found",
        "region_missing",
    }
)
_REASONS = {
    "access_denied": "access denied",
    "not_found": "missing",
    "unsupported": "not offered by this endpoint",
    "throttled": "AWS is throttling",
    "unavailable": "AWS could not answer",
    "unreachable": "unreachable",
    "foreign_answer": "the answer is not one of AWS's",
}
_WORKERS = 48
# What reading an answer raises that lacks a field, or has another form.
_NO_ANSWER = (LookupError, TypeError, ValueError, AttributeError)


class Work:
    """Calls under way. Use: ``start`` some, then ``run`` until all is done.

    ``kind`` groups calls, so that one can tell when all of a kind are done.
    """

    def __init__(self, timeout_s: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._timeout_s = timeout_s
        self._now = now
        self._pool = Pool(_WORKERS)
        self._done: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._open: dict[int, tuple[str, float, Callable[[], None], Callable[[Unread], None], str]]
        self._open = {}
        self._kinds: Counter[str] = Counter()
        self._next = 0
        self._answers = 0
        self._unreachable: SqsctlError | None = None

    def start(
        self,
        what: str,
        call: Callable[[], R],
        then: Callable[[R], None],
        otherwise: Callable[[Unread], None],
        *,
        kind: str = "",
        action: str | None = None,
        missing: Callable[[], None] | None = None,
        extra_s: float = 0.0,
    ) -> None:
        """Begin a call. ``then`` gets what it returns, ``otherwise`` why it did not.

        ``action`` is the IAM action it needs; ``missing`` is called instead of ``otherwise``
        where the thing is not there; ``extra_s`` is time allowed above the usual.
        """
        number = self._next
        self._next += 1
        future: Future[R] = self._pool.submit(call)

        def finish() -> None:
            try:
                result = future.result()
            except SqsctlError as error:
                self._failed(error, what, action, otherwise, missing)
            except _NO_ANSWER as error:
                self._answers += 1
                otherwise(Unread(what, f"the answer is not one of AWS's ({type(error).__name__})"))
            else:
                self._answers += 1
                then(result)

        deadline = self._now() + self._timeout_s + extra_s
        self._open[number] = (kind, deadline, finish, otherwise, what)
        self._kinds[kind] += 1
        future.add_done_callback(lambda _: self._done.put(number))

    def pending(self, *kinds: str) -> bool:
        """Whether calls of these kinds are still under way."""
        return any(self._kinds[kind] for kind in kinds)

    def run(self, after_each: Callable[[], Any] = lambda: None) -> None:
        """Work until nothing is under way. ``after_each`` may start more.

        Raises SqsctlError where credentials are no good, or AWS cannot be reached at all.
        """
        try:
            while self._open:
                self._one()
                after_each()
        finally:
            self._pool.close()
        if self._unreachable and not self._answers:
            raise self._unreachable

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """What is still under way, for a display."""
        return tuple(what for _, _, _, _, what in self._open.values())

    def _one(self) -> None:
        soonest = min(deadline for _, deadline, _, _, _ in self._open.values())
        try:
            number = self._done.get(timeout=max(0.0, soonest - self._now()))
        except queue.Empty:
            self._expire()
            return
        entry = self._open.pop(number, None)
        if entry is None:
            return  # it came after it was given up
        self._kinds[entry[0]] -= 1
        entry[2]()

    def _expire(self) -> None:
        now = self._now()
        for number, (kind, deadline, _, otherwise, what) in list(self._open.items()):
            if deadline <= now:
                del self._open[number]
                self._kinds[kind] -= 1
                otherwise(Unread(what, "timed out"))

    def _failed(
        self,
        error: SqsctlError,
        what: str,
        action: str | None,
        otherwise: Callable[[Unread], None],
        missing: Callable[[], None] | None,
    ) -> None:
        if error.code in _HOPELESS:
            raise error
        if error.code == "unreachable":
            self._unreachable = error
        else:
            self._answers += 1
        if missing and (error.code == "not_found" or error.code.endswith("_not_found")):
            missing()
        else:
            otherwise(unread(error, what, action))


def unread(error: SqsctlError, what: str, action: str | None = None) -> Unread:
    """Why something could not be read, in few words; the action where it was denied."""
    denied = error.code == "access_denied"
    if error.code.endswith("_not_found"):
        reason = "missing"
    else:
        reason = _REASONS.get(error.code) or error.message
    return Unread(what, reason, (action or error.action) if denied else None)
