"""A cause that nobody was allowed to look for is not the same as an unknown one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from sqsctl.checks.support.failures.attribution import Match
from sqsctl.cli.dlq import causes as dlq_causes
from sqsctl.cli.dlq.causes import causes_of
from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Output
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Message
from sqsctl.model.unread import Unread
from sqsctl.operations.stacks.queue_pairs import Pair

LOGS = Unread("log group /aws/lambda/w", "access denied", "logs:FilterLogEvents")
LETTERS = [Message("a", "{}"), Message("b", "{}")]
KNOWN = cast("Match", object())
Capture = pytest.CaptureFixture[str]


@dataclass
class Finder:
    known: dict[str, Match] = field(default_factory=dict)
    unread: tuple[Unread, ...] = (LOGS,)

    def of_all(self, messages: Sequence[Message]) -> dict[str, Match]:
        return self.known


def found(monkeypatch: pytest.MonkeyPatch, finder: Finder | SqsctlError) -> dlq_causes.Causes:
    def make(*_: object, **__: object) -> Finder:
        if isinstance(finder, SqsctlError):
            raise finder
        return finder

    monkeypatch.setattr(dlq_causes, "cause_finder", make)
    return causes_of(Run(Output(color=False), PROGRAM), cast("Pair", None), LETTERS)


def test_what_was_not_read_is_told_where_a_cause_is_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    causes = found(monkeypatch, Finder({"a": KNOWN}))
    assert causes.of(LETTERS[0]) is KNOWN
    assert causes.of(LETTERS[1]) is None
    assert causes.shape() == [
        {"what": LOGS.what, "reason": "access denied", "action": "logs:FilterLogEvents"}
    ]
    err = capsys.readouterr().err
    assert f"causes: {LOGS.what} could not be read: access denied (logs:FilterLogEvents)" in err


def test_nothing_is_missed_where_every_cause_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    causes = found(monkeypatch, Finder({"a": KNOWN, "b": KNOWN}))
    assert causes.shape() == []
    assert capsys.readouterr().err == ""


def test_a_consumer_that_cannot_be_found_out_is_told_too(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    denied = SqsctlError(
        "access denied to ListEventSourceMappings",
        exit=Exit.DENIED,
        action="lambda:ListEventSourceMappings",
    )
    causes = found(monkeypatch, denied)
    assert [each["action"] for each in causes.shape()] == ["lambda:ListEventSourceMappings"]
    assert "lambda:ListEventSourceMappings" in capsys.readouterr().err
