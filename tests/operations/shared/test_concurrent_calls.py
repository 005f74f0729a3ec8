"""Many calls at once: each ends as a value or as a gap, and none holds up the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.model.stack import Unread
from sqsctl.operations.shared.concurrent_calls import Work


def never(found: object) -> None:
    raise AssertionError(found)


def failing(code: str, **more: str) -> Callable[[], object]:
    def call() -> object:
        raise SqsctlError("it failed", code=code, **more)  # type: ignore[arg-type]

    return call


def test_what_follows_runs_in_the_callers_thread_one_after_the_other() -> None:
    work = Work(5)
    threads: set[int] = set()
    found: list[int] = []

    def have(number: int) -> None:
        threads.add(threading.get_ident())
        found.append(number)
        if number < 20:
            work.start("more", lambda: number + 10, have, lambda _: None)

    for number in range(10):
        work.start("first", partial(int, number), have, lambda _: None)
    work.run()
    assert sorted(found) == list(range(30))
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("access_denied", "access denied"),
        ("not_found", "missing"),
        ("function_not_found", "missing"),
        ("unsupported", "not offered by this endpoint"),
        ("throttled", "AWS is throttling"),
        ("unavailable", "AWS could not answer"),
        ("something", "it failed"),
    ],
)
def test_a_failure_becomes_a_gap_with_its_reason(code: str, reason: str) -> None:
    work = Work(5)
    gaps: list[Unread] = []
    work.start("queue jobs", failing(code), never, gaps.append, action="sqs:Read")
    work.run()
    assert gaps == [Unread("queue jobs", reason, "sqs:Read" if code == "access_denied" else None)]


def test_missing_can_be_a_fact() -> None:
    work = Work(5)
    told: list[str] = []

    def call() -> None:
        raise NotFoundError("gone", code="log_group_not_found")

    work.start("x", call, never, never, missing=lambda: told.append("missing"))
    work.run()
    assert told == ["missing"]


@pytest.mark.parametrize(
    "code", ["credentials_missing", "credentials_expired", "credentials_invalid"]
)
def test_credentials_that_are_no_good_are_raised(code: str) -> None:
    work = Work(5)
    work.start("x", failing(code), never, never)
    with pytest.raises(SqsctlError) as raised:
        work.run()
    assert raised.value.code == code


def test_an_unreachable_service_is_a_gap_and_an_unreachable_aws_an_error() -> None:
    work = Work(5)
    gaps: list[Unread] = []
    work.start("iam", failing("unreachable"), never, gaps.append)
    work.start("sqs", lambda: 1, lambda _: None, gaps.append)
    work.run()
    assert [gap.reason for gap in gaps] == ["unreachable"]
    work = Work(5)
    for name in ("iam", "sqs"):
        work.start(name, failing("unreachable"), never, gaps.append)
    with pytest.raises(SqsctlError) as raised:
        work.run()
    assert raised.value.code == "unreachable"
    assert raised.value.exit is Exit.FAILED


def test_a_call_that_takes_too_long_is_given_up_and_its_late_answer_ignored() -> None:
    now: list[float] = [0.0]
    release = threading.Event()
    gaps: list[Unread] = []
    work = Work(0.05)
    work.start("slow", lambda: release.wait(10), never, gaps.append)
    work.start("quick", lambda: 1, now.append, gaps.append)
    work.run()
    release.set()
    assert gaps == [Unread("slow", "timed out")]
    assert now == [0.0, 1]


def test_kinds_tell_when_all_of_them_are_done() -> None:
    work = Work(5)
    seen: list[bool] = []
    gate = threading.Event()
    work.start("a", lambda: 1, lambda _: None, never, kind="core")
    work.start("b", lambda: gate.wait(5), lambda _: None, never, kind="other")

    def after() -> None:
        seen.append(work.pending("core"))
        gate.set()

    work.run(after)
    assert seen == [False, False]


def test_a_bug_is_not_taken_for_a_gap() -> None:
    work = Work(5)

    def bug() -> int:
        raise ZeroDivisionError

    work.start("x", bug, never, never)
    with pytest.raises(ZeroDivisionError):
        work.run()
