"""A host could not be reached.

## What it does
Recognises connections that were never made (timed out, refused, no such name) in the words
of every language, database driver and SDK, also where they led to a function timeout. What
was reached and answered badly is downstream-error.

Of functions in a VPC it also reads what leads out of it, without waiting for a failure: the
routes of their subnets, the VPC's endpoints, the security groups; and compares them with the
services that the function's environment and sources name. An internet gateway does not count:
a function has no public address. What leads to another network may lead on from there, so
nothing is said about it. Network ACLs and the policies of endpoints are not looked at.

## Why it matters
Most often the function is in a VPC whose subnets have no NAT gateway and no endpoint for
the service. Or a security group does not let it through, or the name is only known elsewhere.
Lambda itself polls the queue and writes the log from outside the VPC: the function runs, and
stands still at its first call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sqsctl.checks.base import Meta
from sqsctl.checks.support.called_services import Call, calls
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.failures.failure_cases import Case, reading_of
from sqsctl.checks.support.failures.freshness import newest_moment, succeeded
from sqsctl.checks.support.failures.log_check import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.network import (
    REFUSED,
    UNKNOWN_NAME,
    UNREACHABLE,
    address,
    never_connected,
    own_address,
    private,
)
from sqsctl.checks.support.vpc import Block, Shut, network_of, shut
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import Do, Intent, Look, Option, Remedy, Set, Tell, call, remedy
from sqsctl.model.stack import (
    Fact,
    Stack,
)

_SPOKEN = {"sqs": "SQS", "sns": "SNS", "s3": "S3", "lambda": "Lambda", "dynamodb": "DynamoDB"}


class NetworkUnreachable(LogCheck[str]):
    meta = Meta(
        id="network-unreachable",
        title="Every host that is called can be reached",
        severity=Severity.ERROR,
        needs=NEEDS | {Fact.NETWORKS},
        uses=USES_SWALLOWED | {Fact.PACKAGES},
        reference="https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html",
    )
    precedence = 44
    minds_swallowed = True

    def recognise(self, case: Case) -> str | None:
        text = case.everything
        if never_connected(f"{case.text}\n{case.failure.line}", case.trace):
            return address(text)
        told = "\n".join(case.failure.context)
        if case.failure.error_type == "Sandbox.Timedout" and UNREACHABLE.search(told):
            return address(told)
        return None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told = set()
        for finding in super().diagnose(stack):
            if not finding.past:
                told.add(finding.subject)
            yield finding
        for function in stack.functions:
            if function.name not in told and (found := _shut(stack, function)):
                yield self._no_way(function, found, stack)

    def _no_way(self, function: Function, found: list[tuple[Call, Shut]], stack: Stack) -> Finding:
        names = " and ".join(_SPOKEN.get(each.service, each.service) for _, each in found)
        runs = _runs(stack, function)
        one = found[0][1]
        # What ran well just now has a way that shows nowhere, or does not call it each time.
        lesser = Severity.INFO if runs else Severity.WARNING if one.some else None
        return self.found(
            f"{function.name} cannot reach {names}{_why(one)}",
            evidence=(
                *(call.evidence for call, _ in found),
                *_vpc(function),
                *dict.fromkeys(each for _, shut in found for each in shut.evidence),
            ),
            remedy=_way_out(function, one, stack),
            subject=function.name,
            severity=lesser,
            kind=Kind.RISK if runs else None,
            confidence=min(
                Confidence.LOW if runs else Confidence.HIGH, *(call.confidence for call, _ in found)
            ),
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        function = stack.function(seen.function)
        vpc = bool(function and function.vpc_subnets)
        where = f" {seen.sign}" if seen.sign else " a host"
        timed_out = seen.newest.failure.error_type == "Sandbox.Timedout"
        answer = _answer(seen)
        inside = f": {answer[0]}" if answer else ": it is in a VPC" if vpc else ""
        blocked = _shut(stack, function) if function and not answer else []
        return self.found(
            f"{seen.who} cannot reach{where}{inside}",
            evidence=(
                *seen.evidence(),
                *_context(seen),
                *(_vpc(function) if function and not answer else ()),
                *dict.fromkeys(each for _, one in blocked for each in one.evidence),
            ),
            remedy=remedy(answer[1], Tell(answer[1]))
            if answer
            else _way_out(function, blocked[0][1], stack)
            if function and blocked
            else _fix(function),
            subject=seen.function,
            confidence=min(seen.confidence, Confidence.MEDIUM) if timed_out else seen.confidence,
        )


# What a language writes in place of a host that has no value.
_UNSET = re.compile(
    r"(?<![\w.\-])(?:undefined|null|None|nil):\d{2,5}\b|//undefined[:/]|ENOTFOUND undefined"
)
_NO_HOST = (
    "set the environment variable or the setting that the host is read from: the code connects "
    "to a host without a value"
)


def _answer(seen: Seen[str]) -> tuple[str, str] | None:
    """What somebody on the way answered, and what to do then; None for silence."""
    text = f"{seen.newest.everything}\n" + "\n".join(seen.newest.failure.context)
    if _UNSET.search(text):
        return "the host in its address was never set", _NO_HOST
    if REFUSED.search(text) and own_address(seen.sign):
        return "that is the function's own environment, where nothing listens", _ELSEWHERE
    if REFUSED.search(text):
        return "it refuses the connection", _NOBODY
    if UNKNOWN_NAME.search(text):
        return "its name is not known", _NO_NAME
    if private(seen.sign) and not seen.sign.endswith(":443"):  # which is an AWS endpoint's
        return "nothing at that private address answers", _PRIVATE
    return None


_ELSEWHERE = (
    "let the setting that names the host name the real one: what runs beside a program on a "
    "developer's machine is not there in Lambda; then deploy"
)
_PRIVATE = (
    "the function has to run in a VPC from which that private address can be reached (VpcConfig), "
    "and the security group there has to take the port from the function's security group; see "
    "that the server is up"
)
_NOBODY = (
    "check the host and the port, and that the server runs and listens there: the way to it is "
    "good, nothing takes the connection at its end"
)
_NO_NAME = (
    "check how the name is spelled, and that it exists: a private zone's names are known in its "
    "VPC alone, and a VPC without DNS support knows none"
)


def _why(found: Shut) -> str:
    match found.block:
        case Block.NOT_LET_OUT:
            return ": its security groups let no connection out"
        case Block.NOT_LET_IN:
            return ": the security groups of the VPC's endpoint do not let it in"
        case Block.NO_PRIVATE_DNS:
            return ": its subnets have no way out, and the VPC's endpoint no private DNS name"
    some = ", ".join(found.subnets)
    if found.some:
        return f" now and then: {some} has no way out of the VPC, others of its subnets have"
    return ": its subnets have no way out of the VPC"


def _shut(stack: Stack, function: Function) -> list[tuple[Call, Shut]]:
    """The services that a function in a VPC calls and has no way to."""
    network = network_of(stack, function) if function.vpc_subnets else None
    if network is None:
        return []
    return [
        (call, found)
        for call in calls(stack, function)
        if (found := shut(network, function, call.service))
    ]


def _runs(stack: Stack, function: Function) -> bool:
    """Whether the newest run was good: there may be a way that shows nowhere."""
    attempts = [
        each
        for logs in stack.logs
        if logs.function == function.name
        for each in reading_of(logs)[0]
        if newest_moment(each)
    ]
    newest = max(attempts, key=lambda each: str(newest_moment(each)), default=None)
    changed = function.last_modified
    if newest is None or not succeeded(newest):
        return False
    at = newest_moment(newest)
    return at is not None and (changed is None or at > changed)


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


def _way_out(function: Function, found: Shut, stack: Stack) -> Remedy:
    """The way that is missing, where the network was read."""
    service, groups = found.service, function.vpc_security_groups
    spoken = _SPOKEN.get(service, service)
    group = groups[0] if groups else "GROUP_ID"
    if found.block is Block.NOT_LET_OUT:
        return remedy(
            "let the function's security group connect to port 443",
            _allow("egress", group, {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}),
        )
    if found.block is Block.NOT_LET_IN and found.endpoint:
        return remedy(
            f"let the function's security group in at the endpoint of {spoken}",
            *(_let_in(each, group) for each in found.endpoint.security_groups[:1]),
        )
    if found.block is Block.NO_PRIVATE_DNS and found.endpoint:
        return remedy(
            f"let the endpoint of {spoken} answer under the service's own name",
            _ec2("modify_vpc_endpoint", VpcEndpointId=found.endpoint.id, PrivateDnsEnabled=True),
        )
    return _endpoint(function, service, spoken, stack)


def _ec2(operation: str, **parameters: object) -> Do:
    return Do(call("ec2", operation, **parameters))


def _allow(direction: str, group: str, peer: Mapping[str, object]) -> Do:
    port = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **peer}
    return _ec2(f"authorize_security_group_{direction}", GroupId=group, IpPermissions=[port])


def _let_in(group: str, from_group: str) -> Do:
    return _allow("ingress", group, {"UserIdGroupPairs": [{"GroupId": from_group}]})


def _endpoint(function: Function, service: str, spoken: str, stack: Stack) -> Remedy:
    vpc = function.vpc_id or "VPC_ID"
    name = f"com.amazonaws.{stack.region or 'REGION'}.{service}"
    groups = list(function.vpc_security_groups) or ["GROUP_ID"]
    intents: tuple[Intent, ...]
    if service in {"s3", "dynamodb"}:
        tables = _tables(function, stack)
        intents = (
            *(() if tables else (_route_tables(vpc),)),
            _ec2(
                "create_vpc_endpoint",
                VpcId=vpc,
                VpcEndpointType="Gateway",
                ServiceName=name,
                RouteTableIds=tables or ["ROUTE_TABLE_ID"],
            ),
        )
    else:
        intents = (
            _ec2(
                "create_vpc_endpoint",
                VpcId=vpc,
                VpcEndpointType="Interface",
                ServiceName=name,
                SubnetIds=list(function.vpc_subnets),
                SecurityGroupIds=groups,
                PrivateDnsEnabled=True,
            ),
            _let_in(groups[0], groups[0]),
        )
    return remedy(
        f"give the VPC an endpoint for {spoken}, or the subnets a NAT gateway; or take the "
        "function out of the VPC, where it needs nothing in there",
        *intents,
        when=f"the function calls no other service than {spoken} from there",
        other=(
            Option((Tell(_NAT),), "it calls the internet, too"),
            Option((_outside(function),), "it needs nothing in the VPC"),
        ),
    )


def _tables(function: Function, stack: Stack) -> list[str]:
    """The route tables of the function's subnets, the VPC's main one where one has none."""
    network = network_of(stack, function)
    found = [network.route_table(each) for each in function.vpc_subnets] if network else []
    return list(dict.fromkeys(each.id for each in found if each is not None))


_NAT = (
    "a NAT gateway in a public subnet, and a route of 0.0.0.0/0 to it in the route table of the "
    "function's subnets (the VPC's main one, where a subnet has none of its own)"
)


def _outside(function: Function) -> Intent:
    return Set("function", function.name, {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}})


def _route_tables(vpc: str) -> Look:
    """All of the VPC's: a subnet without one of its own uses the main one."""
    only = [{"Name": "vpc-id", "Values": [vpc]}]
    return Look(call("ec2", "describe_route_tables", Filters=only))


def _fix(function: Function | None) -> Remedy:
    if function and not function.vpc_subnets:
        return remedy(
            "check the host's name and that it is up and public: the function is not in a VPC, "
            "so a private address cannot be reached at all; set a connect timeout below the "
            "function's",
            Tell(
                "check the host's name and that it is up, and set a connect timeout below the "
                "function's own"
            ),
        )
    way_out = (
        "a NAT gateway for the internet, an interface endpoint for SQS; and let the security "
        "groups pass; or take the function out of the VPC"
    )
    if function is None:
        return remedy(
            f"where the function is in a VPC, its subnets need a way out: {way_out}; where it is "
            "not, check that the host is up and public",
            Tell("check that the host is up and public"),
            when="the function is not in a VPC",
            other=(Option((Tell(_NAT),), "it is in a VPC"),),
        )
    vpc = function.vpc_id or "VPC_ID"
    endpoints = [{"Name": "vpc-id", "Values": [vpc]}]
    return remedy(
        f"give the function's subnets a way out: {way_out}",
        _route_tables(vpc),
        Look(call("ec2", "describe_vpc_endpoints", Filters=endpoints)),
        Tell(_NAT),
        other=(Option((_outside(function),), "it needs nothing in the VPC"),),
    )
