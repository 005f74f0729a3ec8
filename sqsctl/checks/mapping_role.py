"""The consumer's role may not read the queue.

## What it does
Reads Lambda's refusal to create an event source mapping, and simulates the consumer's role against
sqs:ReceiveMessage, DeleteMessage and GetQueueAttributes on the queue. Where the mapping itself says
that its role was refused, that counts, too.

## Why it matters
Lambda polls with the function's own role. Without these three permissions a mapping cannot be made;
taken away later, the mapping stays enabled and simply polls no more: the queue grows and nothing
is logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import LogCheck, Seen
from sqsctl.checks.support.services import MAPPING_ROLE
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.intents import Grant, Principal, Remedy, remedy
from sqsctl.model.stack import (
    Fact,
    Permission,
    Stack,
)

_DENIED = re.compile(
    r"role (?:does not|doesn't|did not) have|not authorized to perform|access ?denied"
    r"|insufficient permissions?|cannot be assumed by Lambda",
    re.IGNORECASE,
)
ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


class MappingRole(LogCheck[str]):
    meta = Meta(
        id="mapping-role",
        title="The role of each consumer may read its queue",
        severity=Severity.ERROR,
        needs=frozenset({Fact.MAPPINGS, Fact.PERMISSIONS}),
        uses=frozenset({Fact.LOGS, Fact.ERRORS, Fact.FUNCTIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    )
    precedence = 5

    def recognise(self, case: Case) -> str | None:
        match = MAPPING_ROLE.search(case.everything)
        return f"{match.group('service').lower()}:{match.group('action')}" if match else None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        polled = {(each.function_name, each.queue_arn) for each in stack.mappings}
        denied: dict[tuple[str, str, str], list[Permission]] = {}
        for each in stack.permissions:
            polls = (each.function, each.resource) in polled
            if polls and each.action in ACTIONS and each.decision != "allowed":
                key = (each.function, each.role_arn, each.resource)
                denied.setdefault(key, []).append(each)
        for (function, role, resource), missing in denied.items():
            yield self._lacks(function, role, resource, missing)
        told = {function for function, _, _ in denied}
        for mapping in stack.mappings:
            if mapping.function_name not in told and (said := _said(mapping)):
                yield self._told(mapping, said, stack)
        yield from super().diagnose(stack)

    def _lacks(self, function: str, role: str, resource: str, missing: list[Permission]) -> Finding:
        actions = ", ".join(each.action for each in missing)
        return self.found(
            f"the role of {function} may not {actions} on {resource.rsplit(':', 1)[-1]}: "
            "no consumer takes messages from the queue",
            evidence=tuple(
                Evidence(f"iam SimulatePrincipalPolicy {role}", each.action, each.decision)
                for each in missing
            ),
            remedy=_granted(role.rsplit("/", 1)[-1], resource),
            subject=function,
        )

    def _told(self, mapping: EventSourceMapping, said: Evidence, stack: Stack) -> Finding:
        """Lambda's own word on the mapping, also where nobody may simulate the role."""
        function = stack.function(mapping.function_name)
        role = (function.role_arn or "").rsplit("/", 1)[-1] if function else ""
        return self.found(
            f"Lambda may not poll {mapping.queue_arn.rpartition(':')[2]} with the role of "
            f"{mapping.function_name}",
            evidence=(said,),
            remedy=_granted(role, mapping.queue_arn),
            subject=mapping.function_name,
            confidence=Confidence.MEDIUM,
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        function = stack.function(seen.function)
        role = (function.role_arn or "").rsplit("/", 1)[-1] if function else ""
        network = seen.sign.startswith("ec2:")
        what = "the function's network" if network else "the event source"
        queue = _QUEUE.search(seen.newest.everything)
        return self.found(
            f"Lambda refuses {what}: the role of {seen.who} may not {seen.sign}",
            evidence=seen.evidence(),
            remedy=_in_a_vpc(role) if network else _granted(role, queue.group() if queue else ""),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _said(mapping: EventSourceMapping) -> Evidence | None:
    """What the mapping's own fields tell of its role; most mappings of queues have neither."""
    for field, text in (
        ("LastProcessingResult", mapping.last_processing_result),
        ("StateTransitionReason", mapping.state_transition_reason),
    ):
        if text and _DENIED.search(text):
            return of_mapping(mapping, field, text)
    return None


_QUEUE = re.compile(r"arn:aws[\w\-]*:sqs:[\w\-]+:\d{12}:[\w\-.]{1,90}")
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
)


def _in_a_vpc(role: str) -> Remedy:
    """Network interfaces have no resource to name when they are made."""
    return remedy(
        "allow the role to make network interfaces (the managed policy "
        "AWSLambdaVPCAccessExecutionRole has that), or take the function out of the VPC",
        Grant(_NETWORK, "*", Principal("role", role)),
    )


def _granted(role: str, resource: str) -> Remedy:
    return remedy(
        "allow the three actions to the role (the managed policy AWSLambdaSQSQueueExecutionRole "
        "has them)",
        Grant(ACTIONS, resource, Principal("role", role)),
    )
