"""SQS's own redrive: started once, followed, found again after a lost answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from sqsctl.errors import NotFoundError, RefusedError, SqsctlError
from sqsctl.model.queues import MoveTask
from sqsctl.model.transfer import RedriveProgress, RedriveSummary
from sqsctl.operations.moving import journal as journals
from sqsctl.operations.moving.redrive_native import redrive_native
from sqsctl.operations.moving.redrive_plan import choose_method, plan_redrive
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import RetryPolicy
from tests.operations.fakes import FakeSqs, FakeTasks, arn_of, unavailable


@pytest.fixture
def sqs() -> FakeSqs:
    sqs = FakeSqs()
    sqs.create("jobs-dlq")
    sqs.create("jobs", dead_letters="jobs-dlq")
    sqs.queues["jobs-dlq"].put(*(f"m{n}" for n in range(25)), origin=arn_of("jobs"))
    return sqs


@pytest.fixture
def tasks(sqs: FakeSqs) -> FakeTasks:
    return FakeTasks(sqs)


def run(sqs: FakeSqs, tasks: FakeTasks, **more: Any) -> RedriveSummary:
    return redrive_native(
        sqs,
        tasks,
        sqs.facts("jobs-dlq"),
        poll_s=0.001,
        policy=RetryPolicy(attempts=2, base_s=0.001),
        **more,
    )


def test_a_task_is_started_and_followed_to_its_end(sqs: FakeSqs, tasks: FakeTasks) -> None:
    seen: list[RedriveProgress] = []
    summary = run(sqs, tasks, rate=50, progress=seen.append)
    assert tasks.started == [(arn_of("jobs-dlq"), None, 50)]
    assert (summary.method, summary.selected, summary.moved) == ("native", 25, 25)
    assert (summary.failed, summary.remaining, summary.detached) == (0, 0, False)
    assert [each.moved for each in seen] == [10, 20, 25]
    assert len(sqs.queues["jobs"].stored) == 25


def test_a_lost_answer_is_resolved_by_looking(sqs: FakeSqs, tasks: FakeTasks) -> None:
    tasks.lose_answer = True
    assert run(sqs, tasks).moved == 25
    assert len(tasks.started) == 1


def test_a_start_that_never_arrived_is_an_error(sqs: FakeSqs, tasks: FakeTasks) -> None:
    def fail(*_: object, **__: object) -> str:
        raise unavailable()

    tasks.start = fail  # type: ignore[method-assign]
    with pytest.raises(SqsctlError):
        run(sqs, tasks)


def test_somebody_elses_task_is_refused(sqs: FakeSqs, tasks: FakeTasks) -> None:
    tasks.start(arn_of("jobs-dlq"))
    with pytest.raises(SqsctlError) as caught:
        run(sqs, tasks)
    assert caught.value.code == "task_running"


def test_a_stop_detaches_and_says_so(sqs: FakeSqs, tasks: FakeTasks) -> None:
    control = Control()
    summary = run(sqs, tasks, control=control, progress=lambda _: control.stop())
    assert (summary.detached, summary.interrupted, summary.moved) == (True, True, 10)
    assert summary.failed == 0
    assert "dlq tasks" in summary.notes[0]
    assert not tasks.cancelled


def test_another_target_is_passed_on(sqs: FakeSqs, tasks: FakeTasks) -> None:
    sqs.create("elsewhere")
    run(sqs, tasks, to=sqs.facts("elsewhere"))
    assert tasks.started[0][1] == arn_of("elsewhere")


def test_an_earlier_task_is_not_taken_for_this_one(sqs: FakeSqs, tasks: FakeTasks) -> None:
    """What SQS lists may be late: until the new task is there, the last one is the newest."""
    tasks.start(arn_of("jobs-dlq"))
    while tasks.running and tasks.running.running:
        tasks.tasks(arn_of("jobs-dlq"))
    earlier = tasks.running
    assert earlier
    sqs.queues["jobs-dlq"].put("new", origin=arn_of("jobs"))
    sqs.clock.advance(1)
    late, real = [3], tasks.tasks

    def lists(source_arn: str) -> tuple[MoveTask, ...]:
        late[0] -= 1
        return (earlier,) if late[0] >= 0 else (*real(source_arn), earlier)

    tasks.tasks = lists  # type: ignore[method-assign]
    assert (run(sqs, tasks).moved, len(sqs.queues["jobs-dlq"].stored)) == (1, 0)


@pytest.mark.parametrize("status", ["CANCELLED", "FAILED"])
def test_a_task_that_ended_otherwise_is_told_as_that(
    sqs: FakeSqs, tasks: FakeTasks, status: str
) -> None:
    def end(_: object) -> None:
        assert tasks.running
        tasks.running = replace(tasks.running, status=status)

    summary = run(sqs, tasks, progress=end)
    assert (summary.moved, summary.failed, summary.detached) == (10, 15, False)
    assert summary.task_status == status
    assert status.lower() in summary.notes[-1]


def test_a_task_that_cannot_be_followed_keeps_its_summary(sqs: FakeSqs, tasks: FakeTasks) -> None:
    def gone(_: object) -> None:
        tasks.tasks = fail  # type: ignore[method-assign]

    def fail(source_arn: str) -> tuple[MoveTask, ...]:
        raise unavailable()

    summary = run(sqs, tasks, progress=gone)
    assert (summary.moved, summary.detached, summary.failed) == (10, True, 0)
    assert "could not be followed: AWS is unreachable" in summary.notes[0]


def test_a_source_that_is_deleted_meanwhile_is_no_success(sqs: FakeSqs, tasks: FakeTasks) -> None:
    def gone(_: object) -> None:
        tasks.tasks = fail  # type: ignore[method-assign]

    def fail(source_arn: str) -> tuple[MoveTask, ...]:
        raise NotFoundError("there is no queue jobs-dlq", code="queue_not_found")

    summary = run(sqs, tasks, progress=gone)
    assert (summary.moved, summary.failed, summary.detached) == (10, 15, False)
    assert "was deleted meanwhile" in summary.notes[0]


def test_two_sources_get_their_own_back(sqs: FakeSqs, tasks: FakeTasks) -> None:
    sqs.create("orders", dead_letters="jobs-dlq")
    sqs.queues["jobs-dlq"].put("order", origin=arn_of("orders"))
    assert run(sqs, tasks).moved == 26
    assert (len(sqs.queues["jobs"].stored), sqs.queues["orders"].bodies) == (25, ["order"])


# Choosing.

Wanted = Literal["auto", "native", "client"]


@pytest.mark.parametrize(
    ("wanted", "unchanged", "offered", "resuming", "chosen"),
    [
        ("auto", True, True, False, "native"),
        ("auto", False, True, False, "client"),
        ("auto", True, False, False, "client"),
        ("auto", True, True, True, "client"),
        ("client", True, True, False, "client"),
        ("native", True, True, False, "native"),
    ],
)
def test_the_method_follows_from_what_is_wanted(
    sqs: FakeSqs,
    tasks: FakeTasks,
    wanted: Wanted,
    unchanged: bool,
    offered: bool,
    resuming: bool,
    chosen: str,
) -> None:
    tasks.unsupported = not offered
    method = choose_method(
        wanted,
        tasks,
        sqs.facts("jobs-dlq"),
        everything_unchanged=unchanged,
        resuming=resuming,
    )
    assert method == chosen


@pytest.mark.parametrize(("unchanged", "resuming"), [(False, False), (True, True)])
def test_native_is_refused_where_it_cannot(
    sqs: FakeSqs, tasks: FakeTasks, unchanged: bool, resuming: bool
) -> None:
    with pytest.raises(RefusedError):
        choose_method(
            "native",
            tasks,
            sqs.facts("jobs-dlq"),
            everything_unchanged=unchanged,
            resuming=resuming,
        )


def test_native_without_the_call_says_so(sqs: FakeSqs, tasks: FakeTasks) -> None:
    tasks.unsupported = True
    with pytest.raises(SqsctlError) as caught:
        choose_method("native", tasks, sqs.facts("jobs-dlq"), everything_unchanged=True)
    assert caught.value.code == "unsupported"


# Planning.


def test_a_plan_moves_nothing(sqs: FakeSqs, tmp_path: Path) -> None:
    plan = plan_redrive(
        sqs,
        sqs.facts("jobs-dlq"),
        method="client",
        journal_folder=tmp_path,
        origins=(sqs.facts("jobs"),),
        limit=7,
    )
    assert (plan.selected, plan.targets, plan.looked_at) == (7, ("jobs",), 0)
    assert len(sqs.queues["jobs-dlq"].stored) == 25
    assert not list(tmp_path.iterdir())


def test_a_plan_with_a_selection_looks_and_hands_back(sqs: FakeSqs, tmp_path: Path) -> None:
    sqs.queues["jobs-dlq"].put("m1x", origin=arn_of("gone"))
    plan = plan_redrive(
        sqs,
        sqs.facts("jobs-dlq"),
        method="client",
        journal_folder=tmp_path,
        origins=(sqs.facts("jobs"),),
        select=lambda each: each.body.startswith("m1"),
    )
    assert (plan.selected, plan.looked_at, plan.targets) == (12, 26, ("jobs",))
    assert len(plan.undeliverable) == 1
    assert sqs.facts("jobs-dlq").visible == 26


def test_a_plan_tells_of_an_unfinished_run(sqs: FakeSqs, tmp_path: Path) -> None:
    journals.begin(tmp_path, journals.identity(sqs.place, sqs.facts("jobs-dlq")), hold_s=30).close()
    plan = plan_redrive(sqs, sqs.facts("jobs-dlq"), method="client", journal_folder=tmp_path)
    assert plan.unfinished is not None
