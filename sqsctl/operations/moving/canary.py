"""Move one dead letter, watch what becomes of it, and only then the rest.

A copy counts as processed once the queue it was sent to is empty and it is not among the
dead letters; it counts as returned when it is seen there again. Where other traffic keeps
the queue from running empty nobody can tell, and that is what is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqsctl.errors import SqsctlError
from sqsctl.model.queues import QueueRef
from sqsctl.model.stack import Queue
from sqsctl.operations.dead_letters.peek import Look, peek
from sqsctl.operations.dead_letters.visibility_hold import Clock, steady
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.interfaces import OpensQueues
from sqsctl.operations.shared.retrying import patiently

_SLACK_S = 30.0
_LOOKED_THROUGH = 1000  # beyond that many dead letters only a growing number is a sign
_QUIET = 2  # looks in a row that have to agree: the counters are approximate


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ids of copies by what became of them.

    ``unwatched`` were sent, and nothing told their ids. ``trouble`` ended the watch.
    """

    processed: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    waited_s: float = 0.0
    unwatched: int = 0
    trouble: SqsctlError | None = None

    @property
    def good(self) -> bool:
        """Something was watched, and all of it was processed."""
        return bool(self.processed) and not (self.returned or self.undecided or self.unwatched)


def watch(
    queues: OpensQueues,
    dead_letters: Queue,
    targets: Sequence[Queue],
    copies: Sequence[str],
    *,
    control: Control | None = None,
    timeout_s: float | None = None,
    poll_s: float = 1.0,
    progress: Callable[[float], None] | None = None,
    clock: Clock = steady,
) -> Verdict:
    """Watch the copies (ids at the targets) until their fate is known or time is up.

    ``timeout_s`` None: as long as all attempts of the slowest target may take. A stop ends
    the watch with what is known, and so does an error: what was not seen is undecided.
    """
    limit = timeout_s if timeout_s is not None else _all_attempts_s(targets)
    run = _Watch(queues, dead_letters, targets, copies, control or Control(), clock)
    if not copies:
        return Verdict()
    return run.run(limit, poll_s, progress)


class _Watch:
    def __init__(
        self,
        queues: OpensQueues,
        dead_letters: Queue,
        targets: Sequence[Queue],
        copies: Sequence[str],
        control: Control,
        clock: Clock,
    ) -> None:
        self._queues = queues
        self._dead_letters = dead_letters
        self._targets = targets
        self._copies = copies
        self._control = control
        self._clock = clock
        self._quiet = 0
        self._returned: tuple[str, ...] = ()

    def run(self, limit: float, poll_s: float, progress: Callable[[float], None] | None) -> Verdict:
        began = self._clock()
        trouble: SqsctlError | None = None
        try:
            self._look(began + limit, poll_s, progress)
        except SqsctlError as error:
            trouble = error
        others = tuple(each for each in self._copies if each not in self._returned)
        gone = self._quiet >= _QUIET and trouble is None
        return Verdict(
            processed=others if gone else (),
            returned=self._returned,
            undecided=() if gone else others,
            waited_s=self._clock() - began,
            trouble=trouble,
        )

    def _look(self, until: float, poll_s: float, progress: Callable[[float], None] | None) -> None:
        began = self._clock()
        before = now = self._total(self._dead_letters)
        while self._quiet < _QUIET and len(self._returned) < len(self._copies):
            if self._clock() >= until or not self._control.pause(poll_s):
                break
            if progress:
                progress(self._clock() - began)
            empty = all(self._total(each) == 0 for each in self._targets)
            self._quiet = self._quiet + 1 if empty else 0
            now = self._total(self._dead_letters)
            if now > before:
                self._returned = self._seen_again()
                before = now
        if now <= _LOOKED_THROUGH:
            self._returned = self._seen_again()

    def _seen_again(self) -> tuple[str, ...]:
        """Which copies lie among the dead letters."""
        wanted = frozenset(self._copies)
        seen = peek(
            self._queues.open(self._dead_letters.ref),
            self._dead_letters,
            look=Look(limit=len(wanted), scan=_LOOKED_THROUGH, force=True),
            select=lambda message: message.message_id in wanted,
            clock=self._clock,
        )
        return tuple(each.message_id for each in seen.matched)

    def _total(self, queue: Queue) -> int:
        told = patiently(lambda: self._queues.describe(queue.ref), self._control)
        return told.approximate_total


def _ref(queue: Queue) -> QueueRef:
    return queue.ref


def _all_attempts_s(targets: Sequence[Queue]) -> float:
    return _SLACK_S + max(
        ((each.max_receive_count or 1) * each.visibility_timeout_s for each in targets),
        default=0,
    )
