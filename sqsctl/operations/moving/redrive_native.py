"""SQS's own redrive: started here, run there.

It moves everything unchanged to where it came from (or to one queue), at most 500
messages a second, one task per queue; it cannot select. Stopping the program does not
stop the task: it detaches, and says so. A cancelled task leaves what it moved where it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.queues import MoveTask, Queue
from sqsctl.model.transfer import RedriveProgress, RedriveSummary
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.counts import remaining
from sqsctl.operations.shared.delivery import RetryPolicy
from sqsctl.operations.shared.interfaces import KnowsQueues, MoveTasks
from sqsctl.operations.shared.retrying import patiently

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
    watch = _Task(tasks, source, control, policy, poll_s)
    handle = watch.start(to, rate)
    trouble = watch.follow(progress)
    task = watch.seen
    left = remaining(queues, source)
    moved = task.moved if task else 0
    total = (task.to_move if task else None) or moved
    deleted = trouble is not None and trouble.exit is Exit.NOT_FOUND
    ended = deleted or (task is not None and not task.running)
    notes = []
    if task is not None and task.failure:
        notes.append(f"SQS says: {task.failure}")
    if task is not None and not task.running and task.status != "COMPLETED":
        notes.append(f"the task was {task.status.lower()}: what it moved stays moved")
    if deleted:
        notes.append(f"{source.name} was deleted meanwhile, with what was still in it")
    elif trouble is not None:
        notes.append(f"the task could not be followed: {trouble.message}")
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
        task_status=task.status if task else "",
        notes=tuple(notes),
    )


class _Task:
    """One task among those that the queue has had. No clock tells it: it was not there before."""

    def __init__(
        self,
        tasks: MoveTasks,
        source: Queue,
        control: Control,
        policy: RetryPolicy,
        poll_s: float,
    ) -> None:
        self._tasks = tasks
        self._source = source
        self._control = control
        self._policy = policy
        self._poll_s = poll_s
        self._before: frozenset[datetime | None] = frozenset()
        self.seen: MoveTask | None = None

    def start(self, to: Queue | None, rate: int | None) -> str | None:
        """Start it once. After a lost answer, find the task that was started."""
        self._before = frozenset(each.started_at for each in self._listed())
        destination = to.arn if to else None
        try:
            return self._tasks.start(self._source.arn, destination_arn=destination, rate=rate)
        except SqsctlError as error:
            if error.exit is not Exit.UNAVAILABLE or error.code == "throttled":
                raise
            for _ in range(_APPEARS_WITHIN):
                found = self._mine()
                if found is not None:
                    return found.handle
                if not self._control.pause(self._poll_s):
                    break
            raise

    def follow(self, progress: Callable[[RedriveProgress], None] | None) -> SqsctlError | None:
        """Until it ended, a stop, or an error, which is returned: the task goes on without us."""
        unseen = 0
        while True:
            try:
                task = self._mine()
            except SqsctlError as error:
                return error
            self.seen = task or self.seen
            if task and progress:
                progress(RedriveProgress(task.to_move or 0, task.moved, 0))
            if task and not task.running:
                return None
            unseen = 0 if task else unseen + 1
            if unseen == _APPEARS_WITHIN or not self._control.pause(self._poll_s):
                return None

    def _mine(self) -> MoveTask | None:
        return next((each for each in self._listed() if each.started_at not in self._before), None)

    def _listed(self) -> tuple[MoveTask, ...]:
        return patiently(lambda: self._tasks.tasks(self._source.arn), self._control, self._policy)
