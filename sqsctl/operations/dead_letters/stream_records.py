"""The records of a stream that a failed delivery only names: how to read them again.

Neither a mapping's OnFailure destination nor a pipe's dead-letter queue holds the records: the
message tells their shard and sequence numbers. Sources: Lambda developer guide, "Retain discarded
batch records for a Kinesis data stream" and the same for DynamoDB; EventBridge user guide, "Pipes
batching and concurrency".
"""

from __future__ import annotations

import re

from sqsctl.model.failed_delivery import StreamBatch
from sqsctl.model.plurals import counted

_STREAM = re.compile(
    r"arn:[\w-]+:(?P<service>kinesis|dynamodb):[\w-]+:\d{12}:(stream|table)/[\w./:-]+"
)
_SHARD = re.compile(r"shardId-[\w-]+")
_NUMBER = re.compile(r"\d{1,128}")
_KEEPS = {
    "kinesis": "24 hours, unless its retention is longer",
    "dynamodb": "24 hours",
}
_MOST_RECORDS = 1000  # DynamoDB's limit of one GetRecords; Kinesis takes more


def place(batch: StreamBatch) -> str:
    """Where the records are, in words; empty where the message does not say."""
    parts = [batch.shard_id]
    if batch.first_sequence_number:
        last = batch.last_sequence_number
        to = f" to {last}" if last and last != batch.first_sequence_number else ""
        parts.append(f"sequence number {batch.first_sequence_number}{to}")
    if batch.first_arrival:
        last = batch.last_arrival
        to = f" to {last}" if last and last != batch.first_arrival else ""
        parts.append(f"arrived {batch.first_arrival}{to}")
    return ", ".join(filter(None, parts))


def absence(batch: StreamBatch) -> str:
    """That the message holds no records, and how long the stream has them."""
    records = counted(batch.size, "record") if batch.size else "records"
    match = _STREAM.fullmatch(batch.source_arn)
    said = f"the message does not hold the {records}, only where to find them"
    return f"{said}; the stream keeps them for {_KEEPS[match['service']]}" if match else said


def reading(batch: StreamBatch) -> str | None:
    """The AWS CLI's command that reads the records from where the batch begins.

    None where the message does not tell enough, or its words are not of AWS's form.
    """
    match = _STREAM.fullmatch(batch.source_arn)
    first = batch.first_sequence_number
    if not match or not _SHARD.fullmatch(batch.shard_id) or not _NUMBER.fullmatch(first):
        return None
    client, start = (
        ("kinesis", "--starting-sequence-number")
        if match["service"] == "kinesis"
        else ("dynamodbstreams", "--sequence-number")
    )
    iterator = (
        f"aws {client} get-shard-iterator --stream-arn {batch.source_arn} "
        f"--shard-id {batch.shard_id} --shard-iterator-type AT_SEQUENCE_NUMBER {start} {first} "
        "--query ShardIterator --output text"
    )
    limit = f" --limit {min(batch.size, _MOST_RECORDS)}" if batch.size else ""
    return f'aws {client} get-records{limit} --shard-iterator "$({iterator})"'
