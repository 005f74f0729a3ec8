"""What a function's answer does to its batch, and what a message looks like to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.lab.fidelity.functions import batches

RECORDS = [{"messageId": each} for each in ("a", "b", "c")]
ALL = {"a", "b", "c"}


def listed(*ids: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}


@pytest.mark.parametrize(
    "body",
    [None, "", {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"statusCode": 400}],
)
def test_these_answers_are_success(body: Any) -> None:
    assert batches.failed({"body": body}, RECORDS, partial=True) == set()


@pytest.mark.parametrize(
    "body",
    [
        "text",
        [],
        [1],
        True,
        {"batchItemFailures": "a"},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": [{}]},
        {"batchItemFailures": [{"itemIdentifer": "a"}]},
        listed(""),
        listed(None),
        listed("unknown"),
        listed("a", "unknown"),
    ],
)
def test_these_answers_fail_the_whole_batch(body: Any) -> None:
    assert batches.failed({"body": body}, RECORDS, partial=True) == ALL


@given(st.sets(st.sampled_from(sorted(ALL)), min_size=1))
def test_listed_messages_alone_come_back(ids: set[str]) -> None:
    assert batches.failed({"body": listed(*ids)}, RECORDS, partial=True) == ids


@given(st.sampled_from([None, "x", {"statusCode": 400}, listed("a"), listed("unknown"), [1]]))
def test_without_the_response_type_any_answer_deletes_the_batch(body: Any) -> None:
    assert batches.failed({"body": body}, RECORDS, partial=False) == set()


@pytest.mark.parametrize("partial", [True, False])
def test_an_error_fails_the_batch(partial: bool) -> None:
    result = {"error": True, "body": listed()}
    assert batches.failed(result, RECORDS, partial=partial) == ALL


def message(**changes: Any) -> dict[str, Any]:
    return {
        "id": "m",
        "receipt_handle": "r",
        "body": "메",
        "receive_count": 2,
        "sent_at": 1.5,
        "first_receive_at": 2.25,
        "sys": {"SenderId": "AROA"},
        "message_attributes": {"n": {"StringValue": "1", "DataType": "Number"}},
        "md5_body": "md5",
        "md5_attrs": "md5a",
        "group_id": None,
        "dedup_id": None,
        "seq": None,
    } | changes


def test_a_record_has_the_shape_of_lambdas_sqs_event() -> None:
    assert batches.record(message(), "arn:aws:sqs:r:1:q", "r") == {
        "messageId": "m",
        "receiptHandle": "r",
        "body": "메",
        "attributes": {
            "ApproximateReceiveCount": "2",
            "SentTimestamp": "1500",
            "SenderId": "AROA",
            "ApproximateFirstReceiveTimestamp": "2250",
        },
        "messageAttributes": {
            "n": {
                "stringValue": "1",
                "dataType": "Number",
                "stringListValues": [],
                "binaryListValues": [],
            }
        },
        "md5OfBody": "md5",
        "md5OfMessageAttributes": "md5a",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:r:1:q",
        "awsRegion": "r",
    }


def test_a_fifo_record_says_its_group_and_number() -> None:
    made = batches.record(
        message(group_id="g", dedup_id="d", seq="7", sys={"AWSTraceHeader": "t"}), "arn", "r"
    )
    assert made["attributes"] | {"SentTimestamp": ""} == {
        "ApproximateReceiveCount": "2",
        "SentTimestamp": "",
        "SenderId": "",
        "ApproximateFirstReceiveTimestamp": "2250",
        "AWSTraceHeader": "t",
        "MessageGroupId": "g",
        "MessageDeduplicationId": "d",
        "SequenceNumber": "7",
    }


@given(st.lists(st.integers(0, 8_000_000), min_size=1, max_size=10))
def test_a_batch_fits_into_a_payload(sizes: list[int]) -> None:
    made = [{"body": "x" * size} for size in sizes]
    count = batches.fitting(made)
    assert 1 <= count <= len(made)
    assert count == 1 or sum(sizes[:count]) <= batches.EVENT_BYTES
    assert count == len(made) or sum(sizes[: count + 1]) > batches.EVENT_BYTES
