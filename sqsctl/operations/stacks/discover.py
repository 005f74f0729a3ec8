"""Find the parts of a stack: from CloudFormation, from a queue, or from a function.

What CloudFormation says comes first; then what the services themselves connect (a queue's
RedrivePolicy, event source mappings). Names by convention are the last resort. Calls
that do not depend on each other run at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from sqsctl.aws.functions import FunctionClient, is_queue_url, split_arn
from sqsctl.aws.identity import account_of
from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.parallel import Pool, concurrently
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.aws.stacks import StackClient, not_found
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError
from sqsctl.model.deployed import (
    STACK_TYPE,
    DeployedStack,
    FunctionPart,
    StackRef,
    StackResource,
)
from sqsctl.model.unread import Unread
from sqsctl.operations.stacks import stack_parts as found_parts
from sqsctl.operations.stacks.assemble import (
    FUNCTION,
    MAPPING,
    QUEUE,
    assembled,
    from_outputs,
    physical,
)
from sqsctl.operations.stacks.without_stack import aliases, producers, ways_in

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

__all__ = [
    "StackRef",
    "StackSummary",
    "from_function",
    "from_functions",
    "from_queue",
    "from_stack",
    "stacks",
]

T = TypeVar("T")

MAX_STACKS_LOOKED_INTO = 300
MAX_MAPPINGS_LOOKED_AT = 5


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
    nested = {arn for resources in held for arn in physical(resources, STACK_TYPE)}
    pairs = [
        (stack, resources)
        for stack, resources in zip(found, held, strict=True)
        if stack.arn not in nested
        and physical(resources, FUNCTION)
        and (physical(resources, QUEUE) or physical(resources, MAPPING))
    ]
    reading = concurrently(lambda pair: _reads_queues(session, pair[1]), pairs)
    for (stack, resources), wanted in zip(pairs, reading, strict=True):
        if wanted:
            yield StackSummary(
                name=stack.name,
                status=stack.status,
                queues=tuple(each.rpartition("/")[2] for each in physical(resources, QUEUE)),
                functions=tuple(physical(resources, FUNCTION)),
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
        try:
            stack = _unless_denied(described)
            resources = _unless_denied(listed)
        except NotFoundError as error:
            # The wrong account is as likely as the wrong region, and shows nowhere else.
            account = account_of(session)
            raise (not_found(name, session.target.region, account) if account else error) from error
    if stack is None and resources is None:
        raise SqsctlError(
            f"stack {name}: CloudFormation may not be asked",
            hint="name a queue: `again --queue NAME`; `sqsctl iam COMMAND` prints its policy",
            exit=Exit.DENIED,
            code="access_denied",
            action="cloudformation:DescribeStacks",
        )
    if stack is not None and stack.status == "DELETE_COMPLETE":
        raise NotFoundError(
            f"stack {name} was deleted", hint="`sqsctl stack ls`", code="stack_not_found"
        )
    gaps = []
    if stack is None:
        gaps.append(Unread(f"stack {name}", "access denied", "cloudformation:DescribeStacks"))
    if resources is None:
        action = "cloudformation:ListStackResources"
        gaps.append(Unread(f"resources of {name}", "access denied", action))
    known = stack or DeployedStack(name, "", "")
    if resources is None:
        resources = from_outputs(known)
    ref = assembled(session, known, [each for each in resources if each.physical_id])
    return replace(ref, unread=tuple(gaps))


def from_queue(session: Session, reference: str, *, around: bool = False) -> StackRef:
    """The parts around one queue: a name, URL or ARN; a dead-letter queue works too.

    RedrivePolicy leads to the dead-letter queue, ListDeadLetterSourceQueues back from it,
    event source mappings to the consumers. ``around``: the functions that name a queue in
    their environment, and the APIs that call the functions, too. Raises NotFoundError.
    """
    client = QueueClient(session)
    start = client.describe(client.resolve(reference))
    own = found_parts.part_of(start)
    queues = found_parts.with_dead_letter_queues(
        client, (own, *found_parts.sources_of(client, start))
    )
    with Pool(1) as pool:
        searched = pool.submit(producers, session, queues) if around else None
        mappings = found_parts.mappings_of_queues(session, queues)
        senders, unlisted = searched.result() if searched else ((), ())
    apis, unasked = ways_in(session, senders)
    return StackRef(
        region=session.target.region,
        account=found_parts.account_of(start.arn) or session.target.account,
        queues=queues,
        functions=found_parts.functions_once(
            (*(found_parts.consumer(each) for each in mappings), *senders)
        ),
        mapping_ids=tuple(dict.fromkeys((each.uuid, None) for each in mappings)),
        apis=apis,
        untold=(*unlisted, *unasked),
    )


def from_functions(session: Session, references: Sequence[str]) -> StackRef:
    """The parts around functions: names or ARNs, with or without an alias or version.

    Their event source mappings lead to queues, and so do the queues that their environment
    names; queues lead to dead-letter queues and to other consumers; the functions' policies
    and URLs to the ways in. A function without any queue is a part by itself. Raises
    NotFoundError for a function that is not there.
    """
    found = concurrently(lambda each: _around_function(session, each), references)
    origins = dict.fromkeys(name for names, _ in found for name in names)
    merged = _merged([ref for _, ref in found])
    apis, untold = ways_in(session, [each for each in merged.functions if each.name in origins])
    return replace(merged, apis=apis, untold=untold, origin=", ".join(origins))


def from_function(session: Session, reference: str) -> StackRef:
    """The parts around one function. See ``from_functions``."""
    return from_functions(session, (reference,))


def joined(session: Session, ref: StackRef, functions: Sequence[str]) -> StackRef:
    """The parts, and those around these functions besides."""
    more = from_functions(session, functions)
    both = _merged((ref, more))
    return replace(
        both,
        stack_name=ref.stack_name,
        outputs=ref.outputs,
        log_groups=ref.log_groups,
        apis=tuple(dict.fromkeys((*ref.apis, *more.apis))),
        unread=ref.unread,
        untold=tuple(dict.fromkeys((*ref.untold, *more.untold))),
        origin=ref.origin,
        made_by=ref.made_by,
    )


# -- CloudFormation -----------------------------------------------------------------------


def _resources_of(client: StackClient, stack: DeployedStack) -> tuple[StackResource, ...]:
    try:
        return client.resources(stack.arn or stack.name)
    except NotFoundError:  # deleted between the two calls
        return ()


def _reads_queues(session: Session, resources: Sequence[StackResource]) -> bool:
    """Whether a stack without a queue reads one elsewhere, not a stream or a topic.

    True where its mappings may not be looked at: better one stack too many.
    """
    if physical(resources, QUEUE):
        return True
    client = MappingClient(session)
    for uuid in physical(resources, MAPPING)[:MAX_MAPPINGS_LOOKED_AT]:
        try:
            if ":sqs:" in client.get(uuid).queue_arn:
                return True
        except NotFoundError:
            continue
        except SqsctlError as error:
            if found_parts.fatal(error):
                raise
            return True
    return False


def _unless_denied(future: Future[T]) -> T | None:
    """A result, None where access was denied; other errors are raised."""
    try:
        return future.result()
    except SqsctlError as error:
        if error.code != "access_denied":
            raise
        return None


def _around_function(session: Session, reference: str) -> tuple[tuple[str, ...], StackRef]:
    """The function's name, and what stands around it."""
    client = FunctionClient(session)
    function = client.get(reference)
    given = _qualifier(reference)
    on = dict.fromkeys([given] if given else aliases(client, function.name)[0])
    mappings = tuple(
        {
            each.uuid: each
            for each in found_parts.mappings_of_functions(
                session, [function.name, *(f"{function.name}:{each}" for each in on)]
            )
            if given is None or each.qualifier in {given, None}
        }.values()
    )
    arns = [each.queue_arn for each in mappings]
    arns += [
        value
        for value in function.environment.values()
        if value and (":sqs:" in value or is_queue_url(value))
    ]
    own = FunctionPart(
        function.name,
        found_parts.unqualified(function.arn),
        qualifier=given or next((each.qualifier for each in mappings if each.qualifier), None),
    )
    near = concurrently(lambda arn: _maybe_from_queue(session, arn), list(dict.fromkeys(arns)))
    alone = StackRef(
        region=session.target.region,
        account=found_parts.account_of(function.arn) or session.target.account,
        functions=(own,),
        mapping_ids=tuple((each.uuid, None) for each in mappings),
    )
    return (function.name,), _merged((alone, *near))


def _qualifier(reference: str) -> str | None:
    """The alias or version behind a function's name or ARN."""
    name, qualifier = split_arn(reference)
    if qualifier is None and ":function:" not in name:
        qualifier = name.partition(":")[2] or None
    elif qualifier is None and not name.startswith("arn:"):  # 123456789012:function:worker:live
        qualifier = name.partition(":function:")[2].partition(":")[2] or None
    return None if qualifier == "$LATEST" else qualifier


def _merged(refs: Sequence[StackRef]) -> StackRef:
    """Their queues, functions and mappings, each once."""
    return StackRef(
        region=refs[0].region,
        account=next((each.account for each in refs if each.account), None),
        queues=found_parts.linked(part for each in refs for part in each.queues),
        functions=found_parts.functions_once(part for each in refs for part in each.functions),
        mapping_ids=tuple(
            {
                uuid: logical_id for each in reversed(refs) for uuid, logical_id in each.mapping_ids
            }.items()
        ),
    )


def _maybe_from_queue(session: Session, reference: str) -> StackRef:
    """What is around a queue; where it may not be looked at, the queue alone."""
    region = session.target.region
    try:
        return from_queue(session, reference)
    except (NotFoundError, UsageError):
        return StackRef(region)
    except SqsctlError as error:
        if found_parts.fatal(error):
            raise
        part = found_parts.by_reference(QueueClient(session), reference)
        return StackRef(region, queues=(part,) if part else ())
