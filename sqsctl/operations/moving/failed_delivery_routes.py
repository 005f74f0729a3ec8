"""Where a failed delivery belongs: to the function, queue or topic that did not get it.

Straight there, not through the bus or topic that it came by: those would deliver it to everybody
else a second time. Where only they could (a target that this program does not deliver to), the
message stays and is told so; ``--to`` decides then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqsctl.aws.delivery.places import PlaceReader, rule_place
from sqsctl.aws.delivery.senders import BusSender, FunctionSender, TopicSender
from sqsctl.aws.functions import FunctionClient
from sqsctl.errors import Exit, RefusedError, SqsctlError
from sqsctl.model.arns import resource_name
from sqsctl.model.failed_delivery import WORDS, FailedDelivery
from sqsctl.model.message import Message, Outgoing
from sqsctl.model.queues import Queue
from sqsctl.operations.dead_letters.failed_deliveries import (
    failed_delivery,
    subscription_arn,
)
from sqsctl.operations.moving import event_shapes
from sqsctl.operations.moving.destination_names import Named, named, topic_arn
from sqsctl.operations.moving.destinations import Destination
from sqsctl.operations.shared.interfaces import OpensQueues, SendsMessages

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

_MOST_BYTES = 1_048_576  # more than any of them takes: what is too large, they refuse by name
_TO_BUS = "--to bus:NAME puts it on the bus again, for every rule that matches"
_TO_TOPIC = "--to topic:NAME publishes it again, to every subscription"


@dataclass(frozen=True, slots=True)
class _Way:
    """How a failed delivery gets to one destination."""

    to: Named
    shape: Callable[[Message, FailedDelivery], Outgoing]


class FailedDeliveryRoutes:
    """Finds where each failed delivery belongs. Thread-safe; asks AWS once a source."""

    def __init__(self, session: Session, queues: OpensQueues, source: Queue) -> None:
        self._session = session
        self._queues = queues
        self._source = source
        self._places = PlaceReader(session)
        self._lock = threading.Lock()
        self._asked: dict[str, object] = {}
        self._open: dict[Named, tuple[Queue, SendsMessages]] = {}

    def of(self, message: Message) -> Destination | None:
        """Its destination; None where it is no failed delivery.

        Raises RefusedError where it belongs nowhere that can be reached from here.
        """
        delivery = failed_delivery(message)
        if delivery is None:
            return None
        try:
            way = self._way(delivery)
            return self.to(way.to, lambda one: way.shape(one, delivery))
        except RefusedError as error:
            hint = f"; {error.hint}" if error.hint else ""
            raise RefusedError(f"{error.message}{hint}", code=error.code) from error

    def to(self, name: Named, shape: Callable[[Message], Outgoing] | None = None) -> Destination:
        """An open destination by name. Raises NotFoundError where it is not there."""
        with self._lock:
            if name not in self._open:
                self._open[name] = self._opened(name)
            facts, port = self._open[name]
        return Destination(facts, port, shape or partial(self._shaped, name))

    def _shaped(self, name: Named, message: Message) -> Outgoing:
        delivery = failed_delivery(message)
        if name.kind == "function":
            origin = message.dead_letter_source_arn or self._source.arn
            return event_shapes.for_function(message, delivery, origin)
        if name.kind == "topic":
            return event_shapes.for_topic(message, delivery)
        return event_shapes.for_bus(message, delivery)

    # -- opening ------------------------------------------------------------------------------

    def _opened(self, name: Named) -> tuple[Queue, SendsMessages]:
        if name.kind == "queue":
            queue = self._queues.describe(self._queues.resolve(name.reference))
            if queue.arn == self._source.arn:
                raise RefusedError(f"{queue.name} is both source and target", code="same_queue")
            if queue.fifo:
                raise RefusedError(
                    f"{queue.name} is a FIFO queue, and nothing tells the message's group",
                    code="type_mismatch",
                )
            return queue, self._queues.open(self._queues.resolve(name.reference))
        if name.kind == "function":
            self._look(lambda: FunctionClient(self._session).get(name.reference))
            return self._facts(name), FunctionSender(self._session, name.reference)
        if name.kind == "topic":
            arn = topic_arn(name.reference, self._source.arn)
            fifo = arn.endswith(".fifo")
            if fifo != self._source.fifo:
                kinds = ("FIFO", "standard") if self._source.fifo else ("standard", "FIFO")
                raise RefusedError(
                    f"{self._source.name} is a {kinds[0]} queue, {name.name} a {kinds[1]} topic",
                    code="type_mismatch",
                )
            self._look(lambda: self._places.topic(arn))
            return self._facts(name, fifo=fifo), TopicSender(self._session, arn)
        self._look(lambda: self._places.bus(name.reference))
        return self._facts(name), BusSender(self._session, name.reference)

    def _facts(self, name: Named, *, fifo: bool = False) -> Queue:
        """What a worker asks of a destination, in a queue's words."""
        return Queue(
            name=name.name,
            url="",
            arn=f"{name.kind} {name.reference}",
            fifo=fifo,
            maximum_message_bytes=_MOST_BYTES,
        )

    @staticmethod
    def _look(call: Callable[[], object]) -> None:
        """Whether it is there; one who may deliver need not be allowed to look."""
        try:
            call()
        except SqsctlError as error:
            if error.exit is not Exit.DENIED and error.code != "unsupported":
                raise

    # -- where each kind belongs ----------------------------------------------------------------

    def _way(self, delivery: FailedDelivery) -> _Way:
        if delivery.payload is None or delivery.payload_truncated:
            event_shapes.for_function(Message("", ""), delivery)  # says why not
        if delivery.by == "lambda-dlq":
            return _to_function(self._only_function())
        if delivery.by == "sns-subscription":
            return self._to_subscriber(delivery)
        if delivery.by == "eventbridge-rule":
            self._refuse_shaped(delivery)
        return self._to_target(delivery)

    def _to_target(self, delivery: FailedDelivery) -> _Way:
        arn = delivery.target_arn or ""
        if ":scheduler:::aws-sdk:" in arn:
            raise RefusedError(
                f"its target is the API call {arn.rpartition('aws-sdk:')[2]}, which the schedule "
                "makes itself",
                hint="`again --to QUEUE` names where to send its payload instead",
                code="no_destination",
            )
        try:
            target = named(arn)
        except SqsctlError:
            target = Named("queue", "")
        if not arn or not target.reference:
            raise RefusedError(
                f"its target is {arn or 'not told'}: no queue, function, topic or bus",
                hint=_TO_BUS
                if delivery.by == "eventbridge-rule"
                else "`again --to QUEUE` names a destination",
                code="no_destination",
            )
        if target.kind == "function":
            return _to_function(arn)
        shapes = {"topic": event_shapes.for_topic, "bus": event_shapes.for_bus}
        return _Way(target, shapes.get(target.kind, event_shapes.for_queue))

    def _only_function(self) -> str:
        """The function whose DeadLetterConfig names this queue: the message names none."""
        found = self._once("functions", self._functions_here)
        names = found if isinstance(found, tuple) else ()
        if len(names) == 1:
            return str(names[0])
        told = (
            f"{len(names)} functions have this dead-letter queue ({', '.join(names[:5])})"
            if names
            else "no function has this dead-letter queue now"
        )
        raise RefusedError(
            f"{told}, and the message does not say which one it is of",
            hint="`again --to function:NAME` names it",
            code="no_destination",
        )

    def _functions_here(self) -> tuple[str, ...]:
        return tuple(
            each.name
            for each in FunctionClient(self._session).every()
            if each.dead_letter_target_arn == self._source.arn
        )

    def _refuse_shaped(self, delivery: FailedDelivery) -> None:
        """A rule that delivers something else than the event: only the rule can make that."""
        name, bus = rule_place(delivery.source_arn or "")
        try:
            targets = self._once(f"rule {bus}/{name}", lambda: self._places.rule_targets(name, bus))
        except SqsctlError as error:
            if error.exit is Exit.UNAVAILABLE:
                raise
            return  # not allowed to look, or the rule is gone: the event is what there is
        for each in targets if isinstance(targets, tuple) else ():
            if each.arn == delivery.target_arn and each.shaped:
                raise RefusedError(
                    f"rule {name} makes an input of its own of each event",
                    hint=_TO_BUS,
                    code="shaped_input",
                )

    def _to_subscriber(self, delivery: FailedDelivery) -> _Way:
        arn = subscription_arn(delivery.payload or "")
        if arn is None:
            raise RefusedError(
                "nothing tells which subscription it is of", hint=_TO_TOPIC, code="no_destination"
            )
        found = self._once(arn, lambda: self._places.subscription(arn))
        protocol, endpoint = getattr(found, "protocol", ""), getattr(found, "endpoint", "")
        if protocol not in {"sqs", "lambda"}:
            raise RefusedError(
                f"its subscription delivers by {protocol or 'nothing known'}",
                hint=_TO_TOPIC,
                code="no_destination",
            )
        if protocol == "lambda":
            return _to_function(endpoint)
        return _Way(Named("queue", endpoint), event_shapes.for_queue)

    def _once(self, key: str, ask: Callable[[], object]) -> object:
        with self._lock:
            if key not in self._asked:
                try:
                    self._asked[key] = ask()
                except SqsctlError as error:
                    if error.exit is Exit.UNAVAILABLE:
                        raise
                    self._asked[key] = error
            found = self._asked[key]
        if isinstance(found, SqsctlError):
            raise found
        return found


def _to_function(reference: str) -> _Way:
    return _Way(Named("function", reference), event_shapes.for_function)


def anything_recognised(messages: Sequence[Message]) -> str:
    """What of these is a failed delivery, in words; empty where nothing is."""
    kinds = dict.fromkeys(
        f"{WORDS[each.by]} {resource_name(each.source_arn)}".strip()
        for each in map(failed_delivery, messages)
        if each
    )
    return ", ".join(kinds)
