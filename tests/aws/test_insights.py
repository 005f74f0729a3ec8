"""Log groups that FilterLogEvents does not read, through Logs Insights."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.aws.cloudwatch.logs import LogClient
from sqsctl.aws.insights.reader import filters_of
from sqsctl.errors import SqsctlError
from tests.aws.stubs import Stubbed

GROUP = "/aws/lambda/worker-ia"
START = 1_796_000_000_500


def refused(aws: Stubbed, log_class: str = "INFREQUENT_ACCESS") -> None:
    aws.refuse(
        "logs",
        "filter_log_events",
        "InvalidOperationException",
        f"The log group {GROUP} is of log-group-class {log_class}. FilterLogEvents is not "
        "supported for this log class.",
    )
    group = {"logGroupName": GROUP, "logGroupClass": log_class}
    aws.answer("logs", "describe_log_groups", {"logGroups": [group]})


def row(at: str, message: str) -> list[dict[str, str]]:
    told = {"@timestamp": at, "@message": message, "@logStream": "s", "@log": f"1:{GROUP}"}
    return [{"field": key, "value": value} for key, value in told.items()]


def answered(aws: Stubbed, *rows: list[dict[str, str]], scanned: float = 5_000.0) -> None:
    aws.answer("logs", "start_query", {"queryId": "q"})
    aws.answer("logs", "get_query_results", {"status": "Running", "results": []})
    done: dict[str, Any] = {"status": "Complete", "results": list(rows)}
    done["statistics"] = {"bytesScanned": scanned, "recordsScanned": 2.0, "recordsMatched": 2.0}
    aws.answer("logs", "get_query_results", done)


def test_a_query_reads_what_is_refused_and_says_once_that_it_costs() -> None:
    aws = Stubbed()
    said: list[str] = []
    aws.session.log_queries.notify = said.append
    refused(aws)
    # The second begins before the first millisecond that was asked for.
    answered(aws, row("2026-11-30 00:53:20.600", "b"), row("2026-11-30 00:53:20.100", "a"))
    client = LogClient(aws.session)
    page = client.page(GROUP, start_ms=START, end_ms=START + 9_000, newest_first=True)
    assert page.log_class == "INFREQUENT_ACCESS"
    assert page.scanned_bytes == 5_000
    assert [(each.message, each.group) for each in page.events] == [("b", GROUP)]
    answered(aws)
    client.page(GROUP, start_ms=START, end_ms=START + 9_000)  # not refused a second time
    assert len(said) == 1
    assert "bills by what it scans" in said[0]
    assert aws.session.log_queries.scanned_bytes == 10_000
    aws.done()


def test_whoever_declines_is_told_what_stays_unread() -> None:
    aws = Stubbed()
    aws.session.log_queries.allowed = False
    refused(aws)
    with pytest.raises(SqsctlError, match="Logs Insights alone") as caught:
        LogClient(aws.session).page(GROUP, start_ms=START)
    assert caught.value.code == "insights_declined"


def test_a_class_that_answers_nothing_is_named() -> None:
    aws = Stubbed()
    refused(aws, "DELIVERY")
    with pytest.raises(SqsctlError, match="class DELIVERY"):
        LogClient(aws.session).page(GROUP, start_ms=START)
    aws.done()


def test_who_follows_does_not_ask_every_second() -> None:
    aws = Stubbed()
    refused(aws)
    answered(aws, row("2026-11-30 00:53:21.000", "a"))
    client = LogClient(aws.session)
    assert len(client.page(GROUP, start_ms=START).events) == 1
    assert client.page(GROUP, start_ms=START).events == ()
    aws.done()


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Cancelled"])
def test_a_query_that_fails_is_no_empty_log(status: str) -> None:
    aws = Stubbed()
    refused(aws)
    aws.answer("logs", "start_query", {"queryId": "q"})
    aws.answer("logs", "get_query_results", {"status": status, "results": []})
    with pytest.raises(SqsctlError, match=status):
        LogClient(aws.session).page(GROUP, start_ms=START)


@pytest.mark.parametrize(
    ("pattern", "stages"),
    [
        ("", ()),
        ("ERROR", ("@message like /ERROR/",)),
        ('?"a b" ?c/d', (r"@message like /a\ b|c\/d/",)),
        ('"x" y -z', ("@message like /x/", "@message like /y/", "@message not like /z/")),
        ("a ?b", ("@message like /a/",)),
    ],
)
def test_patterns_of_words_become_filters(pattern: str, stages: tuple[str, ...]) -> None:
    assert filters_of(pattern) == stages


@given(st.text(max_size=40))
def test_no_pattern_ends_a_filter_early(pattern: str) -> None:
    try:
        stages = filters_of(pattern)
    except SqsctlError:
        return
    for each in stages:
        inner = each.partition("/")[2].removesuffix("/")
        assert "/" not in inner.replace("\\/", "")
