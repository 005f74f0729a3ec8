"""What a message says of a stream's records that it does not hold, and how they are read."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.aws.cli_line import read
from sqsctl.model.failed_delivery import StreamBatch
from sqsctl.model.message import Message
from sqsctl.operations.dead_letters.failed_deliveries import failed_delivery, told
from sqsctl.operations.dead_letters.stream_records import absence, place, reading

PLACE = "eu-central-1:123456789012"
CLICKS = StreamBatch(
    source_arn=f"arn:aws:kinesis:{PLACE}:stream/clicks",
    shard_id="shardId-000000000006",
    first_sequence_number="49590338271490256608559692538361571095921575989136588898",
    last_sequence_number="49590338271490256608559692538361571095921575989136588899",
    first_arrival="2026-11-23T04:00:00Z",
    last_arrival="2026-11-23T04:00:09Z",
    size=2,
)
TABLE = replace(
    CLICKS,
    source_arn=f"arn:aws:dynamodb:{PLACE}:table/Orders/stream/2026-11-01T00:00:00.000",
    shard_id="shardId-00000001573689847184-864758bb",
    first_sequence_number="800000000003126276362",
    last_sequence_number="800000000003126276362",
    size=1,
)


def envelope(**fields: Any) -> Message:
    context = {
        "requestId": "c9b8fa9f-5a7f-xmpl-af9c-0c604cde93a5",
        "functionArn": f"arn:aws:lambda:{PLACE}:function:worker",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    }
    return Message("m-1", json.dumps({"requestContext": context, **fields}))


@pytest.mark.parametrize(
    ("batch", "operation", "start"),
    [
        (CLICKS, "kinesis get-shard-iterator", "StartingSequenceNumber"),
        (TABLE, "dynamodbstreams get-shard-iterator", "SequenceNumber"),
    ],
)
def test_the_command_is_one_that_the_aws_cli_takes(
    batch: StreamBatch, operation: str, start: str
) -> None:
    command = reading(batch)
    assert command is not None
    outer, _, inner = command.partition('"$(')
    words = shlex.split(inner.removesuffix(')"'))[1:]
    assert " ".join(words[:2]) == operation
    asked = read(words)
    assert asked.parameters[start] == batch.first_sequence_number
    assert asked.parameters["ShardId"] == batch.shard_id
    records = read([*shlex.split(outer)[1:], "an-iterator"])
    assert records.operation == "GetRecords"
    assert records.parameters["Limit"] == batch.size


def test_where_the_records_are_and_how_long() -> None:
    assert place(CLICKS).startswith("shardId-000000000006, sequence number 4959")
    assert "arrived 2026-11-23T04:00:00Z to 2026-11-23T04:00:09Z" in place(CLICKS)
    assert place(TABLE).count(TABLE.first_sequence_number) == 1
    assert "24 hours, unless its retention is longer" in absence(CLICKS)
    assert absence(CLICKS).startswith("the message does not hold the 2 records")
    assert absence(TABLE).endswith("24 hours")
    assert place(StreamBatch("")) == ""


def test_a_kafka_cluster_has_no_shards_to_read_from() -> None:
    arn = f"arn:aws:kafka:{PLACE}:cluster/orders/2a3b-5"
    found = failed_delivery(envelope(KafkaBatchInfo={"batchSize": 5, "eventSourceArn": arn}))
    assert found is not None
    assert found.batch == StreamBatch(arn, size=5)
    assert told(found) == (
        "event source mapping of orders to worker failed after 3 attempts (RetryAttemptsExhausted)"
    )
    assert reading(found.batch) is None
    assert "5 records" in absence(found.batch)


@pytest.mark.parametrize(
    ("arn", "name"), [(CLICKS.source_arn, "clicks"), (TABLE.source_arn, "Orders")]
)
def test_the_stream_or_its_table_is_named(arn: str, name: str) -> None:
    found = failed_delivery(envelope(KinesisBatchInfo={"streamArn": arn}))
    assert found is not None
    assert told(found).startswith(f"event source mapping of {name} to worker failed")


@given(
    st.sampled_from(["source_arn", "shard_id", "first_sequence_number"]),
    st.text(min_size=1).filter(lambda text: not text.isascii() or not text.isalnum()),
)
def test_a_command_is_made_of_words_of_awss_form_alone(field: str, text: str) -> None:
    for hostile in (text, f'"; rm -rf {text}', f"$({text})"):
        command = reading(replace(CLICKS, **{field: hostile}))  # type: ignore[arg-type]
        assert command is None
