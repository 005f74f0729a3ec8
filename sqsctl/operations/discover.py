"""Find the parts of a stack: from CloudFormation, from a queue, or from a function.

What CloudFormation says comes first; then what the services themselves connect (a queue's
RedrivePolicy, event source mappings). Names by convention are the last resort. Calls
that do not depend on each other run at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from sqsctl.aws.functions import FunctionClient, is_queue_url
from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.parallel import Pool, concurrently
from sqsctl.aws.queues import QueueClient
from sqsctl.aws.stacks import StackClient
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError
from sqsctl.model.deployed import (
    STACK_TYPE,
    ApiPart,
    DeployedStack,
    FunctionPart,
    QueuePart,
    StackRef,
    StackResource,
)
from sqsctl.model.unread import Unread
from sqsctl.operations import parts as found_parts

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

__all__ = ["StackRef", "StackSummary", "from_function", "from_queue", "from_stack", "stacks"]

T = TypeVar("T")

MAX_STACKS_LOOKED_INTO = 300

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
    """Stacks with a function and an SQS queue, or a mapping to one elsewhere, by name.

    Looks into the resources of at most MAX_STACKS_LOOKED_INTO stacks, several at a time.
    """
    client = StackClient(session)
    found = list(client.active(MAX_STACKS_LOOKED_INTO))
    held = concurrently(lambda each: _resources_of(client, each), found)
    # A nested stack is part of its parent; not every endpoint names the parent.
    nested = {arn for resources in held for arn in _physical(resources, STACK_TYPE)}
    for stack, resources in zip(found, held, strict=True):
        if stack.arn in nested:
            continue
        queues = tuple(each.rpartition("/")[2] for each in _physical(resources, _QUEUE))
        functions = tuple(_physical(resources, _FUNCTION))
        if functions and (queues or _physical(resources, _MAPPING)):
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
    round trips. Dead-letter queues outside the stack are added; so are the queues of a
    stack that only consumes, and the consumers of one that only has queues. Where one
    of the two calls is denied, what the other says has to do, and ``unread`` tells so.
    Raises NotFoundError.
    """
    client = StackClient(session)
    with Pool(2) as pool:
        described = pool.submit(client.get, name)
        listed = pool.submit(client.resources, name)
        stack = _unless_denied(described)
        resources = _unless_denied(listed)
    if stack is None and resources is None:
        raise SqsctlError(
            f"stack {name}: CloudFormation may not be asked",
            hint="name a queue instead: --queue; sqsctl iam prints the policy that is needed",
            exit=Exit.DENIED,
            code="access_denied",
            action="cloudformation:DescribeStacks",
        )
    if stack is not None and stack.status == "DELETE_COMPLETE":
        raise NotFoundError(
            f"stack {name} was deleted", hint="sqsctl stack ls", code="stack_not_found"
        )
    gaps = []
    if stack is None:
        gaps.append(Unread(f"stack {name}", "access denied", "cloudformation:DescribeStacks"))
    if resources is None:
        action = "cloudformation:ListStackResources"
        gaps.append(Unread(f"resources of {name}", "access denied", action))
    known = stack or DeployedStack(name, "", "")
    if resources is None:
        resources = _from_outputs(known)
    ref = _assembled(session, known, [each for each in resources if each.physical_id])
    return replace(ref, unread=tuple(gaps))


def from_queue(session: Session, reference: str) -> StackRef:
    """The parts around one queue: a name, URL or ARN; a dead-letter queue works too.

    RedrivePolicy leads to the dead-letter queue, ListDeadLetterSourceQueues back from it,
    event source mappings to the consumers. Raises NotFoundError.
    """
    client = QueueClient(session)
    start = client.describe(client.resolve(reference))
    own = found_parts.part_of(start)
    queues = found_parts.with_dead_letter_queues(
        client, (own, *found_parts.sources_of(client, start))
    )
    mappings = found_parts.mappings_of_queues(session, queues)
    return StackRef(
        region=session.target.region,
        account=found_parts.account_of(start.arn) or session.target.account,
        queues=queues,
        functions=found_parts.functions_once(found_parts.consumer(each) for each in mappings),
        mapping_ids=tuple(dict.fromkeys((each.uuid, None) for each in mappings)),
    )


def from_function(session: Session, reference: str) -> StackRef:
    """The parts around one function: a name or an ARN, with or without an alias.

    Its event source mappings lead to queues; a function that is no consumer is taken for
    a producer: the queues that its environment names. Raises NotFoundError.
    """
    function = FunctionClient(session).get(reference)
    mappings = MappingClient(session).of_function(reference)
    arns = [each.queue_arn for each in mappings] or [
        value
        for value in function.environment.values()
        if value and (":sqs:" in value or is_queue_url(value))
    ]
    own = FunctionPart(
        function.name,
        found_parts.unqualified(function.arn),
        qualifier=next((each.qualifier for each in mappings if each.qualifier), None),
    )
    around = [
        each for arn in dict.fromkeys(arns) if (each := _maybe_from_queue(session, arn)) is not None
    ]
    return StackRef(
        region=session.target.region,
        account=found_parts.account_of(function.arn) or session.target.account,
        queues=found_parts.linked(part for each in around for part in each.queues),
        functions=found_parts.functions_once(
            (own, *(part for each in around for part in each.functions))
        ),
        mapping_ids=tuple(
            dict.fromkeys(
                (
                    *((each.uuid, None) for each in mappings),
                    *(pair for each in around for pair in each.mapping_ids),
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


def _unless_denied(future: Future[T]) -> T | None:
    """A result, None where access was denied; other errors are raised."""
    try:
        return future.result()
    except SqsctlError as error:
        if error.code != "access_denied":
            raise
        return None


def _from_outputs(stack: DeployedStack) -> tuple[StackResource, ...]:
    """What a stack's outputs name: queues by URL, an HTTP API by the key Serverless gives it."""
    found = [
        StackResource(key, _QUEUE, value)
        for key, value in stack.outputs.items()
        if is_queue_url(value)
    ]
    api = stack.outputs.get("HttpApiId")
    if api:
        found.append(StackResource("HttpApi", "AWS::ApiGatewayV2::Api", api))
    return tuple({each.physical_id: each for each in found}.values())


def _physical(resources: Iterable[StackResource], type_: str) -> list[str]:
    return [each.physical_id for each in resources if each.type == type_ and each.physical_id]


def _assembled(
    session: Session, stack: DeployedStack, resources: Sequence[StackResource]
) -> StackRef:
    region = session.target.region
    urls = _physical(resources, _QUEUE)
    account = stack.account or next(filter(None, map(_account_in, urls)), session.target.account)
    partition = stack.arn.split(":")[1] if stack.arn.startswith("arn:") else "aws"
    place = f"{region}:{account or ''}"
    queues = [
        QueuePart(
            name=(name := each.physical_id.rpartition("/")[2]),
            url=each.physical_id,
            arn=f"arn:{partition}:sqs:{place}:{name}",
            logical_id=each.logical_id,
        )
        for each in resources
        if each.type == _QUEUE
    ]
    functions = [
        FunctionPart(
            each.physical_id,
            f"arn:{partition}:lambda:{place}:function:{each.physical_id}",
            each.logical_id,
        )
        for each in resources
        if each.type == _FUNCTION
    ]
    mapping_ids: dict[str, str | None] = {
        each.physical_id: each.logical_id for each in resources if each.type == _MAPPING
    }
    client = QueueClient(session)
    read = found_parts.with_attributes(client, queues)
    if not queues and functions:
        # It consumes from, or sends to, the queues of another stack.
        fed = found_parts.mappings_of_functions(session, [each.name for each in functions])
        arns = list(dict.fromkeys(each.queue_arn for each in fed))
        near = concurrently(lambda arn: found_parts.by_arn(client, arn), arns)
        read = found_parts.with_dead_letter_queues(client, [each for each in near if each])
        mapping_ids = {**{each.uuid: None for each in fed}, **mapping_ids}
    elif queues and not functions:
        fed = found_parts.mappings_of_queues(session, read)
        functions = [found_parts.consumer(each) for each in fed]
        mapping_ids = {**{each.uuid: None for each in fed}, **mapping_ids}
    return StackRef(
        region=region,
        stack_name=stack.name,
        account=account,
        queues=read,
        functions=found_parts.functions_once(functions),
        mapping_ids=tuple(mapping_ids.items()),
        apis=tuple(
            ApiPart(_api_id(each), _APIS[each.type], each.logical_id)
            for each in resources
            if each.type in _APIS
        ),
        log_groups=tuple(_physical(resources, _LOG_GROUP)),
        outputs=stack.outputs,
    )


def _api_id(resource: StackResource) -> str:
    """An API's id; a function URL goes by the name of its function, and its alias."""
    if resource.type != "AWS::Lambda::Url":
        return resource.physical_id
    _, found, rest = resource.physical_id.partition(":function:")
    return rest if found else resource.physical_id


def _account_in(url: str) -> str | None:
    """The account in a queue's URL."""
    account = url.rpartition("/")[0].rpartition("/")[2]
    return account if len(account) == 12 and account.isdigit() else None


def _maybe_from_queue(session: Session, reference: str) -> StackRef | None:
    try:
        return from_queue(session, reference)
    except (NotFoundError, UsageError):
        return None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
