"""A server that misbehaves in every way, met by every call to SQS.

Whatever it answers, a call ends: with what it says where that makes sense, with a clear
error otherwise, and never with a success that was none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest

from sqsctl.aws.api import ApiClient
from sqsctl.aws.requests import patience
from sqsctl.aws.session import Credentials, Session
from sqsctl.aws.sqs.move_tasks import MoveTaskClient
from sqsctl.aws.sqs.queues import OpenQueue, QueueClient
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Message, Outgoing
from sqsctl.model.outcome import BatchResult
from sqsctl.model.queues import QueueRef
from sqsctl.model.target import Target
from tests.aws.loopback import Answer, Received, refusal, reply, serving

ARN = "arn:aws:sqs:ap-northeast-2:000000000000:jobs"
PAGE = b"<!DOCTYPE html><html><body>Sign in to the network</body></html>"
HELD = [Message(f"m{number}", "", f"h{number}") for number in range(2)]
OUTGOING = [Outgoing("a"), Outgoing("b")]


def both(received: Received) -> Answer:
    """Each entry successful and failed at once."""
    entries = received.json.get("Entries", [])
    good = [{"Id": each["Id"], "MessageId": "x"} for each in entries]
    bad = [{"Id": each["Id"], "Code": "InternalError", "SenderFault": True} for each in entries]
    return reply({"Successful": good, "Failed": bad})


def skewed(_: Received) -> Answer:
    date = {"Date": formatdate(time.time() - 3600, usegmt=True)}
    words = "Signature expired: 20260101T000000Z is now earlier than 20260101T005500Z"
    return Answer(
        403, refusal("InvalidSignatureException", words).body, {**date, "x-amzn-query-error": ""}
    )


def wrong(value: object) -> Callable[[Received], Answer]:
    """Every field that SQS would fill holds ``value``."""
    keys = ("Messages", "Successful", "Failed", "Attributes", "QueueUrl", "QueueUrls")
    more = ("queueUrls", "Results", "TaskHandle", "ApproximateNumberOfMessagesMoved", "NextToken")
    return lambda _: reply(dict.fromkeys((*keys, *more), value))


FAULTS: dict[str, Callable[[Received], Answer]] = {
    "a page": lambda _: Answer(200, PAGE, {"Content-Type": "text/html"}),
    "a page that calls itself JSON": lambda _: Answer(200, PAGE),
    "a page that says no": lambda _: Answer(403, PAGE, {"Content-Type": "text/html"}),
    "a redirect": lambda _: Answer(302, b"", {"Location": "http://portal.example/"}),
    "a skewed clock": skewed,
    "time too skewed": lambda _: refusal("RequestTimeTooSkewed", "too large", 403),
    "throttling": lambda _: refusal("ThrottlingException"),
    "both": both,
    "nothing": lambda _: Answer(200, b""),
    "a list": lambda _: Answer(200, b"[]"),
    "a number": lambda _: Answer(200, b"5"),
    "torn": lambda _: Answer(200, b'{"Messages": [{"MessageId": "a"', cut=20),
    "not text": lambda _: Answer(200, b"\xff\xfe\x00"),
    "nested": lambda _: Answer(200, b"[" * 100_000),
    "reset": lambda _: Answer(reset=True),
    "500": lambda _: Answer(500, b"oops"),
    "numbers everywhere": wrong(5),
    "lists of numbers": wrong([5]),
    "lists of lists": wrong([[]]),
    "objects everywhere": wrong({"Id": 5}),
    "lists of objects": wrong([{"Id": ["0"], "MessageId": 5, "Body": 7, "Status": [], "x": {}}]),
    "null everywhere": wrong(None),
    "ids of numbers": lambda _: reply({"Successful": [{"Id": 0}, {"Id": 1}]}),
    "no body": lambda _: reply({"Messages": [{"MessageId": "m"}]}),
    "counts of text": lambda _: reply({"Attributes": {"ApproximateNumberOfMessages": "many"}}),
    "counts below nothing": lambda _: reply(
        {
            "Attributes": {
                f"ApproximateNumberOfMessages{kind}": "-1" for kind in ("", "NotVisible", "Delayed")
            }
        }
    ),
    "no counts": lambda _: reply({"Attributes": {"QueueArn": ARN}}),
    "an unknown error": lambda _: Answer(400, json.dumps({"__type": 5, "message": []}).encode()),
}
CALLS: dict[str, Callable[[Session, OpenQueue], Any]] = {
    "send": lambda _, queue: queue.send(OUTGOING),
    "send with a trace": lambda _, queue: queue.send([Outgoing("a", trace_header="Root=1")]),
    "receive": lambda _, queue: queue.receive(),
    "delete": lambda _, queue: queue.delete(HELD),
    "hide": lambda _, queue: queue.hide(HELD, 5),
    "describe": lambda session, queue: QueueClient(session).describe(queue.ref),
    "resolve": lambda session, _: QueueClient(session).resolve("jobs"),
    "every": lambda session, _: list(QueueClient(session).every()),
    "sources": lambda session, queue: QueueClient(session).dead_letter_sources(queue.ref),
    "purge": lambda session, queue: QueueClient(session).purge(queue.ref),
    "start": lambda session, _: MoveTaskClient(session).start(ARN),
    "tasks": lambda session, _: MoveTaskClient(session).tasks(ARN),
    "cancel": lambda session, _: MoveTaskClient(session).cancel("handle"),
}


def opened(url: str) -> tuple[Session, OpenQueue]:
    session = Session(
        Target("endpoint", "ap-northeast-2", endpoint=url),
        credentials=Credentials("test", "test"),
        attempts=1,
    )
    return session, QueueClient(session).open(QueueRef("jobs", f"{url}/000000000000/jobs"))


@pytest.mark.parametrize("way", ["wire", "client"])
@pytest.mark.parametrize("call", CALLS)
def test_no_answer_is_more_than_an_error_or_what_it_says(
    call: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "client":
        monkeypatch.setattr("sqsctl.aws.sqs.queues.wire", lambda _: None)
    script: list[Callable[[Received], Answer]] = []

    def answer(received: Received) -> Answer:
        return script[-1](received)

    with serving(answer) as loopback:
        for name, fault in FAULTS.items():
            script.append(fault)
            session, queue = opened(loopback.url)
            try:
                found = CALLS[call](session, queue)
            except SqsctlError:
                continue
            if isinstance(found, BatchResult):
                assert found.accepted == (), f"{name} passed for a success"
            assert call != "describe", f"{name} passed for a description: {found}"


SENTENCES = {
    "a page": "not one of AWS's",
    "a redirect": "elsewhere (302 to http://portal.example/)",
    "a skewed clock": "60 min ahead of AWS's",
    "time too skewed": "clock",
    "throttling": "throttling",
    "no counts": "ApproximateNumberOfMessages' is missing",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_what_is_common_has_a_sentence_of_its_own(name: str) -> None:
    with serving(FAULTS[name]) as loopback:
        session, queue = opened(loopback.url)
        with pytest.raises(SqsctlError) as caught:
            QueueClient(session).describe(queue.ref)
    assert SENTENCES[name] in caught.value.message
    assert caught.value.hint or name == "no counts"


def test_a_skewed_clock_ends_every_further_call() -> None:
    with serving(skewed) as loopback:
        _, queue = opened(loopback.url)
        with pytest.raises(SqsctlError) as caught:
            queue.send(OUTGOING)
    assert (caught.value.code, caught.value.exit) == ("clock_skewed", Exit.DENIED)
    assert "set the clock" in (caught.value.hint or "")


def test_an_id_that_succeeded_and_failed_is_no_success_and_is_told() -> None:
    with serving(both) as loopback:
        result = opened(loopback.url)[1].send(OUTGOING)
    assert (result.accepted, result.unknown) == ((), (0, 1))
    assert "both successful and failed" in result.unknown_reason


def test_pages_that_go_round_in_circles_end() -> None:
    with serving(lambda _: reply({"QueueUrls": ["http://x/0/a"], "NextToken": "t"})) as loopback:
        session, _ = opened(loopback.url)
        with pytest.raises(SqsctlError) as caught:
            list(QueueClient(session).every())
    assert caught.value.code == "foreign_answer"


# Time.


@pytest.fixture
def calm() -> Iterator[None]:
    yield
    patience.calm()


def trickled(_: Received) -> Answer:
    return Answer(200, b" " * 400 + b"{}", trickle_s=0.05)


def is_unanswered(
    call: Callable[[Session, OpenQueue], Any], session: Session, queue: OpenQueue
) -> None:
    """It is unavailable, or unknown to each entry: it may have arrived."""
    try:
        found = call(session, queue)
    except SqsctlError as caught:
        found = caught
    outcome = found.exit if isinstance(found, SqsctlError) else found.unknown
    assert outcome in {Exit.UNAVAILABLE, (0, 1)}


@pytest.mark.parametrize("call", ["send", "receive", "delete", "describe"])
def test_an_answer_that_trickles_has_an_end(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the whole never does."""
    monkeypatch.setattr("sqsctl.aws.session.DEADLINE_S", 0.4)
    with serving(trickled) as loopback:
        session, queue = opened(loopback.url)
        began = time.monotonic()
        is_unanswered(CALLS[call], session, queue)
        assert time.monotonic() - began < 2


def test_an_api_that_trickles_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqsctl.aws.api.CONNECT_TIMEOUT_S", 0.2)
    with serving(trickled) as loopback:
        began = time.monotonic()
        answer = ApiClient(f"{loopback.url}/produce", timeout_s=0.3).post("{}")
    assert (answer.status, answer.error, answer.sent) == (None, "no answer in time", True)
    assert time.monotonic() - began < 2


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("call", ["send", "receive", "describe"])
def test_a_signal_ends_a_wait_within_two_seconds(call: str) -> None:
    with serving(lambda _: Answer(delay_s=20)) as loopback:
        session, queue = opened(loopback.url)
        began = time.monotonic()
        patience.hurry()
        is_unanswered(CALLS[call], session, queue)
        assert time.monotonic() - began < 2
        if call != "receive":  # a long poll may well be silent
            again = time.monotonic()
            assert queue.send(OUTGOING).rejected, "nothing was sent, and that is known"
            assert time.monotonic() - again < 0.2


@pytest.mark.usefixtures("calm")
def test_a_signal_cuts_off_nobody_who_answers() -> None:
    with serving(lambda _: reply({"Successful": [{"Id": "0", "MessageId": "x"}]})) as loopback:
        _, queue = opened(loopback.url)
        patience.hurry()
        time.sleep(0.3)
        assert queue.send(OUTGOING[:1]).accepted


def test_the_servers_clock_is_its_latest_date() -> None:
    dates = [1_700_000_100.0, 1_700_000_000.0]

    def script(_: Received) -> Answer:
        return Answer(200, b"{}", {"Date": formatdate(dates.pop(0), usegmt=True)})

    with serving(script) as loopback:
        _, queue = opened(loopback.url)
        assert queue.server_time() is None
        queue.receive()
        queue.receive()
    assert queue.server_time() == 1_700_000_100.0
