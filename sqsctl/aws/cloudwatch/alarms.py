"""CloudWatch alarms on a queue, and whether their actions reach anybody."""

from __future__ import annotations

from typing import Any

from sqsctl.aws.parallel import concurrently
from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.alarms import Alarm

WATCHED = (
    "ApproximateNumberOfMessagesVisible",
    "ApproximateAgeOfOldestMessage",
    "ApproximateNumberOfMessagesNotVisible",
    "NumberOfMessagesSent",
)


class AlarmReader:
    """The alarms of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def on_queue(self, name: str) -> tuple[Alarm, ...]:
        """The alarms on a queue's depth, age and arrivals. Two round trips."""
        client = self.session.cloudwatch()

        def of_metric(metric: str) -> list[Any]:
            with offered(f"alarms on {name}"):
                answer = client.describe_alarms_for_metric(
                    MetricName=metric,
                    Namespace="AWS/SQS",
                    Dimensions=[{"Name": "QueueName", "Value": name}],
                )
            return [(metric, each) for each in answer.get("MetricAlarms") or ()]

        found = [pair for pairs in concurrently(of_metric, WATCHED) for pair in pairs]
        topics = list(
            dict.fromkeys(
                action
                for _, each in found
                for action in each.get("AlarmActions") or ()
                if ":sns:" in action
            )
        )
        heard = dict(zip(topics, concurrently(self._heard, topics), strict=True))
        return tuple(
            Alarm(
                name=each.get("AlarmName", ""),
                metric=metric,
                actions_enabled=bool(each.get("ActionsEnabled", True)),
                actions=tuple(each.get("AlarmActions") or ()),
                reaches=_reaches(each.get("AlarmActions") or (), heard),
            )
            for metric, each in found
        )

    def _heard(self, topic: str) -> bool | None:
        """Whether a topic has a confirmed subscription; None where that may not be read."""
        client: Any = self.session.client("sns")
        try:
            with offered(f"topic {topic}"):
                answer = client.list_subscriptions_by_topic(TopicArn=topic)
        except SqsctlError as error:
            if error.exit is Exit.NOT_FOUND:
                return False
            if error.exit is Exit.UNAVAILABLE:
                raise
            return None
        if answer.get("NextToken"):
            return True  # more than a page of them
        return any(
            str(each.get("SubscriptionArn", "")).startswith("arn:")
            for each in answer.get("Subscriptions") or ()
        )


def _reaches(actions: Any, heard: dict[str, bool | None]) -> bool | None:
    told = [heard.get(each, True) for each in actions]
    if True in told:
        return True
    return None if None in told else False
