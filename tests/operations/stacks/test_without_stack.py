"""Producers and ways in, where nothing but the services themselves tells of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest

from sqsctl.aws.apis import ApiReader
from sqsctl.aws.functions import FunctionClient, function
from sqsctl.aws.session import Session
from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.model.deployed import FunctionPart, QueuePart, StackRef
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Fact,
    ResourcePolicy,
)
from sqsctl.operations.diagnosis.doctor import missing_actions
from sqsctl.operations.stacks import discover
from sqsctl.operations.stacks import without_stack as around
from tests.aws.stubs import Stubbed

ARN = "arn:aws:sqs:ap-northeast-2:123456789012:jobs"
URL = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/jobs"
JOBS = QueuePart("jobs", URL, ARN, dead_letter_target_arn=f"{ARN}-dlq")
DEAD = QueuePart("jobs-dlq", f"{URL}-dlq", f"{ARN}-dlq", dead_letter_for=(ARN,))


@pytest.fixture
def session() -> Session:
    return Stubbed().session


def denied(*_: object, **__: object) -> Any:
    raise SqsctlError("no", exit=Exit.DENIED, code="access_denied")


def listing(monkeypatch: pytest.MonkeyPatch, functions: Mapping[str, Mapping[str, str]]) -> None:
    def every(
        _: FunctionClient, limit: int = 0, *, queue_names: Collection[str] = ()
    ) -> Iterator[Function]:
        for name, variables in functions.items():
            shape = {
                "FunctionName": name,
                "FunctionArn": f"arn:aws:lambda:r:1:function:{name}",
                "Environment": {"Variables": variables},
            }
            yield function(shape, queue_names)

    monkeypatch.setattr(FunctionClient, "every", every)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (URL, True),
        (ARN, True),
        ("https://ap-northeast-2.queue.amazonaws.com/123456789012/jobs", True),
        ("http://127.0.0.1:4566/123456789012/jobs", True),
        (f"{URL}-dlq", False),
        ("https://sqs.ap-northeast-2.amazonaws.com/999999999999/jobs", False),
        ("https://sqs.ap-northeast-2.amazonaws.com/123456789012/jobs-other", False),
        ("jobs", False),
        ("", False),
    ],
)
def test_a_producer_names_the_queue_by_url_or_arn(
    monkeypatch: pytest.MonkeyPatch, session: Session, value: str, expected: bool
) -> None:
    listing(monkeypatch, {"sender": {"TARGET": value}, "other": {"REGION": "eu-west-1"}})
    found, gaps = around.producers(session, (JOBS, DEAD))
    assert [each.name for each in found] == (["sender"] if expected else [])
    assert gaps == ()


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("QUEUE_NAME", "jobs", True),
        ("SQS_QUEUE", "jobs", True),
        ("queueName", "jobs", True),
        ("TOPIC", "jobs", False),
        ("QUEUE_NAME", "jobs-dlq", False),
        ("QUEUE_NAME", "jobs2", False),
    ],
)
def test_a_producer_names_the_queue_by_its_name_under_a_key_that_says_so(
    monkeypatch: pytest.MonkeyPatch, session: Session, key: str, value: str, expected: bool
) -> None:
    listing(monkeypatch, {"sender": {key: value, "SECRET": "hush"}})
    found, _ = around.producers(session, (JOBS, DEAD))
    assert [each.name for each in found] == (["sender"] if expected else [])


def test_no_other_value_of_an_environment_is_kept() -> None:
    shape = {"FunctionName": "f", "Environment": {"Variables": {"A": "jobs", "B": "hush"}}}
    assert function(shape, {"jobs"}).environment == {"A": "jobs", "B": None}
    assert function(shape).environment == {"A": None, "B": None}


def test_a_region_with_more_functions_than_are_searched(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    many: dict[str, dict[str, str]] = {
        f"f{number}": {} for number in range(around.MAX_FUNCTIONS_SEARCHED)
    }
    listing(monkeypatch, many)
    assert around.producers(session, (JOBS,)) == ((), ())
    listing(monkeypatch, {**many, "late": {"QUEUE": URL}})
    found, (gap,) = around.producers(session, (JOBS,))
    assert found == ()
    assert "--function" in gap.reason


def test_what_may_not_be_asked_is_told(monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    monkeypatch.setattr(FunctionClient, "every", denied)
    found, gaps = around.producers(session, (JOBS,))
    assert found == ()
    assert [(each.reason, each.action) for each in gaps] == [
        ("access denied", "lambda:ListFunctions")
    ]
    monkeypatch.setattr(FunctionClient, "aliases", denied)
    monkeypatch.setattr(FunctionClient, "policy", denied)
    monkeypatch.setattr(ApiReader, "function_url", denied)
    apis, gaps = around.ways_in(session, (FunctionPart("f", "arn"),))
    assert apis == ()
    assert missing_actions_of(StackRef("r", untold=gaps)) == [
        "lambda:GetFunctionUrlConfig",
        "lambda:GetPolicy",
        "lambda:ListAliases",
    ]


def missing_actions_of(ref: StackRef) -> list[str]:
    from sqsctl.model.stack import Stack

    return list(missing_actions(Stack("s", "r"), ref))


def test_credentials_that_are_no_good_are_raised(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    def expired(*_: object, **__: object) -> Any:
        raise SqsctlError("expired", exit=Exit.DENIED, code="credentials_expired")

    monkeypatch.setattr(FunctionClient, "every", expired)
    with pytest.raises(SqsctlError):
        around.producers(session, (JOBS,))


def test_an_api_that_only_an_alias_allows(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    """A function behind an alias: the permission is on the alias, and so is the URL."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Condition": {
            "ArnLike": {
                "AWS:SourceArn": "arn:aws:execute-api:r:123456789012:a1b2c3d4e5/*/POST/jobs"
            }
        },
    }

    def policy(_: FunctionClient, name: str, qualifier: str | None = None) -> ResourcePolicy:
        said = json.dumps({"Statement": [statement]}) if qualifier == "live" else None
        return ResourcePolicy(name, said, qualifier)

    def function_url(_: ApiReader, reference: str, logical_id: str | None = None) -> None:
        if reference != "front:live":
            raise NotFoundError("none", code="api_not_found")

    monkeypatch.setattr(FunctionClient, "aliases", lambda *_: ("live",))
    monkeypatch.setattr(FunctionClient, "policy", policy)
    monkeypatch.setattr(ApiReader, "function_url", function_url)
    monkeypatch.setattr(
        ApiReader, "kind_of", lambda _, api: "rest" if api == "a1b2c3d4e5" else None
    )
    apis, gaps = around.ways_in(session, (FunctionPart("front", "arn"),))
    assert [(each.id, each.kind) for each in apis] == [
        ("a1b2c3d4e5", "rest"),
        ("front:live", "url"),
    ]
    assert gaps == ()


def test_an_api_that_is_gone_is_no_way_in(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    said = '{"Statement": [{"Condition": {"x": "arn:aws:execute-api:r:1:gone123456/*"}}]}'
    monkeypatch.setattr(FunctionClient, "aliases", lambda *_: ())
    monkeypatch.setattr(FunctionClient, "policy", lambda *_: ResourcePolicy("f", said))
    monkeypatch.setattr(ApiReader, "kind_of", lambda *_: None)

    def none(*_: object) -> None:
        raise NotFoundError("none", code="api_not_found")

    monkeypatch.setattr(ApiReader, "function_url", none)
    assert around.ways_in(session, (FunctionPart("f", "arn"),)) == ((), ())


def test_which_kind_an_api_is() -> None:
    stubbed = Stubbed()
    stubbed.answer("apigatewayv2", "get_api", {"Name": "n"}, {"ApiId": "h"})
    assert ApiReader(stubbed.session).kind_of("h") == "http"
    stubbed.refuse("apigatewayv2", "get_api", "NotFoundException", status=404)
    stubbed.answer("apigateway", "get_rest_api", {"name": "n"}, {"restApiId": "r"})
    assert ApiReader(stubbed.session).kind_of("r") == "rest"
    stubbed.refuse("apigatewayv2", "get_api", "NotFoundException", status=404)
    stubbed.refuse("apigateway", "get_rest_api", "NotFoundException", status=404)
    assert ApiReader(stubbed.session).kind_of("x") is None
    stubbed.done()


@pytest.mark.parametrize(
    ("reference", "qualifier"),
    [
        ("worker", None),
        ("worker:live", "live"),
        ("worker:7", "7"),
        ("worker:$LATEST", None),
        ("123456789012:function:worker", None),
        ("123456789012:function:worker:live", "live"),
        ("arn:aws:lambda:us-east-1:123456789012:function:worker", None),
        ("arn:aws:lambda:us-east-1:123456789012:function:worker:live", "live"),
    ],
)
def test_the_alias_behind_a_functions_name(reference: str, qualifier: str | None) -> None:
    assert discover._qualifier(reference) == qualifier
    worker = FunctionPart("worker", "arn:aws:lambda:us-east-1:123456789012:function:worker")
    assert StackRef("r", functions=(worker,)).function(reference) == worker
    assert StackRef("r", functions=(worker,)).function(f"x{reference}") is None


def test_ways_in_that_are_untold_leave_the_apis_unread(session: Session) -> None:
    """Checks of APIs are skipped then: that none was found says nothing."""
    from sqsctl.model.unread import Unread
    from sqsctl.operations.diagnosis.observe import observe

    gap = Unread("functions that send to the queue", "access denied", "lambda:ListFunctions")
    ref = StackRef("ap-northeast-2", untold=(gap,))
    stack = observe(session, ref, needs={Fact.APIS})
    assert stack.gaps(Fact.APIS) == (gap,)
