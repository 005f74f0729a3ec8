"""One message: acknowledged, refused, or honestly unknown."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.model.http_answer import HttpAnswer
from sqsctl.model.message import Outgoing
from sqsctl.operations.sending.send import send_over_http, send_to_queue
from sqsctl.operations.shared.delivery import RetryPolicy
from tests.operations.fakes import (
    FakeSqs,
    entry_fails,
    expired,
    lost_answer,
    raises,
    throttled,
)

QUICK = RetryPolicy(attempts=3, base_s=0.001, cap_s=0.001)


@dataclass
class FakeApi:
    answers: list[HttpAnswer]
    bodies: list[str | bytes] = field(default_factory=list)

    def post(self, body: str | bytes) -> HttpAnswer:
        self.bodies.append(body)
        return self.answers.pop(0)


def test_a_send_returns_what_sqs_acknowledged() -> None:
    queue = FakeSqs().create("q")
    sent = send_to_queue(queue, Outgoing("x"), fifo=False)
    assert (sent.via, sent.message_id, sent.status_code) == ("sqs", "q-1", None)
    assert not sent.possible_duplicate


def test_what_sqs_would_not_take_is_never_sent() -> None:
    queue = FakeSqs().create("q")
    with pytest.raises(UsageError):
        send_to_queue(queue, Outgoing(""), fifo=False)
    assert queue.calls == []


def test_a_lost_answer_is_told() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", lost_answer)
    assert send_to_queue(queue, Outgoing("x"), fifo=False, policy=QUICK).possible_duplicate


def test_unknown_to_the_end_is_not_a_success() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", *[lost_answer] * 3)
    with pytest.raises(SqsctlError) as caught:
        send_to_queue(queue, Outgoing("x"), fifo=False, policy=QUICK)
    assert (caught.value.code, caught.value.exit) == ("unknown", Exit.UNAVAILABLE)


def test_throttled_to_the_end_is_worth_another_try() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", *[throttled] * 3)
    with pytest.raises(SqsctlError) as caught:
        send_to_queue(queue, Outgoing("x"), fifo=False, policy=QUICK)
    assert (caught.value.code, caught.value.exit) == ("throttled", Exit.UNAVAILABLE)


def test_a_refusal_says_why() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", entry_fails(queue, 0, sender_fault=True))
    with pytest.raises(SqsctlError, match="injected"):
        send_to_queue(queue, Outgoing("x"), fifo=False, policy=QUICK)


def test_expired_credentials_come_through() -> None:
    queue = FakeSqs().create("q")
    queue.fail("send", raises(expired()))
    with pytest.raises(SqsctlError) as caught:
        send_to_queue(queue, Outgoing("x"), fifo=False, policy=QUICK)
    assert caught.value.exit is Exit.DENIED


@pytest.mark.parametrize(
    ("body", "message_id"),
    [
        ('{"messageId": "m1"}', "m1"),
        ('{"MessageId": "m2"}', "m2"),
        ('{"message": "Message accepted!"}', None),
        ("[" * 5000, None),
        ("not json", None),
        ('{"messageId": 5}', None),
        ("[]", None),
    ],
)
def test_an_answer_over_http_is_the_result(body: str, message_id: str | None) -> None:
    api = FakeApi([HttpAnswer(500, body, 12.0)])
    sent = send_over_http(api, '{"input": 1}')
    assert (sent.via, sent.status_code, sent.answer) == ("http", 500, body)
    assert sent.message_id == message_id
    assert api.bodies == ['{"input": 1}']


@pytest.mark.parametrize(("was_sent", "code"), [(True, "unknown"), (False, "unreachable")])
def test_no_answer_is_an_error(was_sent: bool, code: str) -> None:
    api = FakeApi([HttpAnswer(None, error="why", sent=was_sent)])
    with pytest.raises(SqsctlError) as caught:
        send_over_http(api, "{}")
    assert caught.value.code == code
    assert "why" in caught.value.message
