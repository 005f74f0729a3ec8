"""Nobody is told when a message is dead-lettered.

## What it does
Looks for a CloudWatch alarm on the depth or age of each dead-letter queue, and whether it can reach
anybody: actions, enabled, a topic with a confirmed subscription. An alarm on NumberOfMessagesSent
does not count: messages that SQS moves itself never show there. On an emulator it is looked at only
when it is asked for by its id: nobody is on call there.

## Why it matters
Dead-letter queues fill in silence: nothing fails any more, nothing is retried, and after the
queue's retention the messages are gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.model.alarms import Alarm, QueueAlarms
from sqsctl.model.finding import Evidence, Finding, Kind, Severity
from sqsctl.model.intents import Do, Tell, call, remedy
from sqsctl.model.stack import Fact, Stack

# Its depth; messages in flight count as well, while somebody looks at them.
_GOOD = frozenset(
    {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesNotVisible",
    }
)
_SILENT = "NumberOfMessagesSent"


class DlqAlarmMissing(Check):
    meta = Meta(
        id="dlq-alarm-missing",
        title="Somebody is told when a message is dead-lettered",
        severity=Severity.INFO,
        kind=Kind.RISK,
        needs=frozenset({Fact.ALARMS}),
        uses=frozenset({Fact.QUEUES}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "dead-letter-queues-alarms-cloudwatch.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        topic = next(
            (
                action
                for each in stack.alarms
                for alarm in each.alarms
                for action in alarm.actions
                if ":sns:" in action and alarm.reaches
            ),
            "",
        )
        for each in stack.alarms:
            trouble = _trouble(each)
            if trouble:
                yield self._found(each, trouble, topic, stack)

    def _found(self, queue: QueueAlarms, trouble: str, topic: str, stack: Stack) -> Finding:
        name = queue.queue_name
        action = topic or _topic_arn(stack)
        alarm = {
            "AlarmName": f"{name}-not-empty",
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": [{"Name": "QueueName", "Value": name}],
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        made = () if topic else (Do(call("sns", "create_topic", Name=action.rpartition(":")[2])),)
        heard = (
            ()
            if topic
            else (
                Tell(
                    f"subscribe somebody to {action} (for a mail: aws sns subscribe --topic-arn "
                    f"{action} --protocol email --notification-endpoint you@example.com), and "
                    "confirm the mail that comes: until then nobody is told"
                ),
            )
        )
        return self.found(
            f"{name} fills unseen: {trouble}",
            evidence=tuple(
                Evidence("cloudwatch DescribeAlarmsForMetric", each.name, _told(each))
                for each in queue.alarms
            )
            or (Evidence("cloudwatch DescribeAlarmsForMetric", name, "no alarm"),),
            remedy=remedy(
                f"an alarm on the depth of {name} that tells somebody",
                *made,
                Do(call("cloudwatch", "put_metric_alarm", **alarm, AlarmActions=[action])),
                *heard,
            ),
            subject=name,
        )


def _trouble(queue: QueueAlarms) -> str:
    """Why no alarm tells anybody; empty where one does, or may."""
    if not queue.alarms:
        return "no alarm watches it"
    good = [each for each in queue.alarms if each.metric in _GOOD]
    if not good:
        return f"its alarm watches {_SILENT}, where messages that SQS moves never show"
    if any(each.actions_enabled and each.actions and each.reaches is not False for each in good):
        return ""
    first = good[0]
    if not first.actions_enabled:
        return f"the actions of its alarm {first.name} are disabled"
    if not first.actions:
        return f"its alarm {first.name} has no action"
    return f"its alarm {first.name} goes to a topic without a confirmed subscription"


def _told(alarm: Alarm) -> str:
    reach = {True: "reaches somebody", False: "reaches nobody", None: "reach unknown"}
    enabled = "enabled" if alarm.actions_enabled else "disabled"
    return f"{alarm.metric}, {len(alarm.actions)} actions {enabled}, {reach[alarm.reaches]}"


def _topic_arn(stack: Stack) -> str:
    """The topic that is to be made, in the partition, region and account of the queues."""
    arn = next((each.arn for each in stack.queues), "")
    parts = arn.split(":")
    partition = parts[1] if len(parts) > 5 else "aws"
    return f"arn:{partition}:sns:{stack.region}:{stack.account or ''}:queue-alarms"
