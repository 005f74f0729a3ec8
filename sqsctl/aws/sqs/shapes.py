"""SQS's request and response shapes <-> the model. Pure; follows botocore's SQS model."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from sqsctl.model.message import Message, MessageAttribute, Outgoing
from sqsctl.model.queues import MoveTask, Queue, QueueRef
from sqsctl.model.times import from_epoch_ms

_NOTHING: Mapping[str, MessageAttribute] = MappingProxyType({})
_REGION_IN_HOST = re.compile(
    r"^(?:sqs(?:-fips)?\.(?P<region>[a-z0-9-]+)|(?P<legacy>[a-z]{2}(?:-[a-z]+)+-\d)\.queue)\.(?:amazonaws|api\.aws)(?:\.|$)"
)


def name_of(url: str) -> str:
    """The queue's name: the last part of its URL."""
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]


def region_of(url: str) -> str | None:
    """The region in a queue URL on AWS; None for other hosts."""
    match = _REGION_IN_HOST.match(urlsplit(url).hostname or "")
    return (match["region"] or match["legacy"]) if match else None


def entry(index: int, outgoing: Outgoing) -> dict[str, Any]:
    """One entry of SendMessageBatch; its Id is its place in the batch."""
    return {"Id": str(index), **send_fields(outgoing)}


def send_fields(outgoing: Outgoing) -> dict[str, Any]:
    """What SendMessage and an entry of SendMessageBatch have in common."""
    shape: dict[str, Any] = {"MessageBody": outgoing.body}
    if outgoing.attributes:
        shape["MessageAttributes"] = {
            name: attribute_shape(each) for name, each in outgoing.attributes.items()
        }
    if outgoing.group_id is not None:
        shape["MessageGroupId"] = outgoing.group_id
    if outgoing.deduplication_id is not None:
        shape["MessageDeduplicationId"] = outgoing.deduplication_id
    if outgoing.delay_s is not None:
        shape["DelaySeconds"] = outgoing.delay_s
    if outgoing.trace_header:
        shape["MessageSystemAttributes"] = {
            "AWSTraceHeader": {"DataType": "String", "StringValue": outgoing.trace_header}
        }
    return shape


def attribute_shape(attribute: MessageAttribute) -> dict[str, Any]:
    """MessageAttributeValue; bytes stay bytes (botocore encodes them)."""
    key = "BinaryValue" if isinstance(attribute.value, bytes) else "StringValue"
    return {"DataType": attribute.data_type, key: attribute.value}


def message(shape: Mapping[str, Any]) -> Message:
    """A Message of ReceiveMessage."""
    attributes = {
        name: _attribute(value) for name, value in (shape.get("MessageAttributes") or {}).items()
    }
    system = dict(shape.get("Attributes") or {})
    return Message(
        message_id=_told(shape, "MessageId"),
        body=_told(shape, "Body", ""),
        receipt_handle=_told(shape, "ReceiptHandle"),
        attributes=MappingProxyType(attributes) if attributes else _NOTHING,
        system=MappingProxyType({name: _told(system, name) for name in system}),
    )


def _told(shape: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """A text of an answer. Raises KeyError where it is missing, TypeError where it is none."""
    value = shape[key] if default is None else shape.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"{key} is not text")
    return value


def _attribute(shape: Mapping[str, Any]) -> MessageAttribute:
    data_type = _told(shape, "DataType", "String")
    if data_type.split(".", 1)[0] == "Binary":
        raw = shape.get("BinaryValue", b"")
        # boto3 decodes what travels as base64, the wire does not.
        value: str | bytes = base64.b64decode(raw) if isinstance(raw, str) else bytes(raw)
    else:
        value = str(shape.get("StringValue", ""))
    return MessageAttribute(data_type, value)


def queue(url: str, attributes: Mapping[str, str]) -> Queue:
    """The attributes of GetQueueAttributes, All. A missing setting has the default of AWS.

    Raises LookupError or ValueError where a count is missing or none: nobody then knows how
    many messages there are, and 0 would be a lie.
    """
    policy = _json_object(attributes.get("RedrivePolicy"))
    arn = attributes.get("QueueArn", "")
    name = arn.rpartition(":")[2] or name_of(url)

    def number(key: str, default: int) -> int:
        found = _whole(attributes.get(key))
        return default if found is None else found

    def count(kind: str) -> int:
        told = int(attributes[f"ApproximateNumberOfMessages{kind}"])
        if told < 0:
            raise ValueError(f"ApproximateNumberOfMessages{kind} is {told}")
        return told

    return Queue(
        name=name,
        url=url,
        arn=arn,
        fifo=attributes.get("FifoQueue", "").lower() == "true" or name.endswith(".fifo"),
        visible=count(""),
        in_flight=count("NotVisible"),
        delayed=count("Delayed"),
        visibility_timeout_s=number("VisibilityTimeout", 30),
        retention_s=number("MessageRetentionPeriod", 345_600),
        delay_s=number("DelaySeconds", 0),
        receive_wait_s=number("ReceiveMessageWaitTimeSeconds", 0),
        maximum_message_bytes=number("MaximumMessageSize", 1_048_576),
        dead_letter_target_arn=policy.get("deadLetterTargetArn") or None,
        max_receive_count=_whole(policy.get("maxReceiveCount")),
        redrive_allow_policy=attributes.get("RedriveAllowPolicy") or None,
        policy=attributes.get("Policy") or None,
        kms_key_id=attributes.get("KmsMasterKeyId") or None,
        sse_sqs=attributes.get("SqsManagedSseEnabled", "").lower() == "true",
        content_based_deduplication=attributes.get("ContentBasedDeduplication", "").lower()
        == "true",
        created_at=_seconds(attributes.get("CreatedTimestamp")),
        modified_at=_seconds(attributes.get("LastModifiedTimestamp")),
    )


def move_task(shape: Mapping[str, Any], source_arn: str) -> MoveTask:
    """One result of ListMessageMoveTasks; StartedTimestamp is in milliseconds."""
    started = shape.get("StartedTimestamp")
    return MoveTask(
        source_arn=shape.get("SourceArn", source_arn),
        status=shape.get("Status", ""),
        handle=shape.get("TaskHandle"),
        destination_arn=shape.get("DestinationArn"),
        rate=shape.get("MaxNumberOfMessagesPerSecond"),
        moved=int(shape.get("ApproximateNumberOfMessagesMoved") or 0),
        to_move=shape.get("ApproximateNumberOfMessagesToMove"),
        failure=shape.get("FailureReason"),
        started_at=from_epoch_ms(started) if started else None,
    )


def refs(urls: Sequence[str]) -> tuple[QueueRef, ...]:
    return tuple(QueueRef(name_of(url), url) for url in urls)


def _whole(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _seconds(value: str | None) -> datetime | None:
    number = _whole(value)
    return None if number is None else from_epoch_ms(number * 1000)


def _json_object(text: str | None) -> dict[str, Any]:
    try:
        parsed = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
