"""Move one dead letter, watch what becomes of it, and only then the rest.

A copy counts as processed once the queue it was sent to is empty and it is not among the
dead letters; it counts as returned when it is seen there again. Where other traffic keeps
the queue from running empty nobody can tell, and that is what is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    """Ids of copies by what became of them."""

    processed: tuple[str, ...]
    returned: tuple[str, ...]
    undecided: tuple[str, ...]
    waited_s: float

    @property
    def good(self) -> bool:
        """All were processed."""
        return not (self.returned or self.undecided)


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
    the watch with what is known.
    """
    control = control or Control()
    limit = timeout_s if timeout_s is not None else _all_attempts_s(targets)
    began = clock()
    quiet = 0
    before = _total(queues, dead_letters, control)
    now = before
    returned: tuple[str, ...] = ()
    while quiet < _QUIET and len(returned) < len(copies):
        waited = clock() - began
        if waited >= limit or not control.pause(poll_s):
            break
        if progress:
            progress(waited)
        empty = all(_total(queues, each, control) == 0 for each in targets)
        quiet = quiet + 1 if empty else 0
        now = _total(queues, dead_letters, control)
        if now > before:
            returned = _seen_again(queues, dead_letters, copies, clock)
            before = now
    if now <= _LOOKED_THROUGH:
        returned = _seen_again(queues, dead_letters, copies, clock)
    others = tuple(each for each in copies if each not in returned)
    gone = quiet >= _QUIET
    return Verdict(
        processed=others if gone else (),
        returned=returned,
        undecided=() if gone else others,
        waited_s=clock() - began,
    )


def _seen_again(
    queues: OpensQueues, dead_letters: Queue, copies: Sequence[str], clock: Clock
) -> tuple[str, ...]:
    """Which copies lie among the dead letters."""
    wanted = frozenset(copies)
    seen = peek(
        queues.open(_ref(dead_letters)),
        dead_letters,
        look=Look(limit=len(wanted), scan=_LOOKED_THROUGH, force=True),
        select=lambda message: message.message_id in wanted,
        clock=clock,
    )
    return tuple(each.message_id for each in seen.matched)


def _total(queues: OpensQueues, queue: Queue, control: Control) -> int:
    return patiently(lambda: queues.describe(_ref(queue)), control).approximate_total


def _ref(queue: Queue) -> QueueRef:
    return queue.ref


def _all_attempts_s(targets: Sequence[Queue]) -> float:
    return _SLACK_S + max(
        ((each.max_receive_count or 1) * each.visibility_timeout_s for each in targets),
        default=0,
    )
