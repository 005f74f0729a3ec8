"""A template's values before a deploy, and what its roles may do."""

from __future__ import annotations

from typing import Any

import pytest

from sqsctl.operations.packaged.intrinsics import UNKNOWN, Resolver
from sqsctl.operations.packaged.role_policies import RolePolicies

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Secret": {"Type": "String"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/path"},
    },
    "Mappings": {"Sizes": {"dev": {"memory": 128}}},
    "Conditions": {
        "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
        "IsProd": {"Fn::Not": [{"Condition": "IsDev"}]},
        "Both": {"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
        "Told": {"Fn::Equals": [{"Ref": "Secret"}, "x"]},
        "Either": {"Fn::Or": [{"Condition": "Told"}, {"Condition": "IsDev"}]},
        "Round": {"Condition": "Round"},
    },
    "Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Stage}-j"}}},
        "Orders": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}},
        "Worker": {"Type": "AWS::Lambda::Function"},
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"Name": "live", "FunctionName": {"Ref": "Worker"}},
        },
    },
}
ARN = "arn:aws:sqs:eu-west-1:123456789012:dev-j"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Ref": "Secret"}, UNKNOWN),
        ({"Ref": "Image"}, UNKNOWN),
        ({"Ref": "Nowhere"}, UNKNOWN),
        ({"Ref": "Jobs"}, "https://sqs.eu-west-1.amazonaws.com/123456789012/dev-j"),
        ({"Fn::GetAtt": ["Jobs", "Arn"]}, ARN),
        ({"Fn::GetAtt": "Jobs.QueueName"}, "dev-j"),
        ({"Fn::GetAtt": ["Orders", "QueueName"]}, "s-Orders.fifo"),
        ({"Ref": "Live"}, "arn:aws:lambda:eu-west-1:123456789012:function:s-Worker:live"),
        ({"Fn::Sub": "${AWS::StackName}/${Jobs.Arn}/${!Literal}"}, f"s/{ARN}/${{Literal}}"),
        ({"Fn::Sub": ["${A}-${Stage}", {"A": {"Ref": "AWS::Region"}}]}, "eu-west-1-dev"),
        ({"Fn::Sub": "${Secret}"}, UNKNOWN),
        ({"Fn::Join": [":", ["a", {"Ref": "Stage"}]]}, "a:dev"),
        ({"Fn::Join": [":", ["a", {"Ref": "Secret"}]]}, UNKNOWN),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::Select": [9, ["a"]]}, UNKNOWN),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 128),
        ({"Fn::If": ["IsDev", 1, 2]}, 1),
        ({"Fn::If": ["IsProd", 1, 2]}, 2),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"Fn::If": ["Told", 1, 2]}, UNKNOWN),
        ({"Fn::If": ["Round", 1, 2]}, UNKNOWN),
        ({"a": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}, "b": 1}, {"b": 1}),
        ({"Fn::ImportValue": "known"}, "exported"),
        ({"Fn::ImportValue": "unknown"}, UNKNOWN),
        ({"Fn::Cidr": ["10.0.0.0/8", 1, 8]}, UNKNOWN),
    ],
)
def test_values(said: Any, value: Any) -> None:
    resolver = Resolver(TEMPLATE, "s", "eu-west-1", exports={"known": "exported"})
    assert resolver.value(said) == value


def test_what_refers_to_itself_ends() -> None:
    name: dict[str, Any] = {"Fn::GetAtt": ["Jobs", "QueueName"]}
    template = {
        "Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}}
    }
    assert Resolver(template, "s", "eu-west-1").value(name) == "s-Jobs"


def decisions(statements: list[Any], **more: Any) -> RolePolicies:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "r",
            "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}],
            **more,
        },
    }
    resolver = Resolver({"Resources": {"R": role}}, "s", "eu-west-1")
    return RolePolicies({"R": role}, resolver)


ALLOW = {"Effect": "Allow", "Action": "sqs:Send*", "Resource": ARN}


@pytest.mark.parametrize(
    ("statements", "more", "decision"),
    [
        ([ALLOW], {}, "allowed"),
        ([{**ALLOW, "Action": ["SQS:sendmessage"]}], {}, "allowed"),
        ([{**ALLOW, "Resource": f"{ARN}-dlq"}], {}, "implicitDeny"),
        ([], {}, "implicitDeny"),
        ([ALLOW, {"Effect": "Deny", "Action": "*", "Resource": "*"}], {}, "explicitDeny"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], {}, "allowed"),
        ([{"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}], {}, "implicitDeny"),
        # Nobody can say: a condition, a value that is not known, a policy that is not here.
        ([{**ALLOW, "Condition": {"Bool": {}}}], {}, None),
        ([{**ALLOW, "Resource": {"Ref": "Nowhere"}}], {}, None),
        ([], {"ManagedPolicyArns": ["arn:aws:iam::1:policy/own"]}, None),
        ([ALLOW], {"ManagedPolicyArns": ["arn:aws:iam::1:policy/own"]}, "allowed"),
        ([], {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]}, "allowed"),
    ],
)
def test_what_a_role_may(statements: list[Any], more: dict[str, Any], decision: str | None) -> None:
    roles = decisions(statements, **more)
    assert roles.decision("arn:aws:iam::123456789012:role/r", "sqs:SendMessage", ARN) == decision
