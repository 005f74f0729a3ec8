"""A batch of messages as a function's event, and what the function's answer does to it.

Upstream takes any body as success, ignores malformed partial responses and deletes what
a filter dropped only with the rest.
Source: Lambda developer guide, "Using Lambda with Amazon SQS" (example event),
"Implementing partial batch responses" (what counts as success and as failure), "Event
filtering" (what a filter drops is removed from the queue).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Message = dict[str, Any]
Record = dict[str, Any]

# The payload of an invocation is limited to 6 MB; the records' other fields need room too.
EVENT_BYTES = 6 * 1024 * 1024 - 256 * 1024


def record(message: Message, queue_arn: str, region: str) -> Record:
    """One message as an element of ``Records``."""
    system = message.get("sys", {})
    attributes = {
        "ApproximateReceiveCount": str(message["receive_count"]),
        "SentTimestamp": str(int(message["sent_at"] * 1000)),
        "SenderId": str(system.get("SenderId", "")),
        "ApproximateFirstReceiveTimestamp": str(int(message["first_receive_at"] * 1000)),
    }
    optional = {
        "AWSTraceHeader": system.get("AWSTraceHeader"),
        "DeadLetterQueueSourceArn": system.get("DeadLetterQueueSourceArn"),
        "MessageGroupId": message.get("group_id"),
        "MessageDeduplicationId": message.get("dedup_id"),
        "SequenceNumber": message.get("seq"),
    }
    attributes |= {key: str(value) for key, value in optional.items() if value}
    made: Record = {
        "messageId": message["id"],
        "receiptHandle": message["receipt_handle"],
        "body": message["body"],
        "attributes": attributes,
        "messageAttributes": {
            name: _attribute(value)
            for name, value in (message.get("message_attributes") or {}).items()
        },
        "md5OfBody": message.get("md5_body", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if message.get("md5_attrs"):
        made["md5OfMessageAttributes"] = message["md5_attrs"]
    return made


def failed(result: dict[str, Any], records: Iterable[Record], *, partial: bool) -> set[str]:
    """The ids of the messages that are to come back; the others are deleted.

    ``result`` is an invocation's, ``partial`` whether the mapping has
    ReportBatchItemFailures. Without it any answer but an error deletes the batch.
    """
    everything = {each["messageId"] for each in records}
    if result.get("error"):
        return everything
    if not partial:
        return set()
    answer = result.get("body")
    if answer is None or answer in ("", {}):
        return set()
    if not isinstance(answer, dict):
        return everything  # a string or a list is no response
    listed = answer.get("batchItemFailures")
    if listed is None or listed == []:
        return set()
    if not isinstance(listed, list):
        return everything
    ids = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in listed]
    if not all(isinstance(each, str) and each in everything for each in ids):
        return everything
    return {str(each) for each in ids}


def fitting(messages: list[Message]) -> int:
    """How many of the first messages fit into one invocation's payload; at least one."""
    size = 0
    for index, message in enumerate(messages):
        size += len(message["body"].encode("utf-8", "surrogatepass"))
        if size > EVENT_BYTES and index:
            return index
    return len(messages)


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    made = {f"{key[:1].lower()}{key[1:]}": content for key, content in value.items()}
    return {"stringListValues": [], "binaryListValues": [], **made}
