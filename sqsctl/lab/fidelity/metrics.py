"""The metrics that queues, functions and HTTP APIs write by themselves.

Upstream writes four of AWS/Lambda's, for direct invokes only, and none for queues and
APIs. On AWS they come once a minute; here counters are written when something happens
and gauges every few seconds, so that a lab that runs faster shows them as fast.
Sources: SQS developer guide, "Available CloudWatch metrics for Amazon SQS"; Lambda
developer guide, "Types of metrics for Lambda functions" (timestamps are the invocations'
starts; throttled calls are in neither Invocations nor Errors); API Gateway developer
guide, "HTTP API metrics and dimensions".
"""

from __future__ import annotations

import threading
import time
from typing import Any

from sqsctl.lab.fidelity.sqs import fair_queues

GAUGES_EVERY_S = 5.0
KEPT_S = 3 * 3600.0
_HIDDEN_FROM = 3
_COUNT, _MS, _BYTES, _SECONDS = "Count", "Milliseconds", "Bytes", "Seconds"

_lock = threading.Lock()


def install() -> None:
    """Count invocations and API calls, and sample queues in a thread of its own."""
    from ministack.services import apigateway, lambda_svc

    dispatch, execute = lambda_svc._execute_function_dispatch, lambda_svc._execute_function
    handle = apigateway.handle_execute

    def execute_dispatch(
        func: Any, config: dict[str, Any], event: Any, request_id: str, started: float
    ) -> Any:
        result = dispatch(func, config, event, request_id, started)
        name = str(config.get("FunctionName", ""))
        failed = bool(isinstance(result, dict) and result.get("error"))
        duration = (time.time() - started) * 1000
        if isinstance(result, dict):
            duration = float(result.get("duration_ms") or duration)
        _function(name, "Invocations", 1, started)
        _function(name, "Errors", int(failed), started)
        _function(name, "Duration", duration, started, _MS)
        return result

    def execute_function(func: dict[str, Any], event: Any) -> Any:
        config = func.get("config") or func
        if lambda_svc._function_config_scope_mismatch(config):
            return execute(func, event)  # comes back here in the right scope
        name = str(config.get("FunctionName", ""))
        result = execute(func, event)
        if isinstance(result, dict) and result.get("throttle"):
            _function(name, "Throttles", 1, time.time())
        else:
            _function(name, "Throttles", 0, time.time())
        return result

    async def handle_execute(api_id: str, stage: str, *args: Any, **kwargs: Any) -> Any:
        started = time.time()
        answer = await handle(api_id, stage, *args, **kwargs)
        _api(api_id, stage, int(answer[0]), (time.time() - started) * 1000, started)
        return answer

    lambda_svc._execute_function_dispatch = execute_dispatch
    lambda_svc._execute_function = execute_function
    lambda_svc._emit_lambda_metrics = lambda *_, **__: None
    apigateway.handle_execute = handle_execute
    threading.Thread(target=_sample_forever, name="sqsctl-metrics", daemon=True).start()


def queue_metric(queue: dict[str, Any], metric: str, value: float) -> None:
    """One figure of a queue, in the calling request's account and region."""
    unit = _BYTES if metric == "SentMessageSize" else _COUNT
    put("AWS/SQS", metric, value, {"QueueName": str(queue["name"])}, time.time(), unit)


def put(
    namespace: str,
    metric: str,
    value: float,
    dimensions: dict[str, str],
    at: float,
    unit: str,
) -> None:
    """Store one value; values of one second share a point as far as statistics allow."""
    from ministack.services import cloudwatch

    points = cloudwatch._metric_bucket((namespace, metric, cloudwatch._dims_key(dimensions)))
    with _lock:
        last = points[-1] if points else None
        same = last and last["Value"] == float(value) and int(last["Timestamp"]) == int(at)
        if last and same:
            # The same value once more: percentiles stay exact, unlike with sums.
            last["Count"] = last.get("Count", 1.0) + 1.0
        else:
            points.append(
                {
                    "Timestamp": at,
                    "Value": float(value),
                    "Unit": unit,
                    "Dimensions": dict(dimensions),
                }
            )
        if len(points) % 512 == 0:
            oldest = time.time() - KEPT_S
            points[:] = [point for point in points if point["Timestamp"] >= oldest]


def _function(name: str, metric: str, value: float, at: float, unit: str = _COUNT) -> None:
    put("AWS/Lambda", metric, value, {"FunctionName": name}, at, unit)


def _api(api: str, stage: str, status: int, latency_ms: float, at: float) -> None:
    figures = {
        "Count": (1, _COUNT),
        "4xx": (int(400 <= status < 500), _COUNT),
        "5xx": (int(status >= 500), _COUNT),
        "Latency": (latency_ms, _MS),
        "IntegrationLatency": (latency_ms, _MS),
    }
    for metric, (value, unit) in figures.items():
        for dimensions in ({"ApiId": api}, {"ApiId": api, "Stage": stage}):
            put("AWS/ApiGateway", metric, value, dimensions, at, unit)


def _sample_forever() -> None:
    from sqsctl.lab.fidelity.loop import LoopClosedError, on_loop

    while True:
        time.sleep(GAUGES_EVERY_S)
        try:
            on_loop(sample)
        except LoopClosedError:
            continue  # not serving yet, or not any more


def sample() -> None:
    """Write every gauge once: queues, and executions in flight."""
    from ministack.services import lambda_svc, sqs

    now = time.time()
    for (account, region, _), queue in list(sqs._queues._data.items()):
        _in_scope(account, region, _sample_queue, queue, now)
    _, running = lambda_svc.executions_in_flight()
    for key, count in running.items():
        account, region, name = key.split(":", 2)
        _in_scope(account, region, _function, name, "ConcurrentExecutions", count, now)


def _sample_queue(queue: dict[str, Any], now: float) -> None:
    from ministack.services import sqs

    sqs._refresh_counts(queue)
    figures = {
        "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
    }
    for metric, attribute in figures.items():
        queue_metric(queue, metric, float(queue["attributes"].get(attribute, 0)))
    oldest = min(
        (
            each.get("arrived_at", each["sent_at"])
            for each in queue["messages"]
            if _aged(each, queue)
        ),
        default=now,
    )
    dimensions = {"QueueName": str(queue["name"])}
    put("AWS/SQS", "ApproximateAgeOfOldestMessage", now - oldest, dimensions, now, _SECONDS)
    for metric, value, unit in fair_queues.figures(queue, now):
        put("AWS/SQS", metric, value, dimensions, now, unit)


def _aged(message: dict[str, Any], queue: dict[str, Any]) -> bool:
    """Whether the age counts it: not on a standard queue once it was received three times.

    What SQS moved to a dead-letter queue brought its receives along, and counts there.
    """
    return bool(
        queue["is_fifo"] or "arrived_at" in message or message["receive_count"] < _HIDDEN_FROM
    )


def _in_scope(account: str, region: str, function: Any, *args: Any) -> None:
    import contextvars

    from ministack.core.responses import _request_account_id, _request_region

    def scoped() -> None:
        _request_account_id.set(account)
        _request_region.set(region)
        function(*args)

    contextvars.copy_context().run(scoped)
