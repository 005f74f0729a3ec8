"""What AWS refuses, and lists, that upstream does not.

Upstream takes names of any length and letters, purges as often as asked, takes any number and
kind of message attributes, leaves attributes out of a message's size, and has no
ListDeadLetterSourceQueues.
Sources: SQS API reference (CreateQueue: "up to 80 characters", alphanumeric characters, hyphens,
underscores, a FIFO queue's name ends with .fifo; PurgeQueue, SendMessage,
ListDeadLetterSourceQueues), SQS developer guide, "Message quotas"; errors as recorded from AWS
in localstack/localstack's SQS tests.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any

Queue = dict[str, Any]

PURGE_EVERY_S = 60.0
MAX_ATTRIBUTES = 10
BATCH_BYTES = 1_048_576

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,75}\.fifo|[A-Za-z0-9_-]{1,80}")
_TYPE = re.compile(r"(String|Number|Binary)(\.[A-Za-z0-9_.-]+)?")


def install(counted: Callable[[Queue, str, float], None]) -> None:
    """Wrap sending and purging, and add the listing of dead-letter sources."""
    from ministack.services import sqs
    from ministack.services.cloudformation import provisioners

    send, send_batch = sqs._act_send_message, sqs._act_send_message_batch

    def send_message(data: dict[str, Any], url: str) -> dict[str, Any]:
        queue = sqs._get_q(data.get("QueueUrl", url))
        attributes = data.get("MessageAttributes") or {}
        check_attributes(attributes)
        size = message_bytes(data)
        limit = int(queue["attributes"].get("MaximumMessageSize", BATCH_BYTES))
        if size > limit:
            raise sqs._Err(
                "InvalidParameterValue",
                "One or more parameters are invalid. Reason: Message must be shorter than "
                f"{limit} bytes.",
            )
        before = len(queue["messages"])
        answer: dict[str, Any] = send(data, url)
        if len(queue["messages"]) > before:  # a FIFO duplicate is answered, not sent
            counted(queue, "NumberOfMessagesSent", 1)
            counted(queue, "SentMessageSize", size)
        return answer

    def send_message_batch(data: dict[str, Any], url: str) -> dict[str, Any]:
        total = sum(message_bytes(entry) for entry in data.get("Entries", []))
        if total > BATCH_BYTES:
            raise sqs._Err(
                "BatchRequestTooLong",
                f"Batch requests cannot be longer than {BATCH_BYTES} bytes. You have sent "
                f"{total} bytes.",
            )
        answer: dict[str, Any] = send_batch(data, url)
        if not answer.get("Failed"):
            answer.pop("Failed", None)
        return answer

    def purge_queue(data: dict[str, Any], url: str) -> dict[str, Any]:
        queue = sqs._get_q(data.get("QueueUrl", url), "sqs:PurgeQueue")
        now = time.time()
        if now - queue.get("purged_at", 0.0) < PURGE_EVERY_S:
            raise sqs._Err(
                "PurgeQueueInProgress",
                f"Only one PurgeQueue operation on {queue['name']} is allowed every 60 seconds.",
                403,
            )
        queue["purged_at"] = now
        queue["messages"].clear()
        return {}

    create = sqs._act_create_queue

    def create_queue(data: dict[str, Any], url: str) -> dict[str, Any]:
        _refuse_name(str(data.get("QueueName", "")))
        answer: dict[str, Any] = create(data, url)
        return answer

    named = provisioners._sqs_queue_name

    def queue_name(props: dict[str, Any], stack: str, logical_id: str) -> Any:
        _refuse_name(str(props.get("QueueName") or ""))
        return named(props, stack, logical_id)

    provisioners._sqs_queue_name = queue_name
    sqs._act_create_queue = create_queue
    sqs._HANDLERS["CreateQueue"] = create_queue
    sqs._act_send_message = send_message
    sqs._HANDLERS["SendMessage"] = send_message
    sqs._HANDLERS["SendMessageBatch"] = send_message_batch
    sqs._HANDLERS["PurgeQueue"] = purge_queue
    sqs._HANDLERS["ListDeadLetterSourceQueues"] = list_sources


def _refuse_name(name: str) -> None:
    from ministack.services import sqs

    if name and not _QUEUE_NAME.fullmatch(name):
        raise sqs._Err(
            "InvalidParameterValue",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )


def list_sources(data: dict[str, Any], url: str) -> dict[str, Any]:
    """The URLs of the queues whose RedrivePolicy names this one."""
    from ministack.services import sqs

    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:ListDeadLetterSourceQueues")
    urls = sorted(each["url"] for each in sources_of(queue))
    start = int(data.get("NextToken") or 0)
    count = int(data.get("MaxResults") or 1000)
    answer: dict[str, Any] = {"queueUrls": urls[start : start + count]}
    if data.get("MaxResults") and start + count < len(urls):
        answer["NextToken"] = str(start + count)
    return answer


def sources_of(queue: Queue) -> list[Queue]:
    """The queues of the same account and region that dead-letter to this one."""
    from ministack.services import sqs

    arn = queue["attributes"].get("QueueArn")
    return [each for each in sqs._queues.values() if target_of(each) == arn]


def target_of(queue: Queue) -> str:
    """The ARN of a queue's dead-letter queue; empty without one."""
    try:
        policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
    except ValueError:
        return ""
    return str(policy.get("deadLetterTargetArn", "")) if isinstance(policy, dict) else ""


def message_bytes(data: dict[str, Any]) -> int:
    """The size that counts: the body, and each attribute's name, type and value."""
    size = len((data.get("MessageBody") or "").encode("utf-8", "surrogatepass"))
    for name, value in (data.get("MessageAttributes") or {}).items():
        size += len(name.encode()) + len(str(value.get("DataType", "")).encode())
        binary = value.get("BinaryValue")
        if binary is not None:
            size += len(base64.b64decode(binary) if isinstance(binary, str) else binary)
        else:
            size += len(str(value.get("StringValue", "")).encode())
    return size


def check_attributes(attributes: dict[str, Any]) -> None:
    """Raise upstream's ``_Err`` for what AWS does not take."""
    from ministack.services import sqs

    said = ""
    if len(attributes) > MAX_ATTRIBUTES:
        said = (
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{MAX_ATTRIBUTES}]."
        )
    for name, value in attributes.items():
        said = said or _problem(name, value)
    if said:
        raise sqs._Err("InvalidParameterValue", said)


def _problem(name: str, value: dict[str, Any]) -> str:
    if not _NAME.fullmatch(name) or name.lower().startswith(("aws.", "amazon.")):
        return (
            "Message (user) attribute name can only contain upper and lower score alphabetic, "
            "digits, periods, hyphens and underscores."
        )
    kind = str(value.get("DataType") or "")
    if not kind:
        return "The request must contain non-empty message (user) attribute type."
    match = _TYPE.fullmatch(kind)
    if not match:
        return (
            f"The type of message (user) attribute '{name}' is invalid. You must use only the "
            "following supported type prefixes: Binary, Number, String."
        )
    field = "BinaryValue" if match[1] == "Binary" else "StringValue"
    if not value.get(field):
        return (
            f"Message (user) attribute '{name}' must contain a non-empty value of type "
            f"'{match[1]}'."
        )
    return ""
