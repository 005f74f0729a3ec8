"""The network around a function in a VPC: subnets, routes, endpoints, security groups."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet that a function is in (ec2 DescribeSubnets)."""

    id: str
    vpc_id: str
    cidr: str = ""


@dataclass(frozen=True, slots=True)
class VpcRoute:
    """One route. ``destination`` is a CIDR or a prefix list's id, ``target`` an id or ``local``.

    ``active`` is False for a black hole: its target is gone.
    """

    destination: str
    target: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table (ec2 DescribeRouteTables); ``main`` holds for subnets that have none."""

    id: str
    main: bool = False
    subnets: tuple[str, ...] = ()
    routes: tuple[VpcRoute, ...] = ()


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint. ``kind``: Interface, Gateway or another of EC2's own words."""

    id: str
    service: str
    kind: str = "Interface"
    state: str = "available"
    private_dns: bool = False
    route_tables: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One permission of a security group. ``protocol`` -1 is all of them.

    ``peers`` are CIDRs, security groups' ids and prefix lists' ids.
    """

    protocol: str = "-1"
    from_port: int | None = None
    to_port: int | None = None
    peers: tuple[str, ...] = ()

    def covers_tcp(self, port: int) -> bool:
        """Whether connections to this port come under it."""
        if self.protocol == "-1":
            return True
        if self.protocol not in {"tcp", "6"} or self.from_port is None or self.to_port is None:
            return False
        return self.from_port <= port <= self.to_port


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group: whom it lets in (``ingress``) and out (``egress``)."""

    id: str
    ingress: tuple[SecurityRule, ...] = ()
    egress: tuple[SecurityRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """A VPC that functions of the stack are in. What is None was not read.

    ``subnets`` are those that functions are in, as far as they were read.
    """

    vpc_id: str
    subnets: tuple[Subnet, ...] = ()
    route_tables: tuple[RouteTable, ...] | None = None
    endpoints: tuple[VpcEndpoint, ...] | None = None
    security_groups: tuple[SecurityGroup, ...] | None = None

    def route_table(self, subnet_id: str) -> RouteTable | None:
        """The table that a subnet's packets go by: its own, else the VPC's main one."""
        main = None
        for table in self.route_tables or ():
            if subnet_id in table.subnets:
                return table
            main = table if table.main else main
        return main

    def subnet(self, subnet_id: str) -> Subnet | None:
        return next((each for each in self.subnets if each.id == subnet_id), None)

    def security_group(self, group_id: str) -> SecurityGroup | None:
        return next((each for each in self.security_groups or () if each.id == group_id), None)
