"""Which queue, consumer and producer of a stack an incident is about.

Found as they are deployed, whatever tool deployed them: through the stack's resources, the event
source mappings of its functions, the queue's redrive policy, and the environments that name
the queue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.translate import translated
from sqsctl.errors import NotFoundError, RefusedError

_FUNCTION = "AWS::Lambda::Function"
_MAPPING = "AWS::Lambda::EventSourceMapping"
_STACK = "AWS::CloudFormation::Stack"
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """Names, URLs and ids; empty where the stack has no such part.

    ``qualifier`` is the alias or version that the mapping is on, ``variable`` the producer's
    environment variable that names the queue.
    """

    consumer: str = ""
    qualifier: str = ""
    mapping: str = ""
    queue: str = ""
    dlq: str = ""
    producer: str = ""
    variable: str = ""

    def plain(self) -> dict[str, str]:
        """For the journal."""
        return {str(key): str(value) for key, value in asdict(self).items()}


def discovered(aws: Session, stack: str, queue: str | None = None) -> Parts:
    """The parts of a stack; ``queue``, a name, chooses where several are consumed.

    Raises RefusedError where several are and none is named.
    """
    resources = list(_resources(aws, stack))
    functions = [name for kind, name in resources if kind == _FUNCTION]
    own = {name for kind, name in resources if kind == _MAPPING}
    mappings = [each for name in functions for each in _mappings(aws, name)]
    # What somebody mapped besides counts only where the stack itself maps nothing.
    candidates = [each for each in mappings if each["UUID"] in own] or mappings
    if queue is not None:
        wanted = queue.rpartition("/")[2].rpartition(":")[2]
        candidates = [each for each in candidates if _queue_name(each) == wanted]
        if not candidates:
            raise NotFoundError(f"no function of {stack} consumes the queue {wanted}")
    names = dict.fromkeys(map(_queue_name, candidates))
    if len(names) > 1:
        raise RefusedError(
            f"{stack} consumes several queues: {', '.join(names)}",
            hint=f"name one: `again --queue {next(iter(names))}`",
            code="queue_ambiguous",
        )
    if not candidates:
        return Parts()
    mapping = candidates[0]
    name, _, qualifier = mapping["FunctionArn"].partition(":function:")[2].partition(":")
    sqs = aws.sqs()
    with translated(f"queue {_queue_name(mapping)}"):
        url = sqs.get_queue_url(QueueName=_queue_name(mapping))["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    producer, variable = _producer(aws, functions, name, (url, mapping["EventSourceArn"]))
    return Parts(
        consumer=name,
        qualifier="" if qualifier == "$LATEST" else qualifier,
        mapping=mapping["UUID"],
        queue=url,
        dlq=_dead_letters(aws, attributes.get("RedrivePolicy", "")),
        producer=producer,
        variable=variable,
    )


def _resources(aws: Session, stack: str, left: int = _DEEPEST) -> Iterator[tuple[str, str]]:
    """Type and physical id of every resource, those of nested stacks included."""
    with translated(f"stack {stack}"):
        pages = aws.cloudformation().get_paginator("list_stack_resources").paginate(StackName=stack)
        listed = [each for page in pages for each in page["StackResourceSummaries"]]
    for each in listed:
        physical = each.get("PhysicalResourceId")
        if not physical:
            continue
        yield each["ResourceType"], physical
        if each["ResourceType"] == _STACK and left:
            yield from _resources(aws, physical, left - 1)


def _mappings(aws: Session, function: str) -> Iterator[dict[str, Any]]:
    with translated(f"mappings of {function}"):
        pages = aws.functions().get_paginator("list_event_source_mappings")
        for page in pages.paginate(FunctionName=function):
            for each in page["EventSourceMappings"]:
                if ":sqs:" in each.get("EventSourceArn", ""):
                    yield dict(each)


def _queue_name(mapping: dict[str, Any]) -> str:
    return str(mapping["EventSourceArn"]).rpartition(":")[2]


def _dead_letters(aws: Session, policy: str) -> str:
    if not policy:
        return ""
    name = str(json.loads(policy)["deadLetterTargetArn"]).rpartition(":")[2]
    with translated(f"queue {name}"):
        return str(aws.sqs().get_queue_url(QueueName=name)["QueueUrl"])


def _producer(
    aws: Session, functions: list[str], consumer: str, references: tuple[str, str]
) -> tuple[str, str]:
    """The first function besides the consumer whose environment names the queue, and where."""
    name = references[1].rpartition(":")[2]
    for each in functions:
        if each == consumer:
            continue
        with translated(f"function {each}"):
            found = aws.functions().get_function_configuration(FunctionName=each)
        variables = (found.get("Environment") or {}).get("Variables") or {}
        for key, value in variables.items():
            if value in {*references, name}:
                return each, key
    return "", ""
