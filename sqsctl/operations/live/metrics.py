"""CloudWatch's figures of a stack's queues, functions and APIs over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqsctl.aws.cloudwatch.metrics import MetricQuery, MetricReader
from sqsctl.model.deployed import StackRef
from sqsctl.model.functions import EventSourceMapping
from sqsctl.model.stack import Api, Series

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

WINDOW = timedelta(hours=1)
MAX_POINTS = 1_440
_FINE_S = 15 * 86_400

_QUEUE = (
    ("ApproximateNumberOfMessagesVisible", "Maximum"),
    ("ApproximateNumberOfMessagesNotVisible", "Maximum"),
    ("ApproximateAgeOfOldestMessage", "Maximum"),
    ("NumberOfMessagesSent", "Sum"),
    ("NumberOfMessagesReceived", "Sum"),
    ("NumberOfMessagesDeleted", "Sum"),
)
# Written where messages of a standard queue have a MessageGroupId.
_FAIR_QUEUE = (
    ("ApproximateNumberOfNoisyGroups", "Maximum"),
    ("ApproximateNumberOfMessagesVisibleInQuietGroups", "Maximum"),
    ("ApproximateAgeOfOldestMessageInQuietGroups", "Maximum"),
)
# Written where a mapping's MetricsConfig asks for EventCount.
_MAPPING = (("PolledEventCount", "Sum"), ("FilteredOutEventCount", "Sum"))
_FUNCTION = (
    ("Invocations", "Sum"),
    ("Errors", "Sum"),
    ("Throttles", "Sum"),
    ("Duration", "Average"),
    ("Duration", "Maximum"),
    ("ConcurrentExecutions", "Maximum"),
    ("RecursiveInvocationsDropped", "Sum"),
)
_HTTP_API = (
    ("Count", "Sum"),
    ("4xx", "Sum"),
    ("5xx", "Sum"),
    ("Latency", "Average"),
    ("IntegrationLatency", "Maximum"),
)
_REST_API = (
    ("Count", "Sum"),
    ("4XXError", "Sum"),
    ("5XXError", "Sum"),
    ("Latency", "Average"),
    ("IntegrationLatency", "Maximum"),
)


def metrics(
    session: Session,
    ref: StackRef,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    period_s: int | None = None,
    apis: Sequence[Api] | None = None,
) -> tuple[Series, ...]:
    """The series of a stack, by default of the last hour; one that has no data is empty.

    ``period_s`` defaults to a minute, more where the time is long. ``apis``: those that were
    read already, else they are read. REST APIs are measured by name.
    """
    end = until or datetime.now(UTC)
    start = since or end - WINDOW
    if apis is None:
        from sqsctl.operations.stacks.stack_outputs import apis as read

        apis = read(session, ref)
    queries = [
        *queue_queries(each.name for each in ref.queues),
        *function_queries(each.name for each in ref.functions),
        *api_queries(apis),
    ]
    return MetricReader(session).read(
        queries, start=start, end=end, period_s=period_s or period(start, end)
    )


def period(start: datetime, end: datetime) -> int:
    """Seconds a point: the shortest whole minutes that keep a series below MAX_POINTS."""
    seconds = max(60.0, (end - start).total_seconds())
    step = 300 if seconds > _FINE_S else 60  # older points are kept by five minutes only
    return max(1, -(-int(seconds) // (MAX_POINTS * step))) * step


def queue_queries(names: Iterable[str]) -> list[MetricQuery]:
    return [
        MetricQuery("AWS/SQS", metric, name, statistic, (("QueueName", name),))
        for name in names
        for metric, statistic in _QUEUE
    ]


def fair_queue_queries(names: Iterable[str]) -> list[MetricQuery]:
    """What only standard queues with message groups have; FIFO queues are left out."""
    return [
        MetricQuery("AWS/SQS", metric, name, statistic, (("QueueName", name),))
        for name in names
        if not name.endswith(".fifo")
        for metric, statistic in _FAIR_QUEUE
    ]


def mapping_queries(mappings: Iterable[EventSourceMapping]) -> list[MetricQuery]:
    """The figures of mappings that count their events."""
    return [
        MetricQuery(
            "AWS/Lambda",
            metric,
            each.uuid,
            statistic,
            (("EventSourceMappingUUID", each.uuid),),
        )
        for each in mappings
        if each.counts_events
        for metric, statistic in _MAPPING
    ]


def function_queries(names: Iterable[str]) -> list[MetricQuery]:
    return [
        MetricQuery("AWS/Lambda", metric, name, statistic, (("FunctionName", name),))
        for name in names
        for metric, statistic in _FUNCTION
    ]


def api_queries(apis: Iterable[Api]) -> list[MetricQuery]:
    """Function URLs are measured with their function, under other names: left out."""
    found: list[MetricQuery] = []
    for api in apis:
        if api.kind == "http":
            dimensions, wanted = (("ApiId", api.id),), _HTTP_API
        elif api.kind == "rest":
            dimensions, wanted = (("ApiName", api.name),), _REST_API
        else:
            continue
        found += [
            MetricQuery("AWS/ApiGateway", metric, dimensions[0][1], statistic, dimensions)
            for metric, statistic in wanted
        ]
    return found
