"""No fact that was not read makes a broken stack of the zoo look healthy."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Severity
from sqsctl.model.stack import Fact, Group, Stack, Unread
from tests.checks.zoo import PAIRS, Pair

# What a failure can hide in.
HIDING = (
    Fact.QUEUES,
    Fact.DEAD_LETTERS,
    Fact.MAPPINGS,
    Fact.FUNCTIONS,
    Fact.APIS,
    Fact.METRICS,
)
REASONS = ("access denied", "timed out", "not offered by this endpoint")
BROKEN = [each for each in PAIRS if each.severity > Severity.INFO]


def without(stack: Stack, facts: tuple[Fact, ...], reason: str) -> Stack:
    gaps: dict[str, Any] = {fact.value: Group((), (Unread(fact.value, reason),)) for fact in facts}
    return replace(stack, **gaps)


@pytest.mark.parametrize("pair", BROKEN, ids=lambda each: each.id)
def test_a_broken_stack_is_not_healthy_whatever_was_not_read(pair: Pair) -> None:
    for number, fact in enumerate(HIDING):
        reason = REASONS[number % len(REASONS)]
        assert diagnose(without(pair.broken, (fact,), reason)).verdict != "healthy", fact


@pytest.mark.parametrize("pair", BROKEN, ids=lambda each: each.id)
def test_nor_without_the_logs_where_figures_tell_of_errors(pair: Pair) -> None:
    failing = any(
        each.metric == "Errors" and any(value for _, value in each.points)
        for each in pair.broken.metrics
    )
    blind = without(pair.broken, (Fact.LOGS,), "access denied")
    unmeasured = without(pair.broken, (Fact.LOGS, Fact.METRICS), "access denied")
    assert diagnose(unmeasured).verdict != "healthy"
    if failing:
        assert diagnose(blind).verdict != "healthy"


@pytest.mark.long
@pytest.mark.parametrize("pair", BROKEN, ids=lambda each: each.id)
def test_nor_with_any_two_facts_unread(pair: Pair) -> None:
    for facts in combinations((*HIDING, Fact.LOGS, Fact.CONCURRENCY, Fact.PERMISSIONS), 2):
        if not set(facts) & set(HIDING):
            continue
        for reason in REASONS:
            blind = without(pair.broken, facts, reason)
            assert diagnose(blind).verdict != "healthy", (facts, reason)
