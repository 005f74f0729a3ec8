"""SQS's own redrive: started here, run there.

It moves everything unchanged to where it came from (or to one queue), at most 500
messages a second, one task per queue; it cannot select. Stopping the program does not
stop the task: it detaches, and says so. A cancelled task leaves what it moved where it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.queues import MoveTask, Queue
from sqsctl.model.transfer import RedriveProgress, RedriveSummary
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.counts import remaining
from sqsctl.operations.shared.delivery import RetryPolicy
from sqsctl.operations.shared.interfaces import KnowsQueues, MoveTasks
from sqsctl.operations.shared.retrying import patiently

# Clocks of SQS and of this machine may differ; no two tasks of a queue overlap anyway.
_CLOCK_SKEW = timedelta(seconds=30)
_APPEARS_WITHIN = 10


def offers_native(tasks: MoveTasks, source_arn: str) -> bool:
    """Whether the endpoint has move tasks at all, and the identity may list them."""
    try:
        tasks.tasks(source_arn)
    except SqsctlError as error:
        if error.code in {"unsupported", "access_denied", "not_a_dead_letter_queue"}:
            return False
        raise
    return True


def redrive_native(
    queues: KnowsQueues,
    tasks: MoveTasks,
    source: Queue,
    *,
    to: Queue | None = None,
    rate: int | None = None,
    control: Control | None = None,
    progress: Callable[[RedriveProgress], None] | None = None,
    policy: RetryPolicy | None = None,
    poll_s: float = 1.0,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    command: str = "sqsctl dlq tasks",
) -> RedriveSummary:
    """Start a move task on ``source`` and follow it to its end.

    ``command`` is what to type to see the task.
    ``to`` None: each message goes back to where it came from. A stop detaches. Raises
    SqsctlError, code ``task_running``, where somebody else's task is under way.
    """
    control = control or Control()
    policy = policy or RetryPolicy()
    began = time.monotonic()
    handle = _started(tasks, source, to, rate, now(), control, poll_s)
    task = _followed(tasks, source, control, progress, policy, poll_s)
    left = remaining(queues, source)
    moved = task.moved if task else 0
    total = (task.to_move if task else None) or moved
    ended = task is not None and not task.running
    notes = []
    if task is not None and task.failure:
        notes.append(f"SQS says: {task.failure}")
    if not ended:
        notes.append(f"detached: SQS goes on moving; {command} shows it, --cancel ends it")
    return RedriveSummary(
        method="native",
        selected=total,
        moved=moved,
        failed=max(0, total - moved) if ended else 0,
        remaining=left,
        interrupted=control.stopping,
        detached=not ended,
        duration_s=time.monotonic() - began,
        task_handle=handle,
        notes=tuple(notes),
    )


def _started(
    tasks: MoveTasks,
    source: Queue,
    to: Queue | None,
    rate: int | None,
    asked_at: datetime,
    control: Control,
    poll_s: float,
) -> str | None:
    """Start the task once. After a lost answer, find the task that was started."""
    try:
        return tasks.start(source.arn, destination_arn=to.arn if to else None, rate=rate)
    except SqsctlError as error:
        if error.exit is not Exit.UNAVAILABLE or error.code == "throttled":
            raise
        for _ in range(_APPEARS_WITHIN):
            for task in tasks.tasks(source.arn):
                if task.started_at and task.started_at >= asked_at - _CLOCK_SKEW:
                    return task.handle
            if not control.pause(poll_s):
                break
        raise


def _followed(
    tasks: MoveTasks,
    source: Queue,
    control: Control,
    progress: Callable[[RedriveProgress], None] | None,
    policy: RetryPolicy,
    poll_s: float,
) -> MoveTask | None:
    """The task as it was last seen; still running where a stop ended the watch."""
    unseen = 0
    while True:
        known = patiently(lambda: tasks.tasks(source.arn), control, policy)
        task = known[0] if known else None
        if task and progress:
            progress(RedriveProgress(task.to_move or 0, task.moved, 0))
        if task and not task.running:
            return task
        unseen = 0 if task else unseen + 1
        if unseen == _APPEARS_WITHIN or not control.pause(poll_s):
            return task
