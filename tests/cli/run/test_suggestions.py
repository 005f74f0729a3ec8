"""A queue, a stack or a function that is misspelt is answered with the names near to it."""

from __future__ import annotations

import json

import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.aws.stacks import StackClient
from sqsctl.cli.run import suggestions as near
from sqsctl.errors import Exit, SqsctlError
from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    "command",
    [["doctor"], ["queue", "inspect"], ["send", "hi"], ["dlq", "peek"], ["metrics"]],
    ids=" ".join,
)
def test_a_near_queue_is_named(sqsctl: Sqsctl, on_lab: DeployedLab, command: list[str]) -> None:
    shown = sqsctl(*command, "--queue", f"{on_lab.name}-jbos")
    assert shown.code == 5
    assert f"near to it: {on_lab.name}-jobs" in shown.err


def test_a_url_names_a_queue_too(sqsctl: Sqsctl, on_lab: DeployedLab) -> None:
    url = f"{on_lab.state.endpoint}/{on_lab.state.account}/{on_lab.name}-jbos"
    shown = sqsctl("send", "hi", "--queue", url)
    assert shown.code == 5
    assert f"near to it: {on_lab.name}-jobs" in shown.err


def test_a_near_stack_is_named(sqsctl: Sqsctl, on_lab: DeployedLab) -> None:
    name = on_lab.name
    typo = name[:-3] + name[-2:]
    shown = sqsctl("stack", "show", "--stack", typo, "-o", "json")
    assert shown.code == 5
    (error,) = json.loads(shown.out)["errors"]
    assert error["code"] == "stack_not_found"
    assert name in error["hint"]


def test_a_queue_beside_a_stack_is_one_of_its_own(sqsctl: Sqsctl, on_lab: DeployedLab) -> None:
    shown = sqsctl("doctor", "--stack", on_lab.name, "--queue", f"{on_lab.name}-jbos")
    assert shown.code == 5
    assert f"{on_lab.name} has no queue {on_lab.name}-jbos" in shown.err
    assert f"it has {on_lab.name}-jobs" in shown.err


def test_a_function_of_the_stack_that_is_near_comes_first(
    sqsctl: Sqsctl, on_lab: DeployedLab
) -> None:
    shown = sqsctl("doctor", "--stack", on_lab.name, "--function", "prodcuer")
    assert shown.code == 5
    assert f"it has {on_lab.name}-producer," in shown.err


@pytest.mark.parametrize("raised", [SqsctlError("no", exit=Exit.DENIED), KeyboardInterrupt()])
def test_where_names_may_not_be_listed_the_error_stays(
    sqsctl: Sqsctl,
    on_lab: DeployedLab,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
) -> None:
    def refuse(*_: object) -> object:
        raise raised

    monkeypatch.setattr(QueueClient, "every", refuse)
    monkeypatch.setattr(StackClient, "active", refuse)
    for option in ("--queue", "--stack"):
        shown = sqsctl("metrics", option, f"{on_lab.name}-jbos")
        assert shown.code == 5
        assert "near to it" not in shown.err
        assert "lists those there are" in shown.err


def test_nothing_near_is_named_for_another_word() -> None:
    assert near.nearest("payments", ["jobs", "jobs-dlq"]) == []
    assert near.nearest("jbos", ["jobs-dlq", "jobs"])[0] == "jobs"
    assert near.nearest("jbos", ["shop-dev-jobs", "shop-dev-mails"]) == ["shop-dev-jobs"]
