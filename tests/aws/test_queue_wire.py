"""The direct way is signed as botocore signs, and stands aside where it cannot be sure."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from botocore.config import Config

from sqsctl.aws.session import Credentials, Session
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.aws.sqs.wire import wire
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Outgoing
from sqsctl.model.queues import QueueRef
from sqsctl.model.target import Target
from tests.aws.loopback import reply, serving

TARGET = Target("aws", "ap-northeast-2")


def test_an_ordinary_client_has_one() -> None:
    assert wire(Session(TARGET, credentials=Credentials("a", "b")).sqs_unretried()) is not None


@pytest.mark.parametrize("option", ["use_fips_endpoint", "use_dualstack_endpoint"])
def test_endpoints_that_are_made_up_per_call_have_none(option: str) -> None:
    client = Session(TARGET, credentials=Credentials("a", "b")).sqs_unretried()
    options: Any = {option: True}
    with patch.object(client.meta, "_client_config", Config(**options)):
        assert wire(client) is None


def test_another_botocore_has_none() -> None:
    client = Session(TARGET, credentials=Credentials("a", "b")).sqs_unretried()
    with patch.object(client, "_endpoint", object()):
        assert wire(client) is None


def test_no_credentials_are_an_error_that_says_so() -> None:
    with serving(lambda _: reply({})) as loopback:
        target = Target("endpoint", "ap-northeast-2", endpoint=loopback.url)
        queue = QueueClient(Session(target)).open(QueueRef("q", f"{loopback.url}/0/q"))
        for call in (queue.receive, lambda: queue.send([Outgoing("x")])):
            with pytest.raises(SqsctlError) as caught:
                call()
            assert caught.value.exit is Exit.DENIED
            assert caught.value.code == "credentials_missing"
        assert loopback.requests == []


def test_a_session_token_is_signed_and_fresh_for_each_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "first-token")
    with serving(lambda _: reply({})) as loopback:
        session = Session(Target("endpoint", "ap-northeast-2", endpoint=loopback.url))
        queue = QueueClient(session).open(QueueRef("q", f"{loopback.url}/0/q"))
        queue.receive()
        credentials: Any = session.sqs_unretried()._request_signer._credentials  # type: ignore[attr-defined]
        credentials.token = "second-token"
        queue.receive()
    tokens = [each.headers["X-Amz-Security-Token"] for each in loopback.requests]
    assert tokens == ["first-token", "second-token"]
    assert "x-amz-security-token" in loopback.requests[0].headers["Authorization"]


def test_it_signs_what_the_client_signs() -> None:
    """The same call both ways: the same headers are signed, for the same scope."""
    with serving(lambda _: reply({})) as loopback:
        target = Target("endpoint", "ap-northeast-2", endpoint=loopback.url)
        session = Session(target, credentials=Credentials("AKIAEXAMPLE", "secret"))
        direct = wire(session.sqs_unretried())
        assert direct is not None
        url = f"{loopback.url}/0/q"
        direct.call("ReceiveMessage", {"QueueUrl": url})
        session.sqs_unretried().receive_message(QueueUrl=url)
    mine, theirs = (
        {name.lower(): value for name, value in each.headers.items()} for each in loopback.requests
    )
    assert _signed(mine["authorization"]) == _signed(theirs["authorization"])
    for name in ("x-amz-target", "content-type", "x-amzn-query-mode"):
        assert mine[name] == theirs[name]
    assert loopback.requests[0].json == loopback.requests[1].json
    assert loopback.requests[0].path == loopback.requests[1].path


def _signed(authorization: str) -> tuple[str, set[str]]:
    scope, names, _ = authorization.split(", ")
    return scope.rpartition("/")[0], set(names.removeprefix("SignedHeaders=").split(";"))
