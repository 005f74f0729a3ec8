"""Plans of Terraform: parts of others, several instances, what only references tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.packaged.terraform_plan import read

ARN = {"Fn::GetAtt": ["SqsQueueJobs", "Arn"]}
DEAD = {"Fn::GetAtt": ["SqsQueueDead", "Arn"]}


def ref(*texts: str) -> dict[str, Any]:
    """An expression as a plan has it: each reference, then what it begins with."""
    found = [part for text in texts for part in (text, ".".join(text.split(".")[:2]))]
    return {"references": list(dict.fromkeys(found))}


def plan(
    folder: Path, *resources: tuple[str, dict[str, Any], dict[str, Any]], **more: Any
) -> PackagedStack:
    """A plan of resources: address, known values, expressions."""
    planned, configured = [], {}
    for address, values, expressions in resources:
        kind = address.partition(".")[0]
        planned.append({"address": address, "type": kind, "mode": "managed", "values": values})
        plain = address.partition("[")[0]
        configured[plain] = {"address": plain, "type": kind, "expressions": expressions}
    document = {
        "planned_values": {"root_module": {"resources": planned}},
        "configuration": {"root_module": {"resources": list(configured.values())}},
        **more,
    }
    return read(folder / "plan.json", document)


def properties(stack: PackagedStack, key: str) -> Any:
    return stack.resources[key]["Properties"]


Resource = tuple[str, dict[str, Any], dict[str, Any]]
QUEUES: tuple[Resource, Resource] = (
    ("aws_sqs_queue.jobs", {"name": "jobs"}, {}),
    ("aws_sqs_queue.dead", {"name": "dead"}, {}),
)


def test_redrive_policies_of_their_own_belong_to_their_queues(tmp_path: Path) -> None:
    stack = plan(
        tmp_path,
        *QUEUES,
        (
            "aws_sqs_queue_redrive_policy.jobs",
            {},
            {
                "queue_url": ref("aws_sqs_queue.jobs.id"),
                "redrive_policy": ref("aws_sqs_queue.dead.arn", "var.receives"),
            },
        ),
        (
            "aws_sqs_queue_redrive_allow_policy.dead",
            {},
            {
                "queue_url": ref("aws_sqs_queue.dead.id"),
                "redrive_allow_policy": ref("aws_sqs_queue.jobs.arn"),
            },
        ),
        variables={"receives": {"value": 7}},
    )
    assert set(stack.resources) == {"SqsQueueJobs", "SqsQueueDead"}
    redrive = properties(stack, "SqsQueueJobs")["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": DEAD, "maxReceiveCount": 7}
    assert properties(stack, "SqsQueueDead")["RedriveAllowPolicy"] == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [ARN],
    }
    assert stack.without == ()


@pytest.mark.parametrize(
    ("written", "count", "assumed"),
    [("maxReceiveCount     = 4", 4, False), ('"maxReceiveCount": 6,', 6, False), ("", 3, True)],
)
def test_a_count_that_only_the_file_tells(
    tmp_path: Path, written: str, count: int, assumed: bool
) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "aws_sqs_queue" "jobs" {\n  redrive_policy = jsonencode({\n'
        f"    deadLetterTargetArn = aws_sqs_queue.dead.arn\n    {written}\n  }})\n}}\n"
    )
    jobs: Resource = ("aws_sqs_queue.jobs", {}, {"redrive_policy": ref("aws_sqs_queue.dead.arn")})
    stack = plan(tmp_path, jobs, QUEUES[1])
    assert properties(stack, "SqsQueueJobs")["RedrivePolicy"]["maxReceiveCount"] == count
    assert bool(stack.without) is assumed


def test_variables_of_an_environment_are_told_apart_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "aws_lambda_function" "front" {\n  environment {\n    variables = {\n'
        "      DEAD_URL = aws_sqs_queue.dead.url\n      JOBS_ARN = aws_sqs_queue.jobs.arn # own\n"
        "    }\n  }\n}\n"
    )
    names = {"DEAD_URL": True, "JOBS_ARN": True}
    stack = plan(
        tmp_path,
        *QUEUES,
        (
            "aws_lambda_function.front",
            {"function_name": "front", "environment": [{"variables": {"STAGE": "dev"}}]},
            {
                "environment": [
                    {"variables": ref("aws_sqs_queue.jobs.arn", "aws_sqs_queue.dead.url")}
                ],
                "dead_letter_config": [{"target_arn": ref("aws_sqs_queue.dead.arn")}],
            },
        ),
        resource_changes=[
            {
                "address": "aws_lambda_function.front",
                "change": {"after_unknown": {"environment": [{"variables": names}]}},
            }
        ],
    )
    front = properties(stack, "LambdaFunctionFront")
    assert front["Environment"]["Variables"] == {
        "STAGE": "dev",
        "DEAD_URL": {"Ref": "SqsQueueDead"},
        "JOBS_ARN": ARN,
    }
    assert front["DeadLetterConfig"] == {"TargetArn": DEAD}
    assert stack.without == ()


def test_a_bucket_tells_its_queue_once_the_queue_may_be_told(tmp_path: Path) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
    stack = plan(
        tmp_path,
        *QUEUES,
        ("aws_s3_bucket.pictures", {"bucket_prefix": "pics-"}, {}),
        (
            "aws_sqs_queue_policy.jobs",
            {"policy": json.dumps(document)},
            {"queue_url": ref("aws_sqs_queue.jobs.id")},
        ),
        (
            "aws_s3_bucket_notification.pictures",
            {"queue": [{"events": ["s3:ObjectCreated:*"], "filter_suffix": ".png"}]},
            {
                "bucket": ref("aws_s3_bucket.pictures.id"),
                "queue": [{"queue_arn": ref("aws_sqs_queue.jobs.arn")}],
            },
        ),
    )
    bucket = stack.resources["S3BucketPictures"]
    assert bucket["DependsOn"] == ["SqsQueuePolicyJobs"]
    (told,) = bucket["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    assert told == {
        "Event": "s3:ObjectCreated:*",
        "Queue": ARN,
        "Filter": {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".png"}]}},
    }
    assert bucket["Properties"]["BucketName"] == "pics-aws-s3-bucket-pictures"


def test_rules_have_their_targets_and_functions_their_destinations(tmp_path: Path) -> None:
    stack = plan(
        tmp_path,
        *QUEUES,
        ("aws_lambda_function.worker", {"function_name": "worker"}, {}),
        (
            "aws_cloudwatch_event_rule.hourly",
            {"name": "hourly", "schedule_expression": "rate(1 hour)", "state": "DISABLED"},
            {},
        ),
        (
            "aws_cloudwatch_event_target.jobs",
            {"rule": "hourly", "input": '{"a": 1}', "sqs_target": [{"message_group_id": "g"}]},
            {
                "arn": ref("aws_sqs_queue.jobs.arn"),
                "dead_letter_config": [{"arn": ref("aws_sqs_queue.dead.arn")}],
            },
        ),
        (
            "aws_lambda_function_event_invoke_config.worker",
            {"maximum_retry_attempts": 0},
            {
                "function_name": ref("aws_lambda_function.worker.function_name"),
                "destination_config": [
                    {"on_failure": [{"destination": ref("aws_sqs_queue.dead.arn")}]}
                ],
            },
        ),
    )
    rule = properties(stack, "CloudwatchEventRuleHourly")
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 hour)", "DISABLED")
    assert rule["Targets"] == [
        {
            "Id": "target-0",
            "Arn": ARN,
            "Input": '{"a": 1}',
            "SqsParameters": {"MessageGroupId": "g"},
            "DeadLetterConfig": {"Arn": DEAD},
        }
    ]
    assert properties(stack, "LambdaFunctionEventInvokeConfigWorker") == {
        "FunctionName": {"Ref": "LambdaFunctionWorker"},
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnFailure": {"Destination": DEAD}},
    }


def test_what_is_named_by_a_plain_name_is_there_first(tmp_path: Path) -> None:
    document = json.dumps({"Statement": []})
    stack = plan(
        tmp_path,
        ("aws_iam_role_policy.worker", {"role": "worker", "policy": document}, {}),
        ("aws_iam_role.worker", {"name": "worker"}, {}),
    )
    assert stack.resources["IamRolePolicyWorker"]["DependsOn"] == ["IamRoleWorker"]
    assert "DependsOn" not in stack.resources["IamRoleWorker"]


def test_each_of_several_belongs_to_the_one_of_its_own_index(tmp_path: Path) -> None:
    kinds = ("mails", "refunds")
    stack = plan(
        tmp_path,
        *((f'aws_sqs_queue.dead["{each}"]', {"name": f"{each}-dead"}, {}) for each in kinds),
        *(
            (
                f'aws_sqs_queue.jobs["{each}"]',
                {"name": each},
                {"redrive_policy": {"references": ["aws_sqs_queue.dead", "each.key", "var.max"]}},
            )
            for each in kinds
        ),
        ("aws_sns_topic.orders", {"name": "orders"}, {}),
        *(
            (
                f'aws_sns_topic_subscription.jobs["{each}"]',
                {"protocol": "sqs", "filter_policy": json.dumps({"kind": [each]})},
                {
                    "topic_arn": ref("aws_sns_topic.orders.arn"),
                    "endpoint": {"references": ["aws_sqs_queue.jobs", "each.key"]},
                },
            )
            for each in kinds
        ),
        ("aws_lambda_function.worker", {"function_name": "worker"}, {}),
        (
            "aws_lambda_event_source_mapping.refunds",
            {},
            {
                "event_source_arn": {
                    "references": ['aws_sqs_queue.jobs["refunds"].arn', "aws_sqs_queue.jobs"]
                },
                "function_name": ref("aws_lambda_function.worker.arn"),
            },
        ),
        variables={"max": {"value": "5"}},
    )
    for each in ("Mails", "Refunds"):
        assert properties(stack, f"SqsQueueJobs{each}")["RedrivePolicy"] == {
            "deadLetterTargetArn": {"Fn::GetAtt": [f"SqsQueueDead{each}", "Arn"]},
            "maxReceiveCount": 5,
        }
        told = properties(stack, f"SnsTopicSubscriptionJobs{each}")
        assert told["Endpoint"] == {"Fn::GetAtt": [f"SqsQueueJobs{each}", "Arn"]}
        assert told["FilterPolicy"] == {"kind": [each.lower()]}
    mapping = properties(stack, "LambdaEventSourceMappingRefunds")
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["SqsQueueJobsRefunds", "Arn"]}


def test_a_module_called_several_times_gives_each_its_own(tmp_path: Path) -> None:
    """for_each on a module; its count comes from the call's argument."""
    queue = {"type": "aws_sqs_queue", "mode": "managed"}
    children = [
        {
            "address": f'module.queue["{each}"]',
            "resources": [
                queue | {"address": f'module.queue["{each}"].aws_sqs_queue.{own}', "values": {}}
                for own in ("dead", "this")
            ],
        }
        for each in ("a", "b")
    ]
    module = {
        "resources": [
            {"address": "aws_sqs_queue.dead", "expressions": {}},
            {
                "address": "aws_sqs_queue.this",
                "expressions": {"redrive_policy": ref("aws_sqs_queue.dead.arn", "var.receives")},
            },
        ],
        "outputs": {"arn": {"expression": ref("aws_sqs_queue.this.arn")}},
        "variables": {"receives": {"default": 9}},
    }
    mapping = {
        "address": "aws_lambda_event_source_mapping.b",
        "type": "aws_lambda_event_source_mapping",
        "values": {},
    }
    source = {"references": ['module.queue["b"].arn', 'module.queue["b"]', "module.queue"]}
    document = {
        "planned_values": {"root_module": {"resources": [mapping], "child_modules": children}},
        "configuration": {
            "root_module": {
                "resources": [
                    {"address": mapping["address"], "expressions": {"event_source_arn": source}}
                ],
                "module_calls": {"queue": {"expressions": {"for_each": {}}, "module": module}},
            }
        },
    }
    stack = read(tmp_path / "plan.json", document)
    for each in ("A", "B"):
        assert properties(stack, f"ModuleQueue{each}SqsQueueThis")["RedrivePolicy"] == {
            "deadLetterTargetArn": {"Fn::GetAtt": [f"ModuleQueue{each}SqsQueueDead", "Arn"]},
            "maxReceiveCount": 9,
        }
    told = properties(stack, "LambdaEventSourceMappingB")
    assert told["EventSourceArn"] == {"Fn::GetAtt": ["ModuleQueueBSqsQueueThis", "Arn"]}
