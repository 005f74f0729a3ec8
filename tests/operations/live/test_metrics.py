"""Figures over time: which are asked for, and how finely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.aws.cloudwatch.metrics import MAX_QUERIES, MetricReader
from sqsctl.checks.rank import diagnose
from sqsctl.checks.support import figures
from sqsctl.errors import SqsctlError
from sqsctl.model.stack import Api, Series, Stack
from sqsctl.operations.live.metrics import (
    MAX_POINTS,
    api_queries,
    fair_queue_queries,
    function_queries,
    mapping_queries,
    metrics,
    period,
    queue_queries,
)
from tests.aws.stubs import Stubbed
from tests.checks.build import mapping
from tests.checks.zoo import PAIRS
from tests.e2e.stacks import DeployedLab

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_apis_of_both_kinds_are_measured_under_their_own_names() -> None:
    http, rest = (
        Api("a1", "dev-svc", "http", "https://x"),
        Api("b2", "dev-rest", "rest", "https://y"),
    )
    url = Api("u", "f", "url", "https://z")
    found = {(each.metric, each.dimensions) for each in api_queries([http, rest, url])}
    assert ("5xx", (("ApiId", "a1"),)) in found
    assert ("5XXError", (("ApiName", "dev-rest"),)) in found
    assert not any("u" in dict(dimensions).values() for _, dimensions in found)


@given(st.integers(1, 60 * 86_400))
def test_a_period_is_whole_and_keeps_series_short(seconds: int) -> None:
    step = period(NOW - timedelta(seconds=seconds), NOW)
    assert step % 60 == 0
    assert seconds / step <= MAX_POINTS
    if seconds > 15 * 86_400:
        assert step % 300 == 0  # CloudWatch keeps older points no finer


def test_more_queries_than_a_call_takes_are_several_calls() -> None:
    aws = Stubbed()
    queries = function_queries(f"f{n}" for n in range(100))
    assert len(queries) > MAX_QUERIES
    for _ in range(2):
        aws.answer("cloudwatch", "get_metric_data", {"MetricDataResults": [{"Id": "m0"}]})
    found = MetricReader(aws.session).read(queries, start=NOW - timedelta(hours=1), end=NOW)
    assert len(found) == len(queries)
    aws.done()


@pytest.mark.parametrize(
    "answer",
    [
        {"MetricDataResults": []},
        {"MetricDataResults": [{"Id": "m0", "StatusCode": "InternalError"}]},
        {"MetricDataResults": [{"Id": "m0", "StatusCode": "Forbidden"}]},
    ],
)
def test_an_answer_without_figures_is_not_taken_for_no_figures(answer: dict[str, Any]) -> None:
    aws = Stubbed()
    aws.answer("cloudwatch", "get_metric_data", answer)
    queries = queue_queries(["jobs"])
    with pytest.raises(SqsctlError):
        MetricReader(aws.session).read(queries, start=NOW - timedelta(hours=1), end=NOW)


def test_pages_are_joined_points_sorted_and_missing_ones_not_invented() -> None:
    aws = Stubbed()
    queries = queue_queries(["jobs"])[:2]
    times = [NOW - timedelta(minutes=n) for n in (1, 3)]
    first = {"Id": "m0", "Timestamps": times, "Values": [1.0, 3.0]}
    more = {"Id": "m0", "Timestamps": [NOW - timedelta(minutes=5)], "Values": [5.0]}
    aws.answer("cloudwatch", "get_metric_data", {"MetricDataResults": [first], "NextToken": "t"})
    aws.answer("cloudwatch", "get_metric_data", {"MetricDataResults": [more]})
    one, two = MetricReader(aws.session).read(queries, start=NOW - timedelta(hours=1), end=NOW)
    assert [value for _, value in one.points] == [5.0, 3.0, 1.0]
    assert two.points == ()
    assert (one.resource, one.metric, one.period_s) == ("jobs", queries[0].metric, 60)


def test_every_metric_that_a_check_looks_at_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: set[str] = set()
    series = figures.series

    def watched(stack: Stack, resource: str, *metrics: str, **more: Any) -> Series | None:
        looked_at.update(metrics)
        return series(stack, resource, *metrics, **more)

    monkeypatch.setattr(figures, "series", watched)
    for pair in PAIRS:
        diagnose(pair.broken)
    apis = [Api("a", "a", "http", "https://x"), Api("b", "b", "rest", "https://y")]
    asked = {
        each.metric
        for each in (
            *queue_queries(["q"]),
            *fair_queue_queries(["q"]),
            *mapping_queries([mapping(counts_events=True)]),
            *function_queries(["f"]),
            *api_queries(apis),
        )
    }
    assert len(looked_at) > 8
    assert looked_at <= asked


@pytest.mark.lab
def test_on_the_lab_every_part_has_its_series(lab: DeployedLab) -> None:
    found = metrics(lab.session, lab.stack)
    resources = {each.resource for each in found}
    assert {each.name for each in lab.stack.queues} <= resources
    assert {each.name for each in lab.stack.functions} <= resources
    assert lab.stack.apis[0].id in resources
