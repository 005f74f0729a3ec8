"""What dead letters died of, where their consumer caught the error and reported the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from sqsctl.aws.session import Session
from sqsctl.model.deployed import StackRef
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.model.stack import Group, Stack
from sqsctl.model.unread import not_asked_for
from sqsctl.operations.dead_letters import causes
from sqsctl.operations.dead_letters.causes import CauseFinder
from sqsctl.operations.dead_letters.history import history_of
from tests.checks.build import DLQ, PREFIX, ago, invocation, of_events, queue, stack

MESSAGE = "3f1d2c6a-8f0e-4a55-9d5a-2f6f3f5b7a10"
ERROR = "[ERROR]\tT\tRID\tnot stored: ValueError: no total"


def finder(monkeypatch: pytest.MonkeyPatch, *lines: str) -> CauseFinder:
    """A finder whose stack has a log of these lines, and no fact about its dead letters."""
    main = queue(dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=2)
    unread: Group[Any] = Group(unread=(not_asked_for("dead letters"),))
    where = stack(
        queues=(main, queue(DLQ)),
        logs=(of_events(invocation(11, *lines, at=ago(60))),),
        dead_letters=unread,
    )

    def read(*_: object, **__: object) -> Stack:
        return where

    monkeypatch.setattr(causes, "observe", read)
    return CauseFinder(cast("Session", None), cast("StackRef", None), f"{PREFIX}:{DLQ}")


def letter(first: datetime) -> Message:
    moment = str(int(first.timestamp() * 1000))
    system = {"SentTimestamp": moment, "ApproximateFirstReceiveTimestamp": moment}
    return Message(MESSAGE, "{}", system=system)


def attempts_of(found: CauseFinder, message: Message) -> list[str]:
    dead: Queue = queue(DLQ)
    told = history_of(
        message,
        dead,
        found.attempts(message),
        now=datetime.now(UTC),
        visibility=timedelta(seconds=30),
    )
    return [each.failure.error_type if each.failure else "" for each in told.attempts]


def test_the_attempt_that_caught_the_error_is_part_of_the_story(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = finder(monkeypatch, ERROR)
    message = letter(ago(61))
    assert found.of_all((message,))[MESSAGE].cause == "unhandled-error"
    assert attempts_of(found, message) == ["ValueError"]


def test_an_attempt_without_an_error_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    found = finder(monkeypatch, "[INFO]\tT\tRID\tstored")
    message = letter(ago(61))
    assert found.of_all((message,)) == {}
    assert attempts_of(found, message) == []
