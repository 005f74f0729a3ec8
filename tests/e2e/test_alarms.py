"""Alarms on the lab: none, one that nobody hears, one that is made as it is printed."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from tests.e2e.stacks import DeployedLab
from tests.e2e.test_typed_remedies import by_hand, no_aws_cli, type_all
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

__all__ = ["no_aws_cli"]  # the fixture


def alarm(lab: DeployedLab, name: str, topic: str) -> None:
    lab.session.cloudwatch().put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": lab.dead_letters.name}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )


def found(sqsctl: Sqsctl) -> list[dict[str, Any]]:
    return list(sqsctl("doctor", "dlq-alarm-missing", "-o", "json").data["findings"])


def test_who_hears_of_a_dead_letter(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    def told() -> list[str]:
        return [each["title"] for each in found(sqsctl)]

    assert "no alarm watches it" in told()[0]
    topics: Any = on_lab.session.client("sns")
    topic = topics.create_topic(Name=on_lab.name)["TopicArn"]
    alarm(on_lab, on_lab.name, topic)
    assert "without a confirmed subscription" in told()[0]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=on_lab.queue.arn)
    assert told() == []
    whole = sqsctl("doctor", "-o", "json").data
    (check,) = [each for each in whole["checks"] if each["id"] == "dlq-alarm-missing"]
    assert check["outcome"] == "skipped"
    topics.delete_topic(TopicArn=topic)


def test_the_alarm_is_made_by_what_is_printed(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """The commands as they stand, then somebody subscribes: nothing is left to say."""
    (finding,) = found(sqsctl)
    typed = type_all(sqsctl, by_hand(finding)["steps"])
    assert [line for line in typed if "put-metric-alarm" in line]
    (made,) = on_lab.session.cloudwatch().describe_alarms_for_metric(
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": on_lab.dead_letters.name}],
    )["MetricAlarms"]
    (topic,) = made["AlarmActions"]
    (unheard,) = found(sqsctl)
    assert "without a confirmed subscription" in unheard["title"]
    topics: Any = on_lab.session.client("sns")
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=on_lab.queue.arn)
    assert found(sqsctl) == []
    topics.delete_topic(TopicArn=topic)


def test_the_lines_for_a_template_make_it_as_well(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    topics: Any = on_lab.session.client("sns")
    (finding,) = found(sqsctl)
    lines = finding["fix"]["serverless_yml"]
    assert lines[0] == "resources:"
    template = textwrap.dedent("\n".join(lines[1:]))
    stacks: Any = on_lab.session.client("cloudformation")
    name = f"{on_lab.name}-alarm"
    stacks.create_stack(StackName=name, TemplateBody=template)
    stacks.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    (unheard,) = found(sqsctl)
    assert "without a confirmed subscription" in unheard["title"]
    (topic,) = [
        each["PhysicalResourceId"]
        for each in stacks.list_stack_resources(StackName=name)["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::SNS::Topic"
    ]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=on_lab.queue.arn)
    assert found(sqsctl) == []
    stacks.delete_stack(StackName=name)
