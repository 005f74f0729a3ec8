"""Find the parts of a stack: from CloudFormation, from a queue, or from a function.

What CloudFormation says comes first; then what the services themselves connect (a queue's
RedrivePolicy, event source mappings). Names by convention are the last resort. Calls
that do not depend on each other run at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from sqsctl.aws.functions import FunctionClient
from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.parallel import Pool, concurrently
from sqsctl.aws.queues import QueueClient
from sqsctl.aws.stacks import StackClient
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError
from sqsctl.model.deployed import (
    ApiPart,
    DeployedStack,
    FunctionPart,
    QueuePart,
    StackRef,
    StackResource,
)
from sqsctl.model.queues import Queue, QueueRef

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

__all__ = ["StackRef", "StackSummary", "from_function", "from_queue", "from_stack", "stacks"]

T = TypeVar("T")

MAX_STACKS_LOOKED_INTO = 300
MAX_CONSUMERS = 50

_QUEUE = "AWS::SQS::Queue"
_FUNCTION = "AWS::Lambda::Function"
_MAPPING = "AWS::Lambda::EventSourceMapping"
_APIS = {
    "AWS::ApiGatewayV2::Api": "http",
    "AWS::ApiGateway::RestApi": "rest",
    "AWS::Lambda::Url": "url",
}
_LOG_GROUP = "AWS::Logs::LogGroup"


@dataclass(frozen=True, slots=True)
class StackSummary:
    """A stack that holds a queue and a function, for ``stack ls``."""

    name: str
    status: str
    queues: tuple[str, ...]
    functions: tuple[str, ...]
    updated_at: datetime | None = None
    description: str = ""
    ours: bool = False


def stacks(session: Session) -> Iterator[StackSummary]:
    """Stacks with an SQS queue and a function, by name.

    Looks into the resources of at most MAX_STACKS_LOOKED_INTO stacks, several at a time.
    """
    client = StackClient(session)
    found = list(client.active(MAX_STACKS_LOOKED_INTO))
    for stack, resources in zip(
        found, concurrently(lambda each: _resources_of(client, each), found), strict=True
    ):
        queues = tuple(part.rpartition("/")[2] for part in _physical(resources, _QUEUE) if part)
        functions = tuple(_physical(resources, _FUNCTION))
        if queues and functions:
            yield StackSummary(
                name=stack.name,
                status=stack.status,
                queues=queues,
                functions=functions,
                updated_at=stack.updated_at or stack.created_at,
                description=stack.description,
                ours=stack.tags.get("sqsctl:created-by") == "sqsctl",
            )


def from_stack(session: Session, name: str) -> StackRef:
    """The parts of a CloudFormation stack, nested stacks included.

    Costs DescribeStacks and ListStackResources, then one GetQueueAttributes a queue: two
    round trips. Dead-letter queues outside the stack are added. Raises NotFoundError.
    """
    client = StackClient(session)
    with Pool(2) as pool:
        described = pool.submit(client.get, name)
        listed = pool.submit(client.resources, name)
        try:
            stack = described.result()
        except SqsctlError as error:
            listed.cancel()
            raise error
        resources = listed.result()
    if stack.status == "DELETE_COMPLETE":
        raise NotFoundError(
            f"stack {name} was deleted", hint="sqsctl stack ls", code="stack_not_found"
        )
    return _assembled(session, stack, resources)


def from_queue(session: Session, reference: str) -> StackRef:
    """The parts around one queue: a name, URL or ARN; a dead-letter queue works too.

    RedrivePolicy leads to the dead-letter queue, ListDeadLetterSourceQueues back from it,
    event source mappings to the consumers. Raises NotFoundError.
    """
    client = QueueClient(session)
    start = client.describe(client.resolve(reference))
    queues = [start]
    sources = _sources(client, start)
    queues += [client.describe(each) for each in sources if each.url != start.url]
    parts = with_roles([_part(each) for each in queues], queues)
    parts = _with_outside_dead_letter_queues(client, parts)
    consumers = _consumers(session, [each for each in parts if each.arn])
    return StackRef(
        region=session.target.region,
        account=_account(start.arn) or session.target.account,
        queues=parts,
        functions=tuple(dict.fromkeys(part for part, _ in consumers)),
        mapping_ids=tuple(dict.fromkeys((uuid, None) for _, uuid in consumers)),
    )


def from_function(session: Session, reference: str) -> StackRef:
    """The parts around one function: a name or an ARN, with or without an alias.

    Its event source mappings lead to queues; a function that is no consumer is taken for
    a producer: the queues that its environment names. Raises NotFoundError.
    """
    function = FunctionClient(session).get(reference)
    mappings = MappingClient(session).of_function(reference)
    arns = [each.queue_arn for each in mappings]
    if not arns:
        arns = [
            value
            for value in function.environment.values()
            if value and (":sqs:" in value or _is_queue_url(value))
        ]
    own = FunctionPart(
        function.name,
        _unqualified(function.arn),
        qualifier=next((each.qualifier for each in mappings if each.qualifier), None),
    )
    found: list[StackRef] = [
        each for arn in dict.fromkeys(arns) if (each := _maybe_from_queue(session, arn)) is not None
    ]
    return StackRef(
        region=session.target.region,
        account=_account(function.arn) or session.target.account,
        queues=_unique(part for each in found for part in each.queues),
        functions=_unique_functions((own, *(part for each in found for part in each.functions))),
        mapping_ids=tuple(
            dict.fromkeys(
                (
                    *((each.uuid, None) for each in mappings),
                    *(pair for each in found for pair in each.mapping_ids),
                )
            )
        ),
    )


def main_queue(ref: StackRef, name: str | None = None) -> QueuePart:
    """The queue a command works on: the one named, else the only one that is no DLQ.

    Raises NotFoundError and, where there are several, an error that lists them.
    """
    if name:
        part = ref.queue(name)
        if part is None:
            raise NotFoundError(
                f"{ref.title} has no queue {name}",
                hint=f"it has {_listed(each.name for each in ref.queues)}",
                code="queue_not_found",
            )
        return part
    candidates = ref.main_queues or ref.queues
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise NotFoundError(
            f"{ref.title} has no queue", hint="name one with --queue", code="queue_not_found"
        )
    raise SqsctlError(
        f"{ref.title} has {len(candidates)} queues: {_listed(each.name for each in candidates)}",
        hint=f"choose one: --queue {candidates[0].name}",
        exit=Exit.USAGE,
        code="queue_ambiguous",
    )


def dead_letter_queue(ref: StackRef, name: str | None = None) -> QueuePart:
    """The DLQ a ``dlq`` command works on; ``name`` may be the main queue's or its own."""
    if name:
        part = main_queue(ref, name)
        if part.dead_letter_queue:
            return part
        target = ref.dead_letter_queue_of(part)
        if target is None:
            raise NotFoundError(
                f"queue {part.name} has no dead-letter queue",
                hint="sqsctl doctor shows how to give it one",
                code="dlq_not_found",
            )
        return target
    candidates = ref.dead_letter_queues
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise NotFoundError(
            f"{ref.title} has no dead-letter queue",
            hint="sqsctl doctor shows how to give it one",
            code="dlq_not_found",
        )
    raise SqsctlError(
        f"{ref.title} has {len(candidates)} dead-letter queues: "
        f"{_listed(each.name for each in candidates)}",
        hint=f"choose one: --queue {candidates[0].name}",
        exit=Exit.USAGE,
        code="queue_ambiguous",
    )


# -- CloudFormation -----------------------------------------------------------------------


def _resources_of(client: StackClient, stack: DeployedStack) -> tuple[StackResource, ...]:
    try:
        return client.resources(stack.arn or stack.name)
    except NotFoundError:  # deleted between the two calls
        return ()


def _physical(resources: Iterable[StackResource], type_: str) -> list[str]:
    return [each.physical_id for each in resources if each.type == type_ and each.physical_id]


def _assembled(
    session: Session, stack: DeployedStack, resources: Sequence[StackResource]
) -> StackRef:
    region, account = session.target.region, stack.account or session.target.account
    partition = stack.arn.split(":")[1] if stack.arn.startswith("arn:") else "aws"
    prefix = f"arn:{partition}:lambda:{region}:{account or ''}:function"
    present = [each for each in resources if each.physical_id]
    queues = [
        QueuePart(
            name=(name := each.physical_id.rpartition("/")[2]),
            url=each.physical_id,
            arn=f"arn:{partition}:sqs:{region}:{account or ''}:{name}",
            logical_id=each.logical_id,
        )
        for each in present
        if each.type == _QUEUE
    ]
    client = QueueClient(session)
    known = concurrently(lambda part: _described(client, part), queues)
    parts = with_roles(
        [
            replace(part, arn=queue.arn or part.arn) if queue else replace(part, role_known=False)
            for part, queue in zip(queues, known, strict=True)
        ],
        [queue for queue in known if queue],
    )
    parts = _with_outside_dead_letter_queues(client, parts)
    return StackRef(
        region=region,
        stack_name=stack.name,
        account=account,
        queues=parts,
        functions=tuple(
            FunctionPart(each.physical_id, f"{prefix}:{each.physical_id}", each.logical_id)
            for each in present
            if each.type == _FUNCTION
        ),
        mapping_ids=tuple(
            (each.physical_id, each.logical_id) for each in present if each.type == _MAPPING
        ),
        apis=tuple(
            ApiPart(_api_id(each), _APIS[each.type], each.logical_id)
            for each in present
            if each.type in _APIS
        ),
        log_groups=tuple(_physical(present, _LOG_GROUP)),
        outputs=stack.outputs,
    )


def _api_id(resource: StackResource) -> str:
    """An API's id; a function URL goes by the name of its function."""
    if resource.type != "AWS::Lambda::Url":
        return resource.physical_id
    _, found, rest = resource.physical_id.partition(":function:")
    return rest if found else resource.physical_id


# -- queues ---------------------------------------------------------------------------------


def _described(client: QueueClient, part: QueuePart) -> Queue | None:
    """A queue's attributes; None where they may not be read or it is gone."""
    try:
        return client.describe(part.ref)
    except SqsctlError as error:
        if _fatal(error):
            raise
        return None


def _part(queue: Queue) -> QueuePart:
    return QueuePart(queue.name, queue.url, queue.arn)


def with_roles(parts: Sequence[QueuePart], queues: Sequence[Queue]) -> tuple[QueuePart, ...]:
    """The parts with who dead-letters to whom, as the queues' attributes say."""
    targets = {each.arn: each.dead_letter_target_arn for each in queues}
    sources: dict[str, list[str]] = {}
    for arn, target in targets.items():
        if target:
            sources.setdefault(target, []).append(arn)
    return tuple(
        replace(
            part,
            dead_letter_target_arn=targets.get(part.arn),
            dead_letter_for=tuple(sources.get(part.arn, ())),
        )
        for part in parts
    )


def _with_outside_dead_letter_queues(
    client: QueueClient, parts: Sequence[QueuePart]
) -> tuple[QueuePart, ...]:
    """Add the dead-letter queues that belong to another stack, or to none."""
    known = {each.arn for each in parts}
    missing = [
        arn
        for arn in dict.fromkeys(each.dead_letter_target_arn for each in parts)
        if arn and arn not in known
    ]
    added = [each for each in concurrently(lambda arn: _outside(client, arn), missing) if each]
    return with_more(parts, added)


def with_more(parts: Sequence[QueuePart], added: Sequence[QueuePart]) -> tuple[QueuePart, ...]:
    """The parts and those added, with the sources of each dead-letter queue filled in."""
    every = (*parts, *added)
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


def _outside(client: QueueClient, arn: str) -> QueuePart | None:
    try:
        ref = client.resolve(arn)
    except SqsctlError as error:
        if _fatal(error):
            raise
        return None
    return QueuePart(ref.name, ref.url, arn)


def _sources(client: QueueClient, queue: Queue) -> tuple[QueueRef, ...]:
    """The queues that dead-letter to this one, where the endpoint says so."""
    try:
        return client.dead_letter_sources(QueueRef(queue.name, queue.url, queue.arn))
    except SqsctlError as error:
        if _fatal(error):
            raise
        return _sources_by_looking(client, queue)


def _sources_by_looking(client: QueueClient, queue: Queue) -> tuple[QueueRef, ...]:
    """The same by looking at the queues whose names begin as this one's does.

    For endpoints that lack ListDeadLetterSourceQueues.
    """
    stem = queue.name.removesuffix(".fifo")
    if stem.lower().endswith(("-dlq", "_dlq", "dlq")):
        stem = stem[:-3].rstrip("-_")
    try:
        near = [each for each in _first(client.every(stem), 50) if each.url != queue.url]
        found = concurrently(client.describe, near)
    except SqsctlError as error:
        if _fatal(error):
            raise
        return ()
    return tuple(
        QueueRef(each.name, each.url, each.arn)
        for each in found
        if each.dead_letter_target_arn == queue.arn
    )


# -- consumers ------------------------------------------------------------------------------


def _consumers(session: Session, parts: Sequence[QueuePart]) -> list[tuple[FunctionPart, str]]:
    """The functions that these queues feed, each with its mapping's UUID."""
    client = MappingClient(session)

    def of(part: QueuePart) -> list[tuple[FunctionPart, str]]:
        try:
            return [
                (
                    FunctionPart(
                        each.function_name,
                        _unqualified(each.function_arn),
                        qualifier=each.qualifier,
                    ),
                    each.uuid,
                )
                for each in client.of_queue(part.arn)[:MAX_CONSUMERS]
            ]
        except SqsctlError as error:
            if _fatal(error):
                raise
            return []

    return [pair for found in concurrently(of, parts) for pair in found]


def _maybe_from_queue(session: Session, reference: str) -> StackRef | None:
    try:
        return from_queue(session, reference)
    except (NotFoundError, UsageError):
        return None


# -- small things ---------------------------------------------------------------------------


def _fatal(error: SqsctlError) -> bool:
    """Whether nothing else will work either: no credentials, no network."""
    return error.code in {
        "credentials_missing",
        "credentials_expired",
        "credentials_invalid",
        "unreachable",
        "profile_not_found",
        "region_missing",
    }


def _is_queue_url(value: str) -> bool:
    from sqsctl.aws.functions import is_queue_url

    return is_queue_url(value)


def _account(arn: str) -> str | None:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4] else None


def _unqualified(arn: str) -> str:
    """A function's ARN without alias or version."""
    parts = arn.split(":")
    return ":".join(parts[:7]) if len(parts) > 7 and parts[5] == "function" else arn


def _unique(parts: Iterable[QueuePart]) -> tuple[QueuePart, ...]:
    return tuple({each.url: each for each in parts}.values())


def _unique_functions(parts: Iterable[FunctionPart]) -> tuple[FunctionPart, ...]:
    found: dict[str, FunctionPart] = {}
    for each in parts:
        found.setdefault(each.name, each)
    return tuple(found.values())


def _first(items: Iterator[T], limit: int) -> list[T]:
    found: list[T] = []
    for each in items:
        found.append(each)
        if len(found) >= limit:
            break
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
