"""Receiving, deleting and dead-lettering of messages, with receipts that mean something.

Upstream hands out random receipts and refuses any but the newest; on AWS deleting with
an outdated one succeeds on a standard queue (and may delete nothing), and is refused on
a FIFO queue once it has expired. Upstream's FIFO dead-letter queue keeps the
deduplication id and sequence number; on AWS the message id becomes the deduplication
id. Upstream goes through the whole queue several times for each call.
Sources: SQS API reference, DeleteMessage ("if you don't use the most recent receipt
handle, the request succeeds, but the message might not be deleted"),
ChangeMessageVisibility; SQS developer guide, "Using dead-letter queues" and "FIFO delivery
logic"; errors as recorded from AWS in localstack/localstack's SQS tests.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

Queue = dict[str, Any]
Message = dict[str, Any]

DEDUPLICATION_PRUNED_EVERY_S = 5.0

_counted: Callable[[Queue, str, float], None] | None = None


def install(counted: Callable[[Queue, str, float], None]) -> None:
    """Replace upstream's handlers. ``counted(queue, metric, value)`` hears of what happens."""
    global _counted  # noqa: PLW0603 - one emulator a process
    _counted = counted
    from ministack.services import sqs

    prune = sqs._prune_dedup

    def prune_dedup(queue: Queue) -> None:
        # Upstream rebuilds the whole cache for each message that is sent.
        now = time.time()
        if now - queue.get("pruned_at", 0.0) >= DEDUPLICATION_PRUNED_EVERY_S:
            queue["pruned_at"] = now
            prune(queue)
        else:
            for key in [each for each, entry in _oldest(queue) if entry["expire"] <= now]:
                del queue["dedup_cache"][key]

    sqs._prune_dedup = prune_dedup
    sqs._dlq_sweep = sweep
    sqs._collect_msgs = collect
    sqs._HANDLERS["DeleteMessage"] = _delete_message
    sqs._HANDLERS["DeleteMessageBatch"] = _delete_batch
    sqs._HANDLERS["ChangeMessageVisibility"] = _change_visibility
    sqs._HANDLERS["ChangeMessageVisibilityBatch"] = _change_batch


def collect(queue: Queue, count: int, visibility_s: int) -> list[Message]:
    """Take up to ``count`` visible messages: each gets a receipt and is hidden."""
    from ministack.services import sqs

    now = time.time()
    taken: list[Message] = []
    blocked = _busy_groups(queue, now) if queue["is_fifo"] else set()
    for message in queue["messages"]:
        if len(taken) == count:
            break
        if message["visible_at"] > now:
            continue
        group = message.get("group_id")
        if queue["is_fifo"] and group in blocked:
            continue
        sqs._ensure_msg_fields(message)
        message["receipt_handle"] = _receipt(queue, message)
        message["visible_at"] = now + visibility_s
        message["receive_count"] += 1
        message["first_receive_at"] = message.get("first_receive_at") or now
        taken.append(message)
    if _counted:
        if taken:
            _counted(queue, "NumberOfMessagesReceived", len(taken))
        else:
            _counted(queue, "NumberOfEmptyReceives", 1)
    return taken


def sweep(queue: Queue) -> None:
    """Move what was received too often, and is visible again, to the dead-letter queue."""
    from ministack.services import sqs

    policy = queue["attributes"].get("RedrivePolicy")
    if not policy:
        return
    try:
        parsed = json.loads(policy)
        limit = int(parsed["maxReceiveCount"])
        target = sqs._queue_by_arn(parsed["deadLetterTargetArn"])
    except (ValueError, TypeError, KeyError):
        return
    if target is None or not _may_dead_letter(target, queue):
        return
    now = time.time()
    dead = [
        message
        for message in queue["messages"]
        if message["visible_at"] <= now and message["receive_count"] >= limit
    ]
    if not dead:
        return
    gone = {id(message) for message in dead}
    queue["messages"][:] = [each for each in queue["messages"] if id(each) not in gone]
    for message in dead:
        _dead_letter(message, queue, target, now)
    sqs.esm_wake.set()


def delete(queue: Queue, receipt: str) -> None:
    """Delete by receipt; raises upstream's ``_Err`` as AWS words it."""
    from ministack.services import sqs

    identity = _message_id(queue, receipt)
    for index, message in enumerate(queue["messages"]):
        if message["id"] != identity:
            continue
        current = message.get("receipt_handle") == receipt
        if queue["is_fifo"] and (not current or message["visible_at"] <= time.time()):
            raise sqs._Err(
                "InvalidParameterValue",
                f"Value {receipt} for parameter ReceiptHandle is invalid. Reason: The receipt "
                "handle has expired.",
            )
        if current:  # with an outdated receipt it stays: somebody else has it now
            del queue["messages"][index]
            if _counted:
                _counted(queue, "NumberOfMessagesDeleted", 1)
        return


def change_visibility(queue: Queue, receipt: str, seconds: int) -> None:
    """Hide a message that one holds for so many seconds from now."""
    from ministack.services import sqs

    if not 0 <= seconds <= 43_200:
        raise sqs._Err(
            "InvalidParameterValue",
            f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be "
            "between 0 and 43200, if provided.",
        )
    identity = _message_id(queue, receipt)
    now = time.time()
    for message in queue["messages"]:
        if message["id"] != identity:
            continue
        if message.get("receipt_handle") != receipt:
            break
        if message["visible_at"] <= now:
            raise sqs._Err("MessageNotInflight", "The message is not in flight.")
        message["visible_at"] = now + seconds
        if seconds == 0:
            sqs.esm_wake.set()
        return
    raise sqs._Err(
        "InvalidParameterValue",
        f"Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does not "
        "exist or is not available for visibility timeout change.",
    )


def next_sequence(queue: Queue) -> str:
    """The next sequence number of a FIFO queue."""
    queue["fifo_seq"] = int(queue.get("fifo_seq", 0)) + 1
    return str(queue["fifo_seq"]).zfill(20)


def _dead_letter(message: Message, source: Queue, target: Queue, now: float) -> None:
    moved = dict(message)
    moved["receipt_handle"] = None
    moved["visible_at"] = now
    arn = source["attributes"].get("QueueArn", "")
    moved["sys"] = {**message.get("sys", {}), "DeadLetterQueueSourceArn": arn}
    if target.get("is_fifo"):
        moved["enqueued_at"] = now
        moved["dedup_id"] = message["id"]
        moved["seq"] = next_sequence(target)
    # From here on its age counts from the move (ApproximateAgeOfOldestMessage).
    moved["arrived_at"] = now
    target["messages"].append(moved)


def _may_dead_letter(target: Queue, source: Queue) -> bool:
    """Whether the dead-letter queue's RedriveAllowPolicy takes messages of this source."""
    text = target["attributes"].get("RedriveAllowPolicy")
    if not text:
        return True
    try:
        policy = json.loads(text)
    except ValueError:
        return True
    permission = policy.get("redrivePermission", "allowAll")
    if permission == "byQueue":
        return source["attributes"].get("QueueArn") in policy.get("sourceQueueArns", [])
    return bool(permission != "denyAll")


def _busy_groups(queue: Queue, now: float) -> set[str]:
    return {
        message["group_id"]
        for message in queue["messages"]
        if message["visible_at"] > now and message["receive_count"] > 0
    }


def _oldest(queue: Queue) -> list[tuple[str, Any]]:
    # Entries are in the order in which they were sent, so the first ones expire first.
    return [pair for _, pair in zip(range(16), queue["dedup_cache"].items(), strict=False)]


def _receipt(queue: Queue, message: Message) -> str:
    arn = queue["attributes"].get("QueueArn", "")
    text = f"{uuid.uuid4()} {arn} {message['id']} {time.time()}"
    return base64.b64encode(text.encode()).decode()


def _message_id(queue: Queue, receipt: str) -> str:
    from ministack.services import sqs

    try:
        _, arn, identity, _ = base64.b64decode(receipt, validate=True).decode().split(" ")
    except (ValueError, binascii.Error):
        arn = identity = ""
    if not identity or arn != queue["attributes"].get("QueueArn"):
        raise sqs._Err(
            "ReceiptHandleIsInvalid",
            f'The input receipt handle "{receipt}" is not a valid receipt handle.',
        )
    return identity


def _delete_message(data: dict[str, Any], url: str) -> dict[str, Any]:
    from ministack.services import sqs

    delete(sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage"), _required(data))
    return {}


def _change_visibility(data: dict[str, Any], url: str) -> dict[str, Any]:
    from ministack.services import sqs

    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:ChangeMessageVisibility")
    change_visibility(queue, _required(data), int(data.get("VisibilityTimeout", 30)))
    return {}


def _delete_batch(data: dict[str, Any], url: str) -> dict[str, Any]:
    from ministack.services import sqs

    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
    return _each(
        data, "DeleteMessageBatchRequestEntry", lambda entry: delete(queue, _required(entry))
    )


def _change_batch(data: dict[str, Any], url: str) -> dict[str, Any]:
    from ministack.services import sqs

    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:ChangeMessageVisibility")
    return _each(
        data,
        "ChangeMessageVisibilityBatchRequestEntry",
        lambda entry: change_visibility(
            queue, _required(entry), int(entry.get("VisibilityTimeout", 30))
        ),
    )


def _each(data: dict[str, Any], kind: str, act: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    from ministack.services import sqs

    entries = data.get("Entries", [])
    sqs._validate_batch_entries(entries, kind)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            act(entry)
        except sqs._Err as error:
            failed.append(
                {
                    "Id": entry["Id"],
                    "Code": error.code,
                    "Message": error.message,
                    "SenderFault": True,
                }
            )
        else:
            done.append({"Id": entry["Id"]})
    return {"Successful": done, "Failed": failed} if failed else {"Successful": done}


def _required(data: dict[str, Any]) -> str:
    from ministack.services import sqs

    receipt = str(data.get("ReceiptHandle") or "")
    if not receipt:
        raise sqs._Err("MissingParameter", "The request must contain the parameter ReceiptHandle.")
    return receipt
