"""Send copies of a queue's messages elsewhere; the queue keeps them all.

Everything that was looked at stays hidden until the end, so that nothing is copied twice in one
run, and is then handed back. There is no journal: nothing is deleted, and a second run copies
again. Entries of which nobody knows whether they arrived are listed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Message, Outgoing
from sqsctl.model.queues import Queue
from sqsctl.model.transfer import FailedMove, RedriveProgress, RedriveSummary
from sqsctl.operations.dead_letters.selection import Select
from sqsctl.operations.dead_letters.survey import Look, survey
from sqsctl.operations.dead_letters.visibility_hold import Clock, steady
from sqsctl.operations.moving.destinations import Destination, Destinations, addressed
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.counts import remaining
from sqsctl.operations.shared.delivery import BATCH, RetryPolicy, deliver, pack
from sqsctl.operations.shared.interfaces import OpensQueues
from sqsctl.operations.shared.rate_limit import Limiter
from sqsctl.operations.shared.validation import MAX_BYTES, problem

_HOLD_S = 120
MAX_KEPT = 1000


def copy_messages(
    queues: OpensQueues,
    source: Queue,
    destinations: Destinations,
    *,
    limit: int | None = None,
    rate: float | None = None,
    select: Select | None = None,
    control: Control | None = None,
    progress: Callable[[RedriveProgress], None] | None = None,
    policy: RetryPolicy | None = None,
    clock: Clock = steady,
) -> RedriveSummary:
    """Copy the messages that ``select`` wants (all, without one), ``limit`` at most.

    In the summary ``moved`` counts what was copied; ``remaining`` is what the queue holds, which
    is everything. Raises SqsctlError where no further send has a point.
    """
    began = time.monotonic()
    control = control or Control()
    run = _Copying(source, destinations, control, policy or RetryPolicy(), Limiter(rate))

    def visit(message: Message) -> None:
        run.take(message)
        if progress:
            progress(RedriveProgress(source.approximate_total, run.copied, len(run.failures)))

    seen = survey(
        queues.open(source.ref),
        source,
        visit,
        # It moves nothing, but on a queue with a redrive policy a look counts as a receive.
        look=Look(limit=limit or 0, hold_s=_HOLD_S),
        select=select,
        control=control,
        clock=clock,
    )
    run.flush()
    return RedriveSummary(
        method="client",
        selected=seen.wanted,
        moved=run.copied,
        failed=run.failed,
        remaining=remaining(queues, source),
        possible_duplicates=tuple(run.doubtful),
        skipped=seen.looked_at - seen.wanted,
        interrupted=control.stopping,
        failures=tuple(run.failures),
        duration_s=time.monotonic() - began,
        notes=("the originals are where they were",),
        acceptances=tuple(run.acceptances),
        kept=True,
    )


class _Copying:
    """Collects messages and sends them in batches, in order."""

    def __init__(
        self,
        source: Queue,
        destinations: Destinations,
        control: Control,
        policy: RetryPolicy,
        limiter: Limiter,
    ) -> None:
        self._source = source
        self._destinations = destinations
        self._control = control
        self._policy = policy
        self._limiter = limiter
        self._waiting: list[tuple[Message, Outgoing, Destination]] = []
        self._fallen: set[str] = set()  # FIFO groups with a message that could not be sent
        self.copied = 0
        self.failed = 0
        self.failures: list[FailedMove] = []
        self.doubtful: list[str] = []
        self.acceptances: list[tuple[str, str]] = []

    def take(self, message: Message) -> None:
        """Copy this one, with others, when there is a batch of them."""
        try:
            if message.damaged:
                raise SqsctlError("its body is not the one that its checksum is of")
            destination = self._destinations.of(message)
            outgoing = addressed(
                message, destination.outgoing(message), self._source.arn, destination
            )
            facts = destination.queue
            trouble = problem(outgoing, fifo=facts.fifo, max_bytes=facts.maximum_message_bytes)
            if trouble:
                raise SqsctlError(trouble)
        except SqsctlError as error:
            if error.exit in {Exit.DENIED, Exit.UNAVAILABLE}:
                raise
            self._stays(message, error.message)
            return
        if self._waiting and self._waiting[-1][2].queue.arn != destination.queue.arn:
            self.flush()
        self._waiting.append((message, outgoing, destination))
        if len(self._waiting) == BATCH:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        waiting, self._waiting = self._waiting, []
        start = 0
        for packed in pack([each[1] for each in waiting], max_bytes=MAX_BYTES):
            part = waiting[start : start + len(packed)]
            start += len(packed)
            for wave in self._waves(part):
                self._send(wave)

    def _waves(
        self, part: list[tuple[Message, Outgoing, Destination]]
    ) -> Iterable[list[tuple[Message, Outgoing, Destination]]]:
        """At once on standard queues; on FIFO one by one, so that a group stops at its gap."""
        if not part[0][2].queue.fifo:
            yield part
            return
        for each in part:
            if each[0].group_id in self._fallen:
                self._stays(each[0], "a message before it in its group could not be sent")
            else:
                yield [each]

    def _send(self, part: list[tuple[Message, Outgoing, Destination]]) -> None:
        if not self._limiter.wait(len(part), self._control):
            return
        result = deliver(
            part[0][2].port,
            [each[1] for each in part],
            control=self._control,
            policy=self._policy,
        )
        self.copied += len(result.accepted)
        for accepted in result.accepted:
            if len(self.acceptances) < MAX_KEPT:
                key = part[accepted.index][0].message_id
                self.acceptances.append((key, accepted.message_id))
        self.doubtful += [part[place][0].message_id for place in result.doubtful]
        for rejected in result.rejected:
            self._stays(part[rejected.index][0], f"{rejected.code}: {rejected.message}")
        for place in result.unknown:
            self.doubtful.append(part[place][0].message_id)
            self._stays(part[place][0], f"nobody can say whether it arrived: {result.reason}")
        if result.error:
            raise result.error

    def _stays(self, message: Message, reason: str) -> None:
        self.failed += 1
        if message.group_id is not None:
            self._fallen.add(message.group_id)
        if len(self.failures) < MAX_KEPT:
            self.failures.append(FailedMove(message.message_id, reason))
