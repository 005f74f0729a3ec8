"""Whether a topic or a bus is there, and where a subscription or a rule delivers to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a topic delivers to. ``dead_letter_target_arn`` is its RedrivePolicy's queue."""

    arn: str
    topic_arn: str
    protocol: str
    endpoint: str
    raw: bool = False
    confirmed: bool = True
    dead_letter_target_arn: str | None = None


@dataclass(frozen=True, slots=True)
class RuleTarget:
    """One target of a rule. ``shaped``: the rule delivers something else than the event."""

    arn: str
    shaped: bool
    dead_letter_target_arn: str | None = None


class PlaceReader:
    """Topics, subscriptions, buses, rules, schedules and pipes of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def topic(self, arn: str) -> Mapping[str, Any]:
        """A topic's attributes (sns:GetTopicAttributes)."""
        client: Any = self.session.client("sns")
        with offered(f"topic {arn}"):
            answer = client.get_topic_attributes(TopicArn=arn)
        return cast("Mapping[str, Any]", answer.get("Attributes") or {})

    def subscription(self, arn: str) -> Subscription:
        """One subscription (sns:GetSubscriptionAttributes)."""
        client: Any = self.session.client("sns")
        with offered(f"subscription {arn}"):
            answer = client.get_subscription_attributes(SubscriptionArn=arn)
        told = answer.get("Attributes") or {}
        return Subscription(
            arn=arn,
            topic_arn=told.get("TopicArn", ""),
            protocol=told.get("Protocol", ""),
            endpoint=told.get("Endpoint", ""),
            raw=str(told.get("RawMessageDelivery", "")).lower() == "true",
            confirmed=str(told.get("PendingConfirmation", "false")).lower() != "true",
            dead_letter_target_arn=_dead_letter_queue(told.get("RedrivePolicy")),
        )

    def bus(self, name: str) -> str:
        """An event bus's ARN (events:DescribeEventBus)."""
        client: Any = self.session.client("events")
        with offered(f"event bus {name}"):
            return str(client.describe_event_bus(Name=name).get("Arn", ""))

    def rule_targets(self, rule: str, bus: str = "default") -> tuple[RuleTarget, ...]:
        """A rule's targets, at most a hundred (events:ListTargetsByRule)."""
        client: Any = self.session.client("events")
        with offered(f"rule {rule}"):
            answer = client.list_targets_by_rule(Rule=rule, EventBusName=bus, Limit=100)
        return tuple(
            RuleTarget(
                arn=each.get("Arn", ""),
                shaped=any(each.get(key) for key in ("Input", "InputPath", "InputTransformer")),
                dead_letter_target_arn=(each.get("DeadLetterConfig") or {}).get("Arn"),
            )
            for each in answer.get("Targets") or ()
        )

    def schedule(self, name: str, group: str = "default") -> RuleTarget:
        """A schedule's target (scheduler:GetSchedule)."""
        client: Any = self.session.client("scheduler")
        with offered(f"schedule {name}"):
            target = client.get_schedule(Name=name, GroupName=group).get("Target") or {}
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        return RuleTarget(target.get("Arn", ""), shaped=False, dead_letter_target_arn=queue)

    def pipe(self, name: str) -> RuleTarget:
        """A pipe's target, with the queue of its source's failed records (pipes:DescribePipe)."""
        client: Any = self.session.client("pipes")
        with offered(f"pipe {name}"):
            shape = client.describe_pipe(Name=name)
        queue = next(
            (
                (each.get("DeadLetterConfig") or {}).get("Arn")
                for each in (shape.get("SourceParameters") or {}).values()
                if isinstance(each, dict) and each.get("DeadLetterConfig")
            ),
            None,
        )
        return RuleTarget(shape.get("Target", ""), shaped=False, dead_letter_target_arn=queue)

    def on_failure(self, function: str) -> tuple[str, ...]:
        """ARNs of a function's OnFailure destinations; empty where it has none.

        lambda:ListFunctionEventInvokeConfigs.
        """
        client: Any = self.session.functions()
        with offered(f"function {function}"):
            answer = client.list_function_event_invoke_configs(FunctionName=function)
        destinations = [
            ((each.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
            for each in answer.get("FunctionEventInvokeConfigs") or ()
        ]
        return tuple(dict.fromkeys(str(each) for each in destinations if each))


def rule_place(arn: str) -> tuple[str, str]:
    """Name and bus of a rule: ``…:rule/name`` on the default bus, ``…:rule/bus/name`` elsewhere."""
    rest = arn.partition(":rule/")[2]
    bus, slash, name = rest.rpartition("/")
    return (name, bus) if slash else (rest, "default")


def _dead_letter_queue(policy: object) -> str | None:
    try:
        told = json.loads(str(policy or "{}"))
    except (ValueError, RecursionError):
        return None
    arn = told.get("deadLetterTargetArn") if isinstance(told, dict) else None
    return str(arn) if arn else None
