"""Whether a function in a VPC has a way to an AWS service.

A function in a VPC has no public address: an internet gateway does not serve it. What leads
elsewhere (a transit gateway, a peering, an appliance) may lead out: then nothing is said.
Network ACLs, DNS settings of the VPC and policies of endpoints are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_network

from sqsctl.model.finding import Evidence
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.network import Network, RouteTable, SecurityRule, VpcEndpoint
from sqsctl.model.stack import (
    Stack,
)

HTTPS = 443
_EVERYWHERE = "0.0.0.0/0"
_EVERYWHERE_V6 = "::/0"


class Way(Enum):
    """Whether there is a way: open, shut, or nobody can tell from what was read."""

    OPEN = "open"
    SHUT = "shut"
    UNKNOWN = "unknown"


class Block(Enum):
    """What has to be done where the way is shut."""

    NO_ENDPOINT = "no endpoint"
    NO_PRIVATE_DNS = "no private DNS"
    NOT_LET_IN = "the endpoint lets nobody in"
    NOT_LET_OUT = "the function is not let out"


@dataclass(frozen=True, slots=True)
class Shut:
    """Subnets of a function without a way to a service. ``some``: others have one."""

    service: str
    subnets: tuple[str, ...]
    some: bool
    block: Block
    endpoint: VpcEndpoint | None
    evidence: tuple[Evidence, ...]


def network_of(stack: Stack, function: Function) -> Network | None:
    """The VPC that a function is in, if it was read. Reads NETWORKS."""
    for network in stack.networks:
        if function.vpc_id == network.vpc_id:
            return network
        if not function.vpc_id and any(network.subnet(each) for each in function.vpc_subnets):
            return network
    return None


def shut(network: Network, function: Function, service: str) -> Shut | None:
    """How the way to a service is shut; None where it is open, or not known to be shut."""
    if network.route_tables is None or _own_endpoint(function, service):
        return None
    let_out = _let_out(network, function)
    if let_out is Way.SHUT:
        evidence = tuple(
            Evidence(
                f"ec2 DescribeSecurityGroups {each}", "IpPermissionsEgress", "no TCP to port 443"
            )
            for each in function.vpc_security_groups
        )
        return Shut(service, function.vpc_subnets, False, Block.NOT_LET_OUT, None, evidence)
    endpoint, by_endpoint, block = _by_endpoint(network, function, service)
    ways = {each: _out(network, function, service, each) for each in function.vpc_subnets}
    blocked = tuple(each for each, way in ways.items() if way is Way.SHUT)
    if by_endpoint is not Way.SHUT or not blocked or Way.UNKNOWN in ways.values():
        return None
    return Shut(
        service,
        blocked,
        len(blocked) < len(ways),
        block,
        endpoint,
        (*_routes(network, blocked), _endpoints(network, service, endpoint, block)),
    )


def _own_endpoint(function: Function, service: str) -> bool:
    """Whether the function is told another address than the service's own, or a proxy."""
    names = [each.upper() for each in function.environment]
    return any(
        each in {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
        or ("ENDPOINT" in each and ("AWS" in each or service.upper() in each))
        for each in names
    )


def _out(network: Network, function: Function, service: str, subnet: str) -> Way:
    """Where the subnet's routes lead, the endpoints' interfaces apart."""
    table = network.route_table(subnet)
    if table is None:
        return Way.UNKNOWN
    if network.endpoints and any(
        each.kind == "Gateway" and _serves(each, service) and table.id in each.route_tables
        for each in network.endpoints
    ):
        return Way.OPEN
    wide = {_EVERYWHERE, _EVERYWHERE_V6} if function.vpc_ipv6 else {_EVERYWHERE}
    for route in table.routes:
        if not route.active or route.target == "local" or _gateway_endpoint(route.target):
            continue
        if route.destination == _EVERYWHERE_V6 and not function.vpc_ipv6:
            continue
        if route.target.startswith("igw-"):
            continue
        # A part of the world: whether the service is in it, the routes do not tell.
        return Way.OPEN if route.destination in wide else Way.UNKNOWN
    return Way.SHUT


def _gateway_endpoint(target: str) -> bool:
    return target.startswith("vpce-")


def _by_endpoint(
    network: Network, function: Function, service: str
) -> tuple[VpcEndpoint | None, Way, Block]:
    if network.endpoints is None:
        return None, Way.UNKNOWN, Block.NO_ENDPOINT
    own = [
        each
        for each in network.endpoints
        if each.kind == "Interface" and _serves(each, service) and each.state.lower() == "available"
    ]
    if not own:
        return None, Way.SHUT, Block.NO_ENDPOINT
    named = [each for each in own if each.private_dns]
    if not named:
        return own[0], Way.SHUT, Block.NO_PRIVATE_DNS
    ways = {each.id: _let_in(network, function, each) for each in named}
    if all(way is Way.SHUT for way in ways.values()):
        return named[0], Way.SHUT, Block.NOT_LET_IN
    return named[0], Way.OPEN if Way.OPEN in ways.values() else Way.UNKNOWN, Block.NOT_LET_IN


def _serves(endpoint: VpcEndpoint, service: str) -> bool:
    """``com.amazonaws.eu-west-1.sqs``, also with what partitions put before it."""
    return endpoint.service.endswith(f".{service}")


def _let_out(network: Network, function: Function) -> Way:
    """Whether the function's security groups let any connection to port 443 out."""
    if network.security_groups is None or not function.vpc_security_groups:
        return Way.UNKNOWN
    groups = [network.security_group(each) for each in function.vpc_security_groups]
    known = [each for each in groups if each]
    if any(rule.covers_tcp(HTTPS) and rule.peers for each in known for rule in each.egress):
        return Way.OPEN
    return Way.SHUT if len(known) == len(groups) else Way.UNKNOWN


def _let_in(network: Network, function: Function, endpoint: VpcEndpoint) -> Way:
    """Whether the endpoint's security groups let the function's subnets or groups in."""
    if network.security_groups is None or not endpoint.security_groups:
        return Way.UNKNOWN
    groups = [network.security_group(each) for each in endpoint.security_groups]
    rules = [rule for each in groups if each for rule in each.ingress if rule.covers_tcp(HTTPS)]
    ways = {_admits(rule, network, function) for rule in rules}
    if Way.OPEN in ways:
        return Way.OPEN
    if Way.UNKNOWN in ways or None in groups:
        return Way.UNKNOWN
    return Way.SHUT


def _admits(rule: SecurityRule, network: Network, function: Function) -> Way:
    subnets = [network.subnet(each) for each in function.vpc_subnets]
    for peer in rule.peers:
        if peer in function.vpc_security_groups or peer == _EVERYWHERE:
            return Way.OPEN
        if peer.startswith("pl-"):
            return Way.UNKNOWN
        if "/" in peer and ":" not in peer:
            if any(each is None or not each.cidr for each in subnets):
                return Way.UNKNOWN
            if any(each and _overlap(peer, each.cidr) for each in subnets):
                return Way.OPEN
    return Way.SHUT


def _overlap(one: str, other: str) -> bool:
    try:
        return ip_network(one, strict=False).overlaps(ip_network(other, strict=False))
    except ValueError:
        return True  # not readable: nothing may be concluded from it


def _routes(network: Network, subnets: tuple[str, ...]) -> tuple[Evidence, ...]:
    tables: dict[str, tuple[RouteTable, list[str]]] = {}
    for subnet in subnets:
        if table := network.route_table(subnet):
            tables.setdefault(table.id, (table, []))[1].append(subnet)
    return tuple(
        Evidence(f"ec2 DescribeRouteTables {table.id}", f"Routes of {', '.join(of)}", _said(table))
        for table, of in tables.values()
    )


def _said(table: RouteTable) -> str:
    told = [
        f"{each.destination} to {each.target or 'nothing'}{'' if each.active else ' (black hole)'}"
        for each in table.routes
    ]
    return ", ".join(told) or "none"


def _endpoints(
    network: Network, service: str, endpoint: VpcEndpoint | None, block: Block
) -> Evidence:
    source = f"ec2 DescribeVpcEndpoints {network.vpc_id}"
    if endpoint is None:
        names = ", ".join(each.service for each in network.endpoints or ()) or "none"
        return Evidence(source, f"endpoints, none of them for {service}", names)
    if block is Block.NO_PRIVATE_DNS:
        return Evidence(source, f"{endpoint.id} PrivateDnsEnabled", "false")
    groups = ", ".join(endpoint.security_groups)
    return Evidence(source, f"{endpoint.id} Groups", f"{groups}: port 443 is not open to it")
