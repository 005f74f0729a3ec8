"""Roles and policies of Terraform's AWS provider as CloudFormation has them.

Source: hashicorp/terraform-provider-aws, aws_iam_role, aws_iam_role_policy, aws_iam_policy,
aws_iam_role_policy_attachment.
"""

from __future__ import annotations

from typing import Any

from sqsctl.operations.packaged.terraform_values import Making
from sqsctl.operations.target.yaml_documents import json_of


def role(making: Making) -> dict[str, Any]:
    """A role with its inline policies; Lambda may assume it where nothing is said."""
    said = making.values(RoleName="name", Path="path")
    said["AssumeRolePolicyDocument"] = making.policy("assume_role_policy") or {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    inline = [
        {"PolicyName": each["name"], "PolicyDocument": json_of(each["policy"], "inline_policy")}
        for each in making.blocks("inline_policy")
        if each.get("name") and each.get("policy")
    ]
    if inline:
        said["Policies"] = inline
    return {"Type": "AWS::IAM::Role", "Properties": said}


def role_policy(making: Making) -> dict[str, Any] | None:
    """An inline policy of a role."""
    document = making.policy("policy")
    if document is None:
        return None
    name = making.value("name") or making.planned.logical_id
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": name,
            "PolicyDocument": document,
            "Roles": [making.value("role")],
        },
    }


def managed_policy(making: Making) -> dict[str, Any] | None:
    """A policy of its own."""
    document = making.policy("policy")
    if document is None:
        return None
    said = making.values(ManagedPolicyName="name")
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {**said, "PolicyDocument": document},
    }


def attachment(making: Making) -> dict[str, Any] | None:
    """A managed policy on a role: of AWS's own, or of the plan."""
    arn = making.value("policy_arn")
    named = str(arn).rpartition("/")[2] if isinstance(arn, str) else ""
    statement = _AWS_MANAGED.get(named)
    role = making.value("role")
    if statement is not None:
        document: Any = {"Version": "2012-10-17", "Statement": [statement]}
    else:
        target = next(
            (
                found
                for address, _ in making.planned.references("policy_arn")
                if (found := making.plan.find(address, making.planned))
                and found.type == "aws_iam_policy"
            ),
            None,
        )
        document = Making(target, making.plan, making.notes).policy("policy") if target else None
    if document is None:
        making.notes.append(f"{making.planned.address}: the policy {arn} is not known here")
        return None
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": making.planned.logical_id,
            "PolicyDocument": document,
            "Roles": [role],
        },
    }


_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
_AWS_MANAGED = {
    "AWSLambdaBasicExecutionRole": {"Effect": "Allow", "Action": _LOGS, "Resource": "*"},
    "AWSLambdaSQSQueueExecutionRole": {
        "Effect": "Allow",
        "Action": [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            *_LOGS,
        ],
        "Resource": "*",
    },
}
