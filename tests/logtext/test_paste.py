"""Pasted text to events: what each tool prints."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from sqsctl.logtext import events_from_text

AT = datetime(2024, 1, 29, 16, 41, 15, 998_000, tzinfo=UTC)
RID = "3f5a7b9c-1d2e-4f30-8142-536475869708"
STREAM = "2024/01/29/[$LATEST]0c4fe1a8f2b54d0d8a33a2f3d5ed9e5f"
START = f"START RequestId: {RID} Version: $LATEST"


@pytest.mark.parametrize(
    ("text", "stream"),
    [
        pytest.param(
            f"2024-01-29T16:41:15.998000+00:00 {STREAM} {START}", STREAM, id="aws logs tail"
        ),
        pytest.param(f"2024-01-29T16:41:15.998Z\t{START}", "", id="console"),
        pytest.param(f"2024-01-30T01:41:15.998+09:00\t{START}", "", id="console, local time"),
        pytest.param(f"{STREAM} 2024-01-29T16:41:15.998000 {START}", STREAM, id="sam logs"),
        pytest.param(f"2024-01-29 16:41:15.998 (+00:00)\t{START}", "", id="sls logs"),
        pytest.param(
            f"/aws/lambda/shop-dev {STREAM} 2024-01-29T16:41:15.998Z {START}", STREAM, id="awslogs"
        ),
        pytest.param(f'1706546475998,"{START}"', "", id="csv export"),
        pytest.param(f"▶\t2024-01-29T16:41:15.998Z\t{START}", "", id="console with its arrow"),
        pytest.param(f"  | 2024-01-29T16:41:15.998Z | {START}", "", id="a table in an issue"),
        pytest.param(f"2024-01-29T16:41:15.998ZCopy{START}", "", id="copy button"),
    ],
)
def test_prefixes(text: str, stream: str) -> None:
    (event,) = events_from_text(text)
    assert event.message == START
    assert event.timestamp == AT
    assert event.stream == stream


def test_the_runtimes_own_head_is_no_prefix() -> None:
    text = f"2024-01-29T16:41:15.998Z\t{RID}\tERROR\tInvoke Error \t{{}}"
    (event,) = events_from_text(text)
    assert event.message == text


def test_a_line_without_time_belongs_to_the_one_before() -> None:
    head = f"2024-01-29T16:41:15.998000+00:00 {STREAM}"
    text = f"{head} [ERROR] KeyError: 'a'\nTraceback (most recent call last):"
    first, second = events_from_text(text)
    assert (second.message, second.stream) == ("Traceback (most recent call last):", STREAM)
    assert first.timestamp == AT


def test_line_ends_and_colours() -> None:
    assert [each.message for each in events_from_text("\x1b[31ma\x1b[0m\r\nb\rc\n\n")] == [
        "a",
        "b",
        "c",
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(
            {
                "events": [
                    {
                        "logStreamName": STREAM,
                        "timestamp": 1706546475998,
                        "message": f"{START}\n",
                        "eventId": "1",
                    }
                ]
            }
        ),
        json.dumps(
            [{"@timestamp": "2024-01-29 16:41:15.998", "@message": START, "@logStream": STREAM}]
        ),
        json.dumps(
            {
                "results": [
                    [
                        {"field": "@timestamp", "value": "2024-01-29 16:41:15.998"},
                        {"field": "@message", "value": START},
                        {"field": "@logStream", "value": STREAM},
                    ]
                ]
            }
        ),
        json.dumps(
            {
                "timestamp": "2024-01-29T16:41:15.998Z",
                "message": START,
                "stream": STREAM,
                "event_id": "1",
            }
        ),
    ],
    ids=["filter-log-events", "insights", "insights results", "a line of this program"],
)
def test_json_of_tools(text: str) -> None:
    (event,) = events_from_text(text)
    assert (event.message.strip(), event.timestamp, event.stream) == (START, AT, STREAM)


def test_a_failed_invoke() -> None:
    tail = base64.b64encode(f"{START}\nboom\n".encode()).decode()
    text = json.dumps({"StatusCode": 200, "FunctionError": "Unhandled", "LogResult": tail})
    assert [each.message for each in events_from_text(text)] == [START, "boom"]


def test_a_payload_stays_one_event() -> None:
    text = json.dumps({"errorType": "KeyError", "errorMessage": "'body'"}, indent=2)
    (event,) = events_from_text(text)
    assert json.loads(event.message)["errorType"] == "KeyError"


def test_lost_line_breaks() -> None:
    text = f"{START} working END RequestId: {RID} REPORT RequestId: {RID} Duration: 3.00 ms"
    assert [each.message for each in events_from_text(text)] == [
        f"{START} working",
        f"END RequestId: {RID}",
        f"REPORT RequestId: {RID} Duration: 3.00 ms",
    ]


@pytest.mark.parametrize("text", ["", " \n\t\r\n ", "\ufeff"])
def test_nothing(text: str) -> None:
    assert events_from_text(text) == ()
