"""Getting messages into a queue: packed full, tried again where that is safe, counted.

Retries are this module's own, never botocore's: a throttled entry is tried again freely,
one of which nobody knows whether it arrived is tried once more and counted as a possible
duplicate, a rejected one is reported. Order within a batch is kept, nothing is lost:
every entry is in exactly one of accepted, rejected and unknown.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqsctl.errors import SqsctlError
from sqsctl.model.message import Outgoing
from sqsctl.model.outcome import Acceptance, BatchResult, Rejection
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.interfaces import SendsMessages
from sqsctl.operations.shared.validation import MAX_BYTES

BATCH = 10
UNANSWERED_TRIES = 2  # each may have made a copy: what two tries did not tell, a third will not


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and after which pauses: exponential from ``base_s``, with full jitter."""

    attempts: int = 6
    base_s: float = 0.1
    cap_s: float = 5.0

    def pause_s(self, attempt: int) -> float:
        """The pause after failed attempt number ``attempt``, counted from 1."""
        ceiling = min(self.cap_s, self.base_s * 2.0 ** (attempt - 1))
        return ceiling * random.uniform(0.5, 1)  # noqa: S311 - spreads load, hides nothing


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a batch; places are those in the batch.

    ``doubtful`` places are in ``accepted`` too, but an earlier try may have arrived as well.
    ``unknown`` stayed unknown to the end; they may have arrived, once or more often.
    ``error`` ended the attempts: no further send has a point (credentials, no such queue).
    """

    accepted: tuple[Acceptance, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    unknown: tuple[int, ...] = ()
    doubtful: tuple[int, ...] = ()
    reason: str = ""
    error: SqsctlError | None = None


def pack(
    messages: Iterable[Outgoing], *, max_bytes: int = MAX_BYTES, limit: int = BATCH
) -> Iterator[tuple[Outgoing, ...]]:
    """Split into batches of at most ``limit`` messages and ``max_bytes``, in order.

    A single message over ``max_bytes`` gets a batch of its own, to be refused by name.
    """
    batch: list[Outgoing] = []
    size = 0
    for each in messages:
        more = each.size_bytes
        if batch and (len(batch) == limit or size + more > max_bytes):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(each)
        size += more
    if batch:
        yield tuple(batch)


def deliver(
    queue: SendsMessages,
    batch: Sequence[Outgoing],
    *,
    control: Control,
    policy: RetryPolicy | None = None,
) -> Delivery:
    """Send one batch until every entry is accepted, rejected, or the attempts are used up.

    A stop lets the attempt in flight finish and starts no further one.
    """
    return _Attempts(queue, batch, control, policy or RetryPolicy()).run()


class _Attempts:
    def __init__(
        self,
        queue: SendsMessages,
        batch: Sequence[Outgoing],
        control: Control,
        policy: RetryPolicy,
    ) -> None:
        self._queue = queue
        self._batch = batch
        self._control = control
        self._policy = policy
        self._accepted: dict[int, Acceptance] = {}
        self._rejected: dict[int, Rejection] = {}
        self._unknown: dict[int, str] = {}  # the last try of these
        self._unanswered: Counter[int] = Counter()  # tries of which nobody knows
        self._damaged: set[int] = set()
        self._error: SqsctlError | None = None

    def run(self) -> Delivery:
        left = list(range(len(self._batch)))
        for attempt in range(1, self._policy.attempts + 1):
            try:
                self._send(left)
            except SqsctlError as error:
                self._give_up(error)
                break
            left = self._worth_another_try()
            if not left or attempt == self._policy.attempts:
                break
            if not self._control.pause(self._policy.pause_s(attempt)):
                break
        return self._summed_up()

    def _give_up(self, error: SqsctlError) -> None:
        self._error = error
        for place in range(len(self._batch)):
            if place not in self._accepted and place not in self._damaged:
                self._rejected.setdefault(place, Rejection(place, error.code, error.message))

    def _send(self, places: list[int]) -> None:
        result = self._queue.send([self._batch[place] for place in places])
        if result.whole and len(places) > 1 and any(each.sender_fault for each in result.rejected):
            # One entry spoils the request: find it by sending each alone.
            for place in places:
                self._note([place], self._queue.send([self._batch[place]]))
            return
        self._note(places, result)

    def _note(self, places: list[int], result: BatchResult) -> None:
        for accepted in result.accepted:
            place = places[accepted.index]
            self._accepted[place] = replace(accepted, index=place)
            self._unknown.pop(place, None)
            self._rejected.pop(place, None)
        for rejected in result.rejected:
            place = places[rejected.index]
            self._rejected[place] = replace(rejected, index=place)
            self._unknown.pop(place, None)
        for index in result.unknown:
            place = places[index]
            self._unknown[place] = result.unknown_reason
            self._unanswered[place] += 1
            self._rejected.pop(place, None)
        for index in result.damaged:
            self._damaged.add(places[index])
            self._unknown.pop(places[index], None)
            self._rejected.pop(places[index], None)

    def _worth_another_try(self) -> list[int]:
        throttled = (place for place, each in self._rejected.items() if not each.sender_fault)
        wanted = {*throttled, *self._unknown}
        return sorted(each for each in wanted if self._unanswered[each] < UNANSWERED_TRIES)

    def _summed_up(self) -> Delivery:
        # Refused after an unknown try: that try may have arrived, so it is still unknown.
        still_unknown = {
            *self._unknown,
            *self._damaged,
            *(place for place in self._rejected if place in self._unanswered),
        }
        reasons = list(self._unknown.values())
        if self._damaged:
            reasons.append("SQS acknowledged a different body or attributes (MD5)")
        return Delivery(
            accepted=tuple(self._accepted[place] for place in sorted(self._accepted)),
            rejected=tuple(
                self._rejected[place]
                for place in sorted(self._rejected)
                if place not in still_unknown
            ),
            unknown=tuple(sorted(still_unknown)),
            doubtful=tuple(sorted(self._unanswered.keys() & self._accepted.keys())),
            reason="; ".join(dict.fromkeys(each for each in reasons if each)),
            error=self._error,
        )
