"""What became of the messages of one run: processed, dead-lettered, or still on their way.

The counts come from the queue and its dead-letter queue, compared with what these held
before the run: ``processed`` is what was accepted and is in neither, so that the three add
up to what was accepted. The consumer's log is read beside it for the marks of ``bodies.Marks``:
where it shows every message of the run the counts are certain, and it tells how long each
stage took. A consumer that does not log what it gets leaves only the counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from sqsctl.model.queues import Queue, QueueRef
from sqsctl.model.transfer import Latency
from sqsctl.operations.following.log_sightings import Invocations, Sightings
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.retrying import patiently

POLL_S = 1.0
QUIET = 3  # looks in a row that have to find the queue empty: its figures are approximate
LOG_GRACE_S = 10.0  # how long the log may be behind the queue
SKEW = timedelta(seconds=5)
UNMARKED = "bodies that are no JSON objects carry no mark"


class DescribesQueues(Protocol):
    """QueueClient, or a fake."""

    def describe(self, queue: QueueRef) -> Queue: ...


@dataclass(frozen=True, slots=True)
class Held:
    """What the queues held: all messages of the queue, of the dead-letter queue (None: none)."""

    queued: int
    dead: int | None


@dataclass(frozen=True, slots=True)
class Fate:
    """``processed`` + ``dead_lettered`` + ``waiting`` is what was accepted.

    ``seen`` messages of the run were found in the consumer's log (None where their bodies
    could not be marked or the log could not be read). ``certain`` says whether the counts can
    be relied on, ``method`` how they came about. ``stages`` are durations: ``queue`` from
    sending to the consumer's start, ``consumer`` its duration, ``end-to-end`` both.
    ``dead_after_s``: how long after the end of sending the first and the last dead letter were
    there, as seen once a second.
    """

    accepted: int
    processed: int
    dead_lettered: int
    waiting: int
    timed_out: bool
    certain: bool
    method: str
    waited_s: float
    seen: int | None = None
    stages: tuple[tuple[str, Latency], ...] = ()
    invocations: Invocations | None = None
    dead_after_s: tuple[float, float] | None = None


def held(queues: DescribesQueues, queue: QueueRef, dead: QueueRef | None) -> Held:
    """What the two queues hold now, about."""
    return Held(
        queues.describe(queue).approximate_total,
        queues.describe(dead).approximate_total if dead else None,
    )


def follow(
    look: Callable[[], Held],
    before: Held,
    accepted: int,
    *,
    timeout_s: float,
    sightings: Sightings | None = None,
    marked: int | None = None,
    trouble: Callable[[], str | None] = lambda: None,
    unseen: str = UNMARKED,
    doubt: str | None = None,
    control: Control | None = None,
    progress: Callable[[Fate], None] | None = None,
    now: Callable[[], float] = time.monotonic,
) -> Fate:
    """Wait until none of the ``accepted`` messages is under way any more, or time is up.

    ``sightings`` is filled meanwhile by somebody else; ``marked`` of the messages carry a mark
    (default: all). ``unseen`` says why there are no sightings, ``doubt`` what makes the counts
    uncertain from the start. A stop ends the wait with what is known. Raises SqsctlError where
    the queues cannot be read.
    """
    control = control or Control()
    expected = accepted if marked is None else min(marked, accepted)
    began = now()
    quiet = 0
    empty_since: float | None = None
    died: tuple[float, float] | None = None
    dead_before = 0
    while True:
        current = patiently(look, control)
        waited = now() - began
        fate = _fate(before, current, accepted, waited)
        quiet = quiet + 1 if fate.waiting == 0 else 0
        empty_since = (empty_since if empty_since is not None else now()) if quiet else None
        if fate.dead_lettered > dead_before:
            died = (died[0] if died else waited, waited)
        dead_before = fate.dead_lettered
        if progress:
            progress(fate)
        caught_up = (
            sightings is None
            or trouble() is not None
            or sightings.count >= expected
            or fate.dead_lettered == accepted
            or (empty_since is not None and now() - empty_since >= LOG_GRACE_S)
        )
        done = quiet >= QUIET and caught_up
        if done or accepted == 0 or waited >= timeout_s or not control.pause(POLL_S):
            timed_out = fate.waiting > 0 and waited >= timeout_s
            fate = replace(fate, timed_out=timed_out, dead_after_s=died)
            if sightings is None:
                return _counted(fate, before, unseen, doubt)
            fate = replace(fate, stages=sightings.stages(), invocations=sightings.invocations())
            if (why := trouble()) is not None:
                said = f"the consumer's log could not be read: {why}"
                return _counted(fate, before, said, doubt)
            return _judged(replace(fate, seen=sightings.count), before, expected, doubt)


def _fate(before: Held, current: Held, accepted: int, waited_s: float) -> Fate:
    dead = max(0, (current.dead or 0) - (before.dead or 0))
    dead = min(dead, accepted)
    waiting = min(current.queued, accepted - dead)
    return Fate(accepted, accepted - dead - waiting, dead, waiting, False, False, "", waited_s)


def _figures(before: Held, doubt: str | None) -> list[str]:
    """What the counts rest on."""
    said = ["they are figures of the queue and its dead-letter queue"]
    if before.dead is None:
        said = ["they are figures of the queue, which has no dead-letter queue"]
    if before.queued:
        said.append(f"the queue held {before.queued} before, so others' messages may count as ours")
    return [*said, doubt] if doubt else said


def _counted(fate: Fate, before: Held, why: str, doubt: str | None) -> Fate:
    """The counts alone, without the consumer's log."""
    return replace(fate, method="; ".join([*_figures(before, doubt), why]))


def _judged(fate: Fate, before: Held, expected: int, doubt: str | None) -> Fate:
    """The counts, held against what the consumer's log showed."""
    seen = fate.seen or 0
    alone = before.queued == 0 and fate.waiting == 0
    if seen >= expected > 0:
        those = "each message" if expected == fate.accepted else f"each of the {expected} marked"
        told = f"{those} was seen in the consumer's log"
        certain = fate.waiting == 0 and (alone or expected == fate.accepted)
    elif seen:
        told = f"{seen} of them were seen in the consumer's log"
        certain = alone and seen >= fate.processed
    else:
        told = "the consumer's log does not name the messages"
        certain = alone and fate.dead_lettered == fate.accepted > 0
    method = "; ".join([*_figures(before, doubt), told])
    return replace(fate, certain=certain and doubt is None, method=method)
