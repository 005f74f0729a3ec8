"""CloudWatch metrics: many series in one call, missing points left out, never 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import SqsctlError
from sqsctl.model.stack import Series

MAX_QUERIES = 500  # GetMetricData's own maximum
MAX_PAGES = 20
_FAILED = frozenset({"InternalError", "Forbidden"})


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One metric of one resource. ``dimensions`` are as CloudWatch has them."""

    namespace: str
    metric: str
    resource: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]


class MetricReader:
    """The metrics of one target."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def read(
        self, queries: Sequence[MetricQuery], *, start: datetime, end: datetime, period_s: int = 60
    ) -> tuple[Series, ...]:
        """A Series for each query, in order, oldest point first; empty where nothing came."""
        found: list[Series] = []
        for first in range(0, len(queries), MAX_QUERIES):
            found += self._batch(queries[first : first + MAX_QUERIES], start, end, period_s)
        return tuple(found)

    def _batch(
        self, queries: Sequence[MetricQuery], start: datetime, end: datetime, period_s: int
    ) -> list[Series]:
        client: Any = self.session.cloudwatch()
        request: dict[str, Any] = {
            "MetricDataQueries": [
                {"Id": f"m{index}", "ReturnData": True, "MetricStat": _stat(each, period_s)}
                for index, each in enumerate(queries)
            ],
            "StartTime": start,
            "EndTime": end,
            "ScanBy": "TimestampAscending",
        }
        points: dict[str, list[tuple[datetime, float]]] = {}
        for _ in range(MAX_PAGES):
            with offered("metrics"):
                page = client.get_metric_data(**request)
                results = page["MetricDataResults"]
            for each in results:
                if each.get("StatusCode") in _FAILED:
                    raise SqsctlError(
                        f"metrics: CloudWatch answers {each['StatusCode']}", code="unavailable"
                    )
                points.setdefault(each.get("Id", ""), []).extend(
                    (at.astimezone(UTC), float(value))
                    for at, value in zip(
                        each.get("Timestamps") or (), each.get("Values") or (), strict=False
                    )
                )
            token = page.get("NextToken")
            if not token:
                break
            request["NextToken"] = token
        if not points:  # CloudWatch names each query, also one without a point
            raise SqsctlError("metrics: the answer names none of them", code="foreign_answer")
        return [
            Series(
                namespace=each.namespace,
                metric=each.metric,
                resource=each.resource,
                statistic=each.statistic,
                period_s=period_s,
                points=tuple(sorted(points.get(f"m{index}", ()))),
            )
            for index, each in enumerate(queries)
        ]


def _stat(query: MetricQuery, period_s: int) -> dict[str, Any]:
    return {
        "Metric": {
            "Namespace": query.namespace,
            "MetricName": query.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions],
        },
        "Period": period_s,
        "Stat": query.statistic,
    }
