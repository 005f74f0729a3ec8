"""Recognise dead letters of asynchronous Lambda, EventBridge, SNS, Scheduler and Pipes.

They are told by what the services write around them: message attributes (EventBridge rules and
schedules, DeadLetterConfig of a function) or an envelope in the body (OnFailure destinations,
SNS, pipes). Sources: Lambda developer guide, "Retaining records of asynchronous invocations";
EventBridge user guide, "Using dead-letter queues to process undelivered events"; Scheduler user
guide, "Configuring a dead-letter queue"; SNS developer guide, "Amazon SNS dead-letter queues".

A message that SQS itself moved here, because its consumer failed, names the queue that it came
from: whatever it holds, it is no failed delivery.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqsctl.model.arns import resource_name
from sqsctl.model.failed_delivery import WORDS, DeliveredBy, FailedDelivery, StreamBatch
from sqsctl.model.message import Message, MessageAttribute
from sqsctl.model.plurals import counted
from sqsctl.operations.dead_letters.json_bodies import parsed

_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:[\w-]*:[^\s]+")
_SHOWN = 300
_TRACE_LINES = 40


def failed_delivery(message: Message) -> FailedDelivery | None:
    """What the message tells of a delivery that failed; None where it is no such thing."""
    if message.dead_letter_source_arn is not None:
        return None
    attributes = {name.upper(): _text(each) for name, each in message.attributes.items()}
    return (
        _of_rule(message, attributes)
        or _of_schedule(message, attributes)
        or _of_function(message, attributes)
        or _of_envelope(message)
    )


def _of_rule(message: Message, attributes: Mapping[str, str]) -> FailedDelivery | None:
    rule = attributes.get("RULE_ARN", "")
    if ":rule/" not in rule:
        return None
    event = _dict(parsed(message.body))
    return FailedDelivery(
        "eventbridge-rule",
        message.body,
        source_arn=rule,
        event_id=_string(event.get("id")) or None,
        **_of_attributes(attributes),
    )


def _of_schedule(message: Message, attributes: Mapping[str, str]) -> FailedDelivery | None:
    schedule = attributes.get("SCHEDULE_ARN", "")
    if ":schedule/" not in schedule:
        return None
    return FailedDelivery(
        "scheduler",
        message.body,
        source_arn=schedule,
        event_id=attributes.get("EXECUTION_ID") or None,
        payload_truncated=attributes.get("IS_PAYLOAD_TRUNCATED", "").lower() == "true",
        **_of_attributes(attributes),
    )


def _of_attributes(attributes: Mapping[str, str]) -> dict[str, Any]:
    """What EventBridge's rules and schedules say alike."""
    return {
        "target_arn": attributes.get("TARGET_ARN") or None,
        "error_code": attributes.get("ERROR_CODE", ""),
        "error_message": attributes.get("ERROR_MESSAGE", ""),
        "condition": attributes.get("EXHAUSTED_RETRY_CONDITION", ""),
        "attempts": _number(attributes.get("RETRY_ATTEMPTS")),
    }


def _of_function(message: Message, attributes: Mapping[str, str]) -> FailedDelivery | None:
    """DeadLetterConfig: the event as it was, and three attributes. It names no function."""
    request, code = attributes.get("REQUESTID"), attributes.get("ERRORCODE")
    if not request or code is None:
        return None
    told = _dict(parsed(attributes.get("ERRORMESSAGE", "")))
    # The message is the error's text, or the function's whole answer as JSON.
    kind, text = _string(told.get("errorType")), _string(told.get("errorMessage"))
    return FailedDelivery(
        "lambda-dlq",
        message.body,
        error_code=code,
        error_type=kind,
        error_message=text or attributes.get("ERRORMESSAGE", ""),
        request_id=request,
    )


def _of_envelope(message: Message) -> FailedDelivery | None:
    body = message.body.lstrip()
    if not body.startswith("{"):
        return None
    document = _dict(parsed(body))
    context = _dict(document.get("requestContext"))
    if _string(context.get("functionArn")):
        return _of_destination(document, context)
    context = _dict(document.get("context"))
    if ":pipe" in _string(context.get("partnerResourceArn")):
        return _of_stream(
            document, "pipe", context, _string(context.get("partnerResourceArn")) or None
        )
    return _of_subscription(message.body, document)


def _of_destination(
    document: Mapping[str, Any], context: Mapping[str, Any]
) -> FailedDelivery | None:
    if context.get("condition") == "Success":
        return None  # an OnSuccess destination: nothing failed
    if _batch(document) is not None:
        return _of_stream(document, "lambda-stream", context, None)
    if "requestPayload" not in document:
        return None
    answer = document.get("responsePayload")
    told = _dict(answer)
    trace = told.get("stackTrace") or told.get("trace") or ()
    lines = trace if isinstance(trace, list) else str(trace).splitlines()
    response = _dict(document.get("responseContext"))
    return FailedDelivery(
        "lambda-destination",
        json.dumps(document["requestPayload"], ensure_ascii=False),
        target_arn=_string(context.get("functionArn")),
        error_code=_string(response.get("functionError")),
        error_type=_string(told.get("errorType")),
        error_message=_string(told.get("errorMessage"))
        or (answer if isinstance(answer, str) else ""),
        trace=tuple(str(each) for each in lines[:_TRACE_LINES]),
        condition=_string(context.get("condition")),
        attempts=_number(context.get("approximateInvokeCount")),
        request_id=_string(context.get("requestId")) or None,
    )


def _of_stream(
    document: Mapping[str, Any],
    by: DeliveredBy,
    context: Mapping[str, Any],
    source: str | None,
) -> FailedDelivery | None:
    batch = _batch(document)
    if batch is None:
        return None
    response = _dict(document.get("responseContext"))
    return FailedDelivery(
        by,
        None,
        batch=batch,
        source_arn=source or batch.source_arn or None,
        target_arn=_string(context.get("functionArn")) or None,
        error_code=_string(response.get("functionError")),
        condition=_string(context.get("condition")),
        attempts=_number(context.get("approximateInvokeCount")),
        request_id=_string(context.get("requestId")) or None,
    )


def _of_subscription(body: str, document: Mapping[str, Any]) -> FailedDelivery | None:
    topic = _string(document.get("TopicArn"))
    if document.get("Type") != "Notification" or ":sns:" not in topic or "Message" not in document:
        return None
    return FailedDelivery(
        "sns-subscription",
        body,
        source_arn=topic,
        event_id=_string(document.get("MessageId")) or None,
    )


def subscription_arn(envelope: str) -> str | None:
    """The subscription that an SNS envelope was made for: its unsubscribe address names it."""
    address = _string(_dict(parsed(envelope)).get("UnsubscribeURL"))
    try:
        named = parse_qs(urlsplit(address).query).get("SubscriptionArn", ())
    except ValueError:
        return None
    return next((each for each in named if _ARN.fullmatch(each)), None)


def told(delivery: FailedDelivery) -> str:
    """One line for people: who could not deliver what, where to, and why."""
    target = f" to {resource_name(delivery.target_arn)}" if delivery.target_arn else ""
    source = f" {resource_name(delivery.source_arn)}" if delivery.source_arn else ""
    if delivery.by == "lambda-stream":
        source = f" of{source or ' a stream'}"
    said = f"{WORDS[delivery.by]}{source}{target} failed"
    if delivery.attempts is not None:
        what = "retry" if delivery.by in {"eventbridge-rule", "scheduler"} else "attempt"
        plural = "retries" if what == "retry" else "attempts"
        said += f" after {counted(delivery.attempts, what, plural)}"
    if delivery.condition:
        said += f" ({delivery.condition})"
    error = " ".join(delivery.error.split())
    if error:
        said += f": {error[:_SHOWN]}{'…' * (len(error) > _SHOWN)}"
    return said


def log_text(delivery: FailedDelivery) -> str:
    """The error as a Python runtime would have logged it, for the checks that read logs."""
    head = f"{delivery.error_type}: {delivery.error_message}".strip(": ")
    if not head:
        return ""
    return "\n".join((f"[ERROR] {head}", *delivery.trace))


def _batch(document: Mapping[str, Any]) -> StreamBatch | None:
    """Where in its stream a batch is: KinesisBatchInfo, DDBStreamBatchInfo, KafkaBatchInfo."""
    told = next(
        (
            value
            for name, value in document.items()
            if name.endswith("BatchInfo") and isinstance(value, dict)
        ),
        None,
    )
    if told is None:
        return None
    return StreamBatch(
        source_arn=_string(told.get("streamArn")) or _string(told.get("eventSourceArn")),
        shard_id=_string(told.get("shardId")),
        first_sequence_number=_string(told.get("startSequenceNumber")),
        last_sequence_number=_string(told.get("endSequenceNumber")),
        first_arrival=_string(told.get("approximateArrivalOfFirstRecord")),
        last_arrival=_string(told.get("approximateArrivalOfLastRecord")),
        size=_number(told.get("batchSize")),
    )


def _text(attribute: MessageAttribute) -> str:
    return attribute.value if isinstance(attribute.value, str) else ""


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    text = str(value) if value is not None and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
