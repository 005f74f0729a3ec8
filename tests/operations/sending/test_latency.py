"""The histogram is right to one percent; thresholds mean what they say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.errors import UsageError
from sqsctl.model.transfer import Latency, ProduceSummary
from sqsctl.operations.sending.latency import Histogram, quantile
from sqsctl.operations.sending.thresholds import parse

durations = st.lists(st.floats(min_value=0.01, max_value=100_000), min_size=1, max_size=300)


def filled(values: list[float]) -> Histogram:
    histogram = Histogram()
    for each in values:
        histogram.add(each)
    return histogram


@given(durations, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_quantiles_are_right_to_a_percent(values: list[float], share: float) -> None:
    exact = sorted(values)[math.ceil(share * len(values)) - 1]
    found = quantile(filled(values).summary(), share)
    assert found is not None
    assert found == pytest.approx(exact, rel=0.011)


@given(durations)
def test_extremes_and_mean_are_exact_and_ordered(values: list[float]) -> None:
    summary = filled(values).summary()
    assert (summary.min, summary.max, summary.count) == (min(values), max(values), len(values))
    assert summary.avg == pytest.approx(sum(values) / len(values))
    figures = [summary.min, summary.med, summary.p90, summary.p95, summary.p99, summary.max]
    assert figures == sorted(figures, key=lambda each: each or 0.0)
    assert sum(number for _, number in summary.counts) == len(values)


@given(durations, durations)
def test_merging_is_adding(one: list[float], other: list[float]) -> None:
    merged = filled(one).merge([filled(other)]).summary()
    together = filled([*one, *other]).summary()
    assert merged.counts == together.counts
    assert (merged.min, merged.max, merged.count) == (together.min, together.max, together.count)


def test_no_request_has_no_latency() -> None:
    assert Histogram().summary() == Latency()
    assert quantile(Latency(), 0.5) is None


def a_summary(accepted: int = 98, rejected: int = 1, unknown: int = 1) -> ProduceSummary:
    return ProduceSummary(
        via="http",
        requested=100,
        accepted=accepted,
        rejected=rejected,
        unknown=unknown,
        possible_duplicates=0,
        duration_s=2.0,
        rate_per_s=49.0,
        latency=filled([float(n) for n in range(1, accepted + 1)]).summary(),
        failed_latency=Latency(),
    )


@pytest.mark.parametrize(
    ("expression", "ok", "value"),
    [
        ("max<=98", True, 98.0),
        ("min > 1", False, 1.0),
        ("avg<49.6ms", True, 49.5),
        ("p(50)<1s", True, pytest.approx(49, rel=0.02)),
        ("p(99.9) < 98", False, 98.0),
        ("failed<2%", False, 2.0),
        ("failed<=2", True, 2.0),
        ("failed==2", True, 2.0),
        ("rate>=49/s", True, 49.0),
        ("rate!=49", False, 49.0),
    ],
)
def test_conditions_are_judged(expression: str, ok: bool, value: float) -> None:
    result = parse(expression).judge(a_summary())
    assert (result.expression, result.ok) == (expression, ok)
    assert result.value == value


@pytest.mark.parametrize(
    "expression",
    ["", "p(95)", "p(95)<", "p(100)<5", "p95<5", "med=5", "failed<5ms", "rate<5%", "x<1", "avg<5%"],
)
def test_what_is_no_condition_is_refused(expression: str) -> None:
    with pytest.raises(UsageError):
        parse(expression)


def test_a_latency_condition_without_a_success_is_crossed() -> None:
    result = parse("p(95)<500").judge(a_summary(accepted=0, rejected=5))
    assert (result.ok, result.value) == (False, None)
