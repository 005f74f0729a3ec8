"""The canary that a probe sends, the hops of its way, and who logs where on that way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqsctl.errors import UsageError
from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.queues import Queue
from sqsctl.model.stack import (
    Stack,
)

HopName = Literal["api", "producer", "queue", "consumer", "log", "dead-letter"]
HopStatus = Literal["ok", "failed", "missing"]

PLACEHOLDER = "{{id}}"
KEY = "sqsctl_probe"
_TAKES_NOTHING = frozenset({"Disabled", "Disabling"})


@dataclass(frozen=True, slots=True)
class Hop:
    """One part of the way. Durations are milliseconds; times are AWS's own where it tells them.

    ``failed``: it got there and went wrong; ``missing``: no trace of it in time. ``certain``
    is False where it was recognised by time alone.
    """

    name: HopName
    status: HopStatus
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: float | None = None
    detail: str = ""
    request_id: str | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """The way of the canary: who logs where. Functions are (name, log group).

    ``queue`` is the one that the consumer takes from; ``depth`` reads its figures anew.
    ``blocked`` says why nothing can be taken from it at present.
    """

    consumer: tuple[str, str] | None
    producer: tuple[str, str] | None = None
    dead_letters: Callable[[], int] | None = None
    queue: Queue | None = None
    depth: Callable[[], Queue] | None = None
    blocked: str | None = None


@dataclass(frozen=True, slots=True)
class Canary:
    """What is sent, and what it is recognised by."""

    id: str
    body: str


def canary(body: str | None = None, *, identity: str | None = None) -> Canary:
    """A body that carries a correlation id.

    A body with PLACEHOLDER gets the id there, a JSON object a key of its own; the default
    suits the tutorial. Raises UsageError for any other body.
    """
    own = identity or f"probe-{uuid.uuid4().hex[:12]}"
    if body is None:
        return Canary(own, json.dumps({"input": 1, KEY: own}))
    if PLACEHOLDER in body:
        return Canary(own, body.replace(PLACEHOLDER, own))
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UsageError(
            "the canary's body has no place for its id",
            hint=f"put {PLACEHOLDER} into it, or pass a JSON object",
        )
    return Canary(own, json.dumps({**document, KEY: own}, ensure_ascii=False))


def route_through(
    stack: Stack,
    *,
    producer: str | None = None,
    queue: str | None = None,
    describe: Callable[[Queue], Queue] | None = None,
) -> Route:
    """The canary's way through an observed stack (QUEUES, FUNCTIONS, MAPPINGS).

    ``queue`` is a name, URL or ARN; without it the queue that the producer's environment
    names, else the first that is consumed. Without a consumer the way ends there. ``describe``
    reads a queue's figures anew.
    """
    function = stack.function(producer) if producer else None
    chosen = _chosen(list(stack.consumed()), function, queue)
    if chosen is None:
        return Route(None, _logging(function))
    source, consumer, mapping = chosen
    dead = stack.queue(source.dead_letter_target_arn or "")

    def dead_letters() -> int:
        facts = describe(dead) if describe and dead else None
        return facts.visible + facts.in_flight if facts else 0

    return Route(
        consumer=_logging(consumer),
        producer=_logging(function),
        dead_letters=dead_letters if describe and dead else None,
        queue=source,
        depth=(lambda: describe(source)) if describe else None,
        blocked=f"the mapping from {source.name} to {consumer.name} is {mapping.state}"
        if mapping.state in _TAKES_NOTHING
        else None,
    )


def _chosen(
    consumed: Sequence[tuple[Queue, Function, EventSourceMapping]],
    producer: Function | None,
    queue: str | None,
) -> tuple[Queue, Function, EventSourceMapping] | None:
    """Who takes the canary: of a queue's consumers rather one whose mapping is enabled."""
    found = [
        each
        for each in consumed
        if queue is None or queue in {each[0].name, each[0].arn, each[0].url}
    ]
    if queue is None and producer:
        known = set(producer.environment.values())
        found = [each for each in found if {each[0].url, each[0].arn} & known] or found
    taking = [each for each in found if each[2].state not in _TAKES_NOTHING]
    return next(iter(taking or found), None)


def _logging(function: Function | None) -> tuple[str, str] | None:
    return (function.name, function.log_group) if function else None


def arrived(hops: Sequence[Hop]) -> bool:
    """Whether the canary got through."""
    return bool(hops) and all(each.status == "ok" for each in hops) and hops[-1].name == "log"


def stopped_at(hops: Sequence[Hop]) -> Hop | None:
    """The hop where it stopped, the last one; None where it got through."""
    return None if arrived(hops) or not hops else hops[-1]
