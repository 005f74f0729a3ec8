"""Counting what became of produced messages: one Tally per worker, merged at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqsctl.model.http_answer import HttpAnswer
from sqsctl.operations.sending.latency import Histogram
from sqsctl.operations.shared.delivery import Delivery

MAX_ERROR_TEXTS = 50
_TEXT_CAP = 300
_OTHERS = "other errors"
# An HTTP API gives up after 30 s with a 503, or sooner if it is told to, while the function
# behind it may go on.
INTEGRATION_TIMEOUT_MS = 30_000
_NEAR = 0.93


class Tally:
    """Figures of one worker. Written by it alone; others may read the plain counts.

    ``timeout_ms`` is how long an API waits for the function behind it.
    """

    def __init__(self, timeout_ms: float = INTEGRATION_TIMEOUT_MS) -> None:
        self._slow_ms = _NEAR * timeout_ms
        self.taken = 0
        self.accepted = 0
        self.rejected = 0
        self.unknown = 0
        self.duplicates = 0
        self.good = Histogram()
        self.bad = Histogram()
        self.status_codes: Counter[int] = Counter()
        self.slow: Counter[int] = Counter()  # of these, those that took an integration's time
        self.errors: Counter[str] = Counter()

    def batch(self, result: Delivery, latency_ms: float) -> None:
        """One batch over SQS, its retries included."""
        self.accepted += len(result.accepted)
        self.rejected += len(result.rejected)
        self.unknown += len(result.unknown)
        self.duplicates += len(result.doubtful)
        for each in result.rejected:
            self.error(f"{each.code}: {each.message}" if each.message else each.code)
        if result.unknown:
            why = result.reason or "a try got no answer, and later ones none either"
            self.error(f"unknown outcome: {why}", len(result.unknown))
        (self.good if result.accepted else self.bad).add(latency_ms)

    def answer(self, answer: HttpAnswer) -> None:
        """One HTTP request.

        ``unknown``: no answer, a 504, or a 503 so late that the function ran on.
        """
        status = answer.status
        if status is not None:
            self.status_codes[status] += 1
        if answer.ok:
            self.accepted += 1
            self.good.add(answer.latency_ms)
            return
        slow = status is not None and answer.latency_ms >= self._slow_ms
        if slow and status is not None:
            self.slow[status] += 1
        late = status == 503 and slow
        if status == 504 or late or (status is None and answer.sent):
            self.unknown += 1
        else:
            self.rejected += 1
        self.bad.add(answer.latency_ms)
        self.error(answer.error or f"{status} {' '.join(answer.body.split())}".strip())

    def refused(self, why: str) -> None:
        """A message that was never sent, since SQS would not take it."""
        self.rejected += 1
        self.error(why)

    def error(self, text: str, number: int = 1) -> None:
        text = text[:_TEXT_CAP]
        if text not in self.errors and len(self.errors) >= MAX_ERROR_TEXTS:
            text = _OTHERS
        self.errors[text] += number

    @classmethod
    def merged(cls, tallies: Iterable[Tally]) -> Tally:
        total = cls()
        for each in tallies:
            total.taken += each.taken
            total.accepted += each.accepted
            total.rejected += each.rejected
            total.unknown += each.unknown
            total.duplicates += each.duplicates
            total.good.merge([each.good])
            total.bad.merge([each.bad])
            total.status_codes.update(each.status_codes)
            total.slow.update(each.slow)
            for text, number in each.errors.items():
                total.error(text, number)
        return total

    @staticmethod
    def latency_ms(tallies: Iterable[Tally]) -> float | None:
        """The 95th percentile of the accepted requests so far; None before the first."""
        return Histogram().merge(each.good for each in tallies).summary().p95

    @staticmethod
    def counts(tallies: Iterable[Tally]) -> tuple[int, int, int]:
        """Accepted, rejected and unknown so far."""
        accepted = rejected = unknown = 0
        for each in tallies:
            accepted += each.accepted
            rejected += each.rejected
            unknown += each.unknown
        return accepted, rejected, unknown
