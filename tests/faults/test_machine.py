"""A machine that does anything in any order: the total-queue invariant holds throughout.

Sends, redrives that meet faults, crashes at any call, resumes, time that passes, a consumer
that works and one that fails back: every message that was put in is somewhere exactly as
often as was told.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sqsctl.errors import RefusedError, SqsctlError
from sqsctl.model.message import Outgoing
from sqsctl.operations.moving import journal as journals
from sqsctl.operations.moving.redrive import Redrive, RedriveStoppedError, redrive
from sqsctl.operations.shared.delivery import RetryPolicy
from tests.operations.fakes import (
    FakeQueue,
    FakeSqs,
    Fault,
    arn_of,
    entry_fails,
    expired,
    lost_answer,
    lost_request,
    raises,
    raises_after,
    throttled,
    unavailable,
)

QUICK = RetryPolicy(attempts=3, base_s=0.0001, cap_s=0.0002)
OPERATIONS = ("receive", "send", "delete", "hide")


class KilledError(BaseException):
    """kill -9, as far as a test within one process can have it."""


def killed(applied: bool) -> Fault:
    def fault(call: object, size: int) -> object:
        if applied:
            call()  # type: ignore[operator]
        raise KilledError

    return fault


FAULTS = {
    "send": ["fine", "throttled", "lost answer", "lost request", "entry", "refused", "expired"],
    "receive": ["fine", "unavailable", "unavailable after", "expired"],
    "delete": ["fine", "throttled", "lost answer", "lost request", "expired"],
    "hide": ["fine", "lost answer", "unavailable"],
}


class Redriving(RuleBasedStateMachine):
    """One pair of queues and everything that may happen to it."""

    @initialize(fifo=st.booleans())
    def start(self, fifo: bool) -> None:
        ending = ".fifo" if fifo else ""
        self.fifo = fifo
        self.folder = Path(tempfile.mkdtemp())
        self.sqs = FakeSqs()
        self.dead = self.sqs.create(f"jobs-dlq{ending}")
        self.main = self.sqs.create(f"jobs{ending}", dead_letters=f"jobs-dlq{ending}")
        self.put: Counter[str] = Counter()
        self.processed: Counter[str] = Counter()
        self.told: set[str] = set()
        self.ids: dict[str, str] = {}
        self.number = 0

    def teardown(self) -> None:
        """In the end somebody runs it until nothing is left."""
        if not hasattr(self, "folder"):
            return
        try:
            self.main.faults.clear()
            self.dead.faults.clear()
            for _ in range(20):
                self._run(Redrive(concurrency=1, hold_s=30, wait_s=5))
                if not self.dead.stored:
                    break
                self.sqs.clock.advance(31)
            assert not self.dead.stored, "a message never moves"
            assert not journals.unfinished(self.folder, self._identity)
            self.nothing_is_lost_or_made_up()
            self.once_the_source_is_settled_every_duplicate_was_told()
        finally:
            shutil.rmtree(self.folder)

    @rule(count=st.integers(min_value=1, max_value=15))
    def dead_letters_arrive(self, count: int) -> None:
        for _ in range(count):
            body = f"m{self.number}"
            self.number += 1
            group = f"g{self.number % 2}" if self.fifo else None
            self.dead.put(Outgoing(body, group_id=group), origin=arn_of(self.main.name))
            self.put[body] += 1

    @rule(operation=st.sampled_from(OPERATIONS), data=st.data())
    def trouble_is_ahead(self, operation: str, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(FAULTS[operation]))
        queue = self.main if operation == "send" else self.dead
        queue.fail(operation, _fault(name, queue))

    @rule(limit=st.none() | st.integers(1, 12))
    def redriven(self, limit: int | None) -> None:
        # One worker: a history has to be the same when it is played again.
        self._run(Redrive(concurrency=1, limit=limit, hold_s=30, wait_s=5))

    @rule(operation=st.sampled_from(["receive", "send", "delete"]), applied=st.booleans())
    def killed_while_redriving(self, operation: str, applied: bool) -> None:
        queue = self.main if operation == "send" else self.dead
        queue.faults.pop(operation, None)
        queue.fail(operation, killed(applied))
        # A dead process hands nothing back.
        self.dead.faults.pop("hide", None)
        self.dead.fail("hide", *[killed(False)] * 5)
        self._run(Redrive(concurrency=1, hold_s=30, wait_s=5))
        for each in (self.main, self.dead):
            each.faults.clear()

    @rule(seconds=st.sampled_from([1, 16, 31, 100, 400]))
    def time_passes(self, seconds: int) -> None:
        self.sqs.clock.advance(seconds)

    @precondition(lambda self: self.main.stored)
    @rule(count=st.integers(min_value=1, max_value=5))
    def the_consumer_works(self, count: int) -> None:
        for each in list(self.main.stored[:count]):
            self.main.stored.remove(each)
            self.processed[each.sent.body] += 1

    @precondition(lambda self: self.main.stored)
    @rule()
    def the_consumer_fails_back(self) -> None:
        """SQS keeps the message's id on its way to the dead-letter queue."""
        failed = self.main.stored.pop(0)
        failed.origin = arn_of(self.main.name)
        failed.receives = 3
        failed.visible_at = self.sqs.clock()
        self.dead.stored.append(failed)

    @property
    def _identity(self) -> str:
        return journals.identity(self.sqs.place, self.sqs.facts(self.dead.name))

    def _run(self, options: Redrive) -> None:
        self.ids.update((each.message_id, each.sent.body) for each in self.dead.stored)
        try:
            summary = redrive(
                self.sqs,
                self.sqs.facts(self.dead.name),
                journal_folder=self.folder,
                origins=(self.sqs.facts(self.main.name),),
                options=options,
                policy=QUICK,
                clock=self.sqs.clock,
            )
        except RedriveStoppedError as error:
            summary = error.summary
        except RefusedError:
            raise
        except (SqsctlError, KilledError):
            return
        self.told.update(self.ids[each] for each in summary.possible_duplicates)

    @invariant()
    def nothing_is_lost_or_made_up(self) -> None:
        if not hasattr(self, "put"):
            return
        there = Counter(each.sent.body for each in (*self.main.stored, *self.dead.stored))
        there.update(self.processed)
        assert not self.put - there, "lost"
        assert not set(there) - set(self.put), "unexpected"

    @invariant()
    def once_the_source_is_settled_every_duplicate_was_told(self) -> None:
        """A copy that waits for its original to be deleted is no duplicate yet, and a run that
        was killed tells through the next one."""
        if not hasattr(self, "put") or self.dead.stored:
            return
        if journals.unfinished(self.folder, self._identity):
            return
        there = Counter(each.sent.body for each in self.main.stored) + self.processed
        doubled = {body for body, times in there.items() if times > self.put[body]}
        assert doubled <= self.told


def _fault(name: str, queue: FakeQueue) -> Fault | None:
    return {
        "fine": None,
        "throttled": throttled,
        "lost answer": lost_answer,
        "lost request": lost_request,
        "entry": entry_fails(queue, 0, 2),
        "refused": entry_fails(queue, 1, sender_fault=True),
        "unavailable": raises(unavailable()),
        "unavailable after": raises_after(unavailable()),
        "expired": raises(expired()),
    }[name]


TestRedriving = Redriving.TestCase
TestRedriving.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_for_long() -> None:
    """The same machine, many more histories."""
    run_state_machine_as_test(
        Redriving, settings=settings(max_examples=1500, stateful_step_count=50, deadline=None)
    )
