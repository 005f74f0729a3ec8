"""A finding stands below another only where mending the one ends the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqsctl.checks.explanations import EXPLAINS, LED_TO, may_explain
from sqsctl.checks.rank import diagnose
from sqsctl.checks.registry import by_id
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.stack import DeadLetters, Group, Stack
from tests.checks.build import API, DLQ, JOBS, PREFIX, series
from tests.checks.zoo import OTHERS, PAIRS, Pair

DEAD = Group((DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 3),))
BROKEN = [each for each in PAIRS if each.severity > Severity.INFO]


def nested(stack: Stack) -> Iterator[tuple[str, str]]:
    """Which finding stands below which."""
    for each in diagnose(stack).findings:
        if each.explained_by:
            yield each.explained_by, each.id


def with_symptoms(stack: Stack) -> Stack:
    """The stack with dead letters, messages that wait and grow old, and 5xx."""
    queues = tuple(
        replace(each, visible=max(each.visible, 200)) if each.name == JOBS else each
        for each in stack.queues
    )
    metrics = (
        *stack.metrics,
        series(API, "5xx", 3, 3),
        series(API, "Count", 3, 3),
        series(JOBS, "ApproximateAgeOfOldestMessage", 900, statistic="Maximum"),
    )
    return replace(stack, queues=Group(queues), metrics=Group(metrics), dead_letters=DEAD)


def test_the_table_names_checks_and_reasons() -> None:
    for cause, others in EXPLAINS.items():
        assert {cause, *others} <= by_id().keys()
        assert cause not in others
        assert all(len(reason.split()) > 3 for reason in others.values())
    assert LED_TO.keys() <= by_id().keys()


def test_no_check_claims_what_is_not_in_the_table() -> None:
    stacks = [each for pair in PAIRS for each in (pair.broken, pair.mended)]
    for stack in (*stacks, *OTHERS, *(with_symptoms(each.broken) for each in PAIRS)):
        for check in by_id().values():
            for finding in check.diagnose(stack):
                wrong = {each for each in finding.explains if not may_explain(check.meta.id, each)}
                assert not wrong, (check.meta.id, wrong)


@pytest.mark.parametrize("pair", BROKEN, ids=lambda each: each.id)
def test_what_stands_below_a_cause_goes_once_it_is_mended(pair: Pair) -> None:
    below = {other for cause, other in nested(pair.broken) if cause == pair.id}
    mended = {each.id for each in diagnose(pair.mended).findings if not each.past}
    assert not below & mended


@pytest.mark.parametrize("pair", BROKEN, ids=lambda each: each.id)
def test_a_mended_cause_explains_nothing_that_is_still_so(pair: Pair) -> None:
    """The symptoms stay in the figures: they stand for themselves then, or are past."""
    for stack in (pair.broken, pair.mended):
        assert all(may_explain(*each) for each in nested(with_symptoms(stack)))
    after = diagnose(with_symptoms(pair.mended)).findings
    current: list[Finding] = [each for each in after if each.explained_by == pair.id]
    causes = [each for each in after if each.id == pair.id and not each.past]
    assert causes or all(
        any(above.id == pair.id and above.past for above in after) for _ in current
    )


def merged(one: Stack, other: Stack) -> Stack:
    """The logs, errors and settings of the first, with what the second has beside them."""
    return replace(
        one,
        logs=Group((*one.logs, *other.logs)),
        metrics=Group((*one.metrics, *other.metrics)),
        errors=Group((*one.errors, *other.errors)),
        packages=Group((*one.packages, *other.packages)),
        concurrency=Group((*one.concurrency, *other.concurrency)),
        permissions=Group((*one.permissions, *other.permissions)),
    )


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PAIRS), st.sampled_from(PAIRS), st.booleans())
def test_pairs_that_are_not_in_the_table_are_never_nested(
    one: Pair, other: Pair, symptoms: bool
) -> None:
    both = merged(one.broken, other.broken)
    for cause, below in nested(with_symptoms(both) if symptoms else both):
        assert may_explain(cause, below)


def test_an_old_runtime_and_an_sdk_that_it_lacks_stand_side_by_side() -> None:
    """Packaging the SDK mends the one and not the other."""
    pair = next(each for each in PAIRS if each.id == "import-sdk-not-in-runtime")
    found = {each.id: each for each in diagnose(pair.broken).findings}
    assert not may_explain("import-sdk-not-in-runtime", "runtime-deprecated")
    if "runtime-deprecated" in found:
        assert found["runtime-deprecated"].explained_by == ""
