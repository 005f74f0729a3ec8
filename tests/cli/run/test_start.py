"""Where a command starts: what is said of a stack or function that is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sqsctl.aws.functions import FunctionClient
from sqsctl.cli.run import start
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError
from sqsctl.model.deployed import FunctionPart, StackRef
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.target import Target
from sqsctl.operations.stacks import discover
from sqsctl.operations.stacks.discover import StackSummary
from tests.aws.stubs import Stubbed


def begin(
    *,
    kind: str = "aws",
    region: str = "us-east-1",
    likely: str | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> start.Start:
    target = Target(kind, region)  # type: ignore[arg-type]
    lab = SimpleNamespace(stack=likely) if likely else None
    resolved: Any = SimpleNamespace(target=target, session=Stubbed().session, lab=lab)
    settings: Any = SimpleNamespace(
        text=lambda _: None, kind=lambda _: "", names_from=lambda environment: environment
    )
    return start.Start(resolved, settings, lambda *_: None, notice)


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def missing(_: object, name: str, **__: object) -> StackRef:
    raise NotFoundError(f"there is no stack {name}", hint="sqsctl stack ls", code="stack_not_found")


@pytest.mark.parametrize(
    ("kind", "region", "hint"),
    [
        ("aws", "us-east-1", "serverless.yml deploys it to eu-west-1: `again --region eu-west-1`"),
        ("aws", "eu-west-1", "sqsctl stack ls"),
        ("lab", "us-east-1", "sqsctl stack ls"),
    ],
)
def test_the_project_may_say_where_a_stack_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, region: str, hint: str
) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: svc\nprovider:\n  name: aws\n  region: eu-west-1\n"
    )
    monkeypatch.setattr(discover, "from_stack", missing)
    with pytest.raises(NotFoundError) as raised:
        begin(kind=kind, region=region).reference(())
    assert raised.value.hint == hint
    assert raised.value.code == "stack_not_found"


@pytest.fixture
def stackless(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No function by its whole name; stacks and functions as a test sets them."""

    def none(_: object, references: tuple[str, ...]) -> StackRef:
        raise NotFoundError(f"there is no function {references[0]}", code="function_not_found")

    monkeypatch.setattr(discover, "from_functions", none)
    monkeypatch.setattr(discover, "stacks", lambda _: iter(()))
    monkeypatch.setattr(FunctionClient, "every", lambda *_: iter(()))
    return monkeypatch


def summaries(**functions: tuple[str, ...]) -> Any:
    return lambda _: iter([StackSummary(name, "", (), each) for name, each in functions.items()])


def from_stack(_: object, name: str) -> StackRef:
    return StackRef("r", name, functions=(FunctionPart(f"{name}-worker", "arn"),))


def test_the_only_stack_with_a_short_name(stackless: pytest.MonkeyPatch) -> None:
    stackless.setattr(discover, "from_stack", from_stack)
    stackless.setattr(discover, "stacks", summaries(a=("a-worker",), b=("b-other",)))
    assert begin().reference(("worker",)).stack_name == "a"
    assert begin(likely="c").reference(("worker",)).stack_name == "c"


def test_a_short_name_of_several_stacks_is_not_guessed(stackless: pytest.MonkeyPatch) -> None:
    stackless.setattr(discover, "stacks", summaries(b=("b-worker",), a=("a-worker",)))
    with pytest.raises(UsageError) as raised:
        begin().reference(("worker",))
    assert "a-worker, b-worker" in raised.value.message
    assert raised.value.hint == "give the whole name: `again --function a-worker`"


def named(count: int) -> Any:
    return lambda *_: (Function(f"f{number:04}", "arn") for number in range(count))


def denied(*_: object) -> Any:
    raise SqsctlError("no", exit=Exit.DENIED, code="access_denied")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "x:",
        ":x",
        "x:y:z",
        "arn:aws:lambda",
        "arn:aws:sqs:r:123456789012:jobs",
        "arn:aws:lambda:r:1:function:f",
        "x" * 300,
        "http://x",
        "ev\x1b[31mil",
        "한국",
    ],
)
def test_what_cannot_be_a_function_is_refused_before_anything_is_asked(text: str) -> None:
    with pytest.raises(UsageError):
        start.checked((text,))


def test_what_can_be_a_function() -> None:
    arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:worker"
    given = ("worker", "worker:live", "worker:$LATEST", "worker:12", arn, f"{arn}:live")
    assert start.checked((*given, "123456789012:function:worker")) == (
        *given,
        "123456789012:function:worker",
    )
    assert start.checked(None) == ()


@pytest.mark.parametrize(
    ("count", "name", "expected"),
    [
        (0, "worker", "the region has none; `sqsctl stack ls` lists stacks"),
        (3, "worker", "there are: f0000, f0001, f0002; `sqsctl"),
        (40, "worker", "f0007, and 32 more; `sqsctl"),
        (600, "worker", "f0007, and many more; `sqsctl"),
        (3, "f0009", "near to it: f000"),
    ],
)
def test_a_function_that_is_nowhere(
    stackless: pytest.MonkeyPatch, count: int, name: str, expected: str
) -> None:
    stackless.setattr(FunctionClient, "every", named(count))
    with pytest.raises(NotFoundError) as raised:
        begin().reference((name,))
    assert raised.value.message == f"there is no function {name} in ap-northeast-2"
    assert expected in (raised.value.hint or "")


def test_where_nothing_may_be_listed_the_plain_error_stays(stackless: pytest.MonkeyPatch) -> None:
    stackless.setattr(discover, "stacks", denied)
    stackless.setattr(FunctionClient, "every", denied)
    with pytest.raises(NotFoundError) as raised:
        begin().reference(("worker",))
    assert raised.value.message == "there is no function worker"


def test_the_likely_stack_that_lacks_it_is_named(stackless: pytest.MonkeyPatch) -> None:
    stackless.setattr(discover, "from_stack", from_stack)
    stackless.setattr(FunctionClient, "every", named(2))
    with pytest.raises(NotFoundError) as raised:
        begin(likely="c").reference(("nothing",))
    assert raised.value.message == "there is no function nothing in ap-northeast-2"
    assert "there are: c-worker, f0000, f0001" in (raised.value.hint or "")
    stackless.setattr(FunctionClient, "every", denied)
    with pytest.raises(NotFoundError) as raised:
        begin(likely="c").reference(("nothing",))
    assert raised.value.message == "c has no function nothing"
    assert raised.value.hint == "it has c-worker; `sqsctl stack show` draws it"
    stackless.setattr(discover, "from_stack", missing)
    with pytest.raises(NotFoundError) as raised:
        begin(likely="c").reference(("nothing",))
    assert "there is no function nothing" in raised.value.message


def test_a_broken_file_in_the_folder_does_not_keep_one_from_a_function(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "serverless.yml").write_text("service: [\n")
    notices: list[str] = []
    alone = StackRef("r", functions=(FunctionPart("worker", "arn"),))
    monkeypatch.setattr(discover, "from_functions", lambda *_: alone)
    assert begin(notice=notices.append).reference(("worker",)) == alone
    assert len(notices) == 1
    assert "serverless.yml" in notices[0]
