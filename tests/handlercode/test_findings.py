"""What is told of a consumer's code, with the mapping and the log beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Severity
from tests.checks.build import ago, function, invocation, mapping, of_events, package, queue, stack

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


def told(
    source: str,
    *lines: str,
    only: tuple[str, ...] = ("batch-silent-loss", "partial-batch-ignored"),
    file: str = "worker_py",
    **groups: Any,
) -> list[Finding]:
    """What the checks say of a consumer."""
    events = invocation(1, *lines, at=ago(60))
    groups.setdefault("mappings", (mapping(batch_size=10),))
    found = diagnose(
        stack(packages=(package(**{file: source}),), logs=(of_events(events),), **groups),
        only=only,
    ).findings
    return list(found)


def test_an_error_in_the_log_of_a_success_makes_it_a_warning() -> None:
    (only,) = told(CATCHES, LOGGED)
    assert (only.id, only.severity) == ("batch-silent-loss", Severity.WARNING)
    assert only.confidence is Confidence.HIGH
    assert "ValueError: no number" in only.evidence[0].value
    assert "worker.py:5" in only.evidence[1].fact


def test_a_loss_that_is_certain_from_the_code_is_a_warning() -> None:
    (only,) = told(CATCHES)
    assert only.severity is Severity.WARNING
    assert only.confidence is Confidence.MEDIUM
    assert "its log" not in only.title


def test_what_an_unknown_wrapper_may_mend_is_information() -> None:
    (only,) = told("from other import around\n@around\n" + CATCHES)
    assert only.severity is Severity.INFO


def test_an_error_of_code_that_was_replaced_since_says_nothing() -> None:
    (only,) = told(CATCHES, LOGGED, functions=(function(last_modified=ago(0) + timedelta(1)),))
    assert "its log" not in only.title


def test_an_error_that_code_got_past_says_nothing() -> None:
    passed = LOGGED.replace("failed", "falling back to the default")
    (only,) = told(CATCHES, passed)
    assert "its log" not in only.title


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


FIRST = "def handler(event, context):\n    work(event['Records'][0]['body'])\n"
NONE = "def handler(event, context):\n    return {'statusCode': 200}\n"
BODY = "import json\ndef handler(event, context):\n    work(json.loads(event['body']))\n"


@pytest.mark.parametrize(
    ("source", "check", "severity", "place"),
    [
        (FIRST, "batch-silent-loss", Severity.ERROR, "worker.py:2"),
        (NONE, "batch-silent-loss", Severity.WARNING, "worker.py:1"),
        (BODY, "event-shape", Severity.ERROR, "worker.py:3"),
    ],
)
def test_what_certainly_goes_wrong_is_told_before_it_ran(
    source: str, check: str, severity: Severity, place: str
) -> None:
    (only,) = told(source, only=(check,))
    assert (only.id, only.severity) == (check, severity)
    assert place in [each.fact for each in only.evidence]
    assert "record" in only.fix.summary


def test_a_batch_of_one_has_a_first_record_alone() -> None:
    assert told(FIRST, mappings=(mapping(batch_size=1),)) == []


def test_messages_that_are_never_read_are_lost_one_by_one_as_well() -> None:
    (only,) = told(NONE, mappings=(mapping(batch_size=1, response_types=()),))
    assert only.severity is Severity.WARNING


def test_an_error_of_the_log_and_the_code_that_made_it_are_one_finding() -> None:
    line = (
        "[ERROR] KeyError: 'body'\nTraceback (most recent call last):\n"
        "  File \"/var/task/worker.py\", line 3, in handler\n    work(json.loads(event['body']))"
    )
    events = invocation(1, line, at=ago(60), report="Status: error")
    found = diagnose(
        stack(packages=(package(worker_py=BODY),), logs=(of_events(events),)), only=("event-shape",)
    ).findings
    assert len(found) == 1


JS = {"runtime": "nodejs22.x", "handler": "worker.handler"}
FOR_EACH = """exports.handler = async (event) => {
  console.log("begin");
  event.Records
    .filter((record) => record.body)
    .forEach(async (record) => {
      await work(record);
    });
};
"""
REJECTS = """exports.handler = async (event) => {
  await Promise.all(
    event.Records.forEach(async (record) => work(record)),
  );
};
"""


def of_javascript(source: str, *only: str) -> list[Finding]:
    groups: dict[str, Any] = {"functions": (function(**JS),), "mappings": (mapping(batch_size=10),)}
    return told(source, only=only, file="worker_js", **groups)


def test_a_for_each_that_nobody_awaits_is_named_at_its_line() -> None:
    (only,) = of_javascript(FOR_EACH, "batch-silent-loss")
    assert only.severity is Severity.WARNING
    assert only.evidence[0].fact == "worker.js:5"


def test_promise_all_of_for_each_always_fails() -> None:
    (only,) = of_javascript(REJECTS, "batch-silent-loss", "unhandled-error")
    assert (only.id, only.severity) == ("unhandled-error", Severity.ERROR)
    assert only.evidence[0].fact == "worker.js:2"
    assert "always fails" in only.title


GOES_ON = REPORTS.format("messageId", "batchItemFailures")
STOPS = GOES_ON.replace("failed.append(", "return {'batchItemFailures': [").replace(
    "'messageId']})", "'messageId']} for record in event['Records']]}"
)


@pytest.mark.parametrize(
    ("source", "name", "size", "found"),
    [
        (GOES_ON, "shop-dev-jobs.fifo", 10, 1),
        (GOES_ON, "shop-dev-jobs.fifo", 1, 0),
        (GOES_ON, "shop-dev-jobs", 10, 0),
        (STOPS, "shop-dev-jobs.fifo", 10, 0),
        (RAISES, "shop-dev-jobs.fifo", 10, 0),
    ],
)
def test_a_fifo_consumer_that_goes_on(source: str, name: str, size: int, found: int) -> None:
    queues, mappings = (queue(name, fifo=True),), (mapping(name, batch_size=size),)
    findings = told(source, queues=queues, mappings=mappings, only=("fifo-order-lost",))
    assert [each.severity for each in findings] == [Severity.WARNING] * found


DROPS = (
    "import json\ndef handler(event, context):\n    for record in event['Records']:\n        try:\n"
    "            order = json.loads(record['body'])\n        except {}:\n"
    "            print('broken', record['messageId'])\n            continue\n        work(order)\n"
)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("json.JSONDecodeError", "whose content ends in JSONDecodeError"),
        ("(KeyError, ValueError)", "whose content ends in KeyError, ValueError"),
        ("Exception", "whose content ends in Exception"),
    ],
)
def test_messages_that_are_dropped_for_their_content_are_information(kind: str, says: str) -> None:
    (only,) = told(DROPS.format(kind))
    assert (only.id, only.severity) == ("batch-silent-loss", Severity.INFO)
    assert says in only.title


@pytest.mark.parametrize("kind", ["DuplicateOrder", "table.exceptions.ConditionalCheckFailed"])
def test_what_is_passed_over_for_another_reason_is_nothing(kind: str) -> None:
    assert told(DROPS.format(kind), only=("batch-silent-loss",)) == []
