"""What sends its failures to a queue besides queues: functions, rules, subscriptions, and the like.

The stack's resources say which there are; each is asked where its failures go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqsctl.aws.delivery.places import PlaceReader, rule_place
from sqsctl.model.arns import resource_name
from sqsctl.model.deployed import ServicePart
from sqsctl.model.failed_delivery import DeadLetterFeed, DeliveredBy
from sqsctl.model.functions import EventSourceMapping, Function
from sqsctl.model.stack import Fact, Unread
from sqsctl.operations.diagnosis.reading.observation import SharedReads

MAX_SERVICES = 100
MAX_FUNCTIONS = 50
# By kind of part: the action that reads it, and what it delivers by.
_ACTIONS = {
    "rule": "events:ListTargetsByRule",
    "subscription": "sns:GetSubscriptionAttributes",
    "schedule": "scheduler:GetSchedule",
    "pipe": "pipes:DescribePipe",
}


class FeedsReader:
    """Reads them all at the same time, with the first calls of an observation."""

    def __init__(self, shared: SharedReads) -> None:
        self._shared = shared
        self._places = PlaceReader(shared.session)
        self._found: list[DeadLetterFeed] = []

    def start(self) -> None:
        if Fact.DEAD_LETTER_FEEDS not in self._shared.wanted.facts:
            return
        services = self._shared.ref.services
        asked = [each for each in services if each.kind in _ACTIONS]
        for part in asked[:MAX_SERVICES]:
            name = part.reference.rpartition("|")[2].rpartition(":")[2]
            self._read(f"{part.kind} {name}", _ACTIONS[part.kind], self._call(part))
        if len(asked) > MAX_SERVICES:
            self._shared.gap(Fact.DEAD_LETTER_FEEDS)(
                Unread("further rules and subscriptions", "more than are read at once")
            )
        if any(each.kind == "async" for each in services):
            for function in self._shared.ref.functions[:MAX_FUNCTIONS]:
                self._on_failure(function.name)

    def found(
        self, functions: Iterable[Function], streams: Iterable[EventSourceMapping]
    ) -> Sequence[DeadLetterFeed]:
        """What was read, and the functions and streams' mappings that name a queue themselves."""
        own = [
            feed
            for each in functions
            for feed in _one("lambda-dlq", each.name, each.dead_letter_target_arn)
        ]
        own += [
            replace(feed, stream=resource_name(each.queue_arn))
            for each in streams
            for feed in _one("lambda-stream", each.function_name, each.failures_to)
        ]
        wanted = Fact.DEAD_LETTER_FEEDS in self._shared.wanted.facts
        known = dict.fromkeys((*self._found, *own)) if wanted else {}
        return sorted(known, key=lambda each: (each.queue_arn, each.by, each.name))

    def _call(self, part: ServicePart) -> Callable[[], tuple[DeadLetterFeed, ...]]:
        reference = part.reference
        if part.kind == "subscription":
            return lambda: self._subscription(reference)
        if part.kind == "rule":
            return lambda: self._rule(reference)
        if part.kind == "schedule":
            return lambda: _one(
                "scheduler", reference, self._places.schedule(reference).dead_letter_target_arn
            )
        return lambda: _one("pipe", reference, self._places.pipe(reference).dead_letter_target_arn)

    def _rule(self, reference: str) -> tuple[DeadLetterFeed, ...]:
        bus, _, name = reference.rpartition("|")
        if ":rule/" in reference:
            name, bus = rule_place(reference)
        targets = self._places.rule_targets(name, bus or "default")
        return tuple(
            feed
            for target in targets
            for feed in _one("eventbridge-rule", name, target.dead_letter_target_arn)
        )

    def _subscription(self, arn: str) -> tuple[DeadLetterFeed, ...]:
        told = self._places.subscription(arn)
        topic = (told.topic_arn or arn.rpartition(":")[0]).rpartition(":")[2]
        return _one("sns-subscription", topic, told.dead_letter_target_arn)

    def _on_failure(self, name: str) -> None:
        def call() -> tuple[DeadLetterFeed, ...]:
            return tuple(
                feed
                for arn in self._places.on_failure(name)
                for feed in _one("lambda-destination", name, arn)
            )

        action = "lambda:ListFunctionEventInvokeConfigs"
        self._read(f"asynchronous invocations of {name}", action, call)

    def _read(self, what: str, action: str, call: Callable[[], tuple[DeadLetterFeed, ...]]) -> None:
        self._shared.work.start(
            what,
            call,
            self._found.extend,
            self._shared.gap(Fact.DEAD_LETTER_FEEDS),
            action=action,
            missing=lambda: None,  # one that is gone feeds nothing
        )


def _one(by: DeliveredBy, name: str, queue: str | None) -> tuple[DeadLetterFeed, ...]:
    """One feed, where its failures go to a queue."""
    return (DeadLetterFeed(by, name, queue),) if queue and ":sqs:" in queue else ()
