"""Functions in a VPC: which ways out count, and what is not known to be shut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.network import (
    Network,
    RouteTable,
    SecurityGroup,
    SecurityRule,
    Subnet,
    VpcEndpoint,
    VpcRoute,
)
from sqsctl.model.stack import Stack
from tests.checks.build import (
    PRODUCER,
    REGION,
    ago,
    function,
    invocation,
    of_events,
    package,
    queue,
    stack,
)

VPC, A, B, GROUP, OTHER = "vpc-1", "subnet-a", "subnet-b", "sg-own", "sg-endpoint"
LOCAL = VpcRoute("10.0.0.0/16", "local")
ALL_OUT = SecurityRule(peers=("0.0.0.0/0",))
HTTPS_IN = SecurityRule("tcp", 443, 443, (GROUP,))


def out(target: str, *, to: str = "0.0.0.0/0", active: bool = True) -> VpcRoute:
    return VpcRoute(to, target, active)


def endpoint(service: str = "sqs", **fields: Any) -> VpcEndpoint:
    given = {"private_dns": True, "security_groups": (OTHER,), **fields}
    return VpcEndpoint("vpce-1", f"com.amazonaws.{REGION}.{service}", **given)


def network(*routes: VpcRoute, ingress: tuple[SecurityRule, ...] = (), **fields: Any) -> Network:
    """A VPC whose main table has these routes; a keyword replaces a part."""
    given = {
        "subnets": (Subnet(A, VPC, "10.0.1.0/24"), Subnet(B, VPC, "10.0.2.0/24")),
        "route_tables": (RouteTable("rtb-main", main=True, routes=(LOCAL, *routes)),),
        "endpoints": (),
        "security_groups": (
            SecurityGroup(GROUP, egress=(ALL_OUT,)),
            SecurityGroup(OTHER, ingress=ingress, egress=(ALL_OUT,)),
        ),
        **fields,
    }
    return Network(VPC, **given)


def within(
    vpc: Network,
    *,
    sources: str = "",
    variables: dict[str, str | None] | None = None,
    **fields: Any,
) -> Stack:
    """The shop's stack with its producer in a VPC."""
    environment = {"QUEUE_URL": queue().url} if variables is None else variables
    inside = {
        "vpc_id": VPC,
        "vpc_subnets": (A,),
        "vpc_security_groups": (GROUP,),
        "environment": environment,
        **fields,
    }
    return stack(
        functions=(function(), function(PRODUCER, handler="producer.handler", **inside)),
        networks=(vpc,),
        packages=(package(PRODUCER, producer_py=sources),) if sources else (),
        logs=(),
    )


def told(where: Stack) -> Finding | None:
    found = [each for each in diagnose(where).findings if each.id == "network-unreachable"]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_subnet_without_a_way_out_is_an_error_before_anything_failed() -> None:
    found = told(within(network()))
    assert found is not None
    assert found.title == (f"{PRODUCER} cannot reach SQS: its subnets have no way out of the VPC")
    assert (found.severity, found.kind, found.subject) == (Severity.ERROR, Kind.CAUSE, PRODUCER)
    assert found.confidence is Confidence.HIGH
    evidence = {each.source: each.value for each in found.evidence}
    assert evidence["ec2 DescribeRouteTables rtb-main"] == "10.0.0.0/16 to local"
    assert evidence[f"ec2 DescribeVpcEndpoints {VPC}"] == "none"
    (create, let_in) = found.fix.commands
    assert f"--service-name com.amazonaws.{REGION}.sqs --subnet-ids {A}" in create
    assert f'"UserIdGroupPairs":[{{"GroupId":"{GROUP}"}}]' in let_in
    assert [each.when for each in found.fix.ways[1:]] == [
        "it calls the internet, too",
        "it needs nothing in the VPC, with the AWS CLI",
        "it needs nothing in the VPC, with the Serverless Framework with Lift",
    ]


@pytest.mark.parametrize(
    "routes",
    [
        (out("nat-1"),),
        (out("tgw-1"),),
        (out("eni-1"),),
        (out("vgw-1"),),
        (out("nat-1", to="0.0.0.0/0"), out("igw-1", to="::/0")),
        # A part of the world, or a list of addresses: SQS may be in it.
        (out("nat-1", to="52.0.0.0/8"),),
        (out("tgw-1", to="pl-123"),),
    ],
    ids=lambda routes: " ".join(f"{each.destination}-{each.target}" for each in routes),
)
def test_what_may_lead_out_is_no_finding(routes: tuple[VpcRoute, ...]) -> None:
    assert told(within(network(*routes))) is None


@pytest.mark.parametrize(
    "routes",
    [
        (out("igw-1"),),  # a function has no public address
        (out("nat-1", active=False),),
        (out("eigw-1", to="::/0"),),
        (out("vpce-1", to="pl-s3"),),
    ],
    ids=lambda routes: routes[0].target,
)
def test_what_only_looks_like_a_way_out(routes: tuple[VpcRoute, ...]) -> None:
    found = told(within(network(*routes)))
    assert found is not None
    assert routes[0].target in " ".join(each.value for each in found.evidence)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "http_proxy"])
def test_a_proxy_may_lead_out(variable: str) -> None:
    variables = {"QUEUE_URL": queue().url, variable: None}
    assert told(within(network(), variables=variables)) is None


def test_ipv6_leads_out_where_the_function_may_use_it() -> None:
    assert told(within(network(out("eigw-1", to="::/0")), vpc_ipv6=True)) is None


def test_a_subnets_own_table_counts_before_the_main_one() -> None:
    tables = (
        RouteTable("rtb-main", main=True, routes=(LOCAL, out("nat-1"))),
        RouteTable("rtb-a", subnets=(A,), routes=(LOCAL,)),
    )
    found = told(within(network(route_tables=tables)))
    assert found is not None
    assert told(within(network(route_tables=tables), vpc_subnets=(B,))) is None
    some = told(within(network(route_tables=tables), vpc_subnets=(A, B)))
    assert some is not None
    assert some.severity is Severity.WARNING
    assert f"now and then: {A} has no way out" in some.title


@pytest.mark.parametrize(
    ("rule", "open_"),
    [
        (HTTPS_IN, True),
        (SecurityRule(peers=("0.0.0.0/0",)), True),
        (SecurityRule("tcp", 0, 65_535, ("10.0.0.0/16",)), True),
        (SecurityRule("tcp", 443, 443, ("10.0.2.0/24",)), False),
        (SecurityRule("tcp", 443, 443, ("sg-another",)), False),
        (SecurityRule("tcp", 443, 443, ("pl-1",)), True),  # nobody knows what is in the list
        (SecurityRule("tcp", 5432, 5432, (GROUP,)), False),
        (SecurityRule("udp", 443, 443, (GROUP,)), False),
        (None, False),
    ],
)
def test_an_endpoint_serves_whom_it_lets_in(rule: SecurityRule | None, open_: bool) -> None:
    found = told(within(network(ingress=(rule,) if rule else (), endpoints=(endpoint(),))))
    assert (found is None) is open_
    if found:
        assert "do not let it in" in found.title
        assert "authorize-security-group-ingress" in found.fix.commands[0]
        assert f"--group-id {OTHER} " in found.fix.commands[0]


def test_an_endpoint_without_private_dns_is_not_met_by_the_sdk() -> None:
    vpc = network(ingress=(HTTPS_IN,), endpoints=(endpoint(private_dns=False),))
    found = told(within(vpc))
    assert found is not None
    assert "no private DNS name" in found.title
    assert "--private-dns-enabled" in found.fix.commands[0]
    # Told its address, the SDK does meet it.
    variables = {"QUEUE_URL": queue().url, "AWS_ENDPOINT_URL_SQS": None}
    assert told(within(vpc, variables=variables)) is None


@pytest.mark.parametrize("fields", [{"state": "pending"}, {"kind": "GatewayLoadBalancer"}])
def test_an_endpoint_that_is_none_yet(fields: dict[str, str]) -> None:
    assert told(within(network(ingress=(HTTPS_IN,), endpoints=(endpoint(**fields),)))) is not None


def test_another_services_endpoint_is_no_way_and_is_named() -> None:
    found = told(within(network(ingress=(HTTPS_IN,), endpoints=(endpoint("logs"),))))
    assert found is not None
    assert f"com.amazonaws.{REGION}.logs" in found.evidence[-1].value


def test_security_groups_that_let_nothing_out_shut_even_a_nat_gateway() -> None:
    groups = (SecurityGroup(GROUP, egress=(SecurityRule("tcp", 5432, 5432, ("10.0.0.0/16",)),)),)
    found = told(within(network(out("nat-1"), security_groups=groups)))
    assert found is not None
    assert "security groups let no connection out" in found.title
    assert "authorize-security-group-egress" in found.fix.commands[0]


@pytest.mark.parametrize("part", ["route_tables", "endpoints"])
def test_what_was_not_read_is_not_judged(part: str) -> None:
    nothing: dict[str, Any] = {part: None}
    assert told(within(replace(network(), **nothing))) is None


def test_unread_security_groups_do_not_hide_that_there_is_no_endpoint() -> None:
    assert told(within(network(security_groups=None))) is not None
    assert told(within(network(security_groups=None, endpoints=(endpoint(),)))) is None


def test_a_consumer_that_calls_nothing_needs_no_way() -> None:
    assert told(within(network(), variables={})) is None


@pytest.mark.parametrize(
    ("source", "service"),
    [
        ("import boto3\nsqs = boto3.client('sqs')", "SQS"),
        ('table = boto3.resource("dynamodb").Table("x")', "DynamoDB"),
        ("const { SNSClient } = require('@aws-sdk/client-sns')", "SNS"),
        ("const sqs = new AWS.SQS()", "SQS"),
        ('import S3 from "aws-sdk/clients/s3"', "S3"),
    ],
)
def test_sources_tell_what_is_called(source: str, service: str) -> None:
    found = told(within(network(), sources=source, variables={}))
    assert found is not None
    assert f"cannot reach {service}:" in found.title
    assert found.confidence is Confidence.MEDIUM


def test_a_gateway_endpoint_serves_the_tables_that_it_is_in() -> None:
    source = "boto3.resource('dynamodb')"
    gateway = endpoint("dynamodb", kind="Gateway", private_dns=False, route_tables=("rtb-main",))
    assert told(within(network(endpoints=(gateway,)), sources=source, variables={})) is None
    elsewhere = replace(gateway, route_tables=("rtb-other",))
    found = told(within(network(endpoints=(elsewhere,)), sources=source, variables={}))
    assert found is not None
    assert "--vpc-endpoint-type Gateway" in found.fix.commands[0]
    assert "--route-table-ids rtb-main" in found.fix.commands[0]


def test_a_function_that_runs_all_the_same_has_a_way_that_shows_nowhere() -> None:
    where = replace(
        within(network()),
        logs=stack(logs=(of_events(invocation(1, at=ago(60), name=PRODUCER), PRODUCER),)).logs,
    )
    found = told(where)
    assert found is not None
    assert (found.severity, found.kind) == (Severity.INFO, Kind.RISK)
    assert found.confidence is Confidence.LOW


def test_it_explains_the_timeouts_that_follow() -> None:
    late = "2026-11-23T11:58:00.000Z RID Task timed out after 6.00 seconds"
    timed_out = of_events(invocation(1, late, at=ago(120), name=PRODUCER), PRODUCER)
    where = replace(within(network()), logs=stack(logs=(timed_out,)).logs)
    ids = [(each.id, each.explained_by) for each in diagnose(where).findings]
    assert ids[:2] == [("network-unreachable", ""), ("function-timeout", "network-unreachable")]


def test_a_logged_failure_is_told_once_with_the_network_as_evidence() -> None:
    error = '[ERROR] ConnectTimeoutError: Connect timeout on endpoint URL: "https://sqs.x.com/"'
    failed = of_events(invocation(1, error, at=ago(60), name=PRODUCER), PRODUCER)
    where = replace(within(network()), logs=stack(logs=(failed,)).logs)
    found = told(where)
    assert found is not None
    assert "it is in a VPC" in found.title
    assert any(each.source.startswith("ec2 DescribeRouteTables") for each in found.evidence)
    assert "create-vpc-endpoint" in found.fix.commands[0]
