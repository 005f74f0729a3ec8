"""A high-throughput FIFO queue on the lab, over HTTP: redrive, edit and restore keep each message.

Equal bodies stand in different groups: this queue deduplicates by group, so all of them stay.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from sqsctl.model.queues import Queue
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.redrive import Redrive, redrive
from sqsctl.operations.moving.restore import Restore, restore
from tests.faults.bench import session_on

GROUPS = ("a", "b", "c")
FAST = {
    "FifoQueue": "true",
    "DeduplicationScope": "messageGroup",
    "FifoThroughputLimit": "perMessageGroupId",
}


def a_queue(client: QueueClient) -> Queue:
    name = f"h{uuid.uuid4().hex[:8]}.fifo"
    sqs: Any = client.session.sqs()
    sqs.create_queue(QueueName=name, Attributes=FAST)
    return client.describe(client.resolve(name))


def taken(client: QueueClient, queue: Queue) -> dict[str, list[str]]:
    """The bodies of each group, in order; the queue is empty afterwards."""
    sqs: Any = client.session.sqs()
    found: dict[str, list[str]] = {}
    while batch := sqs.receive_message(
        QueueUrl=queue.url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    ).get("Messages"):
        for each in batch:
            found.setdefault(each["Attributes"]["MessageGroupId"], []).append(each["Body"])
            sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=each["ReceiptHandle"])
    return found


def test_redrive_edit_and_restore(lab_state: LabState, tmp_path: Path) -> None:
    client = QueueClient(session_on(lab_state.endpoint))
    dead, main, edited = a_queue(client), a_queue(client), a_queue(client)
    for number in range(3):
        for group in GROUPS:
            client.session.sqs().send_message(
                QueueUrl=dead.url,
                MessageBody=f"m{number}",
                MessageGroupId=group,
                MessageDeduplicationId=str(number),  # the same in each group
            )
    options = Redrive(concurrency=2)
    journals = tmp_path / "journals"

    file = tmp_path / "export.jsonl"
    assert export(client.open(dead.ref), dead, file).messages == 9
    moved = redrive(client, dead, to=main, journal_folder=journals, options=options)
    assert (moved.moved, moved.failed, moved.possible_duplicates) == (9, 0, ())

    def changed(_: object, each: Outgoing) -> Outgoing:
        return replace(each, body=f"{each.body}!")

    again = redrive(client, main, to=edited, journal_folder=journals, options=options, edit=changed)
    assert (again.moved, again.failed) == (9, 0)
    assert taken(client, edited) == {each: ["m0!", "m1!", "m2!"] for each in GROUPS}

    back = restore(
        file,
        client.open(main.ref),
        main,
        journal_folder=journals,
        options=Restore(place=client.place),
    )
    assert (back.sent, back.failed) == (9, 0)
    assert taken(client, main) == {each: ["m0", "m1", "m2"] for each in GROUPS}
    for queue in (dead, main, edited):
        client.session.sqs().delete_queue(QueueUrl=queue.url)
