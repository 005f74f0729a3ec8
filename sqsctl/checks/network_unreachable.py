"""A host could not be reached.

## What it does
Recognises connections that were never made (timed out, refused, no such name) in the words
of every language, database driver and SDK, also where they led to a function timeout. What
was reached and answered badly is downstream-error.

## Why it matters
Most often the function is in a VPC whose subnets have no NAT gateway and no endpoint for
the service: a function in a VPC has no public address. Or a security group does not let it
through, or the name is only known elsewhere.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.logcheck import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.network import UNREACHABLE, address
from sqsctl.checks.support.shell import aws
from sqsctl.model.finding import Confidence, Evidence, Finding, Fix, Severity
from sqsctl.model.stack import Function, Stack


class NetworkUnreachable(LogCheck[str]):
    meta = Meta(
        id="network-unreachable",
        title="Every host that is called can be reached",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES_SWALLOWED,
        explains=("function-timeout", "dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html",
    )
    precedence = 44
    minds_swallowed = True

    def recognise(self, case: Case) -> str | None:
        text = case.everything
        if UNREACHABLE.search(text):
            return address(text)
        told = "\n".join(case.failure.context)
        if case.failure.error_type == "Sandbox.Timedout" and UNREACHABLE.search(told):
            return address(told)
        return None

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        function = stack.function(seen.function)
        vpc = bool(function and function.vpc_subnets)
        where = f" {seen.sign}" if seen.sign else " a host"
        inside = ": it is in a VPC" if vpc else ""
        timed_out = seen.newest.failure.error_type == "Sandbox.Timedout"
        return self.found(
            f"{seen.who} cannot reach{where}{inside}",
            evidence=(
                *seen.evidence(),
                *_context(seen),
                *(_vpc(function) if function else ()),
            ),
            fix=_fix(function, stack),
            subject=seen.function,
            confidence=min(seen.confidence, Confidence.MEDIUM) if timed_out else seen.confidence,
        )


def _context(seen: Seen[str]) -> tuple[Evidence, ...]:
    failure = seen.newest.failure
    if failure.error_type != "Sandbox.Timedout":
        return ()
    return tuple(
        Evidence("the same invocation", "logged before", each[:300], failure.timestamp)
        for each in failure.context[-2:]
    )


def _vpc(function: Function) -> tuple[Evidence, ...]:
    subnets = ", ".join(function.vpc_subnets) or "none: not in a VPC"
    return (of_function(function, "VpcConfig.SubnetIds", subnets),)


def _fix(function: Function | None, stack: Stack) -> Fix:
    if function and not function.vpc_subnets:
        return Fix(
            "check the host's name and that it is up and public: the function is not in a VPC, "
            "so a "
            "private address cannot be reached at all; set a connect timeout below the function's",
        )
    subnets = list(function.vpc_subnets) if function else ["SUBNET_ID"]
    return Fix(
        "give the function's subnets a way out: a NAT gateway for the internet, an interface "
        "endpoint "
        "for SQS; and let the security groups pass; or take the function out of the VPC",
        commands=(
            aws(
                stack,
                "ec2",
                "describe-route-tables",
                "--filters",
                f"Name=association.subnet-id,Values={','.join(subnets)}",
            ),
            aws(stack, "ec2", "describe-vpc-endpoints"),
        ),
    )
