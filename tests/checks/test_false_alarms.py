"""What looks like a fault and is none, and what is told in passing only."""

from __future__ import annotations

from typing import Any

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.stack import (
    Concurrency,
    Group,
    Stack,
    Unread,
)
from tests.checks.build import PRODUCER, WORKER, function, mapping, queue, series, stack


def found(check: str, where: Stack) -> tuple[Finding, ...]:
    return diagnose(where, only=(check,)).findings


def test_throttles_of_a_reservation_that_is_gone_use_no_account_up() -> None:
    """The reservation of 0 was deleted: what it throttled is still in the metrics."""
    where = stack(
        concurrency=(Concurrency(None, 1000, 571), Concurrency(WORKER, None)),
        metrics=(series(WORKER, "Throttles", 300, 10),),
    )
    (told,) = found("account-concurrency", where)
    assert (told.severity, told.kind) == (Severity.INFO, Kind.RISK)
    assert told.confidence is Confidence.LOW
    assert told.explains == ()
    assert "used up" not in told.title
    assert diagnose(where).verdict == "healthy"


def test_throttles_with_the_accounts_limit_reached_use_it_up() -> None:
    where = stack(
        concurrency=(Concurrency(None, 1000, 571), Concurrency(WORKER, None)),
        metrics=(
            series(WORKER, "Throttles", 300),
            series(WORKER, "ConcurrentExecutions", 560, statistic="Maximum"),
        ),
    )
    (told,) = found("account-concurrency", where)
    assert (told.severity, told.kind) == (Severity.ERROR, Kind.CAUSE)
    assert "571 concurrent executions are used up" in told.title


def lot(**groups: Any) -> Stack:
    """A consumer that sets bad messages aside in a queue that nothing consumes."""
    jobs, kept = (
        queue(max_receive_count=5, dead_letter_target_arn="x:dlq"),
        queue("shop-dev-parking-lot", visible=1),
    )
    worker = function(environment={"PARKING_LOT": kept.url})
    given: dict[str, Any] = {
        "queues": (jobs, kept),
        "functions": (worker, function(PRODUCER)),
        "mappings": (mapping(),),
    }
    return stack(**(given | groups))


def test_a_queue_that_keeps_what_was_set_aside_is_no_fault() -> None:
    name = "shop-dev-parking-lot"
    where = lot(metrics=(series(name, "ApproximateAgeOfOldestMessage", 9000),))
    (told,) = found("mapping-missing", where)
    assert (told.severity, told.kind, told.confidence) == (
        Severity.INFO,
        Kind.RISK,
        Confidence.LOW,
    )
    assert "nothing in this stack consumes" in told.title
    assert found("backlog-growing", where) == ()


def test_a_consumer_of_its_name_that_nothing_calls_should_have_it() -> None:
    idle = function("shop-dev-parkingLotWorker")
    where = lot(functions=(function(), function(PRODUCER), idle))
    (told,) = found("mapping-missing", where)
    assert told.severity is Severity.ERROR
    assert any(idle.name in each.value for each in told.evidence)


def test_a_redrive_policy_says_that_somebody_is_to_receive() -> None:
    kept = queue("shop-dev-mail", visible=2, dead_letter_target_arn="x:dlq")
    where = lot(queues=(queue(), kept))
    (told,) = found("mapping-missing", where)
    assert told.severity is Severity.ERROR


def test_without_the_list_of_mappings_a_backlog_is_one() -> None:
    name = "shop-dev-parking-lot"
    gap: Group[Any] = Group(unread=(Unread("the mappings", "access denied"),))
    old = (series(name, "ApproximateAgeOfOldestMessage", 9000),)
    assert found("backlog-growing", lot(mappings=gap, metrics=old))
