"""The state of each hop: the newest figures count, the log is the newer news, findings win."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.stack import (
    Concurrency,
    Group,
    Stack,
    Unread,
)
from sqsctl.operations.diagnosis.health import ABOUT_QUEUES, Hop, Recent, State, hops
from tests.checks.build import (
    API,
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    WORKER,
    ago,
    function,
    invocation,
    mapping,
    of_events,
    queue,
    series,
    stack,
)
from tests.checks.zoo import OTHERS, PAIRS

FAILED = '[ERROR] ValueError: no\nTraceback (most recent call last):\n  File "/var/task/w.py"'
UNREAD: Group[Any] = Group(unread=(Unread("metrics", "access denied"),))


def of(where: Stack, name: str, **more: Any) -> Hop:
    return next(each for each in hops(where, **more) if each.name == name)


def measured(runs: list[float], errors: list[float], throttles: list[float] | None = None) -> Stack:
    """The worker by its metrics alone, the newest minute last."""
    figures = [
        series(WORKER, "Invocations", *runs),
        series(WORKER, "Errors", *errors),
        series(WORKER, "Throttles", *(throttles or [0] * len(runs))),
        series(WORKER, "Duration", 100, 300, statistic="Average"),
        series(WORKER, "Duration", 900, 400, statistic="Maximum"),
    ]
    return stack(metrics=figures, logs=())


@pytest.mark.parametrize(
    ("runs", "errors", "throttles", "state"),
    [
        ([5, 5], [0, 0], None, State.OK),
        ([5, 5], [5, 0], None, State.OK),  # it failed, and does no longer
        ([5, 5], [0, 5], None, State.FAILING),
        ([5, 5], [0, 2], None, State.STRAINED),
        ([5, 0], [5, 0], None, State.FAILING),  # nothing ran since
        ([0, 0], [0, 0], None, State.IDLE),
        ([5, 5], [0, 0], [0, 9], State.STRAINED),
        ([5, 5], [0, 0], [9, 0], State.OK),
        ([0, 0], [0, 0], [0, 9], State.STRAINED),
    ],
)
def test_a_functions_newest_minute_is_its_state(
    runs: list[float], errors: list[float], throttles: list[float] | None, state: State
) -> None:
    assert of(measured(runs, errors, throttles), WORKER).state is state


def test_figures_are_of_the_whole_time() -> None:
    hop = of(measured([1, 3], [1, 0], [2, 0]), WORKER)
    assert (hop.count, hop.failed, hop.throttled) == (4, 1, 2)
    assert hop.average_ms == pytest.approx((100 + 3 * 300) / 4)
    assert hop.longest_ms == 900


def test_what_failed_before_the_last_change_says_nothing_about_now() -> None:
    where = measured([5, 5], [5, 5])
    fixed = replace(where, functions=Group((function(last_modified=ago(-1)),)))
    assert of(where, WORKER).state is State.FAILING
    assert of(fixed, WORKER).state is State.IDLE


def test_the_log_knows_before_cloudwatch_does() -> None:
    logged = of_events(
        (*invocation(1, "ok", at=ago(90)), *invocation(2, FAILED, at=ago(5), seconds=2))
    )
    where = replace(measured([5], [0]), logs=Group((logged,)))
    hop = of(where, WORKER)
    assert (hop.state, hop.count) == (State.FAILING, 5)
    alone = of(replace(where, metrics=UNREAD), WORKER)
    assert (alone.state, alone.count, alone.failed, alone.longest_ms) == (
        State.FAILING,
        2,
        1,
        2000,
    )


def test_measured_and_nothing_there_is_idle() -> None:
    assert of(stack(logs=()), WORKER) == Hop("function", WORKER, State.IDLE, count=0)


def test_what_was_not_read_is_unknown_not_idle() -> None:
    where = stack(metrics=UNREAD, logs=())
    assert of(where, WORKER) == Hop("function", WORKER)
    assert of(where, API) == Hop("api", API)
    assert of(where, JOBS).state is State.OK


@pytest.mark.parametrize(
    ("fields", "limit", "note"),
    [
        ({"state": "Inactive"}, None, "state Inactive"),
        ({"state": "Failed"}, None, "state Failed"),
        ({"last_update_status": "Failed"}, None, "last update failed"),
        ({}, 0, "reserved concurrency 0"),
    ],
)
def test_what_cannot_run_is_blocked(fields: dict[str, str], limit: int | None, note: str) -> None:
    where = stack(functions=(function(**fields),), concurrency=(Concurrency(WORKER, limit),))
    hop = of(where, WORKER)
    assert (hop.state, hop.note) == (State.BLOCKED, note)


@pytest.mark.parametrize(
    ("state", "blocked"),
    [("Enabled", False), ("Updating", False), ("Disabled", True), ("Disabling", True)],
)
def test_a_mapping(state: str, *, blocked: bool) -> None:
    hop = of(stack(mappings=(mapping(state=state),)), mapping().uuid)
    assert (hop.state is State.BLOCKED) is blocked
    assert hop.note == (state if blocked else "")


def test_an_api_that_answered_badly_last() -> None:
    figures = (
        series(API, "Count", 10, 10),
        series(API, "5xx", 0, 4),
        series(API, "Latency", 20, 40, statistic="Average"),
    )
    hop = of(stack(metrics=figures), API)
    assert (hop.state, hop.count, hop.failed, hop.average_ms) == (State.STRAINED, 20, 4, 30)


def test_an_api_is_no_longer_failing_once_what_is_behind_it_was_changed() -> None:
    figures = (series(API, "Count", 5), series(API, "5xx", 5))
    assert of(stack(metrics=figures), API).state is State.FAILING
    changed = (function(), function(PRODUCER, last_modified=ago(-1)))
    assert of(stack(metrics=figures, functions=changed), API).state is State.IDLE


def test_queues() -> None:
    main = queue(visible=3, dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5)
    where = stack(
        queues=(main, queue(DLQ, visible=2)),
        metrics=(series(JOBS, "ApproximateAgeOfOldestMessage", 10, 75, statistic="Maximum"),),
    )
    assert (of(where, JOBS).count, of(where, JOBS).oldest_age_s) == (3, 75)
    assert (of(where, DLQ).kind, of(where, DLQ).state) == ("dead-letter-queue", State.STRAINED)
    empty = replace(where, queues=Group((replace(main, visible=0),)))
    assert of(empty, JOBS).oldest_age_s is None


def test_a_finding_about_a_hop_makes_it_as_bad() -> None:
    where = stack(queues=(queue(visibility_timeout_s=5), queue(DLQ)))
    findings = diagnose(where).findings
    assert of(where, JOBS, findings=findings).state is State.FAILING
    assert of(where, JOBS, findings=[replace(each, past=True) for each in findings]).state is (
        State.OK
    )
    # What blocks it is worse than what the finding says.
    off = stack(functions=(function(state="Inactive"),))
    assert of(off, WORKER, findings=diagnose(off).findings).state is State.BLOCKED


def test_an_api_is_known_to_findings_by_its_name_and_over_with_them() -> None:
    figures = (series(API, "5xx", 5), series(API, "Count", 5))
    where = stack(metrics=figures)
    findings = diagnose(where).findings
    assert [each.subject for each in findings] == ["dev-shop"]
    assert of(where, API, findings=findings).state is State.FAILING
    over = [replace(each, past=True) for each in findings]
    assert of(where, API, findings=over).state is State.IDLE


def test_figures_of_the_last_minute_where_somebody_counts() -> None:
    recent = {WORKER: Recent(runs=4, failed=1)}
    assert of(stack(), WORKER, recent=recent).state is State.FAILING
    assert of(stack(), PRODUCER, recent=recent).state is State.IDLE
    assert of(stack(), WORKER, recent={WORKER: Recent(4, 0)}).state is State.OK


@pytest.mark.parametrize(
    ("waiting", "in_flight", "mapping_state", "limit", "state"),
    [
        (3, 0, "Enabled", None, State.OK),
        (3, 0, "Disabled", None, State.BLOCKED),
        (0, 3, "Enabled", 0, State.BLOCKED),
        (0, 0, "Disabled", None, State.OK),  # nothing is stuck in it
    ],
)
def test_a_queue_is_as_what_works_it_off(
    waiting: int, in_flight: int, mapping_state: str, limit: int | None, state: State
) -> None:
    where = stack(
        queues=(queue(visible=waiting, in_flight=in_flight),),
        mappings=(mapping(state=mapping_state),),
        concurrency=(Concurrency(WORKER, limit),),
    )
    assert of(where, JOBS).state is state


def test_what_fails_comes_back_to_the_queue() -> None:
    failing = measured([5], [5])
    held = replace(failing, queues=Group((queue(in_flight=5),)))
    assert of(held, JOBS).state is State.STRAINED
    other = replace(held, mappings=Group((mapping(), mapping("other", uuid="u2"))))
    assert of(other, JOBS).state is State.STRAINED
    # Another consumer that works takes what this one gives back.
    helped = replace(
        held,
        functions=Group((function(), function("helper"))),
        mappings=Group((mapping(), replace(mapping(uuid="u2"), function_name="helper"))),
    )
    assert of(helped, JOBS).state is State.OK


def test_a_queue_and_a_function_of_one_name() -> None:
    same = "platform-search"
    where = stack(
        queues=(queue(same, visibility_timeout_s=5),),
        functions=(function(same),),
        mappings=(replace(mapping(same), function_name=same),),
    )
    findings = diagnose(where).findings
    assert findings[0].id == "visibility-below-timeout"
    by_kind = {each.kind: each.state for each in hops(where, findings)}
    assert by_kind["queue"] is State.FAILING
    assert by_kind["function"] < State.STRAINED


def test_every_finding_about_a_queue_is_known_as_one() -> None:
    for seen in (*(pair.broken for pair in PAIRS), *OTHERS):
        queues = {each.name for each in seen.queues}
        for each in diagnose(seen).findings:
            if each.subject in queues and each.id != "kms-access-denied":  # either
                assert each.id in ABOUT_QUEUES
            if each.id in ABOUT_QUEUES and each.subject:
                assert each.subject not in {one.name for one in seen.functions}
