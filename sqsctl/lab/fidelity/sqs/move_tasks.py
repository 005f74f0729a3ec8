"""StartMessageMoveTask, ListMessageMoveTasks and CancelMessageMoveTask.

Upstream has none of them. Rules and errors as recorded from AWS in
localstack/localstack's tests (tests/aws/services/sqs/test_sqs_move_task.py) and in the SQS
API reference: the source must be the dead-letter queue of another SQS queue, one active
task for each source, moved messages get a new id, send time and receive count, a cancel
undoes nothing, a task handle is shown only while the task runs, up to 10 recent tasks
are listed, at most 500 messages a second.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqsctl.lab.fidelity import authorization
from sqsctl.lab.fidelity.loop import LoopClosedError, on_loop
from sqsctl.lab.fidelity.sqs import limits as sqs_limits
from sqsctl.lab.fidelity.sqs import messages as sqs_messages

Queue = dict[str, Any]

FASTEST_PER_S = 500
KEPT = 10
ACTIVE_PER_ACCOUNT = 100
_BEGIN_S = 0.2  # so that a task can be seen running, as on AWS
_TURN_S = 0.05


@dataclass
class Task:
    """One move. ``to_move`` is counted at its start, ``moved`` as it goes."""

    source: str
    destination: str | None
    rate: int | None
    started_ms: int
    to_move: int
    identity: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "RUNNING"
    moved: int = 0
    reason: str = ""

    @property
    def handle(self) -> str:
        text = json.dumps({"taskId": self.identity, "sourceArn": self.source})
        return base64.b64encode(text.encode()).decode()

    @property
    def active(self) -> bool:
        return self.status in {"RUNNING", "CANCELLING"}


_tasks: list[Task] = []


def install() -> None:
    """Add the three actions, for both protocols that upstream answers."""
    from ministack.services import sqs

    sqs._HANDLERS["StartMessageMoveTask"] = start
    sqs._HANDLERS["ListMessageMoveTasks"] = list_tasks
    sqs._HANDLERS["CancelMessageMoveTask"] = cancel
    sqs._QUERY_COMPAT_CODES["UnsupportedOperation"] = "AWS.SimpleQueueService.UnsupportedOperation"
    reset = sqs.reset

    def reset_all() -> None:
        _tasks.clear()
        reset()

    sqs.reset = reset_all


def start(data: dict[str, Any], _url: str) -> dict[str, Any]:
    """Begin to move a dead-letter queue's messages to where they came from, or elsewhere."""
    from ministack.services import sqs

    arn = str(data.get("SourceArn") or "")
    source = _source(arn)
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        authorization.require(action, arn)
    if not sqs_limits.sources_of(source):
        raise sqs._Err(
            "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."
        )
    destination = data.get("DestinationArn")
    if destination:
        _destination(str(destination), source)
        authorization.require("sqs:SendMessage", str(destination))
    rate = data.get("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= int(rate) <= FASTEST_PER_S:
        raise sqs._Err(
            "InvalidParameterValue",
            f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: "
            f"Must be between 1 and {FASTEST_PER_S}, if provided.",
        )
    if any(task.active and task.source == arn for task in _tasks):
        raise sqs._Err(
            "InvalidParameterValue",
            "There is already a task running. Only one active task is allowed for a source "
            "queue arn at a given time.",
        )
    if sum(task.active for task in _tasks) >= ACTIVE_PER_ACCOUNT:
        raise sqs._Err(
            "OverLimit", "The maximum number of active message movement tasks is reached."
        )
    task = Task(
        source=arn,
        destination=str(destination) if destination else None,
        rate=int(rate) if rate is not None else None,
        started_ms=int(time.time() * 1000),
        to_move=sum(each["visible_at"] <= time.time() for each in source["messages"]),
    )
    _tasks.append(task)
    _forget(arn)
    threading.Thread(target=_run, args=(task,), name="sqsctl-move-task", daemon=True).start()
    return {"TaskHandle": task.handle}


def list_tasks(data: dict[str, Any], _url: str) -> dict[str, Any]:
    """The source's last tasks, the newest first."""
    from ministack.services import sqs

    arn = str(data.get("SourceArn") or "")
    _source(arn)
    count = int(data.get("MaxResults") or 1)
    if not 1 <= count <= KEPT:
        raise sqs._Err(
            "InvalidParameterValue",
            f"Value {count} for parameter MaxResults is invalid. Reason: Must be between 1 and "
            f"{KEPT}, if provided.",
        )
    found = [task for task in reversed(_tasks) if task.source == arn]
    return {"Results": [_entry(task) for task in found[:count]]}


def cancel(data: dict[str, Any], _url: str) -> dict[str, Any]:
    """Stop a running task. What it moved stays moved."""
    from ministack.services import sqs

    handle = str(data.get("TaskHandle") or "")
    try:
        content = json.loads(base64.b64decode(handle, validate=True))
        identity, arn = str(content["taskId"]), str(content["sourceArn"])
    except (ValueError, binascii.Error, KeyError, TypeError):
        raise sqs._Err(
            "InvalidParameterValue", "Value for parameter TaskHandle is invalid."
        ) from None
    _source(arn)
    task = next((each for each in _tasks if each.identity == identity), None)
    if task is None:
        raise sqs._Err("ResourceNotFoundException", "Task does not exist.", 404)
    if task.status != "RUNNING":
        raise sqs._Err(
            "UnsupportedOperation",
            "Only active tasks can be cancelled.",
        )
    task.status = "CANCELLING"
    return {"ApproximateNumberOfMessagesMoved": task.moved}


def _entry(task: Task) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Status": task.status,
        "SourceArn": task.source,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.started_ms,
    }
    if task.status == "RUNNING":
        entry["TaskHandle"] = task.handle
    if task.destination:
        entry["DestinationArn"] = task.destination
    if task.rate is not None:
        entry["MaxNumberOfMessagesPerSecond"] = task.rate
    if task.reason:
        entry["FailureReason"] = task.reason
    return entry


def _run(task: Task) -> None:
    rate = task.rate or FASTEST_PER_S
    try:
        time.sleep(_BEGIN_S)
        begun = time.monotonic()
        while task.status == "RUNNING" and task.moved < task.to_move:
            allowed = int((time.monotonic() - begun) * rate) + 1 - task.moved
            if allowed > 0 and not on_loop(partial(_move, task, min(allowed, 50))):
                break
            time.sleep(_TURN_S if allowed <= 0 else 0.001)
    except LoopClosedError:
        return
    if task.status == "CANCELLING":
        task.status = "CANCELLED"
    elif task.status == "RUNNING":
        task.status = "COMPLETED"


def _move(task: Task, count: int) -> bool:
    """Move some messages; False once there is nothing more to move."""
    from ministack.services import sqs

    source = sqs._queue_by_arn(task.source)
    if source is None:
        task.status, task.reason = "FAILED", "AWS.SimpleQueueService.NonExistentQueue"
        return False
    count = min(count, task.to_move - task.moved)
    for message in sqs_messages.collect(source, count, 30):
        arn = task.destination or message.get("sys", {}).get("DeadLetterQueueSourceArn")
        target = sqs._queue_by_arn(arn) if arn else None
        if target is None:
            message["visible_at"] = time.time()
            task.status = "FAILED"
            task.reason = (
                "AWS.SimpleQueueService.NonExistentQueue"
                if arn
                else "CouldNotDetermineMessageSource"
            )
            return False
        source["messages"].remove(message)
        target["messages"].append(_fresh(message, target))
        task.moved += 1
        count -= 1
    sqs.esm_wake.set()
    return count <= 0


def _fresh(message: dict[str, Any], target: Queue) -> dict[str, Any]:
    """The message as it arrives: a new id and send time, never received."""
    from ministack.services import sqs

    now = time.time()
    system = {
        key: value
        for key, value in message.get("sys", {}).items()
        if key != "DeadLetterQueueSourceArn"
    }
    moved = {
        key: value for key, value in message.items() if key not in {"arrived_at", "enqueued_at"}
    }
    moved |= {
        "id": str(uuid.uuid4()),
        "receipt_handle": None,
        "sent_at": now,
        "visible_at": now + sqs.queue_delay(target),
        "receive_count": 0,
        "first_receive_at": None,
        "sys": system | {"SentTimestamp": str(int(now * 1000))},
    }
    if target.get("is_fifo"):
        moved["seq"] = sqs_messages.next_sequence(target)
    return moved


def _source(arn: str) -> Queue:
    from ministack.services import sqs

    queue: Queue | None = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err(
            "ResourceNotFoundException",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
            404,
        )
    return queue


def _destination(arn: str, source: Queue) -> Queue:
    from ministack.services import sqs

    queue: Queue | None = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err(
            "ResourceNotFoundException",
            "The resource that you specified for the DestinationArn parameter doesn't exist.",
            404,
        )
    if queue["is_fifo"] != source["is_fifo"]:
        raise sqs._Err(
            "InvalidParameterValue",
            "The destination queue must be of the same type as the source queue.",
        )
    if queue is source:
        raise sqs._Err(
            "InvalidParameterValue", "Source queue arn and destination queue arn must be different."
        )
    return queue


def _forget(arn: str) -> None:
    """Keep the source's last tasks only."""
    old = [task for task in _tasks if task.source == arn][:-KEPT]
    for task in old:
        _tasks.remove(task)
