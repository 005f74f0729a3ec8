"""VPCs and keys in the words of EC2 and KMS."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sqsctl.aws.functions import function
from sqsctl.aws.kms_keys import KeyReader
from sqsctl.aws.networks import MAX_PAGES, NetworkReader
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.keys import GONE, aws_managed
from sqsctl.model.network import RouteTable, SecurityRule, Subnet, VpcEndpoint, VpcRoute
from tests.aws.stubs import Stubbed

VPC = "vpc-1"
FILTER = {"Filters": [{"Name": "vpc-id", "Values": [VPC]}]}


def test_a_function_in_a_vpc() -> None:
    found = function(
        {
            "FunctionName": "f",
            "VpcConfig": {
                "VpcId": VPC,
                "SubnetIds": ["subnet-a"],
                "SecurityGroupIds": ["sg-1"],
                "Ipv6AllowedForDualStack": True,
            },
        }
    )
    assert (found.vpc_id, found.vpc_subnets, found.vpc_security_groups, found.vpc_ipv6) == (
        VPC,
        ("subnet-a",),
        ("sg-1",),
        True,
    )
    outside = function({"FunctionName": "f", "VpcConfig": {"VpcId": "", "SubnetIds": []}})
    assert (outside.vpc_id, outside.vpc_subnets, outside.vpc_ipv6) == (None, (), False)


def test_subnets_are_asked_for_by_filter_so_that_a_missing_one_fails_nothing() -> None:
    aws = Stubbed()
    aws.answer(
        "ec2",
        "describe_subnets",
        {"Subnets": [{"SubnetId": "subnet-a", "VpcId": VPC, "CidrBlock": "10.0.1.0/24"}]},
        {"Filters": [{"Name": "subnet-id", "Values": ["subnet-a", "subnet-gone"]}]},
    )
    found = NetworkReader(aws.session).subnets(["subnet-a", "subnet-gone"])
    assert found == (Subnet("subnet-a", VPC, "10.0.1.0/24"),)


def test_routes_of_every_kind_over_pages() -> None:
    aws = Stubbed()
    main = {
        "RouteTableId": "rtb-main",
        "Associations": [{"Main": True}],
        "Routes": [
            {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"},
            {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "State": "active"},
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
            {
                "DestinationCidrBlock": "10.9.0.0/16",
                "InstanceId": "i-1",
                "NetworkInterfaceId": "eni-1",
            },
        ],
    }
    own = {"RouteTableId": "rtb-a", "Associations": [{"Main": False, "SubnetId": "subnet-a"}]}
    aws.answer("ec2", "describe_route_tables", {"RouteTables": [main], "NextToken": "t"}, FILTER)
    aws.answer("ec2", "describe_route_tables", {"RouteTables": [own]}, {**FILTER, "NextToken": "t"})
    found = NetworkReader(aws.session).route_tables(VPC)
    assert found == (
        RouteTable(
            "rtb-main",
            main=True,
            routes=(
                VpcRoute("10.0.0.0/16", "local"),
                VpcRoute("0.0.0.0/0", "nat-1", active=False),
                VpcRoute("pl-1", "vpce-1"),
                VpcRoute("::/0", "eigw-1"),
                VpcRoute("10.9.0.0/16", "eni-1"),
            ),
        ),
        RouteTable("rtb-a", subnets=("subnet-a",)),
    )
    aws.done()


def test_half_a_network_is_none() -> None:
    aws = Stubbed()
    for _ in range(MAX_PAGES):
        aws.answer("ec2", "describe_route_tables", {"RouteTables": [], "NextToken": "t"})
    with pytest.raises(SqsctlError) as raised:
        NetworkReader(aws.session).route_tables(VPC)
    assert raised.value.code == "too_many"


def test_endpoints() -> None:
    aws = Stubbed()
    shape = {
        "VpcEndpointId": "vpce-1",
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.eu-west-1.sqs",
        "State": "available",
        "PrivateDnsEnabled": True,
        "Groups": [{"GroupId": "sg-1", "GroupName": "x"}],
        "RouteTableIds": [],
    }
    another = {**shape, "VpcEndpointId": "vpce-2", "VpcId": "vpc-2"}
    aws.answer("ec2", "describe_vpc_endpoints", {"VpcEndpoints": [shape, another]}, FILTER)
    assert NetworkReader(aws.session).endpoints(VPC) == (
        VpcEndpoint(
            "vpce-1",
            "com.amazonaws.eu-west-1.sqs",
            private_dns=True,
            security_groups=("sg-1",),
        ),
    )


def test_security_groups() -> None:
    aws = Stubbed()
    shape = {
        "GroupId": "sg-1",
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "UserIdGroupPairs": [{"GroupId": "sg-2"}],
                "PrefixListIds": [{"PrefixListId": "pl-1"}],
                "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
            }
        ],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    }
    aws.answer("ec2", "describe_security_groups", {"SecurityGroups": [shape]}, FILTER)
    (found,) = NetworkReader(aws.session).security_groups(VPC)
    assert found.ingress == (SecurityRule("tcp", 443, 443, ("::/0", "sg-2", "pl-1")),)
    assert found.egress == (SecurityRule("-1", None, None, ("0.0.0.0/0",)),)


def test_ec2s_own_words_for_denied() -> None:
    aws = Stubbed()
    aws.refuse(
        "ec2",
        "describe_route_tables",
        "UnauthorizedOperation",
        "You are not authorized to perform this operation. User: arn:aws:iam::1:user/x is not "
        "authorized to perform: ec2:DescribeRouteTables because no identity-based policy allows "
        "the ec2:DescribeRouteTables action",
        403,
    )
    with pytest.raises(SqsctlError) as raised:
        NetworkReader(aws.session).route_tables(VPC)
    error = raised.value
    assert (error.code, error.exit, error.action) == (
        "access_denied",
        Exit.DENIED,
        "ec2:DescribeRouteTables",
    )


def test_a_key_and_its_end() -> None:
    aws = Stubbed()
    at = datetime(2026, 12, 1, tzinfo=UTC)
    aws.answer(
        "kms",
        "describe_key",
        {
            "KeyMetadata": {
                "KeyId": "1",
                "Arn": "arn:aws:kms:r:1:key/1",
                "KeyState": "PendingDeletion",
                "KeyManager": "CUSTOMER",
                "DeletionDate": at,
            }
        },
        {"KeyId": "alias/own"},
    )
    found = KeyReader(aws.session).describe("alias/own")
    assert (found.arn, found.state, found.deleted_at) == (
        "arn:aws:kms:r:1:key/1",
        "PendingDeletion",
        at,
    )
    assert not found.usable
    assert found.customer_managed


def test_a_key_that_is_not_there_is_a_fact_a_denied_one_is_not() -> None:
    aws = Stubbed()
    aws.refuse("kms", "describe_key", "NotFoundException", "Key 'x' does not exist")
    aws.refuse("kms", "describe_key", "AccessDeniedException", "not authorized to perform: kms:D")
    reader = KeyReader(aws.session)
    assert reader.describe("x").state == GONE
    with pytest.raises(SqsctlError):
        reader.describe("x")


def test_the_policy_of_a_key() -> None:
    aws = Stubbed()
    asked = {"KeyId": "arn:aws:kms:r:1:key/1", "PolicyName": "default"}
    aws.answer("kms", "get_key_policy", {"Policy": "{}"}, asked)
    assert KeyReader(aws.session).policy("arn:aws:kms:r:1:key/1") == "{}"


def test_awss_own_keys_are_known_by_their_alias() -> None:
    assert aws_managed("alias/aws/sqs")
    assert aws_managed("arn:aws:kms:r:1:alias/aws/lambda")
    assert not aws_managed("alias/own")
