"""Delete chosen messages from a queue; all others stay, and are handed back.

Each is deleted right after it was received, while its receipt handle is fresh. A deletion
of which nobody knows whether it happened is tried again: deleting twice is harmless.
There is no way back; asking is the caller's duty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Message
from sqsctl.model.outcome import BatchResult
from sqsctl.model.queues import Queue
from sqsctl.model.transfer import FailedMove
from sqsctl.operations.dead_letters.handle_file import HandleFile
from sqsctl.operations.dead_letters.queue_end import QueueEnd
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.dead_letters.survey import EMPTY_POLLS, Look, refuse_to_look
from sqsctl.operations.dead_letters.visibility_hold import BATCH, Clock, steady
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import RetryPolicy
from sqsctl.operations.shared.id_set import IdSet
from sqsctl.operations.shared.interfaces import HandsOutMessages
from sqsctl.operations.shared.retrying import received

_HOLD_S = 120
LAPSED = "its visibility timeout was over before it was deleted: it may be there again"
NO_SUCH_HANDLE = ("ReceiptHandleIsInvalid", "InvalidParameterValue")


@dataclass(frozen=True, slots=True)
class Removed:
    """``deleted`` are gone; ``failures`` stayed, or may have stayed, and why.

    ``exhausted``: the queue had nothing more to show; otherwise the limit ended the run, or
    somebody did. ``unreleased`` of those that stay come back by themselves only.
    """

    queue: Queue
    deleted: int
    looked_at: int
    exhausted: bool
    interrupted: bool
    failures: tuple[FailedMove, ...] = ()
    unreleased: int = 0


def remove(
    queue: HandsOutMessages,
    facts: Queue,
    select: Select,
    *,
    limit: int | None = None,
    control: Control | None = None,
    progress: Callable[[int, int], None] | None = None,
    policy: RetryPolicy | None = None,
    clock: Clock = steady,
) -> Removed:
    """Delete the messages that ``select`` wants, ``limit`` at most.

    ``progress`` gets how many were looked at and how many deleted. Raises RefusedError where
    a look could dead-letter what is not deleted.
    """
    refuse_to_look(facts, Look())
    control = control or Control()
    run = _Removal(queue, select, limit, control, policy or RetryPolicy())
    with HandleFile(queue, _HOLD_S, clock=clock) as handles:
        try:
            run.run(handles, progress, clock)
        finally:
            unreleased = handles.release()
    return Removed(
        queue=facts,
        deleted=run.deleted,
        looked_at=len(run.seen),
        exhausted=run.exhausted,
        interrupted=control.stopping,
        failures=tuple(run.failures.values()),
        unreleased=unreleased,
    )


class _Removal:
    def __init__(
        self,
        queue: HandsOutMessages,
        select: Select,
        limit: int | None,
        control: Control,
        policy: RetryPolicy,
    ) -> None:
        self._queue = queue
        self._select = select
        self._limit = limit
        self._control = control
        self._policy = policy
        self.seen = IdSet()
        self.deleted = 0
        self.failures: dict[str, FailedMove] = {}
        self._chosen = IdSet()
        self._end = QueueEnd(EMPTY_POLLS)

    @property
    def exhausted(self) -> bool:
        return self._end.exhausted

    def run(
        self, handles: HandleFile, progress: Callable[[int, int], None] | None, clock: Clock
    ) -> None:
        while not self._control.stopping and self._left() > 0:
            asked_at = clock()
            receive = partial(self._queue.receive, BATCH, wait_s=1, visibility_s=handles.seconds)
            batch = received(receive, self._control, self._policy)
            new = [each for each in batch if self.seen.add(each.message_id)]
            wanted = self._back_again(batch)
            wanted += [each for each in new if self._select(each)][: self._left() - len(wanted)]
            chosen = {each.message_id for each in wanted}
            for key in chosen:
                self._chosen.add(key)
            until = asked_at + handles.seconds
            handles.add([each for each in batch if each.message_id not in chosen], until)
            try:
                # What cannot be deleted stays hidden as well, or it would come again and again.
                stayed = self._delete(wanted)
                handles.add(stayed, until)
            except SqsctlError:
                handles.add(wanted, until)
                raise
            if clock() >= until:
                self._doubt(wanted, stayed)
            handles.tend()
            if self._end.reached(len(batch), len(new), len(self.seen)):
                return
            if progress:
                progress(len(self.seen), self.deleted)

    def _back_again(self, batch: Sequence[Message]) -> list[Message]:
        """What was chosen before and is still there: it was deleted with a handle that had lapsed,
        which SQS accepts, or it could not be deleted."""
        back = [each for each in batch if each.message_id in self._chosen]
        for each in back:
            if self.failures.pop(each.message_id, None) is None:
                self.deleted -= 1
        return back

    def _doubt(self, tried: Sequence[Message], stayed: Sequence[Message]) -> None:
        """What was deleted after its visibility timeout may be there: this machine slept."""
        for each in tried:
            if each not in stayed:
                self.deleted -= 1
                self.failures[each.message_id] = FailedMove(each.message_id, LAPSED)

    def _left(self) -> int:
        done = self.deleted + len(self.failures)
        return BATCH if self._limit is None else self._limit - done

    def _delete(self, messages: Sequence[Message]) -> list[Message]:
        """Delete them; those that were not."""
        left = list(messages)
        failed: dict[str, tuple[Message, str]] = {}
        unsure: set[str] = set()
        for attempt in range(1, self._policy.attempts + 1):
            if not left or (attempt > 1 and not self._pause(attempt - 1)):
                break
            result = self._answer(left)
            self.deleted += len(result.accepted)
            again = [left[place] for place in result.unknown]
            for each in result.rejected:
                message = left[each.index]
                if message.message_id in unsure and each.code.endswith(NO_SUCH_HANDLE):
                    self.deleted += 1  # the first try got through, only its answer was lost
                elif each.sender_fault:
                    failed[message.message_id] = (message, each.message or each.code)
                else:
                    again.append(message)
            unsure.update(left[place].message_id for place in result.unknown)
            left = again
        failed.update({each.message_id: (each, "no answer was had") for each in left})
        self.failures |= {key: FailedMove(key, reason) for key, (_, reason) in failed.items()}
        return [message for message, _ in failed.values()]

    def _answer(self, messages: Sequence[Message]) -> BatchResult:
        try:
            return self._queue.delete(messages)
        except SqsctlError as error:
            if error.exit is not Exit.UNAVAILABLE:
                raise
            return BatchResult(unknown=tuple(range(len(messages))), unknown_reason=error.message)

    def _pause(self, attempt: int) -> bool:
        return self._control.pause(self._policy.pause_s(attempt))
