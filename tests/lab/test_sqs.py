"""SQS on the lab: receipts, limits, purges and dead-letter queues as on AWS."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sqsctl.aws.lab_state import LabState
from tests.lab.conftest import session_on, until

pytestmark = pytest.mark.lab

_numbers = itertools.count(1)
Make = Callable[..., str]


@pytest.fixture
def sqs(lab_state: LabState) -> Any:
    return session_on(lab_state).sqs_unretried()


@pytest.fixture
def make(sqs: Any) -> Iterator[Make]:
    made: list[str] = []

    def queue(fifo: bool = False, **attributes: str) -> str:
        name = f"q{next(_numbers)}-{time.time_ns() % 10**9}" + (".fifo" if fifo else "")
        extra = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        url: str = sqs.create_queue(QueueName=name, Attributes=attributes | extra)["QueueUrl"]
        made.append(url)
        return url

    yield queue
    for url in made:
        sqs.delete_queue(QueueUrl=url)


def arn(sqs: Any, url: str) -> str:
    found: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    return found


def connect(sqs: Any, source: str, target: str, receives: int = 1) -> None:
    policy = {"deadLetterTargetArn": arn(sqs, target), "maxReceiveCount": receives}
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": json.dumps(policy)})


def receive(sqs: Any, url: str, **options: Any) -> list[Any]:
    settings = {"MaxNumberOfMessages": 10, "AttributeNames": ["All"], "WaitTimeSeconds": 0}
    found: list[Any] = sqs.receive_message(QueueUrl=url, **(settings | options)).get("Messages", [])
    return found


def refused(code: str, call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


# --- receipts ---


def test_deleting_with_an_outdated_receipt_succeeds_and_deletes_nothing(
    sqs: Any, make: Make
) -> None:
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    first = receive(sqs, url, VisibilityTimeout=0)[0]
    second = receive(sqs, url)[0]
    assert first["ReceiptHandle"] != second["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    names = ["ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert found == {names[0]: "1"}
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])  # once more: no error
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"] == {
        names[0]: "0"
    }


def test_a_fifo_receipt_expires(sqs: Any, make: Make) -> None:
    url = make(fifo=True)
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g")
    got = receive(sqs, url, VisibilityTimeout=0)[0]
    said = refused(
        "InvalidParameterValue",
        sqs.delete_message,
        QueueUrl=url,
        ReceiptHandle=got["ReceiptHandle"],
    )
    assert said.endswith("Reason: The receipt handle has expired.")


@pytest.mark.parametrize("receipt", ["nonsense", base64.b64encode(b"a b c d").decode()])
def test_a_receipt_of_nobody_is_refused(sqs: Any, make: Make, receipt: str) -> None:
    url = make()
    refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle=receipt)
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": receipt}])
    assert answer["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    assert "Successful" not in answer or answer["Successful"] == []


def test_visibility_can_be_changed_only_while_one_holds_the_message(sqs: Any, make: Make) -> None:
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    got = receive(sqs, url)[0]
    change = sqs.change_message_visibility
    change(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
    refused(
        "AWS.SimpleQueueService.MessageNotInflight",
        change,
        QueueUrl=url,
        ReceiptHandle=got["ReceiptHandle"],
        VisibilityTimeout=5,
    )
    receive(sqs, url)
    said = refused(
        "InvalidParameterValue",
        change,
        QueueUrl=url,
        ReceiptHandle=got["ReceiptHandle"],
        VisibilityTimeout=5,
    )
    assert "not available for visibility timeout change" in said


# --- dead letters ---


def test_a_dead_letter_remembers_where_it_came_from(sqs: Any, make: Make) -> None:
    source, target = make(), make()
    connect(sqs, source, target, receives=2)
    sent = sqs.send_message(QueueUrl=source, MessageBody="x")
    for _ in range(2):
        assert receive(sqs, source, VisibilityTimeout=0)
    assert receive(sqs, source) == []
    dead = receive(sqs, target)[0]
    assert dead["MessageId"] == sent["MessageId"]
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == arn(sqs, source)
    assert dead["Attributes"]["ApproximateReceiveCount"] == "3"
    found = sqs.list_dead_letter_source_queues(QueueUrl=target)
    assert found["queueUrls"] == [source]
    assert sqs.list_dead_letter_source_queues(QueueUrl=source)["queueUrls"] == []


def test_sources_are_listed_in_pages(sqs: Any, make: Make) -> None:
    target = make()
    sources = [make() for _ in range(5)]
    for source in sources:
        connect(sqs, source, target)
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(
        QueueUrl=target, PaginationConfig={"PageSize": 2}
    )
    listed = [page["queueUrls"] for page in pages]
    assert [len(each) for each in listed] == [2, 2, 1]
    assert sorted(itertools.chain(*listed)) == sorted(sources)


def test_in_a_fifo_dead_letter_queue_the_message_id_deduplicates(sqs: Any, make: Make) -> None:
    source, target = make(fifo=True), make(fifo=True)
    connect(sqs, source, target)
    sent = sqs.send_message(
        QueueUrl=source, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="mine"
    )
    assert receive(sqs, source, VisibilityTimeout=0)
    assert receive(sqs, source) == []
    attributes = receive(sqs, target)[0]["Attributes"]
    assert attributes["MessageDeduplicationId"] == sent["MessageId"]
    assert attributes["MessageGroupId"] == "g"


def test_a_dead_letter_queue_can_decline(sqs: Any, make: Make) -> None:
    source, target = make(), make()
    policy = json.dumps({"redrivePermission": "denyAll"})
    sqs.set_queue_attributes(QueueUrl=target, Attributes={"RedriveAllowPolicy": policy})
    connect(sqs, source, target)
    sqs.send_message(QueueUrl=source, MessageBody="x")
    for _ in range(3):
        assert receive(sqs, source, VisibilityTimeout=0)
    assert receive(sqs, target) == []


# --- limits ---


def test_eleven_attributes_are_refused(sqs: Any, make: Make) -> None:
    attributes = {f"a{n}": {"StringValue": "v", "DataType": "String"} for n in range(11)}
    url = make()
    said = refused(
        "InvalidParameterValue",
        sqs.send_message,
        QueueUrl=url,
        MessageBody="x",
        MessageAttributes=attributes,
    )
    assert said == "Number of message attributes [11] exceeds the allowed maximum [10]."
    attributes.popitem()
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    entries = [
        {"Id": "good", "MessageBody": "x"},
        {
            "Id": "bad",
            "MessageBody": "x",
            "MessageAttributes": attributes | {"b": {"StringValue": "v", "DataType": "String"}},
        },
    ]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [each["Id"] for each in answer["Successful"]] == ["good"]
    assert [(each["Id"], each["Code"]) for each in answer["Failed"]] == [
        ("bad", "InvalidParameterValue")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a b", {"StringValue": "v", "DataType": "String"}),
        ("AWS.x", {"StringValue": "v", "DataType": "String"}),
        ("a", {"StringValue": "v", "DataType": "Text"}),
        ("a", {"StringValue": "", "DataType": "String"}),
        ("a", {"BinaryValue": b"", "DataType": "Binary"}),
    ],
)
def test_odd_attributes_are_refused(sqs: Any, make: Make, name: str, value: Any) -> None:
    refused(
        "InvalidParameterValue",
        sqs.send_message,
        QueueUrl=make(),
        MessageBody="x",
        MessageAttributes={name: value},
    )


def test_attributes_count_as_size(sqs: Any, make: Make) -> None:
    url = make(MaximumMessageSize="1024")
    attributes = {"name": {"StringValue": "v" * 90, "DataType": "String"}}  # 4 + 6 + 90 bytes
    send = sqs.send_message
    send(QueueUrl=url, MessageBody="x" * 924, MessageAttributes=attributes)
    said = refused(
        "InvalidParameterValue",
        send,
        QueueUrl=url,
        MessageBody="x" * 925,
        MessageAttributes=attributes,
    )
    assert said.endswith("Message must be shorter than 1024 bytes.")
    big = make()
    entries = [{"Id": str(n), "MessageBody": "x" * 524_288} for n in range(2)]
    sqs.send_message_batch(QueueUrl=big, Entries=entries)
    entries[0]["MessageBody"] += "y"
    assert refused(
        "AWS.SimpleQueueService.BatchRequestTooLong",
        sqs.send_message_batch,
        QueueUrl=big,
        Entries=entries,
    ) == ("Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")


def test_a_second_purge_within_a_minute_is_refused(sqs: Any, make: Make) -> None:
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    receive(sqs, url)
    sqs.purge_queue(QueueUrl=url)
    names = ["ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    assert found["Attributes"] == {names[0]: "0"}
    with pytest.raises(ClientError) as caught:
        sqs.purge_queue(QueueUrl=url)
    error = caught.value.response
    assert error["Error"]["Code"] == "AWS.SimpleQueueService.PurgeQueueInProgress"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "is allowed every 60 seconds" in error["Error"]["Message"]


def test_a_queue_that_is_not_there(sqs: Any, lab_state: LabState) -> None:
    said = refused(
        "AWS.SimpleQueueService.NonExistentQueue",
        sqs.send_message,
        QueueUrl=f"{lab_state.endpoint}/000000000000/nope",
        MessageBody="x",
    )
    assert said == "The specified queue does not exist."
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="nope")


# --- move tasks ---


def dead(sqs: Any, make: Make, count: int, fifo: bool = False) -> tuple[str, str]:
    """A queue and its dead-letter queue with so many messages in it."""
    source, target = make(fifo), make(fifo)
    connect(sqs, source, target)
    for n in range(count):
        group = {"MessageGroupId": f"g{n % 3}"} if fifo else {}
        attributes = {"n": {"StringValue": str(n), "DataType": "Number"}}
        sqs.send_message(
            QueueUrl=source, MessageBody=f"m{n}", MessageAttributes=attributes, **group
        )
    taken = 0
    while taken < count:
        taken += len(receive(sqs, source, VisibilityTimeout=0, MaxNumberOfMessages=10))
    until(lambda: receive(sqs, source, VisibilityTimeout=0) == [])
    return source, target


def finished(sqs: Any, source_arn: str) -> dict[str, Any]:
    def ended() -> Any:
        task = sqs.list_message_move_tasks(SourceArn=source_arn)["Results"][0]
        return None if task["Status"] in {"RUNNING", "CANCELLING"} else task

    found: dict[str, Any] = until(ended)
    return found


def test_a_move_task_takes_everything_back(sqs: Any, make: Make) -> None:
    source, target = dead(sqs, make, 25)
    before = {each["MessageId"] for each in receive(sqs, target, VisibilityTimeout=0)}
    handle = sqs.start_message_move_task(SourceArn=arn(sqs, target))["TaskHandle"]
    running = sqs.list_message_move_tasks(SourceArn=arn(sqs, target))["Results"][0]
    assert (running["Status"], running["TaskHandle"]) == ("RUNNING", handle)
    task = finished(sqs, arn(sqs, target))
    assert task["Status"] == "COMPLETED"
    assert task["ApproximateNumberOfMessagesMoved"] == 25
    assert task["ApproximateNumberOfMessagesToMove"] == 25
    assert task["SourceArn"] == arn(sqs, target)
    assert not {"TaskHandle", "DestinationArn", "MaxNumberOfMessagesPerSecond"} & set(task)
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": ""})
    back: dict[str, Any] = {}
    while len(back) < 25:
        for each in receive(sqs, source, MessageAttributeNames=["All"]):
            back[each["Body"]] = each
    assert set(back) == {f"m{n}" for n in range(25)}
    sample = back["m3"]
    assert sample["MessageId"] not in before
    assert sample["MessageAttributes"] == {"n": {"StringValue": "3", "DataType": "Number"}}
    assert sample["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in sample["Attributes"]


def test_a_move_task_to_another_queue_with_a_limit_can_be_cancelled(sqs: Any, make: Make) -> None:
    _, target = dead(sqs, make, 10)
    other = make()
    source_arn = arn(sqs, target)
    handle = sqs.start_message_move_task(
        SourceArn=source_arn, DestinationArn=arn(sqs, other), MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    assert refused("InvalidParameterValue", sqs.start_message_move_task, SourceArn=source_arn) == (
        "There is already a task running. Only one active task is allowed for a source queue "
        "arn at a given time."
    )
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    task = finished(sqs, source_arn)
    assert task["Status"] == "CANCELLED"
    assert moved <= task["ApproximateNumberOfMessagesMoved"] < 10
    assert task["DestinationArn"] == arn(sqs, other)
    assert task["MaxNumberOfMessagesPerSecond"] == 1
    refused(
        "AWS.SimpleQueueService.UnsupportedOperation",
        sqs.cancel_message_move_task,
        TaskHandle=handle,
    )


def test_a_fifo_move_keeps_the_order_within_a_group(sqs: Any, make: Make) -> None:
    source, target = dead(sqs, make, 9, fifo=True)
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": ""})
    connect(sqs, source, target, receives=100)
    sqs.start_message_move_task(SourceArn=arn(sqs, target))
    assert finished(sqs, arn(sqs, target))["ApproximateNumberOfMessagesMoved"] == 9
    got: list[str] = []
    while len(got) < 9:
        for each in receive(sqs, source):
            got.append(each["Body"])
            sqs.delete_message(QueueUrl=source, ReceiptHandle=each["ReceiptHandle"])
    for group in range(3):
        assert [body for body in got if int(body[1:]) % 3 == group] == [
            f"m{n}" for n in range(group, 9, 3)
        ]


def test_what_cannot_be_moved(sqs: Any, make: Make) -> None:
    source, target = dead(sqs, make, 1)
    source_arn, target_arn = arn(sqs, source), arn(sqs, target)
    start = sqs.start_message_move_task
    nowhere = target_arn + "-nope"
    assert refused("InvalidParameterValue", start, SourceArn=source_arn) == (
        "Source queue must be configured as a Dead Letter Queue."
    )
    assert refused("ResourceNotFoundException", start, SourceArn=nowhere).endswith(
        "SourceArn parameter doesn't exist."
    )
    assert refused(
        "ResourceNotFoundException", start, SourceArn=target_arn, DestinationArn=nowhere
    ).endswith("DestinationArn parameter doesn't exist.")
    refused("InvalidParameterValue", start, SourceArn=target_arn, DestinationArn=target_arn)
    refused("InvalidParameterValue", start, SourceArn=target_arn, MaxNumberOfMessagesPerSecond=501)
    refused(
        "InvalidParameterValue",
        start,
        SourceArn=target_arn,
        DestinationArn=arn(sqs, make(fifo=True)),
    )
    cancel = sqs.cancel_message_move_task
    assert refused("InvalidParameterValue", cancel, TaskHandle="nonsense") == (
        "Value for parameter TaskHandle is invalid."
    )
    handle = {"taskId": "none", "sourceArn": target_arn}
    made = base64.b64encode(json.dumps(handle).encode()).decode()
    assert refused("ResourceNotFoundException", cancel, TaskHandle=made) == "Task does not exist."


def test_a_message_that_was_sent_to_the_dead_letter_queue_fails_the_move(
    sqs: Any, make: Make
) -> None:
    _, target = dead(sqs, make, 0)
    sqs.send_message(QueueUrl=target, MessageBody="from nowhere")
    sqs.start_message_move_task(SourceArn=arn(sqs, target))
    task = finished(sqs, arn(sqs, target))
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert len(receive(sqs, target)) == 1


# --- nothing is lost between threads ---


def test_sending_while_a_mapping_polls_loses_nothing(
    sqs: Any, make: Make, functions: Any, lab_state: LabState
) -> None:
    url = make(VisibilityTimeout="30")
    session = session_on(lab_state)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
    }
    session.iam().put_role_policy(
        RoleName="tests", PolicyName="sqs", PolicyDocument=json.dumps(policy)
    )
    name = functions.make(
        "def handler(event, context):\n    for r in event['Records']: print('got', r['body'])"
    )
    mapping = session.functions().create_event_source_mapping(
        EventSourceArn=arn(sqs, url), FunctionName=name, BatchSize=10
    )
    for start in range(0, 600, 10):
        entries = [{"Id": str(n), "MessageBody": str(start + n)} for n in range(10)]
        assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10

    def got() -> list[int]:
        return [
            int(each["message"].split()[1])
            for each in functions.events(name)
            if each["message"].startswith("got ")
        ]

    until(lambda: len(got()) >= 600)
    assert sorted(got()) == list(range(600))
    session.functions().delete_event_source_mapping(UUID=mapping["UUID"])
    session.iam().delete_role_policy(RoleName="tests", PolicyName="sqs")
