"""Which AWS services a function calls, as far as its environment and its sources tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.queue_use import unused
from sqsctl.model.finding import Confidence, Evidence
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Stack,
)

# Services that have an endpoint of their own in a VPC, by their name in an ARN.
_BY_ARN = {
    "sqs": "sqs",
    "sns": "sns",
    "lambda": "lambda",
    "states": "states",
    "events": "events",
    "secretsmanager": "secretsmanager",
    "ssm": "ssm",
    "kinesis": "kinesis-streams",
    "firehose": "kinesis-firehose",
    "dynamodb": "dynamodb",
    "s3": "s3",
}
# The same by the name of the SDK's client, where it is another.
_BY_CLIENT = {
    **{name: name for name in _BY_ARN},
    "sfn": "states",
    "stepfunctions": "states",
    "eventbridge": "events",
    "secrets-manager": "secretsmanager",
    "kinesis": "kinesis-streams",
    "firehose": "kinesis-firehose",
    "lib-dynamodb": "dynamodb",
}
_CLIENT = re.compile(
    r"\.(?:client|resource)\(\s*[\"'](?P<py>[a-z0-9-]{1,30})[\"']"
    r"|[\"']@aws-sdk/(?:client-)?(?P<js>[a-z0-9-]{1,40})[\"']"
    r"|[\"']aws-sdk/clients/(?P<v2>[a-z0-9]{1,30})[\"']"
    r"|\bnew AWS\.(?P<all>[A-Z][A-Za-z0-9]{1,30})\b"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A service that a function calls, by its VPC endpoint's short name, and how one knows."""

    service: str
    evidence: Evidence
    confidence: Confidence


def calls(stack: Stack, function: Function) -> tuple[Call, ...]:
    """Each service once, the surest evidence for it. Reads PACKAGES."""
    found: dict[str, Call] = {}
    idle = unused(stack, function)
    for each in (*_of_environment(function, idle), *_of_sources(stack, function)):
        found.setdefault(each.service, each)
    return tuple(found.values())


def _of_environment(function: Function, idle: frozenset[str]) -> Iterator[Call]:
    for name, value in function.environment.items():
        if not value or name in idle:
            continue
        if value.startswith("arn:"):
            service = _BY_ARN.get(value.split(":")[2])
        else:
            service = "sqs" if value.startswith(("https://", "http://")) else None
        if service:
            evidence = of_function(function, f"Environment {name}", value)
            sure = Confidence.HIGH if service == "sqs" else Confidence.MEDIUM
            yield Call(service, evidence, sure)


def _of_sources(stack: Stack, function: Function) -> Iterator[Call]:
    for package in stack.packages:
        if package.function != function.name:
            continue
        for path, source in package.sources.items():
            for match in _CLIENT.finditer(source):
                name = next(each for each in match.groups() if each).lower()
                if service := _BY_CLIENT.get(name):
                    evidence = Evidence(f"code of {function.name}", path, match.group().strip())
                    yield Call(service, evidence, Confidence.MEDIUM)
