"""Where a dead letter goes: back to where it came from, or where the user says."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.message import Message, Outgoing
from sqsctl.model.queues import Queue
from sqsctl.operations.shared.interfaces import OpensQueues, SendsMessages
from sqsctl.operations.stacks.queue_pairs import beside, described

_DEDUPLICATION = b"sqsctl-redrive-1"


@dataclass(frozen=True, slots=True)
class Destination:
    """An open place to send to: a queue, or what takes messages as one (a function, a topic).

    ``queue`` describes it in a queue's words. ``shape`` makes what it is handed out of a message;
    None: the message as it is, with everything that it carries.
    """

    queue: Queue
    port: SendsMessages
    shape: Callable[[Message], Outgoing] | None = None

    def outgoing(self, message: Message) -> Outgoing:
        """What is sent of a message. Raises SqsctlError where it does not hold that."""
        return self.shape(message) if self.shape else message.to_outgoing()


Elsewhere = Callable[[Message], Destination | None]


class Destinations:
    """Finds each message's destination. Thread-safe; asks AWS once per queue."""

    def __init__(
        self,
        queues: OpensQueues,
        source: Queue,
        *,
        to: Queue | Destination | None = None,
        origins: Sequence[Queue] = (),
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """``to`` takes everything; else each message's own origin, or the only one there is.

        ``elsewhere`` knows where messages belong that another service than SQS put here.
        """
        self._queues = queues
        self._source = source
        self._known: dict[str, Destination | SqsctlError] = {}
        self._lock = threading.Lock()
        self._elsewhere = elsewhere
        self._everything = self._open(to) if isinstance(to, Queue) else to
        for each in origins:
            self._known[each.arn] = self._open(each)
        self._fallback = self._known.get(origins[0].arn) if len(origins) == 1 else None

    @property
    def names(self) -> tuple[str, ...]:
        """The queues known so far, for people."""
        if self._everything:
            return (self._everything.queue.name,)
        return tuple(
            each.queue.name for each in self._known.values() if isinstance(each, Destination)
        )

    def of(self, message: Message) -> Destination:
        """Raises SqsctlError where there is none for this message."""
        if self._everything:
            return self._everything
        arn = message.dead_letter_source_arn
        if arn is None:
            found = self._elsewhere(message) if self._elsewhere else None
            if found is not None:
                return found
            if isinstance(self._fallback, Destination):
                return self._fallback
            raise RefusedError(
                "nothing tells which queue the message came from",
                hint="`again --to QUEUE` names the queue to send to",
                code="origin_unknown",
            )
        with self._lock:
            if arn not in self._known:
                self._known[arn] = self._looked_up(arn)
            known = self._known[arn]
        if isinstance(known, SqsctlError):
            raise known
        return known

    def _looked_up(self, arn: str) -> Destination | SqsctlError:
        try:
            ref = beside(self._source, arn)
            return self._open(described(self._queues, ref, arn))
        except SqsctlError as error:
            if error.code not in {"not_found", "queue_not_found", "same_queue", "type_mismatch"}:
                raise
            return error

    def _open(self, queue: Queue) -> Destination:
        source = self._source
        if queue.arn == source.arn:
            raise RefusedError(
                f"{queue.name} is both source and target",
                hint="`again --to QUEUE` names the queue to send to",
                code="same_queue",
            )
        if queue.fifo != source.fifo:
            one, other = ("FIFO", "standard") if source.fifo else ("standard", "FIFO")
            raise RefusedError(
                f"{source.name} is a {one} queue, {queue.name} is a {other} queue",
                code="type_mismatch",
            )
        return Destination(queue, self._queues.open(queue.ref))


def addressed(
    message: Message, outgoing: Outgoing, source_arn: str, destination: Destination
) -> Outgoing:
    """``outgoing`` with the ids that the destination wants.

    On FIFO queues a message gets a deduplication id that is the same whenever this very
    message is redriven, so that a repeated send is swallowed, and another than its
    producer's, which would swallow the redrive itself within five minutes of the first
    send. Standard queues take none. The group id stays: standard queues use it too.
    """
    unique = (
        deduplication_id(source_arn, message.message_id, outgoing)
        if destination.queue.fifo
        else None
    )
    return replace(outgoing, deduplication_id=unique, delay_s=None)


def deduplication_id(source_arn: str, message_id: str, outgoing: Outgoing) -> str:
    """Stable for one message and payload: 64 hex digits."""
    digest = hashlib.sha256(_DEDUPLICATION)
    for part in (source_arn, message_id, outgoing.body):
        raw = part.encode(errors="surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    for name in sorted(outgoing.attributes):
        each = outgoing.attributes[name]
        value = each.value if isinstance(each.value, bytes) else each.value.encode()
        for raw in (name.encode(), each.data_type.encode(), value):
            digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()
