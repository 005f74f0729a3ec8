"""Logs of stacks of any size, and packages with their layers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sqsctl.aws.cloudwatch.logs import LogClient, LogPage
from sqsctl.aws.packages import PackageReader
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.deployed import FunctionPart, StackRef
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Fact,
    Package,
    PackageMember,
    Unread,
)
from sqsctl.operations.diagnosis.reading import texts
from sqsctl.operations.diagnosis.reading.observation import SharedReads, Wanted
from tests.aws.stubs import Stubbed

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def shared(functions: int, facts: frozenset[Fact] = frozenset(Fact)) -> SharedReads:
    parts = tuple(FunctionPart(f"f{n}", f"arn:f{n}") for n in range(functions))
    wanted = Wanted(facts, NOW - timedelta(hours=3), NOW)
    return SharedReads(Stubbed().session, StackRef("r", functions=parts), wanted, 20)


def test_of_a_large_stack_the_logs_that_matter_are_read_and_the_others_are_gaps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []

    def page(self: LogClient, group: str, **_: Any) -> LogPage:
        read.append(group)
        return LogPage(())

    monkeypatch.setattr(LogClient, "page", page)
    here = shared(500)
    reader = texts.LogReader(here)
    for number in range(500):
        reader.read(f"f{number}", f"/aws/lambda/f{number}")
    assert read == []
    # f499 is the most important one, and so on downwards.
    reader.start_waiting(lambda name: (-int(name[1:]), name))
    here.work.run()
    assert len(read) == texts.MAX_LOG_GROUPS
    assert "/aws/lambda/f499" in read
    assert "/aws/lambda/f0" not in read
    assert here.gaps(Fact.LOGS) == (
        Unread("logs of 460 more functions", "more than are read; name one"),
    )


def test_a_small_stack_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LogClient, "page", lambda *_, **__: LogPage(()))
    here = shared(3)
    reader = texts.LogReader(here)
    for _ in range(2):  # twice asked is once read
        reader.read("f0", "/aws/lambda/f0")
    assert not reader.waiting
    here.work.run()
    assert list(reader.logs) == ["f0"]


def test_a_package_whose_layers_are_not_all_known_is_truncated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def layer(self: PackageReader, arn: str) -> tuple[PackageMember, ...]:
        if arn.endswith(":2"):
            raise SqsctlError("no", exit=Exit.DENIED, code="access_denied")
        return (PackageMember("nodejs/node_modules/a/index.js", 1),)

    def read(self: PackageReader, function: Function) -> Package:
        return Package(function.name, (PackageMember("handler.js", 1),))

    monkeypatch.setattr(PackageReader, "layer", layer)
    monkeypatch.setattr(PackageReader, "read", read)
    here = shared(1)
    reader = texts.PackagesReader(here)
    arn = "arn:aws:lambda:r:1:layer:l"
    reader.read(Function("whole", "arn", layers=(f"{arn}:1",)))
    reader.read(Function("torn", "arn", layers=(f"{arn}:1", f"{arn}:2")))
    here.work.run()
    found = {each.function: each for each in reader.complete()}
    assert not found["whole"].truncated
    assert [each.path for each in found["whole"].layer_members] == [
        "nodejs/node_modules/a/index.js"
    ]
    assert found["torn"].truncated
    assert [gap.action for gap in here.gaps(Fact.PACKAGES)] == ["lambda:GetLayerVersion"]
