"""An exact SQS in memory: visibility, receive counts, dead-lettering, FIFO, faults.

Time is a ManualClock; an empty long poll lets it pass instead of waiting. What SQS leaves
open (the order of a standard queue, which duplicate handle works) is chosen here in the
way that hurts: a stale handle's deletion "succeeds" and does nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.model.message import Message, MessageAttribute, Outgoing
from sqsctl.model.outcome import Acceptance, BatchResult, Rejection
from sqsctl.model.queues import MoveTask, Queue, QueueRef

REGION = "ap-northeast-2"
ACCOUNT = "000000000000"
DEDUPLICATION_S = 300.0

T = TypeVar("T")

# A fault gets the call to make and returns what the caller sees.
Fault = Callable[[Callable[[], object], int], object]


class ManualClock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def arn_of(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def url_of(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def unavailable() -> SqsctlError:
    return SqsctlError("AWS is unreachable", exit=Exit.UNAVAILABLE, code="unreachable")


def expired() -> SqsctlError:
    return SqsctlError(
        "your AWS credentials have expired",
        hint="sign in again",
        exit=Exit.DENIED,
        code="credentials_expired",
    )


@dataclass
class Stored:
    """One message inside a queue."""

    message_id: str
    sent: Outgoing
    sent_at: float
    visible_at: float
    sequence: int
    receives: int = 0
    first_received_at: float | None = None
    handle: str = ""
    origin: str | None = None
    deduplication_id: str | None = None


@dataclass
class FakeQueue:
    """One queue. ``calls`` logs operations; ``faults`` are used up one per call."""

    sqs: FakeSqs
    name: str
    visibility_s: int = 30
    dead_letter_target: str | None = None
    max_receive_count: int | None = None
    maximum_message_bytes: int = 1_048_576
    by_group: bool = False  # DeduplicationScope=messageGroup, as for high throughput
    stored: list[Stored] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    on_send: Callable[[Stored], None] | None = None
    refused: dict[int, bool] = field(default_factory=dict)
    _accepted: dict[str, tuple[float, str]] = field(default_factory=dict)

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")

    def fail(self, operation: str, *faults: Fault | None) -> None:
        """Let the next calls of ``operation`` meet these; None is a call without a fault."""
        self.faults.setdefault(operation, deque()).extend(faults)

    def put(self, *bodies: str | Outgoing, origin: str | None = None) -> list[str]:
        """Messages that are simply there."""
        ids = []
        for each in bodies:
            outgoing = each if isinstance(each, Outgoing) else Outgoing(each)
            ids.append(self._store(outgoing, origin).message_id)
        return ids

    @property
    def bodies(self) -> list[str]:
        return [each.sent.body for each in self.stored]

    # The port.

    def server_time(self) -> float | None:
        return self.sqs.clock() if self.sqs.tells_time else None

    def send(self, batch: Sequence[Outgoing]) -> BatchResult:
        with self.sqs.lock:
            return self._called("send", len(batch), lambda: self._send(batch))

    def receive(
        self, limit: int = 10, *, wait_s: int = 0, visibility_s: int | None = None
    ) -> tuple[Message, ...]:
        with self.sqs.lock:
            found: tuple[Message, ...] = self._called(
                "receive", limit, lambda: self._receive(limit, visibility_s)
            )
            if not found:
                self.sqs.clock.advance(wait_s)
            return found

    def delete(self, messages: Sequence[Message]) -> BatchResult:
        with self.sqs.lock:
            return self._called("delete", len(messages), lambda: self._delete(messages))

    def hide(self, messages: Sequence[Message], seconds: int) -> BatchResult:
        with self.sqs.lock:
            return self._called("hide", len(messages), lambda: self._hide(messages, seconds))

    # What it does.

    def _called(self, operation: str, size: int, call: Callable[[], T]) -> T:
        self.calls.append((operation, size))
        waiting = self.faults.get(operation)
        fault = waiting.popleft() if waiting else None
        return call() if fault is None else fault(call, size)  # type: ignore[return-value]

    def _store(self, outgoing: Outgoing, origin: str | None = None) -> Stored:
        now = self.sqs.clock()
        number = next(self.sqs.numbers)
        stored = Stored(
            message_id=f"{self.name}-{number}",
            sent=outgoing,
            sent_at=now,
            visible_at=now + (outgoing.delay_s or 0),
            sequence=number,
            origin=origin,
            deduplication_id=outgoing.deduplication_id,
        )
        self.stored.append(stored)
        if self.on_send:
            self.on_send(stored)
        return stored

    def _send(self, batch: Sequence[Outgoing]) -> BatchResult:
        assert 1 <= len(batch) <= 10, "SQS takes 1 to 10 entries"
        accepted, rejected = [], []
        for place, each in enumerate(batch):
            if place in self.refused:
                fault = self.refused[place]
                rejected.append(Rejection(place, "InternalError", "injected", fault))
                continue
            if each.size_bytes > self.maximum_message_bytes:
                rejected.append(Rejection(place, "InvalidParameterValue", "too long"))
                continue
            accepted.append(Acceptance(place, self._take_in(each)))
        return BatchResult(tuple(accepted), tuple(rejected))

    def _take_in(self, outgoing: Outgoing) -> str:
        if not self.fifo:
            return self._store(outgoing).message_id
        assert outgoing.group_id, "a FIFO queue wants a group id"
        key = outgoing.deduplication_id or hashlib.sha256(outgoing.body.encode()).hexdigest()
        if self.by_group:
            key = f"{outgoing.group_id} {key}"
        before = self._accepted.get(key)
        if before and self.sqs.clock() - before[0] < DEDUPLICATION_S:
            return before[1]
        stored = self._store(outgoing)
        self._accepted[key] = (self.sqs.clock(), stored.message_id)
        return stored.message_id

    def _receive(self, limit: int, visibility_s: int | None) -> tuple[Message, ...]:
        assert 1 <= limit <= 10, "SQS hands out 1 to 10"
        now = self.sqs.clock()
        self._dead_letter(now)
        hidden = self.visibility_s if visibility_s is None else visibility_s
        locked = {
            each.sent.group_id for each in self.stored if each.visible_at > now and each.receives
        }
        found: list[Stored] = []
        for each in self.stored:
            if len(found) == limit:
                break
            if each.visible_at > now or (self.fifo and each.sent.group_id in locked):
                continue
            found.append(each)
        for each in found:
            each.receives += 1
            each.first_received_at = each.first_received_at or now
            each.visible_at = now + hidden
            each.handle = f"{each.message_id}#{each.receives}"
        return tuple(self._message(each) for each in found)

    def _dead_letter(self, now: float) -> None:
        if self.max_receive_count is None or self.dead_letter_target is None:
            return
        target = self.sqs.queues[self.dead_letter_target]
        for each in list(self.stored):
            if each.visible_at <= now and each.receives >= self.max_receive_count:
                self.stored.remove(each)
                each.origin = arn_of(self.name)
                each.deduplication_id = each.message_id  # as SQS does for FIFO
                each.visible_at = now
                target.stored.append(each)

    def _message(self, each: Stored) -> Message:
        system = {
            "ApproximateReceiveCount": str(each.receives),
            "SentTimestamp": str(int(each.sent_at * 1000)),
            "ApproximateFirstReceiveTimestamp": str(int((each.first_received_at or 0) * 1000)),
        }
        optional = {
            "MessageGroupId": each.sent.group_id,
            "MessageDeduplicationId": each.deduplication_id,
            "AWSTraceHeader": each.sent.trace_header,
            "DeadLetterQueueSourceArn": each.origin,
            "SequenceNumber": str(each.sequence) if self.fifo else None,
        }
        system.update({name: value for name, value in optional.items() if value is not None})
        return Message(each.message_id, each.sent.body, each.handle, each.sent.attributes, system)

    def _by_handle(self, message: Message) -> Stored | None:
        return next(
            (each for each in self.stored if each.handle and each.handle == message.receipt_handle),
            None,
        )

    def _delete(self, messages: Sequence[Message]) -> BatchResult:
        assert 1 <= len(messages) <= 10, "SQS takes 1 to 10 entries"
        accepted, rejected = [], []
        for place, each in enumerate(messages):
            stored = self._by_handle(each)
            expired_handle = stored is not None and stored.visible_at <= self.sqs.clock()
            if self.fifo and expired_handle:
                rejected.append(
                    Rejection(place, "InvalidParameterValue", "The receipt handle has expired")
                )
                continue
            if stored is not None and not expired_handle:
                self.stored.remove(stored)
            accepted.append(Acceptance(place, ""))
        return BatchResult(tuple(accepted), tuple(rejected))

    def _hide(self, messages: Sequence[Message], seconds: int) -> BatchResult:
        assert 1 <= len(messages) <= 10, "SQS takes 1 to 10 entries"
        accepted, rejected = [], []
        now = self.sqs.clock()
        for place, each in enumerate(messages):
            stored = self._by_handle(each)
            if stored is None or stored.visible_at <= now:
                rejected.append(Rejection(place, "MessageNotInflight", "not in flight"))
            else:
                stored.visible_at = now + seconds
                accepted.append(Acceptance(place, ""))
        return BatchResult(tuple(accepted), tuple(rejected))


class FakeSqs:
    """All queues of an account: finds, describes, opens."""

    place = "fake"

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)
        self.queues: dict[str, FakeQueue] = {}
        self.tells_time = True
        self.unsupported: set[str] = set()
        self.denied: set[str] = set()

    def create(
        self, name: str, *, dead_letters: str | None = None, max_receive_count: int = 3
    ) -> FakeQueue:
        self.queues[name] = FakeQueue(
            self,
            name,
            dead_letter_target=dead_letters,
            max_receive_count=max_receive_count if dead_letters else None,
        )
        return self.queues[name]

    def facts(self, name: str) -> Queue:
        return self.describe(QueueRef(name, url_of(name)))

    def resolve(self, reference: str) -> QueueRef:
        name = reference.rpartition("/")[2].rpartition(":")[2]
        if name not in self.queues:
            raise NotFoundError(f"there is no queue {name}", code="queue_not_found")
        return QueueRef(name, url_of(name), arn_of(name))

    def describe(self, queue: QueueRef) -> Queue:
        if queue.name in self.denied:
            raise SqsctlError("access denied", exit=Exit.DENIED, code="access_denied")
        if queue.name not in self.queues:
            raise NotFoundError(f"there is no queue {queue.name}", code="not_found")
        found = self.queues[queue.name]
        with self.lock:
            now = self.clock()
            waiting = [each for each in found.stored if each.visible_at <= now]
            delayed = [each for each in found.stored if each.visible_at > now and not each.receives]
            total = len(found.stored)
        target = found.dead_letter_target
        return Queue(
            name=found.name,
            url=url_of(found.name),
            arn=arn_of(found.name),
            fifo=found.fifo,
            visible=len(waiting),
            delayed=len(delayed),
            in_flight=total - len(waiting) - len(delayed),
            visibility_timeout_s=found.visibility_s,
            maximum_message_bytes=found.maximum_message_bytes,
            dead_letter_target_arn=arn_of(target) if target else None,
            max_receive_count=found.max_receive_count,
        )

    def dead_letter_sources(self, queue: QueueRef) -> tuple[QueueRef, ...]:
        if "dead_letter_sources" in self.unsupported:
            raise SqsctlError("not offered here", code="unsupported")
        return tuple(
            QueueRef(each.name, url_of(each.name), arn_of(each.name))
            for each in self.queues.values()
            if each.dead_letter_target == queue.name
        )

    def open(self, queue: QueueRef) -> FakeQueue:
        return self.queues[queue.name]


class FakeTasks:
    """SQS's own redrive, a step per ``tasks`` call."""

    def __init__(self, sqs: FakeSqs, *, per_step: int = 10) -> None:
        self.sqs = sqs
        self.per_step = per_step
        self.started: list[tuple[str, str | None, int | None]] = []
        self.running: MoveTask | None = None
        self.lose_answer = False
        self.unsupported = False
        self.cancelled = False

    def start(
        self, source_arn: str, *, destination_arn: str | None = None, rate: int | None = None
    ) -> str:
        self._supported()
        if self.running is not None and self.running.running:
            raise SqsctlError("already", exit=Exit.REFUSED, code="task_running")
        self.started.append((source_arn, destination_arn, rate))
        name = source_arn.rpartition(":")[2]
        self.running = MoveTask(
            source_arn,
            "RUNNING",
            handle="handle-1",
            destination_arn=destination_arn,
            rate=rate,
            to_move=len(self.sqs.queues[name].stored),
            started_at=datetime.fromtimestamp(self.sqs.clock(), tz=UTC),
        )
        if self.lose_answer:
            raise unavailable()
        return "handle-1"

    def tasks(self, source_arn: str) -> tuple[MoveTask, ...]:
        self._supported()
        task = self.running
        if task is None:
            return ()
        if task.running:
            source = self.sqs.queues[source_arn.rpartition(":")[2]]
            for each in list(source.stored[: self.per_step]):
                source.stored.remove(each)
                target = (task.destination_arn or each.origin or "").rpartition(":")[2]
                self.sqs.queues[target].put(each.sent)
            moved = task.moved + min(self.per_step, (task.to_move or 0) - task.moved)
            done = not source.stored
            self.running = MoveTask(
                source_arn,
                "COMPLETED" if done else "RUNNING",
                handle=None if done else task.handle,
                destination_arn=task.destination_arn,
                rate=task.rate,
                moved=moved,
                to_move=task.to_move,
                started_at=task.started_at,
            )
        return (self.running,) if self.running else ()

    def cancel(self, handle: str) -> int:
        self.cancelled = True
        assert self.running is None or handle == self.running.handle
        return self.running.moved if self.running else 0

    def _supported(self) -> None:
        if self.unsupported:
            raise SqsctlError("not offered here", code="unsupported")


# Faults.


def lost_request(call: Callable[[], object], size: int) -> object:
    """It never reached SQS, and nobody can know that (reset before the answer)."""
    return BatchResult(unknown=tuple(range(size)), unknown_reason="connection reset")


def lost_answer(call: Callable[[], object], size: int) -> object:
    """SQS did it; the answer was lost."""
    call()
    return BatchResult(unknown=tuple(range(size)), unknown_reason="connection reset")


def throttled(call: Callable[[], object], size: int) -> object:
    return BatchResult(
        rejected=tuple(
            Rejection(place, "ThrottlingException", "slow down", sender_fault=False)
            for place in range(size)
        ),
        whole=True,
    )


def raises(error: SqsctlError) -> Fault:
    def fault(call: Callable[[], object], size: int) -> object:
        raise error

    return fault


def raises_after(error: SqsctlError) -> Fault:
    def fault(call: Callable[[], object], size: int) -> object:
        call()
        raise error

    return fault


def entry_fails(queue: FakeQueue, *places: int, sender_fault: bool = False) -> Fault:
    """HTTP 200 with these places of a send in Failed: they are not done, the others are."""

    def fault(call: Callable[[], object], size: int) -> object:
        queue.refused = dict.fromkeys(places, sender_fault)
        try:
            return call()
        finally:
            queue.refused = {}

    return fault


def binary(value: bytes) -> MessageAttribute:
    return MessageAttribute("Binary", value)
