"""From ids and ARNs to the parts of a stack: who dead-letters to whom, who consumes what.

What may not be read is left out, never guessed: a queue whose attributes are denied keeps
its name, with ``role_known`` False. Only what makes every further call pointless (no
credentials, no network) is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from sqsctl.aws.functions import FunctionClient, is_queue_url
from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.parallel import concurrently
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.deployed import FunctionPart, QueuePart
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.queues import Queue, QueueRef

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

T = TypeVar("T")

MAX_CONSUMERS = 50
MAX_NEAR_QUEUES = 50
MAX_MAPPINGS_ASKED = 50
MAX_FUNCTIONS_ASKED = 20

_FATAL = frozenset(
    {
        "credentials_missing",
        "credentials_expired",
        "credentials_invalid",
        "unreachable",
        "profile_not_found",
        "region_missing",
    }
)


def fatal(error: SqsctlError) -> bool:
    """Whether nothing else will work either."""
    return error.code in _FATAL


# -- queues -----------------------------------------------------------------------------------


def with_attributes(client: QueueClient, parts: Sequence[QueuePart]) -> tuple[QueuePart, ...]:
    """The parts with who dead-letters to whom; dead-letter queues from elsewhere are added."""
    known = concurrently(lambda part: _described(client, part.ref), parts)
    found = [
        replace(
            part, arn=queue.arn or part.arn, dead_letter_target_arn=queue.dead_letter_target_arn
        )
        if queue
        else replace(part, role_known=False)
        for part, queue in zip(parts, known, strict=True)
    ]
    return with_dead_letter_queues(client, found)


def with_dead_letter_queues(
    client: QueueClient, parts: Sequence[QueuePart]
) -> tuple[QueuePart, ...]:
    """Add the dead-letter queues that belong to another stack, or to none; link all."""
    known = {each.arn for each in parts}
    missing = [
        arn
        for arn in dict.fromkeys(each.dead_letter_target_arn for each in parts)
        if arn and arn not in known
    ]
    added = [each for each in concurrently(lambda arn: by_reference(client, arn), missing) if each]
    return linked((*parts, *added))


def linked(parts: Iterable[QueuePart]) -> tuple[QueuePart, ...]:
    """The parts, each once, dead-letter queues knowing their sources."""
    every = tuple({each.url: each for each in parts}.values())
    return tuple(
        replace(
            part,
            dead_letter_for=tuple(
                each.arn for each in every if each.dead_letter_target_arn == part.arn
            )
            or part.dead_letter_for,
        )
        for part in every
    )


def part_of(queue: Queue) -> QueuePart:
    """A queue that was read, as a part."""
    return QueuePart(
        queue.name,
        queue.url,
        queue.arn,
        queue.logical_id,
        dead_letter_target_arn=queue.dead_letter_target_arn,
    )


def by_reference(client: QueueClient, reference: str) -> QueuePart | None:
    """A queue somewhere else, by URL or ARN; None where it is gone or out of sight."""
    try:
        ref = client.resolve(reference)
    except SqsctlError as error:
        if fatal(error):
            raise
        return None
    arn = reference if reference.startswith("arn:") else ref.arn
    try:
        return part_of(client.describe(QueueRef(ref.name, ref.url, arn)))
    except SqsctlError as error:
        if fatal(error):
            raise
        if error.exit is Exit.NOT_FOUND:
            return None
    return QueuePart(ref.name, ref.url, arn or "", role_known=False)


def queues_in_environments(session: Session, names: Sequence[str]) -> list[str]:
    """The URLs and ARNs of queues that these functions' environments hold."""
    client = FunctionClient(session)

    def values(name: str) -> list[str]:
        try:
            variables = client.get(name).environment.values()
        except SqsctlError as error:
            if fatal(error):
                raise
            return []
        return [each for each in variables if each and (":sqs:" in each or is_queue_url(each))]

    found = concurrently(values, names[:MAX_FUNCTIONS_ASKED])
    return list(dict.fromkeys(value for each in found for value in each))


def sources_of(client: QueueClient, queue: Queue) -> tuple[QueuePart, ...]:
    """The queues that dead-letter to this one."""
    try:
        refs = client.dead_letter_sources(queue.ref)
        found = concurrently(client.describe, refs)
    except SqsctlError as error:
        if fatal(error):
            raise
        found = _near(client, queue)
    return tuple(part_of(each) for each in found if each.dead_letter_target_arn == queue.arn)


def _near(client: QueueClient, queue: Queue) -> list[Queue]:
    """Queues whose names begin as this one's does: for endpoints that cannot list sources."""
    stem = queue.name.removesuffix(".fifo")
    lower = stem.lower()
    for ending in ("-dead-letter-queue", "-deadletter", "-dead-letters", "-dlq", "_dlq", "dlq"):
        if lower.endswith(ending):
            stem = stem[: -len(ending)]
            break
    try:
        near = list(islice(client.every(stem), MAX_NEAR_QUEUES))
        return concurrently(client.describe, [each for each in near if each.url != queue.url])
    except SqsctlError as error:
        if fatal(error):
            raise
        return []


def _described(client: QueueClient, ref: QueueRef) -> Queue | None:
    """A queue's attributes; None where they may not be read or it is gone."""
    try:
        return client.describe(ref)
    except SqsctlError as error:
        if fatal(error):
            raise
        return None


# -- mappings ---------------------------------------------------------------------------------


def mappings_of_queues(
    session: Session, parts: Iterable[QueuePart]
) -> tuple[EventSourceMapping, ...]:
    """What consumes these queues; nothing for one whose mappings may not be listed."""
    client = MappingClient(session)
    return tuple(
        _each(
            lambda part: client.of_queue(part.arn)[:MAX_CONSUMERS],
            [each for each in parts if each.arn],
        )
    )


def mappings_of_functions(session: Session, names: Iterable[str]) -> tuple[EventSourceMapping, ...]:
    """What feeds these functions from queues."""
    client = MappingClient(session)
    return tuple(_each(client.of_function, list(names)))


def mappings_by_id(session: Session, ids: Iterable[str]) -> tuple[EventSourceMapping, ...]:
    """Mappings by UUID; one that is gone or may not be read is left out."""
    client = MappingClient(session)
    return tuple(_each(lambda uuid: (client.get(uuid),), list(ids)[:MAX_MAPPINGS_ASKED]))


def _each(
    call: Callable[[T], tuple[EventSourceMapping, ...]], items: Sequence[T]
) -> Iterator[EventSourceMapping]:
    def safely(item: T) -> tuple[EventSourceMapping, ...]:
        try:
            return call(item)
        except SqsctlError as error:
            if fatal(error):
                raise
            return ()

    for found in concurrently(safely, items):
        yield from found


def consumer(mapping: EventSourceMapping) -> FunctionPart:
    """The function that a mapping feeds."""
    return FunctionPart(
        mapping.function_name, unqualified(mapping.function_arn), qualifier=mapping.qualifier
    )


def functions_once(parts: Iterable[FunctionPart]) -> tuple[FunctionPart, ...]:
    """Each function once; what is known of an alias or a logical id is kept."""
    found: dict[str, FunctionPart] = {}
    for each in parts:
        known = found.get(each.name)
        found[each.name] = (
            replace(
                known,
                logical_id=known.logical_id or each.logical_id,
                qualifier=known.qualifier or each.qualifier,
            )
            if known
            else each
        )
    return tuple(found.values())


def account_of(arn: str) -> str | None:
    """The account in an ARN."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4] else None


def unqualified(arn: str) -> str:
    """A function's ARN without alias or version."""
    parts = arn.split(":")
    return ":".join(parts[:7]) if len(parts) > 7 and parts[5] == "function" else arn
