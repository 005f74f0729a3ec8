"""The account of the credentials, where it helps to know it."""

from __future__ import annotations

import pytest

from sqsctl.aws.identity import account_of
from sqsctl.aws.session import Credentials, Session
from sqsctl.aws.stacks import StackClient, not_found
from sqsctl.errors import NotFoundError
from sqsctl.model.target import Target
from sqsctl.operations.stacks import discover
from tests.aws.stubs import Stubbed


def test_the_account_is_asked_of_sts() -> None:
    aws = Stubbed()
    aws.answer("sts", "get_caller_identity", {"Account": "123456789012"})
    assert account_of(aws.session) == "123456789012"


def test_nobody_answers_or_it_is_the_lab() -> None:
    aws = Stubbed()
    aws.refuse("sts", "get_caller_identity", "ExpiredToken", status=403)
    assert account_of(aws.session) is None
    lab = Target("lab", "ap-northeast-2", endpoint="http://127.0.0.1:9")
    assert account_of(Session(lab, credentials=Credentials("test", "test"))) is None


@pytest.mark.parametrize("known", [True, False])
def test_a_stack_that_is_not_there_names_the_account_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    aws = Stubbed()

    def missing(_: StackClient, name: str) -> None:
        raise not_found(name, "ap-northeast-2")

    monkeypatch.setattr(StackClient, "get", missing)
    monkeypatch.setattr(StackClient, "resources", missing)
    if known:
        aws.answer("sts", "get_caller_identity", {"Account": "123456789012"})
    else:
        aws.refuse("sts", "get_caller_identity", "AccessDenied", status=403)
    with pytest.raises(NotFoundError) as raised:
        discover.from_stack(aws.session, "nope")
    assert ("of account 123456789012" in raised.value.message) is known
    assert "--profile" in (raised.value.hint or "")
