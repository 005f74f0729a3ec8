"""Each resource of Terraform's AWS provider as CloudFormation has it.

Source: hashicorp/terraform-provider-aws, the reference page of each resource (arguments);
CloudFormation template reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqsctl.operations.packaged.terraform_values import (
    Making,
    Plan,
    Planned,
    attribute_of,
    named_in,
)
from sqsctl.operations.target.yaml_documents import json_of

ASSUMED_RECEIVES = 3


def converted(planned: Planned, plan: Plan, notes: list[str]) -> dict[str, Any] | None:
    """The resource for a template; None for data sources and what became a part of others."""
    make = _MADE.get(planned.type)
    if make is not None:
        made = make(Making(planned, plan, notes))
        waits = _waits(planned, plan)
        return made | {"DependsOn": waits} if made and waits else made
    if planned.type.startswith("aws_") and ".data." not in f".{planned.address}":
        return {"Type": f"Terraform::{planned.type}"}  # named as lacking, not overlooked
    return None


def _waits(planned: Planned, plan: Plan) -> list[str]:
    """What has to be there first, though its name is known already."""
    named = planned.targets(named_in(dict(planned.expressions)))
    found = (target for address, _ in named if (target := plan.find(address)))
    return sorted({each.logical_id for each in found if each.type in _WHOLE} - {planned.logical_id})


# -- each type --------------------------------------------------------------------------------


def _queue(making: Making) -> dict[str, Any]:
    said = making.values(
        QueueName="name",
        FifoQueue="fifo_queue",
        ContentBasedDeduplication="content_based_deduplication",
        VisibilityTimeout="visibility_timeout_seconds",
        MessageRetentionPeriod="message_retention_seconds",
        DelaySeconds="delay_seconds",
        ReceiveMessageWaitTimeSeconds="receive_wait_time_seconds",
        MaximumMessageSize="max_message_size",
        KmsMasterKeyId="kms_master_key_id",
        DeduplicationScope="deduplication_scope",
        FifoThroughputLimit="fifo_throughput_limit",
    )
    if not said.get("FifoQueue"):
        for key in ("FifoQueue", "ContentBasedDeduplication"):
            said.pop(key, None)
    redrive = _redrive(making)
    if redrive:
        said["RedrivePolicy"] = redrive
    return {"Type": "AWS::SQS::Queue", "Properties": said}


def _redrive(making: Making) -> dict[str, Any] | None:
    known = making.planned.values.get("redrive_policy")
    if isinstance(known, str) and known:
        found: dict[str, Any] = json_of(known, "redrive_policy")
        return found
    for address, attribute in making.planned.references("redrive_policy"):
        target = making.plan.find(address)
        if target and target.type == "aws_sqs_queue":
            making.notes.append(
                f"{making.planned.address}: maxReceiveCount is known only after an apply; "
                f"{ASSUMED_RECEIVES} was taken"
            )
            return {
                "deadLetterTargetArn": attribute_of(target, attribute or "arn"),
                "maxReceiveCount": ASSUMED_RECEIVES,
            }
    return None


def _queue_policy(making: Making) -> dict[str, Any] | None:
    document = making.policy("policy")
    queue = making.value("queue_url")
    if document is None or queue is None:
        return None
    for each in document["Statement"]:
        each.setdefault("Principal", "*")
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [queue], "PolicyDocument": document},
    }


def _function(making: Making) -> dict[str, Any]:
    said = making.values(
        FunctionName="function_name",
        Runtime="runtime",
        Handler="handler",
        Role="role",
        Timeout="timeout",
        MemorySize="memory_size",
        Architectures="architectures",
        Layers="layers",
        PackageType="package_type",
    )
    reserved = making.planned.values.get("reserved_concurrent_executions")
    if isinstance(reserved, int) and reserved >= 0:
        said["ReservedConcurrentExecutions"] = reserved
    if making.planned.values.get("image_uri"):
        said["Code"] = {"ImageUri": making.planned.values["image_uri"]}
    variables = _variables(making)
    if variables:
        said["Environment"] = {"Variables": variables}
    return {"Type": "AWS::Lambda::Function", "Properties": said}


def _variables(making: Making) -> dict[str, Any]:
    """The environment: what is known, and the one value that can only be the one named."""
    known: dict[str, Any] = {}
    for block in making.blocks("environment"):
        known |= block.get("variables") or {}
    found = {key: str(value) for key, value in known.items() if value is not None}
    unknown = [
        key
        for block in making.planned.unknown.get("environment") or ()
        if isinstance(block, Mapping) and isinstance(block.get("variables"), Mapping)
        for key, is_unknown in block["variables"].items()
        if is_unknown
    ]
    expression = making.planned.expressions.get("environment")
    named = [
        value
        for address, attribute in making.planned.targets(named_in(expression))
        if (target := making.plan.find(address))
        and (value := attribute_of(target, attribute)) is not None
    ]
    if len(unknown) == len(named) == 1:
        return found | {unknown[0]: named[0]}
    if unknown:
        making.notes.append(
            f"{making.planned.address}: {', '.join(unknown)} are known only after an apply, and "
            "are not set"
        )
    return found


def _mapping(making: Making) -> dict[str, Any]:
    said = making.values(
        EventSourceArn="event_source_arn",
        FunctionName="function_name",
        BatchSize="batch_size",
        MaximumBatchingWindowInSeconds="maximum_batching_window_in_seconds",
        FunctionResponseTypes="function_response_types",
    )
    if making.planned.values.get("enabled") is False:
        said["Enabled"] = False
    for block in making.blocks("scaling_config"):
        said["ScalingConfig"] = {"MaximumConcurrency": block.get("maximum_concurrency")}
    for block in making.blocks("filter_criteria"):
        filters = [{"Pattern": each.get("pattern")} for each in block.get("filter") or ()]
        said["FilterCriteria"] = {"Filters": filters}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": said}


def _role(making: Making) -> dict[str, Any]:
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


def _role_policy(making: Making) -> dict[str, Any] | None:
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


def _managed_policy(making: Making) -> dict[str, Any] | None:
    document = making.policy("policy")
    if document is None:
        return None
    said = making.values(ManagedPolicyName="name")
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {**said, "PolicyDocument": document},
    }


def _attachment(making: Making) -> dict[str, Any] | None:
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
                if (found := making.plan.find(address)) and found.type == "aws_iam_policy"
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


def _permission(making: Making) -> dict[str, Any]:
    said = making.values(
        FunctionName="function_name",
        Action="action",
        Principal="principal",
        SourceArn="source_arn",
        SourceAccount="source_account",
    )
    source = said.get("SourceArn")
    if isinstance(source, Mapping) and "execute-api" in str(source.get("Fn::Sub", "")):
        said["SourceArn"] = {"Fn::Sub": f"{source['Fn::Sub']}/*"}
    return {"Type": "AWS::Lambda::Permission", "Properties": said}


def _alias(making: Making) -> dict[str, Any]:
    said = making.values(Name="name", FunctionName="function_name")
    return {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"FunctionVersion": "$LATEST", **said},
    }


def _simple(kind: str, **wanted: str) -> Callable[[Making], dict[str, Any]]:
    return lambda making: {"Type": kind, "Properties": making.values(**wanted)}


def _subscription(making: Making) -> dict[str, Any]:
    said = making.values(TopicArn="topic_arn", Protocol="protocol", Endpoint="endpoint")
    raw = making.planned.values.get("raw_message_delivery")
    if raw is not None:
        said["RawMessageDelivery"] = raw
    policy = making.planned.values.get("filter_policy")
    if isinstance(policy, str) and policy:
        said["FilterPolicy"] = json_of(policy, "filter_policy")
    return {"Type": "AWS::SNS::Subscription", "Properties": said}


def _route(making: Making) -> dict[str, Any]:
    said = making.values(ApiId="api_id", RouteKey="route_key")
    for address, _ in making.planned.references("target"):
        target = making.plan.find(address)
        if target and target.type == "aws_apigatewayv2_integration":
            said["Target"] = {"Fn::Sub": f"integrations/${{{target.logical_id}}}"}
    known = making.planned.values.get("target")
    if isinstance(known, str):
        said["Target"] = known
    return {"Type": "AWS::ApiGatewayV2::Route", "Properties": said}


# What always becomes a resource of its own.
_WHOLE = frozenset(
    {
        "aws_apigatewayv2_api",
        "aws_apigatewayv2_integration",
        "aws_cloudwatch_log_group",
        "aws_iam_role",
        "aws_lambda_function",
        "aws_s3_bucket",
        "aws_sns_topic",
        "aws_sqs_queue",
    }
)
_MADE: Mapping[str, Callable[[Making], dict[str, Any] | None]] = {
    "aws_sqs_queue": _queue,
    "aws_sqs_queue_policy": _queue_policy,
    "aws_lambda_function": _function,
    "aws_lambda_event_source_mapping": _mapping,
    "aws_lambda_permission": _permission,
    "aws_lambda_alias": _alias,
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
    "aws_iam_policy": _managed_policy,
    "aws_iam_role_policy_attachment": _attachment,
    "aws_cloudwatch_log_group": _simple(
        "AWS::Logs::LogGroup", LogGroupName="name", RetentionInDays="retention_in_days"
    ),
    "aws_sns_topic": _simple("AWS::SNS::Topic", TopicName="name"),
    "aws_sns_topic_subscription": _subscription,
    "aws_s3_bucket": _simple("AWS::S3::Bucket", BucketName="bucket"),
    "aws_apigatewayv2_api": _simple(
        "AWS::ApiGatewayV2::Api", Name="name", ProtocolType="protocol_type"
    ),
    "aws_apigatewayv2_stage": _simple(
        "AWS::ApiGatewayV2::Stage", ApiId="api_id", StageName="name", AutoDeploy="auto_deploy"
    ),
    "aws_apigatewayv2_integration": _simple(
        "AWS::ApiGatewayV2::Integration",
        ApiId="api_id",
        IntegrationType="integration_type",
        IntegrationUri="integration_uri",
        PayloadFormatVersion="payload_format_version",
    ),
    "aws_apigatewayv2_route": _route,
}
