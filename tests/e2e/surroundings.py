"""The tutorial's stack with its producer in a VPC and its queue under a key of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e.stacks import DeployedLab


@dataclass(frozen=True)
class Place:
    """A VPC with one subnet, that the producer is in. Nothing leads out of it at first."""

    lab: DeployedLab
    vpc: str
    subnet: str
    group: str

    def lead_out(self) -> None:
        """A NAT gateway as the subnet's way out."""
        ec2: Any = self.lab.session.ec2()
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}]
        (table,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
        nat = ec2.create_nat_gateway(SubnetId=self.subnet)["NatGateway"]["NatGatewayId"]
        ec2.create_route(
            RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat
        )

    def add_endpoint(self) -> str:
        """An interface endpoint of SQS that lets the producer in; its id."""
        ec2: Any = self.lab.session.ec2()
        own = [{"GroupId": self.group}]
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": own}
        ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[rule])
        made = ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.{self.lab.state.region}.sqs",
            SubnetIds=[self.subnet],
            SecurityGroupIds=[self.group],
            PrivateDnsEnabled=True,
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])


@contextmanager
def producer_in_vpc(lab: DeployedLab) -> Iterator[Place]:
    """Put the producer into a VPC of its own, and out of it in the end."""
    ec2: Any = lab.session.ec2()
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"]
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    (group,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    place = Place(lab, vpc, subnet, group["GroupId"])

    def put(subnets: list[str], groups: list[str]) -> None:
        lab.session.functions().update_function_configuration(
            FunctionName=f"{lab.name}-producer",
            VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": groups},
        )

    put([subnet], [place.group])
    try:
        yield place
    finally:
        put([], [])
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)


def encrypt(lab: DeployedLab) -> str:
    """Encrypt the main queue with a new key, by an alias; the key's ARN."""
    kms: Any = lab.session.kms()
    arn = kms.create_key(Description="the queue's")["KeyMetadata"]["Arn"]
    alias = f"alias/{lab.name}"
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    lab.session.sqs().set_queue_attributes(
        QueueUrl=lab.queue.url, Attributes={"KmsMasterKeyId": alias}
    )
    return str(arn)


def let_roles_use(lab: DeployedLab, key: str) -> None:
    """Let the functions' roles use a key; the policies go with the roles."""
    for part in lab.stack.functions:
        shape = lab.session.functions().get_function_configuration(FunctionName=part.name)
        allow = {"Effect": "Allow", "Action": "kms:*", "Resource": key}
        lab.session.iam().put_role_policy(
            RoleName=shape["Role"].rpartition("/")[2],
            PolicyName="use-the-key",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        )
