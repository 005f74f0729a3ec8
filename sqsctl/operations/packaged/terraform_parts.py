"""Resources of Terraform that CloudFormation has as properties of another one.

Source: hashicorp/terraform-provider-aws, the reference pages of aws_sqs_queue_redrive_policy,
aws_sqs_queue_redrive_allow_policy, aws_s3_bucket_notification, aws_cloudwatch_event_target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqsctl.operations.packaged.terraform_resources import redrive
from sqsctl.operations.packaged.terraform_values import Making, Plan
from sqsctl.operations.target.yaml_documents import json_of

Resources = dict[str, Any]
_KINDS = (
    ("queue", "QueueConfigurations", "Queue", "queue_arn"),
    ("topic", "TopicConfigurations", "Topic", "topic_arn"),
    ("lambda_function", "LambdaConfigurations", "Function", "lambda_function_arn"),
)


def join(resources: Resources, plan: Plan, notes: list[str]) -> None:
    """Add each part to the resource that it belongs to; a note where that is not in the plan."""
    for planned in plan.resources.values():
        add = _JOINED.get(planned.type)
        if add is None:
            continue
        key, put = add
        making = Making(planned, plan, notes)
        owner = making.target(key)
        if owner is None or owner.logical_id not in resources:
            notes.append(f"{planned.address}: what it belongs to is not in the plan")
        else:
            put(making, resources[owner.logical_id], resources)


def _redrive(making: Making, queue: dict[str, Any], _: Resources) -> None:
    policy = redrive(making)
    if policy is not None:
        queue["Properties"]["RedrivePolicy"] = policy


def _redrive_allow(making: Making, queue: dict[str, Any], _: Resources) -> None:
    known = making.planned.values.get("redrive_allow_policy")
    if isinstance(known, str) and known:
        queue["Properties"]["RedriveAllowPolicy"] = json_of(known, "redrive_allow_policy")
        return
    named = making.referred("arn", making.planned.expressions.get("redrive_allow_policy"))
    if named is not None:
        queue["Properties"]["RedriveAllowPolicy"] = {
            "redrivePermission": "byQueue",
            "sourceQueueArns": [named],
        }


def _notification(making: Making, bucket: dict[str, Any], resources: Resources) -> None:
    said: dict[str, list[dict[str, Any]]] = {}
    receivers: list[Any] = []
    for block, name, own, argument in _KINDS:
        for index, each in enumerate(making.blocks(block)):
            receiver = each.get(argument) or _of_block(making, block, index, argument)
            if receiver is None:
                continue
            receivers.append(receiver)
            rules = [
                {"Name": kind, "Value": each[f"filter_{kind}"]}
                for kind in ("prefix", "suffix")
                if each.get(f"filter_{kind}")
            ]
            filtered = {"Filter": {"S3Key": {"Rules": rules}}} if rules else {}
            said.setdefault(name, []).extend(
                {"Event": event, own: receiver, **filtered} for event in each.get("events") or ()
            )
    bucket["Properties"]["NotificationConfiguration"] = said
    # S3 sends a first message when it is told: it has to be allowed to by then.
    allowing = [
        key
        for key, each in resources.items()
        if each["Type"] in {"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"}
        or (each["Type"] == "AWS::Lambda::Permission" and _of_s3(each))
    ]
    bucket["DependsOn"] = sorted({*bucket.get("DependsOn", ()), *allowing})


def _of_block(making: Making, block: str, index: int, argument: str) -> Any:
    said = making.planned.expressions.get(block)
    listed = said if isinstance(said, list) else []
    found = listed[index] if index < len(listed) else (listed[0] if listed else {})
    return making.referred(argument, found.get(argument) if isinstance(found, Mapping) else None)


def _of_s3(permission: Mapping[str, Any]) -> bool:
    return bool(permission["Properties"].get("Principal") == "s3.amazonaws.com")


def _event_target(making: Making, rule: dict[str, Any], _: Resources) -> None:
    receiver = making.value("arn")
    if receiver is None:
        return
    targets = rule["Properties"].setdefault("Targets", [])
    said = making.values(Id="target_id", Input="input", InputPath="input_path", RoleArn="role_arn")
    group = making.nested("sqs_target", "message_group_id")
    if group is not None:
        said["SqsParameters"] = {"MessageGroupId": group}
    dead = making.nested("dead_letter_config", "arn")
    if dead is not None:
        said["DeadLetterConfig"] = {"Arn": dead}
    targets.append({"Id": f"target-{len(targets)}", "Arn": receiver, **said})


# By type: the argument that names its owner, and what it adds to it.
_JOINED: Mapping[str, tuple[str, Callable[[Making, dict[str, Any], Resources], None]]] = {
    "aws_cloudwatch_event_target": ("rule", _event_target),
    "aws_s3_bucket_notification": ("bucket", _notification),
    "aws_sqs_queue_redrive_allow_policy": ("queue_url", _redrive_allow),
    "aws_sqs_queue_redrive_policy": ("queue_url", _redrive),
}
