"""CloudWatch alarms on a queue: what they watch, and whether anybody hears of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm (cloudwatch DescribeAlarmsForMetric).

    ``actions`` are ARNs. ``reaches``: a topic among them has a confirmed subscription, or they
    are no topics; None where that could not be read.
    """

    name: str
    metric: str
    actions_enabled: bool = True
    actions: tuple[str, ...] = ()
    reaches: bool | None = None


@dataclass(frozen=True, slots=True)
class QueueAlarms:
    """The alarms whose metrics are a queue's; none is a fact, too."""

    queue_name: str
    alarms: tuple[Alarm, ...] = ()
