"""From the resources that CloudFormation lists to the parts of a stack.

Physical ids are what a template's ``Ref`` gives: a queue's URL, a function's name, an API's
id, a mapping's UUID, the ARN of the function behind a function URL. Queues of other stacks
that this one's mappings read are parts of it, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from sqsctl.aws.functions import is_queue_url
from sqsctl.aws.parallel import concurrently
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.deployed import (
    ApiPart,
    DeployedStack,
    FunctionPart,
    QueuePart,
    ServicePart,
    StackRef,
    StackResource,
)
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.operations.stacks import stack_parts as found_parts
from sqsctl.operations.stacks.deploy_tool import made_by

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

QUEUE = "AWS::SQS::Queue"
FUNCTION = "AWS::Lambda::Function"
MAPPING = "AWS::Lambda::EventSourceMapping"

_APIS = {
    "AWS::ApiGatewayV2::Api": "http",
    "AWS::ApiGateway::RestApi": "rest",
    "AWS::Lambda::Url": "url",
}
_SERVICES: Mapping[str, Literal["rule", "subscription", "schedule", "pipe", "async"]] = {
    "AWS::Events::Rule": "rule",
    "AWS::SNS::Subscription": "subscription",
    "AWS::Scheduler::Schedule": "schedule",
    "AWS::Pipes::Pipe": "pipe",
    "AWS::Lambda::EventInvokeConfig": "async",
}
_LOG_GROUP = "AWS::Logs::LogGroup"


def physical(resources: Iterable[StackResource], type_: str) -> list[str]:
    """The physical ids of one type, of those that exist."""
    return [each.physical_id for each in resources if each.type == type_ and each.physical_id]


def from_outputs(stack: DeployedStack) -> tuple[StackResource, ...]:
    """What a stack's outputs name: queues by URL, an HTTP API by the key Serverless gives it."""
    found = [
        StackResource(key, QUEUE, value)
        for key, value in stack.outputs.items()
        if is_queue_url(value)
    ]
    api = stack.outputs.get("HttpApiId")
    if api:
        found.append(StackResource("HttpApi", "AWS::ApiGatewayV2::Api", api))
    return tuple({each.physical_id: each for each in found}.values())


def assembled(
    session: Session, stack: DeployedStack, resources: Sequence[StackResource]
) -> StackRef:
    """The parts of a stack, and those outside it that its mappings and queues lead to."""
    region = session.target.region
    urls = physical(resources, QUEUE)
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
        if each.type == QUEUE
    ]
    functions = [
        FunctionPart(
            each.physical_id,
            f"arn:{partition}:lambda:{place}:function:{each.physical_id}",
            each.logical_id,
        )
        for each in resources
        if each.type == FUNCTION
    ]
    mapping_ids: dict[str, str | None] = {
        each.physical_id: each.logical_id for each in resources if each.type == MAPPING
    }
    read = found_parts.with_attributes(QueueClient(session), queues)
    fed = _mappings(session, read, functions, tuple(mapping_ids))
    if functions:
        arns = [each.queue_arn for each in fed if ":sqs:" in each.queue_arn]
        if not read and not arns:
            arns = found_parts.queues_in_environments(session, [each.name for each in functions])
        read = _with_queues(session, read, arns)
    else:
        functions = [found_parts.consumer(each) for each in fed]
    return StackRef(
        region=region,
        stack_name=stack.name,
        account=account,
        queues=read,
        functions=found_parts.functions_once(functions),
        mapping_ids=tuple({**{each.uuid: None for each in fed}, **mapping_ids}.items()),
        apis=tuple(
            ApiPart(_api_id(each), _APIS[each.type], each.logical_id)
            for each in resources
            if each.type in _APIS
        ),
        services=tuple(
            ServicePart(_SERVICES[each.type], each.physical_id)
            for each in resources
            if each.type in _SERVICES and each.physical_id
        ),
        log_groups=tuple(physical(resources, _LOG_GROUP)),
        outputs=stack.outputs,
        made_by=made_by(stack, resources),
    )


def _mappings(
    session: Session,
    queues: Sequence[QueuePart],
    functions: Sequence[FunctionPart],
    ids: Sequence[str],
) -> tuple[EventSourceMapping, ...]:
    """The mappings that lead out of the stack; none where nothing says that there are any."""
    if not functions:
        return found_parts.mappings_of_queues(session, queues)
    if not queues:
        # It consumes from, or sends to, the queues of another stack.
        listed = found_parts.mappings_of_functions(session, [each.name for each in functions])
        known = {each.uuid for each in listed}
        # AWS does not say whether a list by a function's name holds what is on its aliases.
        return (
            *listed,
            *found_parts.mappings_by_id(session, [each for each in ids if each not in known]),
        )
    if len(ids) > sum(not each.dead_letter_queue for each in queues):
        return found_parts.mappings_by_id(session, ids)
    return ()


def _with_queues(
    session: Session, queues: tuple[QueuePart, ...], references: Iterable[str]
) -> tuple[QueuePart, ...]:
    """The queues, and those of other stacks besides, by URL or ARN."""
    known = {name for each in queues for name in (each.arn, each.url)}
    client = QueueClient(session)
    missing = [each for each in dict.fromkeys(references) if each not in known]
    near = concurrently(lambda each: found_parts.by_reference(client, each), missing)
    added = [each for each in near if each]
    return found_parts.with_dead_letter_queues(client, (*queues, *added)) if added else queues


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
