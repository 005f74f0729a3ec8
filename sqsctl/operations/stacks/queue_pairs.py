"""From a queue that somebody named to the dead-letter queue and what feeds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from sqsctl.errors import NotFoundError, SqsctlError
from sqsctl.model.queues import Queue, QueueRef
from sqsctl.operations.shared.interfaces import KnowsQueues

_ARN = re.compile(r"arn:[\w-]+:sqs:[\w-]*:(?P<account>\d*):(?P<name>[\w.-]+)")
_CONVENTIONS = ("-dlq", "_dlq", "-DLQ", "Dlq", "DLQ", "-dead-letter", "-deadletter", "-dead")


@dataclass(frozen=True, slots=True)
class Pair:
    """A dead-letter queue and the queues that dead-letter to it.

    ``sources`` may be empty: nobody could tell, or none is left.
    """

    dead_letters: Queue
    sources: tuple[Queue, ...]


def dead_letter_queue_of(queues: KnowsQueues, queue: Queue) -> Queue | None:
    """The queue that ``queue`` dead-letters to; None without one."""
    if not queue.dead_letter_target_arn:
        return None
    return queues.describe(beside(queue, queue.dead_letter_target_arn))


def beside(queue: Queue, arn: str) -> QueueRef:
    """Where the queue ``arn`` is, told from the URL of another one of its account and region.

    SQS wants a dead-letter queue in the same account and region, so their URLs differ in the
    name alone; that saves a call.
    """
    match = _ARN.fullmatch(arn)
    if not match:
        raise NotFoundError(f"{arn} is not the ARN of a queue")
    parts = urlsplit(queue.url)
    path = f"{parts.path.rpartition('/')[0]}/{match['name']}"
    return QueueRef(match["name"], urlunsplit(parts._replace(path=path)), arn)


def find_pair(queues: KnowsQueues, reference: str) -> Pair:
    """The pair that ``reference`` (name, URL or ARN) belongs to, by either of its ends.

    A queue with a RedrivePolicy stands for its dead-letter queue, unless others dead-letter
    to it; any other is taken as the dead-letter queue itself. Raises NotFoundError where a
    queue is missing.
    """
    named = queues.describe(queues.resolve(reference))
    if named.dead_letter_target_arn and (sources := sources_of(queues, named)):
        return Pair(named, sources)
    target = dead_letter_queue_of(queues, named)
    if target is not None:
        others = tuple(each for each in sources_of(queues, target) if each.arn != named.arn)
        return Pair(target, (named, *others))
    return Pair(named, sources_of(queues, named))


def sources_of(queues: KnowsQueues, dead_letters: Queue) -> tuple[Queue, ...]:
    """The queues that dead-letter to this one.

    Where the endpoint or the identity cannot list them, a queue named as by convention
    (``jobs`` for ``jobs-dlq``) is asked whether it does.
    """
    ref = dead_letters.ref
    try:
        found = queues.dead_letter_sources(ref)
    except SqsctlError as error:
        if error.code not in {"unsupported", "access_denied"}:
            raise
        return tuple(_by_convention(queues, dead_letters))
    return tuple(described(queues, each, dead_letters.arn) for each in found)


def described(queues: KnowsQueues, ref: QueueRef, neighbour_arn: str) -> Queue:
    """A queue's facts; where they may not be read, what its name and a neighbour's ARN tell."""
    try:
        return queues.describe(ref)
    except SqsctlError as error:
        if error.code != "access_denied":
            raise
        arn = ref.arn or f"{neighbour_arn.rpartition(':')[0]}:{ref.name}"
        return Queue(name=ref.name, url=ref.url, arn=arn, fifo=ref.fifo)


def _by_convention(queues: KnowsQueues, dead_letters: Queue) -> list[Queue]:
    suffix = ".fifo" if dead_letters.name.endswith(".fifo") else ""
    bare = dead_letters.name.removesuffix(".fifo")
    for ending in _CONVENTIONS:
        if not bare.endswith(ending) or bare == ending:
            continue
        try:
            found = queues.describe(queues.resolve(bare.removesuffix(ending) + suffix))
        except SqsctlError as error:
            if error.code in {"queue_not_found", "not_found", "access_denied"}:
                continue
            raise
        if found.dead_letter_target_arn == dead_letters.arn:
            return [found]
    return []
