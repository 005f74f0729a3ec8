"""Functions that come close to their timeout are warned of before they are stopped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqsctl.checks.function_timeout import LEAST_S, NEAR_PERCENT, SIGNS
from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.stack import Stack
from tests.checks.build import (
    PRODUCER,
    WORKER,
    ago,
    function,
    invocation,
    of_events,
    series,
    stack,
)

LATE = "2026-11-23T11:58:00.000Z RID Task timed out after 6.00 seconds"


def ran(*seconds: float, timeout_s: int = 6, changed: float = 86_400, line: str = "ok") -> Stack:
    """The shop's stack whose worker ran so long each time, the newest last."""
    events = tuple(
        event
        for number, each in enumerate(seconds)
        for event in invocation(
            number + 1, line, at=ago(60 * (len(seconds) - number)), seconds=each
        )
    )
    return stack(
        functions=(function(timeout_s=timeout_s, last_modified=ago(changed)), function(PRODUCER)),
        logs=(of_events(events),) if events else (),
    )


def told(where: Stack) -> tuple[Finding, ...]:
    return tuple(each for each in diagnose(where).findings if each.id == "function-timeout")


def test_two_long_invocations_are_a_warning_not_an_error() -> None:
    (found,) = told(ran(5.1, 1, 4.8))
    assert found.title == f"{WORKER} comes close to its timeout of 6 s: it took up to 5.1 s (85 %)"
    assert (found.severity, found.kind) == (Severity.WARNING, Kind.RISK)
    assert found.explains == ()
    assert found.evidence[0].value == "5100 ms, one of 2 that took at least 80 %"
    assert any("--timeout 30" in each for each in found.fix.commands)


@settings(deadline=None)
@given(st.lists(st.floats(0.001, NEAR_PERCENT * 0.06 - 0.01), max_size=6), st.floats(0.001, 5.99))
def test_below_the_threshold_or_once_is_no_sign(short: list[float], once: float) -> None:
    assert told(ran(*short)) == ()
    assert told(ran(once)) == ()


def test_short_timeouts_are_not_judged() -> None:
    """The lab's own timeout is 1 s: a loaded machine fills it with nothing."""
    assert told(ran(*[LEAST_S - 1.01] * 5, timeout_s=LEAST_S - 1)) == ()
    assert told(ran(*[2.9] * SIGNS, timeout_s=LEAST_S))


def test_what_ran_under_the_old_timeout_is_history() -> None:
    assert told(ran(5.5, 5.5, changed=30)) == ()


def test_what_was_stopped_is_told_as_that_alone() -> None:
    slow, stopped = ran(5.5, 5.5), ran(5.9, 6.0, line=LATE)
    assert len(told(slow)) == 1
    (found,) = told(stopped)
    assert (found.severity, "is stopped at its timeout" in found.title) == (Severity.ERROR, True)


@pytest.mark.parametrize(
    ("values", "warned"),
    [((5000, 100, 4900), True), ((5000, 100), False), ((6000, 6003), False), ((100, 200), False)],
)
def test_metrics_tell_where_no_log_does(values: tuple[float, ...], *, warned: bool) -> None:
    where = ran()
    figures = (
        series(WORKER, "Duration", *values, statistic="Maximum"),
        series(WORKER, "Duration", 5000, 5000, 5000, statistic="Average"),
    )
    found = told(stack(functions=where.functions, logs=(), metrics=figures))
    assert bool(found) is warned
    if found:
        assert found[0].evidence[0].source == f"cloudwatch AWS/Lambda {WORKER}"
