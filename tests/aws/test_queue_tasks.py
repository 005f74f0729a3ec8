"""SQS's own redrive over a scripted server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from sqsctl.aws.session import Credentials, Session
from sqsctl.aws.sqs.move_tasks import MoveTaskClient
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.target import Target
from tests.aws.loopback import Answer, Loopback, Received, refusal, reply, serving

ARN = "arn:aws:sqs:ap-northeast-2:000000000000:jobs-dlq"


@contextmanager
def tasks_on(script: Callable[[Received], Answer]) -> Iterator[tuple[MoveTaskClient, Loopback]]:
    with serving(script) as loopback:
        target = Target("endpoint", "ap-northeast-2", endpoint=loopback.url)
        yield MoveTaskClient(Session(target, credentials=Credentials("a", "b"))), loopback


def test_a_task_is_started_as_asked() -> None:
    with tasks_on(lambda _: reply({"TaskHandle": "h"})) as (tasks, loopback):
        assert tasks.start(ARN, destination_arn="arn:x", rate=900) == "h"
    assert loopback.requests[0].json == {
        "SourceArn": ARN,
        "DestinationArn": "arn:x",
        "MaxNumberOfMessagesPerSecond": 500,
    }


def test_starting_is_never_repeated_by_itself() -> None:
    with tasks_on(lambda _: Answer(reset=True)) as (tasks, loopback):
        with pytest.raises(SqsctlError) as caught:
            tasks.start(ARN)
        assert len(loopback.requests) == 1
    assert caught.value.exit is Exit.UNAVAILABLE


def test_tasks_are_listed_as_sqs_tells_them() -> None:
    shape = {
        "TaskHandle": "h",
        "Status": "RUNNING",
        "SourceArn": ARN,
        "MaxNumberOfMessagesPerSecond": 5,
        "ApproximateNumberOfMessagesMoved": 7,
        "ApproximateNumberOfMessagesToMove": 9,
        "StartedTimestamp": 1_700_000_000_000,
    }
    with tasks_on(lambda _: reply({"Results": [shape, {"Status": "FAILED"}]})) as (tasks, _):
        first, second = tasks.tasks(ARN)
    assert (first.running, first.handle, first.moved, first.to_move) == (True, "h", 7, 9)
    assert first.started_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (second.running, second.handle, second.moved) == (False, None, 0)


def test_a_cancelled_task_tells_what_it_moved() -> None:
    with tasks_on(lambda _: reply({"ApproximateNumberOfMessagesMoved": 3})) as (tasks, _):
        assert tasks.cancel("h") == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("There is already a task running. Only one active task is allowed", "task_running"),
        (
            "Source queue must be configured as a Dead Letter Queue.",
            "not_a_dead_letter_queue",
        ),
    ],
)
def test_refusals_that_callers_tell_apart_have_names(text: str, code: str) -> None:
    answer = refusal("InvalidParameterValue", text)
    with tasks_on(lambda _: answer) as (tasks, _), pytest.raises(SqsctlError) as caught:
        tasks.start(ARN)
    assert caught.value.code == code
    assert caught.value.exit is Exit.REFUSED


def test_an_endpoint_without_tasks_says_so() -> None:
    answer = refusal("InvalidAction")
    with tasks_on(lambda _: answer) as (tasks, _), pytest.raises(SqsctlError) as caught:
        tasks.tasks(ARN)
    assert caught.value.code == "unsupported"
