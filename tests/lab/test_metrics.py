"""The metrics that queues, functions and APIs write on the lab."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.lab.conftest import Tutorial, until, zipped

pytestmark = pytest.mark.lab


def total(
    tutorial: Tutorial,
    namespace: str,
    metric: str,
    stat: str = "Sum",
    **dimensions: str,
) -> float | None:
    """The statistic over the last hour; None where there is no data."""
    now = datetime.now(UTC)
    query: Any = {
        "Id": "q",
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [
                    {"Name": name, "Value": value} for name, value in dimensions.items()
                ],
            },
            "Period": 60,
            "Stat": stat,
        },
    }
    found = tutorial.session.cloudwatch().get_metric_data(
        MetricDataQueries=[query],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
    )["MetricDataResults"][0]["Values"]
    if not found:
        return None
    return sum(found) if stat == "Sum" else max(found)


def queue_name(url: str) -> str:
    return url.rpartition("/")[2]


def test_what_a_message_leaves_behind(tutorial: Tutorial) -> None:
    tutorial.produce(1, 2, 3)
    until(lambda: tutorial.results() == {1, 2, 3})
    until(lambda: tutorial.count(tutorial.queue) == 0)
    name = queue_name(tutorial.queue)

    def sqs(metric: str, stat: str = "Sum") -> float | None:
        return total(tutorial, "AWS/SQS", metric, stat, QueueName=name)

    assert sqs("NumberOfMessagesSent") == 3
    assert sqs("NumberOfMessagesReceived") == 3
    until(lambda: sqs("NumberOfMessagesDeleted") == 3)
    assert sqs("SentMessageSize", "Average") == len('{"input": 1}') + len(
        "AttributeNameStringAttribute Value"
    )
    worker = f"{tutorial.stack}-jobsWorker"

    def function(metric: str, stat: str = "Sum", name: str = worker) -> float | None:
        return total(tutorial, "AWS/Lambda", metric, stat, FunctionName=name)

    assert function("Invocations") == 3
    assert function("Errors") == 0
    assert function("Throttles") == 0
    duration = function("Duration", "Average")
    assert duration is not None
    assert 0 < duration < 1000
    assert function("Invocations", name=f"{tutorial.stack}-producer") == 3
    api = tutorial.outputs["HttpApiId"]
    assert total(tutorial, "AWS/ApiGateway", "Count", ApiId=api) == 3
    assert total(tutorial, "AWS/ApiGateway", "5xx", ApiId=api, Stage="$default") == 0
    assert (total(tutorial, "AWS/ApiGateway", "Latency", "p95", ApiId=api) or 0) > 0


def test_failures_and_throttles_are_counted_apart(tutorial: Tutorial) -> None:
    functions = tutorial.session.functions()
    worker, producer = f"{tutorial.stack}-jobsWorker", f"{tutorial.stack}-producer"
    functions.update_function_code(
        FunctionName=producer, ZipFile=zipped({"index.py": "import nope"})
    )
    assert tutorial.post("/produce", "{}")[0] == 500
    functions.put_function_concurrency(FunctionName=worker, ReservedConcurrentExecutions=0)
    tutorial.session.sqs().send_message(QueueUrl=tutorial.queue, MessageBody="{}")
    until(lambda: (total(tutorial, "AWS/Lambda", "Throttles", FunctionName=worker) or 0) > 0)
    assert total(tutorial, "AWS/Lambda", "Invocations", FunctionName=worker) is None
    assert total(tutorial, "AWS/Lambda", "Errors", FunctionName=producer) == 1
    api = tutorial.outputs["HttpApiId"]
    assert total(tutorial, "AWS/ApiGateway", "5xx", ApiId=api) == 1
    assert tutorial.post("/nope", "{}")[0] == 404
    assert total(tutorial, "AWS/ApiGateway", "4xx", ApiId=api) == 1


def test_gauges_come_by_themselves(tutorial: Tutorial) -> None:
    uuid = tutorial.mapping()["UUID"]
    tutorial.session.functions().update_event_source_mapping(UUID=uuid, Enabled=False)
    tutorial.produce(1, 2)
    name = queue_name(tutorial.queue)

    def gauge(metric: str) -> float | None:
        return total(tutorial, "AWS/SQS", metric, "Maximum", QueueName=name)

    until(lambda: gauge("ApproximateNumberOfMessagesVisible") == 2)
    assert gauge("ApproximateNumberOfMessagesNotVisible") == 0
    until(lambda: (gauge("ApproximateAgeOfOldestMessage") or 0) > 0)


def test_moves_to_the_dead_letter_queue_are_not_sends(tutorial: Tutorial) -> None:
    tutorial.session.sqs().set_queue_attributes(
        QueueUrl=tutorial.queue, Attributes={"VisibilityTimeout": "1"}
    )
    tutorial.session.sqs().send_message(QueueUrl=tutorial.queue, MessageBody="hello")
    until(lambda: tutorial.count(tutorial.dead_letters) == 1)
    name = queue_name(tutorial.dead_letters)
    assert total(tutorial, "AWS/SQS", "NumberOfMessagesSent", QueueName=name) is None
