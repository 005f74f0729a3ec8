"""What looks like a fault and is none, and what is told in passing only."""

from __future__ import annotations

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.stack import Concurrency, Stack
from tests.checks.build import WORKER, series, stack


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
