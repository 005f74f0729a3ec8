"""Results of moving messages: sending, producing, looking, redriving.

Durations carry their unit in the name; ids are SQS message ids unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqsctl.model.message import Message
from sqsctl.model.queues import Queue

Via = Literal["http", "sqs"]
Method = Literal["native", "client"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that was sent.

    Over HTTP the message id is only known where the API's answer tells it (then
    ``message_id`` is set), ``status_code`` and ``answer`` are the API's. Over SQS these two
    are None. ``possible_duplicate``: an earlier try may have arrived as well.
    """

    via: Via
    message_id: str | None = None
    status_code: int | None = None
    sequence_number: str | None = None
    answer: str | None = None
    latency_ms: float = 0.0
    possible_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Latency:
    """Spread of request durations in milliseconds; all None where there was no request.

    ``counts`` is a histogram: (upper bound in ms, number), ascending, empty bins absent.
    Percentiles are right to one percent of their value.
    """

    min: float | None = None
    avg: float | None = None
    med: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    count: int = 0
    counts: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """One condition on a run, as it was written, and what came of it."""

    expression: str
    ok: bool
    value: float | None


@dataclass(frozen=True, slots=True)
class ProduceProgress:
    """How far a run has come. ``latency_ms`` is the 95th percentile of the accepted so far."""

    requested: int | None
    accepted: int
    rejected: int
    unknown: int
    elapsed_s: float
    latency_ms: float | None = None

    @property
    def done(self) -> int:
        return self.accepted + self.rejected + self.unknown


@dataclass(frozen=True, slots=True)
class ProduceSummary:
    """What a run of ``produce`` did.

    ``latency`` is that of requests that were accepted, ``failed_latency`` of the others; over
    SQS a request carries up to ten messages. ``rate_held`` is False where the arrival rate
    ``rate_asked`` could not be kept: the latest arrival was ``late_s`` behind. ``interrupted``:
    stopped before everything was sent. ``gave_up`` is why, where the server had gone away,
    ``ended_by`` what is wrong with the bodies where that ended it. ``slow_status_codes`` are
    those of ``status_codes`` that took as long as an integration may.
    """

    via: Via
    requested: int
    accepted: int
    rejected: int
    unknown: int
    possible_duplicates: int
    duration_s: float
    rate_per_s: float
    latency: Latency
    failed_latency: Latency
    status_codes: Mapping[int, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    thresholds: tuple[ThresholdResult, ...] = ()
    interrupted: bool = False
    rate_held: bool | None = None
    rate_asked: float | None = None
    late_s: float = 0.0
    gave_up: str | None = None
    ended_by: str | None = None
    slow_status_codes: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Peeked:
    """What a look into a queue saw, and what it cost.

    Every look counts as a receive: ``looked_at`` messages have a receive count raised by
    one, and on a FIFO queue ``groups_locked`` could not be received meanwhile. ``matched``
    are the messages asked for. ``exhausted``: the queue had no more to show; otherwise the
    limit ended the look. ``unreleased``: so many could not be handed back at once and come
    back by themselves after ``hold_s`` seconds.
    """

    queue: Queue
    matched: tuple[Message, ...]
    looked_at: int
    exhausted: bool
    groups_locked: tuple[str, ...] = ()
    locked_s: float = 0.0
    hold_s: int = 0
    unreleased: int = 0

    @property
    def approximate_total(self) -> int:
        return self.queue.approximate_total


@dataclass(frozen=True, slots=True)
class RedriveProgress:
    """How far a redrive has come. ``total`` is what was there at the start, about."""

    total: int
    moved: int
    failed: int
    skipped: int = 0
    resumed: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class FailedMove:
    """A message that stayed where it was, and why."""

    message_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RedriveSummary:
    """What a redrive did.

    ``selected`` messages were to be moved; ``moved`` were acknowledged by the target and
    deleted at the source; ``failed`` stayed. ``remaining`` is what the source holds
    afterwards, about. ``possible_duplicates`` lists the source's ids of messages that may be
    at the target twice. ``returned`` were moved and came back meanwhile: the consumer
    failed again. ``skipped`` did not match. ``blocked_groups``: FIFO groups whose rest could
    not be reached behind a message that stays. ``resumed``: so many were finished that an
    earlier run had begun; ``vanished`` of those were not at the source any more.
    ``detached``: a native task goes on without us; ``task_status`` is SQS's word for it.
    ``acceptances``: message ids with the id under which the destination took them (a message's,
    an event's, an invocation's request id), the first thousand; the journal has them all.
    ``kept``: copies were sent, nothing was deleted.
    """

    method: Method
    selected: int
    moved: int
    failed: int
    remaining: int | None
    possible_duplicates: tuple[str, ...] = ()
    journal: str | None = None
    skipped: int = 0
    returned: int = 0
    resumed: int = 0
    vanished: int = 0
    interrupted: bool = False
    detached: bool = False
    failures: tuple[FailedMove, ...] = ()
    blocked_groups: tuple[str, ...] = ()
    duration_s: float = 0.0
    task_handle: str | None = None
    task_status: str = ""
    notes: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    acceptances: tuple[tuple[str, str], ...] = ()
    kept: bool = False
