"""What is told of a consumer's code, with the mapping and the log beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Severity
from tests.checks.build import ago, function, invocation, mapping, of_events, package, stack

CATCHES = (
    "def handler(event, context):\n    for record in event['Records']:\n        try:\n"
    "            work(record)\n        except Exception as error:\n"
    "            logger.exception(error)\n"
)
REPORTS = (
    "def handler(event, context):\n    failed = []\n    for record in event['Records']:\n"
    "        try:\n            work(record)\n        except Exception as error:\n"
    "            failed.append({{'itemIdentifier': record['{}']}})\n"
    "    return {{'{}': failed}}\n"
)
RAISES = "def handler(event, context):\n    for record in event['Records']:\n        work(record)\n"
LOGGED = (
    "[ERROR]\t2026-11-23T10:00:00.000Z\tRID\tfailed\nTraceback (most recent call last):\n"
    '  File "/var/task/worker.py", line 4, in handler\n    work(record)\nValueError: no number'
)


def told(source: str, *lines: str, **groups: Any) -> list[Finding]:
    """What the two checks say of a consumer."""
    events = invocation(1, *lines, at=ago(60))
    groups.setdefault("mappings", (mapping(batch_size=10),))
    found = diagnose(
        stack(packages=(package(worker_py=source),), logs=(of_events(events),), **groups),
        only=("batch-silent-loss", "partial-batch-ignored"),
    ).findings
    return list(found)


def test_an_error_in_the_log_of_a_success_makes_it_a_warning() -> None:
    (only,) = told(CATCHES, LOGGED)
    assert (only.id, only.severity) == ("batch-silent-loss", Severity.WARNING)
    assert only.confidence is Confidence.HIGH
    assert "ValueError: no number" in only.evidence[0].value
    assert "worker.py:5" in only.evidence[1].fact


def test_the_source_alone_is_information() -> None:
    (only,) = told(CATCHES)
    assert only.severity is Severity.INFO
    assert "its log" not in only.title


def test_an_error_of_code_that_was_replaced_since_says_nothing() -> None:
    (only,) = told(CATCHES, LOGGED, functions=(function(last_modified=ago(0) + timedelta(1)),))
    assert only.severity is Severity.INFO


def test_an_error_that_code_got_past_says_nothing() -> None:
    passed = LOGGED.replace("failed", "falling back to the default")
    (only,) = told(CATCHES, passed)
    assert only.severity is Severity.INFO


@pytest.mark.parametrize("lines", [(), (LOGGED,)])
def test_a_right_report_is_nothing(lines: tuple[str, ...]) -> None:
    assert told(REPORTS.format("messageId", "batchItemFailures"), *lines) == []


def test_a_report_without_its_name_is_told_once() -> None:
    (only,) = told(REPORTS.format("messageId", "batchItemFailure"), LOGGED)
    assert (only.id, only.severity) == ("partial-batch-ignored", Severity.ERROR)
    assert "deletes the failed records, too" in only.title


@pytest.mark.parametrize(
    ("size", "severity", "says"),
    [(10, Severity.WARNING, "what was handled comes back"), (1, Severity.INFO, "one message")],
)
def test_a_wrong_identifier_fails_the_batch(size: int, severity: Severity, says: str) -> None:
    source = REPORTS.format("receiptHandle", "batchItemFailures")
    (only,) = told(source, mappings=(mapping(batch_size=size),))
    assert only.severity is severity
    assert says in only.title


@pytest.mark.parametrize(
    ("size", "types", "found"),
    [
        (10, ("ReportBatchItemFailures",), ["partial-batch-ignored"]),
        (1, ("ReportBatchItemFailures",), []),
        (10, (), []),
    ],
)
def test_reports_that_nobody_makes(size: int, types: tuple[str, ...], found: list[str]) -> None:
    findings = told(RAISES, mappings=(mapping(batch_size=size, response_types=types),))
    assert [each.id for each in findings] == found


def test_a_mapping_that_does_not_listen_is_told_and_no_more() -> None:
    source = REPORTS.format("receiptHandle", "batchItemFailures")
    (only,) = told(source, mappings=(mapping(batch_size=10, response_types=()),))
    assert "does not listen" in only.title


def test_the_word_in_a_comment_is_no_report() -> None:
    source = RAISES + "# to do: return batchItemFailures\n"
    assert told(source, mappings=(mapping(batch_size=10, response_types=()),)) == []
