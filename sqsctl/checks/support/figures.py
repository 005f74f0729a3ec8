"""Metrics, asked as a check asks: how much in all, the highest, the newest."""

from __future__ import annotations

from datetime import datetime

from sqsctl.model.finding import Evidence
from sqsctl.model.stack import Api, Series, Stack

FIVE_HUNDREDS = ("5xx", "5XXError")


def series(
    stack: Stack, resource: str, *metrics: str, statistic: str | None = None
) -> Series | None:
    """The first of the metrics that has points; None where nothing was measured. Reads METRICS."""
    for each in stack.metrics:
        named = each.resource == resource and each.metric in metrics
        if named and each.points and statistic in {None, each.statistic}:
            return each
    return None


def total(found: Series | None) -> float:
    return sum(value for _, value in found.points) if found else 0.0


def peak(found: Series | None) -> float:
    return max((value for _, value in found.points), default=0.0) if found else 0.0


def newest(found: Series | None) -> float | None:
    return found.points[-1][1] if found else None


def last_above(found: Series | None, floor: float = 0.0) -> datetime | None:
    """When the metric was above ``floor`` for the last time: the start of that period."""
    if found is None:
        return None
    return max((at for at, value in found.points if value > floor), default=None)


def first_above(found: Series | None, floor: float = 0.0) -> datetime | None:
    """When the metric was above ``floor`` for the first time: the start of that period."""
    if found is None:
        return None
    return min((at for at, value in found.points if value > floor), default=None)


def total_after(found: Series | None, moment: datetime) -> float:
    """The sum of the periods that began after this one."""
    return sum(value for at, value in found.points if at > moment) if found else 0.0


def evidence(found: Series, fact: str, value: str) -> Evidence:
    """A figure with where it was measured; the time is that of its highest point."""
    at = max(found.points, key=lambda point: point[1])[0] if found.points else None
    return Evidence(f"cloudwatch {found.namespace} {found.resource}", fact, value, at)


def api_resource(api: Api) -> str:
    """The dimension's value that CloudWatch keeps an API's figures under."""
    return api.name if api.kind == "rest" else api.id
