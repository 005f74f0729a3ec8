"""Records of a stream that a function or a pipe's target fails on are given up, and told of.

Upstream tries a batch for ever, whatever MaximumRetryAttempts says; pipes deliver to topics and
state machines alone and have no dead-letter queue. What goes to the OnFailure destination, or to
the pipe's dead-letter queue, tells where the records are and does not hold them. Sources: Lambda
developer guide, "Retain discarded batch records" (of Kinesis and of DynamoDB); EventBridge user
guide, "Pipes batching and concurrency". A batch is given up whole: it is neither bisected nor
answered for record by record.
"""

from __future__ import annotations

import functools
import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from sqsctl.lab.fidelity.failed_deliveries import put

Record = dict[str, Any]

_polling = threading.local()
_SHARD_OF_A_TABLE = "shardId-00000000000000000000-00000000"  # upstream's only one


class Attempts:
    """How often each batch failed, by who reads it and where it begins."""

    def __init__(self) -> None:
        self._failed: dict[tuple[str, str], int] = {}

    def failed(self, reader: str, batch: list[Record], most_retries: int) -> int | None:
        """Count one more failure; how many there were, if that was the last. -1: for ever."""
        key = (reader, str(batch[0].get("eventID", "")))
        count = self._failed[key] = self._failed.get(key, 0) + 1
        if most_retries < 0 or count <= most_retries:
            return None
        del self._failed[key]
        return count


def install() -> None:
    """Give batches up where their mapping or pipe says so."""
    attempts = Attempts()
    _install_mappings(attempts)
    _install_pipes(attempts)


# -- mappings ---------------------------------------------------------------------------------


def _install_mappings(attempts: Attempts) -> None:
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function

    def execute_function(func: dict[str, Any], event: Any) -> Any:
        result = execute(func, event)
        if not getattr(_polling, "now", False) or not result.get("error"):
            return result
        batch = event["Records"]
        mapping = _mapping_of(func, batch[0].get("eventSourceARN"))
        count = attempts.failed(
            str(mapping.get("UUID")), batch, int(mapping.get("MaximumRetryAttempts", -1))
        )
        if count is None:
            return result
        _to_destination(mapping, func, batch, result, "RetryAttemptsExhausted", count)
        return {**result, "error": False}  # upstream goes on behind the batch

    def aged(
        mapping: dict[str, Any], func: dict[str, Any], batch: list[Record], *rest: Any
    ) -> None:
        _, result, condition = rest
        _to_destination(mapping, func, batch, result, condition, 1)

    lambda_svc._execute_function = execute_function
    lambda_svc._send_ddb_stream_failure_record = aged
    lambda_svc._poll_kinesis = _watched(lambda_svc._poll_kinesis)
    lambda_svc._poll_dynamodb_streams = _watched(lambda_svc._poll_dynamodb_streams)


def _watched(poll: Callable[[], bool]) -> Callable[[], bool]:
    """Functions that run meanwhile, in this thread, are invoked with records of a stream."""

    @functools.wraps(poll)
    def watched() -> bool:
        _polling.now = True
        try:
            return poll()
        finally:
            _polling.now = False

    return watched


def _mapping_of(func: dict[str, Any], stream: object) -> dict[str, Any]:
    from ministack.services import lambda_svc

    name = (func.get("config") or func).get("FunctionName")
    for each in lambda_svc._esms.values():
        if each.get("EventSourceArn") == stream and each.get("FunctionName") == name:
            return dict(each)
    return {}


def _to_destination(
    mapping: dict[str, Any],
    func: dict[str, Any],
    batch: list[Record],
    result: dict[str, Any],
    condition: str,
    count: int,
) -> None:
    destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get(
        "Destination"
    )
    told = {
        "requestContext": {
            "requestId": str(result.get("request_id") or uuid.uuid4()),
            "functionArn": str((func.get("config") or func).get("FunctionArn", "")),
            "condition": condition,
            "approximateInvokeCount": count,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": result.get("function_error") or "Unhandled",
        },
    }
    _tell(str(destination or ""), told, batch)


# -- pipes ------------------------------------------------------------------------------------


def _install_pipes(attempts: Attempts) -> None:
    from ministack.services import pipes
    from ministack.services.cloudformation import provisioners

    make, describe, deliver = pipes._create_pipe, pipes._describe_response, pipes._deliver_batch
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Pipes::Pipe"]
    provision = handlers["create"]

    def create_pipe(name: str, body: dict[str, Any]) -> Any:
        known = name in pipes._pipes
        answer = make(name, body)
        if not known:
            _keep_parameters(name, body)
        return answer

    def provision_pipe(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        made = provision(logical_id, props, stack)
        _keep_parameters(made[0], props)
        return made

    def describe_response(pipe: dict[str, Any]) -> dict[str, Any]:
        return {**describe(pipe), "SourceParameters": pipe.get("SourceParameters") or {}}

    def deliver_batch(pipe: dict[str, Any], batch: list[Record]) -> bool:
        delivered = _deliver_here(str(pipe.get("Target", "")), batch)
        if delivered is None:
            delivered = bool(deliver(pipe, batch))
        if delivered:
            return True
        settings = _stream_settings(pipe)
        retries = int(settings.get("MaximumRetryAttempts", -1))
        if attempts.failed(str(pipe["Arn"]), batch, retries) is None:
            return False
        queue = str((settings.get("DeadLetterConfig") or {}).get("Arn", ""))
        context = {"partnerResourceArn": pipe["Arn"], "condition": "RetryAttemptsExhausted"}
        _tell(queue, {"context": context}, batch)
        return True

    pipes._create_pipe = create_pipe
    pipes._describe_response = describe_response
    pipes._deliver_batch = deliver_batch
    handlers["create"] = provision_pipe


def _keep_parameters(name: str, given: dict[str, Any]) -> None:
    from ministack.services import pipes

    pipe = pipes._pipes.get(name)
    if pipe is None:
        return
    pipe["SourceParameters"] = given.get("SourceParameters") or {}
    pipe["StartingPosition"] = _stream_settings(pipe).get("StartingPosition", "LATEST")
    pipes._positions[pipe["Arn"]] = pipes._initial_position(pipe)


def _stream_settings(pipe: dict[str, Any]) -> dict[str, Any]:
    parameters = pipe.get("SourceParameters") or {}
    return dict(parameters.get("DynamoDBStreamParameters") or {})


def _deliver_here(target: str, batch: list[Record]) -> bool | None:
    """Whether a function or a queue took the batch; None for a target of another kind."""
    from ministack.services import lambda_svc, sqs

    if ":lambda:" in target:
        record, config, _ = lambda_svc._get_func_record_for_ref(target)
        if record is None or config is None:
            return False
        func = lambda_svc._execution_record_for_config(record, config)
        return not lambda_svc._execute_function(func, batch).get("error")
    if ":sqs:" in target:
        if sqs._queue_by_arn(target) is None:
            return False
        for each in batch:
            put(target, json.dumps(each, default=str), {})
        return True
    return None


# -- what is told -------------------------------------------------------------------------------


def _tell(destination: str, told: dict[str, Any], batch: list[Record]) -> None:
    """The message of a batch that was given up, to a queue or a topic."""
    from ministack.services import sns

    body = json.dumps({**told, "version": "1.0", "timestamp": _iso(time.time()), **_place(batch)})
    if ":sqs:" in destination:
        put(destination, body, {})
    elif ":sns:" in destination:
        sns.publish_internal(destination, body, "")


def _place(batch: list[Record]) -> dict[str, Any]:
    of_kinesis = "kinesis" in batch[0]
    part, number, arrival = (
        ("kinesis", "sequenceNumber", "approximateArrivalTimestamp")
        if of_kinesis
        else ("dynamodb", "SequenceNumber", "ApproximateCreationDateTime")
    )
    first, last = batch[0][part], batch[-1][part]
    shard = str(batch[0]["eventID"]).partition(":")[0] if of_kinesis else _SHARD_OF_A_TABLE
    place = {
        "shardId": shard,
        "startSequenceNumber": str(first[number]),
        "endSequenceNumber": str(last[number]),
        "approximateArrivalOfFirstRecord": _iso(first[arrival]),
        "approximateArrivalOfLastRecord": _iso(last[arrival]),
        "batchSize": len(batch),
        "streamArn": batch[0]["eventSourceARN"],
    }
    return {"KinesisBatchInfo" if of_kinesis else "DDBStreamBatchInfo": place}


def _iso(moment: object) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(str(moment))))
