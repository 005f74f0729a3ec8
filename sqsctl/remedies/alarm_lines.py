"""An alarm on a queue, and the topic that it tells, as lines of a deploy tool's own file.

Made from the calls of a remedy (PutMetricAlarm, CreateTopic), whose parameters are
CloudFormation's properties by the same names. Sources: CloudFormation's AWS::CloudWatch::Alarm,
the CDK's aws-cloudwatch.Alarm, the AWS provider's aws_cloudwatch_metric_alarm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from sqsctl.model.remedy import Call
from sqsctl.remedies.notation import Reference

_TOPIC = "create_topic"
_ALARM = "put_metric_alarm"


def alarms(calls: Iterable[Call]) -> Iterator[tuple[str, dict[str, object], str]]:
    """Each alarm: a name for it, its properties, and the topic made for it, if one is."""
    topic = ""
    for each in calls:
        given = dict(each.parameters)
        if each.operation == _TOPIC:
            topic = str(given["Name"])
        elif each.operation == _ALARM:
            name = str(given.pop("AlarmName"))
            yield name, given, topic


def alarm_resources(calls: Iterable[Call]) -> dict[str, object]:
    """What a template of CloudFormation holds of them, by logical id."""
    template: dict[str, object] = {}
    for name, given, topic in alarms(calls):
        if topic:
            made = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": topic}}
            template[logical_id(topic)] = made
            given["AlarmActions"] = [Reference(logical_id(topic))]
        template[logical_id(name)] = {"Type": "AWS::CloudWatch::Alarm", "Properties": given}
    return template


def terraform_alarms(calls: Iterable[Call]) -> Iterator[str]:
    """Resources of the AWS provider."""
    for name, given, topic in alarms(calls):
        told = _label(topic)
        if topic:
            yield f'resource "aws_sns_topic" "{told}" {{'
            yield f"  name = {json.dumps(topic)}"
            yield "}"
        yield f'resource "aws_cloudwatch_metric_alarm" "{_label(name)}" {{'
        yield f"  alarm_name = {json.dumps(name)}"
        for key, value in given.items():
            word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
            if key == "Dimensions":
                pairs = ", ".join(
                    f"{one} = {json.dumps(other)}" for one, other in dimensions(given)
                )
                yield f"  dimensions = {{ {pairs} }}"
            elif key == "AlarmActions" and topic:
                yield f"  alarm_actions = [aws_sns_topic.{told}.arn]"
            else:
                yield f"  {word} = {json.dumps(value)}"
        yield "}"


def logical_id(name: str) -> str:
    """``jobs-dlq-not-empty`` is JobsDlqNotEmpty."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", name))


def _label(name: str) -> str:
    return re.sub(r"\W", "_", name)


def dimensions(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Names and values of an alarm's dimensions."""
    found = given["Dimensions"]
    for each in found if isinstance(found, list | tuple) else ():
        if isinstance(each, Mapping):
            yield str(each["Name"]), str(each["Value"])
