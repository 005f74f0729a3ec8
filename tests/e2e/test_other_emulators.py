"""Servers that are neither AWS nor the lab: their names of queues, their gaps, their pace."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqsctl.aws import session
from sqsctl.aws.session import Session
from sqsctl.model.target import Target
from tests.e2e.emulator import HOSTS, Emulator, emulator
from tests.program import Sqsctl


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with emulator() as running:
        yield running


@pytest.fixture
def other(server: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """The emulator as AWS_ENDPOINT_URL names it, with a queue and its dead letters."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    sqs = Session(Target("endpoint", "eu-west-1", endpoint=server.endpoint)).sqs()
    dead = sqs.create_queue(QueueName="jobs-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    redrive = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": "3"}
    live = sqs.create_queue(
        QueueName="jobs",
        Attributes={"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "0"},
    )["QueueUrl"]
    for index in range(3):
        sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"id": index}))
    yield server
    server.urls, server.delay = "", lambda _: 0.0
    for url in (dead, live):
        sqs.delete_queue(QueueUrl=url)


FORMS = [
    pytest.param(each, marks=() if each == "path" else pytest.mark.long) for each in (None, *HOSTS)
]


@pytest.mark.parametrize("form", FORMS)
def test_what_reads_works_whatever_the_queues_are_called(
    sqsctl: Sqsctl, other: Emulator, form: str | None, tmp_path: Path
) -> None:
    other.urls = HOSTS[form] if form else ""
    listed = sqsctl("queue", "ls", "-o", "json").data["queues"]
    assert {each["name"] for each in listed} == {"jobs", "jobs-dlq"}
    inspected = sqsctl("queue", "inspect", "jobs", "-o", "json").data["queue"]
    assert inspected["dlq"]["name"] == "jobs-dlq"
    if form:
        assert inspected["url"] == f"{HOSTS[form]}jobs"
    names = ["jobs-dlq", inspected["dlq"]["arn"], inspected["url"].replace("/jobs", "/jobs-dlq")]
    for name in names:
        peeked = sqsctl("dlq", "peek", "--queue", name, "--limit", "3", "-o", "json")
        assert [each["body"] for each in peeked.data["messages"]], name
        assert len(peeked.data["messages"]) == 3
    grouped = sqsctl("dlq", "groups", "--queue", "jobs", "--limit", "3", "-o", "json")
    assert sum(each["count"] for each in grouped.data["groups"]) == 3
    seen = sqsctl("doctor", "--queue", "jobs", "-o", "json")
    assert "dead-letters" in {each["id"] for each in seen.data["findings"]}, seen.out
    assert sqsctl("stack", "show", "--queue", "jobs", "-o", "json").code == 0
    assert sqsctl("metrics", "--queue", "jobs", "-o", "json").code == 0
    taken = sqsctl("dlq", "export", str(tmp_path / "all.jsonl"), "--queue", "jobs", "-o", "json")
    assert (taken.code, taken.data["messages"]) == (0, 3)
    moved = sqsctl("dlq", "redrive", "--queue", "jobs", "--yes", "-o", "json")
    assert (moved.code, moved.data["moved"]) == (0, 3), moved.out
    assert moved.data["possible_duplicates"] == []


def test_a_call_that_a_server_breaks_at_is_said_to_be_missing(
    sqsctl: Sqsctl, other: Emulator
) -> None:
    """moto answers what it does not have with the page of an exception."""
    seen = sqsctl("dlq", "redrive", "--queue", "jobs", "--method", "native", "--yes", "-o", "json")
    assert "ListMessageMoveTasks" in other.calls or "StartMessageMoveTask" in other.calls
    assert seen.code != 0
    assert seen.envelope["errors"][0]["code"] == "unsupported", seen.out
    assert "captive portal" not in seen.out + seen.err


def test_a_slow_server_that_is_well_is_never_said_to_have_been_sent_to_twice(
    sqsctl: Sqsctl, other: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that takes 3 to 8 s is to the waits as they are, at a fifth of both.

    What is between the slowest answer and the shortest wait is for a busy machine.
    """
    scale = 5
    for name in ("POLL_TIMEOUT_S", "DEADLINE_S"):
        monkeypatch.setattr(session, name, getattr(session, name) / scale)
    read = session.READ_TIMEOUT_S / scale
    defaults = Session.__init__.__kwdefaults__ or {}
    monkeypatch.setattr(Session.__init__, "__kwdefaults__", {**defaults, "read_timeout_s": read})
    pace = itertools.cycle((3.0, 8.0, 5.0))
    other.delay = lambda _: next(pace) / scale
    made = sqsctl("produce", "--queue", "jobs", "--via", "sqs", "--count", "30", "-o", "json")
    assert made.code == 0, made.out
    assert (made.data["accepted"], made.data["unknown"]) == (30, 0)
    assert made.data["possible_duplicates"] == 0
    sent = sqsctl("send", "{}", "--queue", "jobs", "-o", "json")
    assert sent.code == 0, sent.out
    assert not sent.data.get("possible_duplicate")
    moved = sqsctl("dlq", "redrive", "--queue", "jobs", "--yes", "-o", "json")
    assert (moved.code, moved.data["moved"]) == (0, 3), moved.out
    assert moved.data["possible_duplicates"] == []
