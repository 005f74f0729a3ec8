"""Each resource of Terraform's AWS provider as CloudFormation has it.

Source: hashicorp/terraform-provider-aws, the reference page of each resource (arguments);
CloudFormation template reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqsctl.operations.packaged import terraform_roles
from sqsctl.operations.packaged.terraform_values import (
    Making,
    Plan,
    Planned,
    attribute_of,
    bucket_name,
    named_in,
)
from sqsctl.operations.target.yaml_documents import json_of

ASSUMED_RECEIVES = 3
# What CloudFormation has as properties of other resources, or not at all.
PARTS = frozenset(
    {
        "aws_cloudwatch_event_target",
        "aws_s3_bucket_notification",
        "aws_sqs_queue_redrive_allow_policy",
        "aws_sqs_queue_redrive_policy",
    }
)


def converted(planned: Planned, plan: Plan, notes: list[str]) -> dict[str, Any] | None:
    """The resource for a template; None for data sources and what became a part of others."""
    make = _MADE.get(planned.type)
    if make is not None:
        made = make(Making(planned, plan, notes))
        waits = _waits(planned, plan)
        return made | {"DependsOn": waits} if made and waits else made
    if planned.type in PARTS:
        return None  # terraform_parts adds it to what it belongs to
    if planned.type.startswith("aws_") and ".data." not in f".{planned.address}":
        return {"Type": f"Terraform::{planned.type}"}  # named as lacking, not overlooked
    return None


def _waits(planned: Planned, plan: Plan) -> list[str]:
    """What has to be there first, though its name is known already."""
    named = planned.targets(named_in(dict(planned.expressions)))
    found = [target for address, _ in named if (target := plan.find(address, planned))]
    said = (planned.values.get(key) for key in ("role", "function_name"))
    found += [target for name in said if isinstance(name, str) and (target := plan.called(name))]
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
    policy = redrive(making)
    if policy:
        said["RedrivePolicy"] = policy
    return {"Type": "AWS::SQS::Queue", "Properties": said}


def redrive(making: Making, key: str = "redrive_policy") -> dict[str, Any] | None:
    """A redrive policy: as it is known, else its queue by reference and its count by what is told.

    The count is the value of a variable that is named, or what the .tf file says; else it is
    assumed, and said to be.
    """
    known = making.planned.values.get(key)
    if isinstance(known, str) and known:
        found: dict[str, Any] = json_of(known, key)
        return found
    for address, attribute in making.planned.references(key):
        target = making.plan.find(address, making.planned)
        if target and target.type == "aws_sqs_queue":
            receives = _receives(making.planned, key)
            if receives is None:
                making.notes.append(
                    f"{making.planned.address}: maxReceiveCount is known only after an apply; "
                    f"{ASSUMED_RECEIVES} was taken"
                )
            return {
                "deadLetterTargetArn": attribute_of(target, attribute or "arn"),
                "maxReceiveCount": receives or ASSUMED_RECEIVES,
            }
    return None


def _receives(planned: Planned, key: str) -> int | None:
    written = planned.written.expression("maxReceiveCount") if planned.written else None
    said = [written, *planned.constants([written])] if written else []
    said += planned.constants(named_in(planned.expressions.get(key)))
    numbers = (str(each).strip('"') for each in said)
    return next((int(each) for each in numbers if each.isdigit() and int(each)), None)


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
    dead = making.nested("dead_letter_config", "target_arn")
    if dead is not None:
        said["DeadLetterConfig"] = {"TargetArn": dead}
    variables = _variables(making)
    if variables:
        said["Environment"] = {"Variables": variables}
    return {"Type": "AWS::Lambda::Function", "Properties": said}


def _variables(making: Making) -> dict[str, Any]:
    """The environment: what is known, what the .tf file says, and the one that is left."""
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
    for key in list(unknown):
        written = making.planned.written.expression(key) if making.planned.written else None
        value = making.referred(key, {"references": [written]}) if written else None
        if value is not None:
            found[key] = value
            unknown.remove(key)
    expression = making.planned.expressions.get("environment")
    named = [
        value
        for address, attribute in making.planned.targets(named_in(expression))
        if (target := making.plan.find(address, making.planned))
        and (value := attribute_of(target, attribute)) is not None
        and value not in found.values()
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
    scope = making.planned.values.get("filter_policy_scope")
    if scope and "FilterPolicy" in said:
        said["FilterPolicyScope"] = scope
    dead = making.planned.values.get("redrive_policy")
    target = making.referred("arn", making.planned.expressions.get("redrive_policy"))
    if isinstance(dead, str) and dead:
        said["RedrivePolicy"] = json_of(dead, "redrive_policy")
    elif target is not None:
        said["RedrivePolicy"] = {"deadLetterTargetArn": target}
    return {"Type": "AWS::SNS::Subscription", "Properties": said}


def _route(making: Making) -> dict[str, Any]:
    said = making.values(ApiId="api_id", RouteKey="route_key")
    for address, _ in making.planned.references("target"):
        target = making.plan.find(address, making.planned)
        if target and target.type == "aws_apigatewayv2_integration":
            said["Target"] = {"Fn::Sub": f"integrations/${{{target.logical_id}}}"}
    known = making.planned.values.get("target")
    if isinstance(known, str):
        said["Target"] = known
    return {"Type": "AWS::ApiGatewayV2::Route", "Properties": said}


def _bucket(making: Making) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": bucket_name(making.planned)},
    }


def _invoke_config(making: Making) -> dict[str, Any]:
    said = making.values(
        FunctionName="function_name",
        Qualifier="qualifier",
        MaximumRetryAttempts="maximum_retry_attempts",
        MaximumEventAgeInSeconds="maximum_event_age_in_seconds",
    )
    destinations = {
        key: {"Destination": destination}
        for key, block in (("OnFailure", "on_failure"), ("OnSuccess", "on_success"))
        if (destination := making.nested("destination_config", block, "destination")) is not None
    }
    if destinations:
        said["DestinationConfig"] = destinations
    return {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {"Qualifier": "$LATEST", **said},
    }


def _rule(making: Making) -> dict[str, Any]:
    said = making.values(
        Name="name", ScheduleExpression="schedule_expression", EventBusName="event_bus_name"
    )
    pattern = making.planned.values.get("event_pattern")
    if isinstance(pattern, str) and pattern:
        said["EventPattern"] = json_of(pattern, f"event_pattern of {making.planned.address}")
    off = making.planned.values.get("state") == "DISABLED"
    if off or making.planned.values.get("is_enabled") is False:
        said["State"] = "DISABLED"
    return {"Type": "AWS::Events::Rule", "Properties": said}


# What always becomes a resource of its own.
_WHOLE = frozenset(
    {
        "aws_apigatewayv2_api",
        "aws_apigatewayv2_integration",
        "aws_cloudwatch_event_bus",
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
    "aws_iam_role": terraform_roles.role,
    "aws_iam_role_policy": terraform_roles.role_policy,
    "aws_iam_policy": terraform_roles.managed_policy,
    "aws_iam_role_policy_attachment": terraform_roles.attachment,
    "aws_cloudwatch_log_group": _simple(
        "AWS::Logs::LogGroup", LogGroupName="name", RetentionInDays="retention_in_days"
    ),
    "aws_sns_topic": _simple("AWS::SNS::Topic", TopicName="name"),
    "aws_sns_topic_subscription": _subscription,
    "aws_s3_bucket": _bucket,
    "aws_lambda_function_event_invoke_config": _invoke_config,
    "aws_cloudwatch_event_rule": _rule,
    "aws_cloudwatch_event_bus": _simple("AWS::Events::EventBus", Name="name"),
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
