"""Alarms on the lab: none, one that nobody hears, one that somebody hears."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


def test_who_hears_of_a_dead_letter(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    def told() -> list[str]:
        data = sqsctl("doctor", "dlq-alarm-missing", "-o", "json").data
        return [each["title"] for each in data["findings"]]

    assert "no alarm watches it" in told()[0]
    topics: Any = on_lab.session.client("sns")
    topic = topics.create_topic(Name=on_lab.name)["TopicArn"]
    on_lab.session.cloudwatch().put_metric_alarm(
        AlarmName=on_lab.name,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": on_lab.dead_letters.name}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    assert "without a confirmed subscription" in told()[0]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=on_lab.queue.arn)
    assert told() == []
    whole = sqsctl("doctor", "-o", "json").data
    (check,) = [each for each in whole["checks"] if each["id"] == "dlq-alarm-missing"]
    assert check["outcome"] == "skipped"
    topics.delete_topic(TopicArn=topic)
