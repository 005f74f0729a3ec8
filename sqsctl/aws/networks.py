"""VPCs that functions are in: what leads out of them, read from EC2 in few calls.

What does not fit into MAX_PAGES pages is not read at all (code ``too_many``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import SqsctlError
from sqsctl.model.network import (
    RouteTable,
    SecurityGroup,
    SecurityRule,
    Subnet,
    VpcEndpoint,
    VpcRoute,
)

MAX_PAGES = 5
# What a route can lead to; each route has one of them.
_TARGETS = (
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "NetworkInterfaceId",
    "InstanceId",
    "GatewayId",
)
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


class NetworkReader:
    """The VPCs of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def subnets(self, ids: Sequence[str]) -> tuple[Subnet, ...]:
        """These subnets; one that is not there is left out."""
        return tuple(
            Subnet(each.get("SubnetId", ""), each.get("VpcId", ""), each.get("CidrBlock", ""))
            for each in self._pages("describe_subnets", "Subnets", "subnet-id", ids)
        )

    def route_tables(self, vpc_id: str) -> tuple[RouteTable, ...]:
        """All route tables of a VPC."""
        return tuple(
            _table(each)
            for each in self._pages("describe_route_tables", "RouteTables", "vpc-id", [vpc_id])
        )

    def endpoints(self, vpc_id: str) -> tuple[VpcEndpoint, ...]:
        """All endpoints of a VPC."""
        return tuple(
            VpcEndpoint(
                id=each.get("VpcEndpointId", ""),
                service=each.get("ServiceName", ""),
                kind=each.get("VpcEndpointType") or "Gateway",
                state=each.get("State", ""),
                # Always there on AWS, and on unless switched off.
                private_dns=bool(each.get("PrivateDnsEnabled", True)),
                route_tables=tuple(each.get("RouteTableIds") or ()),
                security_groups=tuple(
                    group.get("GroupId", "") for group in each.get("Groups") or ()
                ),
            )
            for each in self._pages("describe_vpc_endpoints", "VpcEndpoints", "vpc-id", [vpc_id])
        )

    def security_groups(self, vpc_id: str) -> tuple[SecurityGroup, ...]:
        """The security groups of a VPC."""
        return tuple(
            SecurityGroup(
                each.get("GroupId", ""),
                ingress=tuple(_rule(rule) for rule in each.get("IpPermissions") or ()),
                egress=tuple(_rule(rule) for rule in each.get("IpPermissionsEgress") or ()),
            )
            for each in self._pages(
                "describe_security_groups", "SecurityGroups", "vpc-id", [vpc_id]
            )
        )

    def _pages(
        self, operation: str, key: str, filtered: str, values: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        call = getattr(self.session.ec2(), operation)
        request: dict[str, Any] = {"Filters": [{"Name": filtered, "Values": list(values)}]}
        for _ in range(MAX_PAGES):
            with offered(f"VPC ({filtered} {', '.join(values)})"):
                page = call(**request)
            for each in page.get(key) or ():
                # There are emulators that know no filters.
                if filtered != "vpc-id" or each.get("VpcId", values[0]) in values:
                    yield each
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]
        # Half of a network would be judged wrongly: a route may be in the other half.
        raise SqsctlError("more than is read at once", code="too_many")


def _table(shape: Mapping[str, Any]) -> RouteTable:
    associations = shape.get("Associations") or ()
    return RouteTable(
        id=shape.get("RouteTableId", ""),
        main=any(each.get("Main") for each in associations),
        subnets=tuple(each["SubnetId"] for each in associations if each.get("SubnetId")),
        routes=tuple(
            VpcRoute(
                destination=_first(each, _DESTINATIONS),
                target=_first(each, _TARGETS),
                active=each.get("State", "active") == "active",
            )
            for each in shape.get("Routes") or ()
        ),
    )


def _rule(shape: Mapping[str, Any]) -> SecurityRule:
    peers = [
        *(each.get("CidrIp", "") for each in shape.get("IpRanges") or ()),
        *(each.get("CidrIpv6", "") for each in shape.get("Ipv6Ranges") or ()),
        *(each.get("GroupId", "") for each in shape.get("UserIdGroupPairs") or ()),
        *(each.get("PrefixListId", "") for each in shape.get("PrefixListIds") or ()),
    ]
    return SecurityRule(
        protocol=str(shape.get("IpProtocol", "-1")),
        from_port=shape.get("FromPort"),
        to_port=shape.get("ToPort"),
        peers=tuple(each for each in peers if each),
    )


def _first(shape: Mapping[str, Any], keys: Sequence[str]) -> str:
    return next((str(shape[key]) for key in keys if shape.get(key)), "")
