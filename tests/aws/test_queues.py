"""SQS over a scripted loopback server: every answer becomes the right fate of each entry."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from sqsctl.aws.session import Credentials, Session
from sqsctl.aws.sqs.checksums import attributes_md5, body_md5
from sqsctl.aws.sqs.queues import OpenQueue, QueueClient
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError
from sqsctl.model.message import Message, MessageAttribute, Outgoing
from sqsctl.model.queues import QueueRef
from sqsctl.model.target import Target
from tests.aws.loopback import (
    Answer,
    ImpatientSession,
    Loopback,
    Received,
    refusal,
    reply,
    serving,
)

Ways = Callable[[Loopback], OpenQueue]


def session_to(url: str) -> Session:
    return ImpatientSession(
        Target("endpoint", "ap-northeast-2", endpoint=url),
        credentials=Credentials("test", "test"),
        patience_s=0.5,
    )


@contextmanager
def client_for(script: Callable[[Received], Answer]) -> Iterator[tuple[QueueClient, Loopback]]:
    with serving(script) as loopback:
        yield QueueClient(session_to(loopback.url)), loopback


@pytest.fixture(params=["wire", "client"])
def opened(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ways:
    """Opens a queue both ways: on the wire, and through boto3 where the wire cannot be had."""
    if request.param == "client":
        monkeypatch.setattr("sqsctl.aws.sqs.queues.wire", lambda _: None)

    def make(loopback: Loopback) -> OpenQueue:
        session = session_to(loopback.url)
        return QueueClient(session).open(QueueRef("jobs", f"{loopback.url}/000000000000/jobs"))

    return make


def accepted(received: Received) -> Answer:
    entries = received.json["Entries"]
    return reply(
        {
            "Successful": [
                {
                    "Id": each["Id"],
                    "MessageId": f"id-{each['Id']}",
                    "MD5OfMessageBody": body_md5(each.get("MessageBody", "")),
                }
                for each in entries
            ]
        }
    )


THREE = [Outgoing("a"), Outgoing("b"), Outgoing("c")]
COUNTS = {
    "ApproximateNumberOfMessages": "3",
    "ApproximateNumberOfMessagesNotVisible": "2",
    "ApproximateNumberOfMessagesDelayed": "1",
}
HELD = [Message(f"m{number}", "", f"handle-{number}") for number in range(3)]


def test_a_send_carries_everything_and_numbers_its_entries(opened: Ways) -> None:
    message = Outgoing(
        "한글 \U0001f600",
        {"n": MessageAttribute("Number.x", "1.10"), "b": MessageAttribute("Binary", b"\x00\xff")},
        group_id="g",
        deduplication_id="d",
    )
    with serving(accepted) as loopback:
        result = opened(loopback).send([message, Outgoing("x", delay_s=0)])
    first, second = loopback.requests[0].json["Entries"]
    assert first == {
        "Id": "0",
        "MessageBody": "한글 \U0001f600",
        "MessageAttributes": {
            "n": {"DataType": "Number.x", "StringValue": "1.10"},
            "b": {"DataType": "Binary", "BinaryValue": base64.b64encode(b"\x00\xff").decode()},
        },
        "MessageGroupId": "g",
        "MessageDeduplicationId": "d",
    }
    assert second == {"Id": "1", "MessageBody": "x", "DelaySeconds": 0}
    assert [each.message_id for each in result.accepted] == ["id-0", "id-1"]
    assert (*result.rejected, *result.unknown, *result.damaged) == ()


def test_a_request_is_signed_and_names_the_program(opened: Ways) -> None:
    with serving(accepted) as loopback:
        opened(loopback).send(THREE)
    headers = loopback.requests[0].headers
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert "/ap-northeast-2/sqs/aws4_request" in headers["Authorization"]
    assert "sqsctl/" in headers["User-Agent"]


def test_failed_entries_are_told_apart(opened: Ways) -> None:
    def script(_: Received) -> Answer:
        return reply(
            {
                "Successful": [{"Id": "1", "MessageId": "x"}],
                "Failed": [
                    {"Id": "0", "Code": "InternalError", "SenderFault": False, "Message": "later"},
                    {"Id": "2", "Code": "InvalidParameterValue", "SenderFault": True},
                ],
            }
        )

    with serving(script) as loopback:
        result = opened(loopback).send(THREE)
    assert [each.index for each in result.accepted] == [1]
    assert [(each.index, each.sender_fault) for each in result.rejected] == [(0, False), (2, True)]


def test_entries_that_the_answer_does_not_mention_are_unknown(opened: Ways) -> None:
    with serving(lambda _: reply({"Successful": [{"Id": "1", "MessageId": "x"}]})) as loopback:
        result = opened(loopback).send(THREE)
    assert result.unknown == (0, 2)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(reset=True),
        Answer(body=b'{"Successful": [{"Id": "0", "MessageId": "x"}]}', cut=20),
        Answer(body=b"<html>a proxy's page</html>"),
        Answer(body=b""),
        Answer(delay_s=2.0),
        Answer(status=503, body=b"Service Unavailable"),
        refusal("InternalError", status=500),
        Answer(status=502, body=b"\xff\xfe"),
    ],
    ids=["reset", "torn", "html", "nothing", "slow", "503", "500", "502"],
)
def test_what_nobody_can_know_is_unknown(opened: Ways, answer: Answer) -> None:
    with serving(lambda _: answer) as loopback:
        result = opened(loopback).send(THREE)
    assert result.unknown == (0, 1, 2)
    assert (*result.accepted, *result.rejected) == ()
    assert len(loopback.requests) == 1, "there is no hidden second attempt"


def test_patience_ends(opened: Ways) -> None:
    """An answer that comes too late is none, whatever it says."""
    late = reply({"Successful": [{"Id": "0", "MessageId": "x"}]})
    with serving(lambda _: replace(late, delay_s=2.0)) as loopback:
        result = opened(loopback).send([Outgoing("a")])
    assert result.unknown == (0,)
    assert "timeout" in result.unknown_reason.lower()


@pytest.mark.parametrize(
    "answer",
    [
        refusal("ThrottlingException"),
        refusal("RequestThrottled", status=403),
        refusal("AnyOther", status=429),
        refusal("ThrottlingException", status=503),
    ],
)
def test_throttling_is_safe_to_try_again(opened: Ways, answer: Answer) -> None:
    with serving(lambda _: answer) as loopback:
        result = opened(loopback).send(THREE)
    assert [each.sender_fault for each in result.rejected] == [False] * 3
    assert result.whole
    assert len(loopback.requests) == 1


def test_a_refused_request_refuses_every_entry(opened: Ways) -> None:
    with serving(lambda _: refusal("AWS.SimpleQueueService.BatchRequestTooLong")) as loopback:
        result = opened(loopback).send(THREE)
    assert [each.sender_fault for each in result.rejected] == [True] * 3
    assert result.whole


def test_no_connection_means_not_sent(opened: Ways) -> None:
    with serving(accepted) as loopback:
        queue = opened(loopback)
    result = queue.send(THREE)
    assert [(each.code, each.sender_fault) for each in result.rejected] == [
        ("unreachable", False)
    ] * 3


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("ExpiredToken", Exit.DENIED),
        ("AccessDenied", Exit.DENIED),
        ("InvalidClientTokenId", Exit.DENIED),
        ("AWS.SimpleQueueService.NonExistentQueue", Exit.NOT_FOUND),
    ],
)
@pytest.mark.parametrize("operation", ["send", "delete", "hide", "receive"])
def test_what_ends_every_further_call_is_raised(
    opened: Ways, code: str, exit_code: Exit, operation: str
) -> None:
    calls: dict[str, Callable[[OpenQueue], object]] = {
        "send": lambda queue: queue.send(THREE),
        "delete": lambda queue: queue.delete(HELD),
        "hide": lambda queue: queue.hide(HELD, 0),
        "receive": lambda queue: queue.receive(),
    }
    with serving(lambda _: refusal(code, status=403)) as loopback:
        queue = opened(loopback)
        with pytest.raises(SqsctlError) as caught:
            calls[operation](queue)
    assert caught.value.exit is exit_code


@pytest.mark.parametrize("code", ["KmsAccessDenied", "KmsDisabled", "KMS.DisabledException"])
def test_a_key_that_may_not_be_used_stops_everything(opened: Ways, code: str) -> None:
    with serving(lambda _: refusal(code)) as loopback:
        queue = opened(loopback)
        with pytest.raises(SqsctlError, match="no"):
            queue.send(THREE)
    assert len(loopback.requests) == 1


def test_another_body_than_the_one_sent_is_damage(opened: Ways) -> None:
    def script(_: Received) -> Answer:
        good = {"Id": "0", "MessageId": "x", "MD5OfMessageBody": body_md5("a")}
        bad = {"Id": "1", "MessageId": "y", "MD5OfMessageBody": body_md5("tampered")}
        none = {"Id": "2", "MessageId": "z", "MD5OfMessageBody": ""}
        return reply({"Successful": [good, bad, none]})

    with serving(script) as loopback:
        result = opened(loopback).send(THREE)
    assert [each.index for each in result.accepted] == [0, 2]
    assert result.damaged == (1,)


def test_other_attributes_than_those_sent_are_damage(opened: Ways) -> None:
    sent = {"n": MessageAttribute("Number", "1")}
    changed = {"n": MessageAttribute("Number", "1.0")}

    def script(_: Received) -> Answer:
        told = [
            {"Id": str(place), "MessageId": "x", "MD5OfMessageAttributes": attributes_md5(each)}
            for place, each in enumerate([sent, changed])
        ]
        return reply({"Successful": told})

    with serving(script) as loopback:
        result = opened(loopback).send([Outgoing("a", sent), Outgoing("a", sent)])
    assert [each.index for each in result.accepted] == [0]
    assert result.damaged == (1,)


def test_a_receive_brings_everything(opened: Ways) -> None:
    shape = {
        "MessageId": "m",
        "ReceiptHandle": "h",
        "Body": "본문",
        "MD5OfBody": body_md5("본문"),
        "Attributes": {
            "ApproximateReceiveCount": "3",
            "SentTimestamp": "1700000000123",
            "MessageGroupId": "g",
            "AWSTraceHeader": "Root=1",
            "DeadLetterQueueSourceArn": "arn:aws:sqs:x:1:jobs",
        },
        "MessageAttributes": {
            "n": {"DataType": "Number", "StringValue": "1.10"},
            "b": {"DataType": "Binary.x", "BinaryValue": base64.b64encode(b"\x00\xff").decode()},
        },
    }
    with serving(lambda _: reply({"Messages": [shape]})) as loopback:
        (message,) = opened(loopback).receive(5, wait_s=7, visibility_s=42)
    asked = loopback.requests[0].json
    assert asked["MaxNumberOfMessages"] == 5
    assert asked["WaitTimeSeconds"] == 7
    assert asked["VisibilityTimeout"] == 42
    assert asked["MessageSystemAttributeNames"] == asked["MessageAttributeNames"] == ["All"]
    assert message.attributes["b"] == MessageAttribute("Binary.x", b"\x00\xff")
    assert message.attributes["n"] == MessageAttribute("Number", "1.10")
    assert (message.receive_count, message.group_id, message.trace_header) == (3, "g", "Root=1")
    assert message.dead_letter_source_arn == "arn:aws:sqs:x:1:jobs"
    assert not message.damaged


def test_a_body_that_is_not_its_checksums_is_damaged(opened: Ways) -> None:
    shape = {"MessageId": "m", "ReceiptHandle": "h", "Body": "b", "MD5OfBody": body_md5("a")}
    with serving(lambda _: reply({"Messages": [shape]})) as loopback:
        (message,) = opened(loopback).receive()
    assert message.damaged


def test_an_empty_receive_is_no_error(opened: Ways) -> None:
    with serving(lambda _: reply({})) as loopback:
        assert opened(loopback).receive() == ()


@pytest.mark.parametrize(
    "answer", [Answer(reset=True), Answer(status=503, body=b""), Answer(status=500, body=b"\xff")]
)
def test_a_lost_receive_is_unavailability(opened: Ways, answer: Answer) -> None:
    with serving(lambda _: answer) as loopback, pytest.raises(SqsctlError) as caught:
        opened(loopback).receive()
    assert caught.value.exit is Exit.UNAVAILABLE
    assert len(loopback.requests) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"Messages": [', b"\xff"])
def test_an_answer_that_is_not_sqs_is_not_an_empty_queue(body: bytes) -> None:
    with client_for(lambda _: Answer(body=body)) as (client, loopback):
        queue = client.open(QueueRef("jobs", f"{loopback.url}/0/jobs"))
        with pytest.raises(SqsctlError) as caught:
            queue.receive()
    assert caught.value.exit is Exit.UNAVAILABLE


def test_a_deletion_and_a_hiding_name_their_handles(opened: Ways) -> None:
    with serving(lambda _: reply({"Successful": [{"Id": "0"}, {"Id": "2"}]})) as loopback:
        queue = opened(loopback)
        deleted = queue.delete(HELD)
        queue.hide(HELD, 30)
    assert loopback.requests[0].json["Entries"][1] == {"Id": "1", "ReceiptHandle": "handle-1"}
    assert loopback.requests[1].json["Entries"][2] == {
        "Id": "2",
        "ReceiptHandle": "handle-2",
        "VisibilityTimeout": 30,
    }
    assert [each.index for each in deleted.accepted] == [0, 2]
    assert deleted.unknown == (1,)


def test_messages_with_a_trace_header_go_alone_to_an_endpoint_of_ones_own(opened: Ways) -> None:
    def script(received: Received) -> Answer:
        if received.json["MessageBody"] == "bad":
            return refusal("InvalidMessageContents")
        return reply({"MessageId": "x"})

    with serving(script) as loopback:
        result = opened(loopback).send([Outgoing("a", trace_header="Root=1"), Outgoing("bad")])
    assert [each.operation for each in loopback.requests] == ["SendMessage", "SendMessage"]
    assert loopback.requests[0].json["MessageSystemAttributes"] == {
        "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}
    }
    assert [each.index for each in result.accepted] == [0]
    assert [each.index for each in result.rejected] == [1]


def test_an_error_after_the_first_of_single_sends_does_not_hide_it(opened: Ways) -> None:
    def script(received: Received) -> Answer:
        if received.json["MessageBody"] == "a":
            return reply({"MessageId": "x"})
        return refusal("ExpiredToken", status=403)

    messages = [Outgoing(body, trace_header="Root=1") for body in "abc"]
    with serving(script) as loopback:
        result = opened(loopback).send(messages)
    assert [each.index for each in result.accepted] == [0]
    assert [(each.index, each.sender_fault) for each in result.rejected] == [(1, False), (2, False)]


# Finding and describing.


def test_a_url_is_taken_as_it_is() -> None:
    with client_for(lambda _: reply({})) as (client, loopback):
        url = f"{client.session.target.endpoint}/000000000000/jobs.fifo"
        assert client.resolve(url) == QueueRef("jobs.fifo", url)
        assert loopback.requests == []


OTHER_HOSTS = [
    "http://127.0.0.1:9/000000000000/jobs",
    "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/jobs",
    "https://sqs.ap-northeast-2.amazonaws.com/000000000000/jobs",
]


@pytest.mark.parametrize("url", OTHER_HOSTS)
def test_an_emulators_queue_is_reached_through_the_endpoint(url: str) -> None:
    """Emulators name themselves as they are called elsewhere; the AWS CLI minds it as little."""
    answer = reply({"Attributes": {"QueueArn": "arn:aws:sqs:ap-northeast-2:000000000000:jobs"}})
    with client_for(lambda _: answer) as (client, loopback):
        queue = client.resolve(url)
        assert queue == QueueRef("jobs", url)
        client.session.sqs().get_queue_attributes(QueueUrl=queue.url)
        assert loopback.requests[0].json["QueueUrl"] == url


@pytest.mark.parametrize("url", [*OTHER_HOSTS, "http://[::1/000000000000/jobs"])
def test_a_lab_takes_no_url_of_another_server(url: str) -> None:
    here = Target("lab", "ap-northeast-2", endpoint="http://127.0.0.1:1")
    with pytest.raises(UsageError):
        QueueClient(Session(here)).resolve(url)


@pytest.mark.parametrize(
    "reference", ["jobs", "arn:aws:sqs:ap-northeast-2:000000000000:jobs"], ids=["name", "arn"]
)
def test_names_and_arns_are_looked_up(reference: str) -> None:
    with client_for(lambda _: reply({"QueueUrl": "http://x/0/jobs"})) as (client, loopback):
        assert client.resolve(reference).url == "http://x/0/jobs"
    assert loopback.requests[0].json["QueueName"] == "jobs"


@pytest.mark.parametrize("reference", ["", "a b", "x" * 81, "http://host/", "../etc", "jobs\n"])
def test_what_cannot_be_a_queue_is_a_usage_error(reference: str) -> None:
    with client_for(lambda _: reply({})) as (client, loopback):
        with pytest.raises(UsageError):
            client.resolve(reference)
        assert loopback.requests == []


@pytest.mark.parametrize(
    "reference",
    [
        "https://sqs.us-east-1.amazonaws.com/1/jobs",
        "https://us-east-1.queue.amazonaws.com/1/jobs",
        "arn:aws:sqs:us-east-1:1:jobs",
    ],
)
def test_another_region_is_told(reference: str) -> None:
    client = QueueClient(Session(Target("aws", "ap-northeast-2")))
    with pytest.raises(UsageError) as caught:
        client.resolve(reference)
    assert caught.value.hint == "`again --region us-east-1`"


def test_a_missing_queue_says_where_it_looked() -> None:
    answer = refusal("AWS.SimpleQueueService.NonExistentQueue")
    with client_for(lambda _: answer) as (client, _), pytest.raises(NotFoundError) as caught:
        client.resolve("jobs")
    assert "jobs" in caught.value.message
    assert "ap-northeast-2" in caught.value.message


def test_listing_goes_through_all_pages() -> None:
    def script(received: Received) -> Answer:
        if received.json.get("NextToken") == "more":
            return reply({"QueueUrls": ["http://x/0/b"]})
        return reply({"QueueUrls": ["http://x/0/a"], "NextToken": "more"})

    with client_for(script) as (client, loopback):
        assert [each.name for each in client.every("a")] == ["a", "b"]
    assert loopback.requests[0].json["QueueNamePrefix"] == "a"


def test_a_description_reads_what_there_is() -> None:
    attributes = {
        "QueueArn": "arn:aws:sqs:ap-northeast-2:000000000000:jobs",
        "ApproximateNumberOfMessages": "3",
        "ApproximateNumberOfMessagesNotVisible": "2",
        "ApproximateNumberOfMessagesDelayed": "1",
        "VisibilityTimeout": "36",
        "RedrivePolicy": '{"deadLetterTargetArn":"arn:aws:sqs:r:0:d","maxReceiveCount":"3"}',
        "MaximumMessageSize": "262144",
    }
    with client_for(lambda _: reply({"Attributes": attributes})) as (client, _):
        queue = client.describe(QueueRef("jobs", "http://x/0/jobs"))
    assert (queue.visible, queue.in_flight, queue.delayed, queue.approximate_total) == (3, 2, 1, 6)
    assert (queue.visibility_timeout_s, queue.maximum_message_bytes) == (36, 262_144)
    assert (queue.dead_letter_target_arn, queue.max_receive_count) == ("arn:aws:sqs:r:0:d", 3)
    assert queue.retention_s == 345_600, "what is missing has AWS's default"


@pytest.mark.parametrize("policy", ["", "[", "[]", "{}", '{"maxReceiveCount": null}', "[" * 5000])
def test_a_broken_redrive_policy_is_none(policy: str) -> None:
    attributes = {**COUNTS, "RedrivePolicy": policy}
    with client_for(lambda _: reply({"Attributes": attributes})) as (client, _):
        queue = client.describe(QueueRef("jobs", "http://x/0/jobs"))
    assert queue.max_receive_count is None


@pytest.mark.parametrize(
    "answer",
    [
        refusal("InvalidAction", "The action ListDeadLetterSourceQueues is not valid"),
        refusal("UnknownOperationException"),
        Answer(404, b""),
        refusal("InternalFailure", "API action 'X' for service 'sqs' not yet implemented", 501),
    ],
)
def test_a_missing_call_is_called_unsupported(answer: Answer) -> None:
    with client_for(lambda _: answer) as (client, _), pytest.raises(SqsctlError) as caught:
        client.dead_letter_sources(QueueRef("jobs", "http://x/0/jobs"))
    assert caught.value.code == "unsupported"


def test_a_second_purge_within_a_minute_has_a_name() -> None:
    answer = refusal("AWS.SimpleQueueService.PurgeQueueInProgress", status=403)
    with client_for(lambda _: answer) as (client, _), pytest.raises(SqsctlError) as caught:
        client.purge(QueueRef("jobs", "http://x/0/jobs"))
    assert caught.value.code == "purge_in_progress"
