"""CloudFormation's pages, nested stacks and events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sqsctl.aws.stacks import StackClient
from sqsctl.errors import Exit, NotFoundError
from sqsctl.model.deployed import STACK_TYPE
from tests.aws.stubs import Stubbed

ARN = "arn:aws:cloudformation:ap-northeast-2:123456789012:stack/{}/uuid"
AT = datetime(2026, 11, 23, tzinfo=UTC)


def stack(name: str, status: str = "CREATE_COMPLETE", **more: object) -> dict[str, object]:
    return {
        "StackName": name,
        "StackId": ARN.format(name),
        "StackStatus": status,
        "CreationTime": AT,
        **more,
    }


def resource(logical: str, kind: str, physical: str) -> dict[str, object]:
    return {
        "LogicalResourceId": logical,
        "ResourceType": kind,
        "PhysicalResourceId": physical,
        "ResourceStatus": "CREATE_COMPLETE",
        "LastUpdatedTimestamp": AT,
    }


def test_a_stack_with_its_outputs_tags_and_account() -> None:
    aws = Stubbed()
    shape = stack(
        "s",
        Outputs=[{"OutputKey": "Url", "OutputValue": "https://q", "Description": "the queue"}],
        Tags=[{"Key": "a", "Value": "b"}],
        Parameters=[{"ParameterKey": "p", "ParameterValue": "1"}],
    )
    aws.answer("cloudformation", "describe_stacks", {"Stacks": [shape]}, {"StackName": "s"})
    found = StackClient(aws.session).get("s")
    assert (found.outputs, found.tags, found.parameters) == (
        {"Url": "https://q"},
        {"a": "b"},
        {"p": "1"},
    )
    assert found.account == "123456789012"
    assert not found.busy


def test_cloudformations_own_word_for_not_found() -> None:
    aws = Stubbed()
    aws.refuse(
        "cloudformation", "describe_stacks", "ValidationError", "Stack with id s does not exist"
    )
    with pytest.raises(NotFoundError) as raised:
        StackClient(aws.session).get("s")
    assert raised.value.code == "stack_not_found"
    assert raised.value.exit is Exit.NOT_FOUND


def test_nested_deleted_and_unborn_stacks_are_not_listed() -> None:
    aws = Stubbed()
    first = [stack("a"), stack("b", ParentId=ARN.format("a")), stack("c", "REVIEW_IN_PROGRESS")]
    aws.answer("cloudformation", "describe_stacks", {"Stacks": first, "NextToken": "t"}, {})
    aws.answer("cloudformation", "describe_stacks", {"Stacks": [stack("d")]}, {"NextToken": "t"})
    assert [each.name for each in StackClient(aws.session).active()] == ["a", "d"]
    aws.done()


def test_resources_of_all_pages_and_of_nested_stacks() -> None:
    aws = Stubbed()
    inner = ARN.format("s-Inner-1")
    pages = [
        ({"StackName": "s"}, [resource("Inner", STACK_TYPE, inner)], "t"),
        (
            {"StackName": "s", "NextToken": "t"},
            [resource("Own", "AWS::SQS::Queue", "https://q/own")],
            None,
        ),
        ({"StackName": inner}, [resource("Deep", "AWS::SQS::Queue", "https://q/deep")], None),
    ]
    for asked, found, token in pages:
        answer = {"StackResourceSummaries": found, **({"NextToken": token} if token else {})}
        aws.answer("cloudformation", "list_stack_resources", answer, asked)
    resources = StackClient(aws.session).resources("s")
    assert [(each.logical_id, each.stack_name) for each in resources] == [
        ("Inner", "s"),
        ("Own", "s"),
        ("Deep", "s-Inner-1"),
    ]
    aws.done()


def event(identity: str) -> dict[str, object]:
    return {
        "StackId": ARN.format("s"),
        "EventId": identity,
        "StackName": "s",
        "Timestamp": AT,
        "LogicalResourceId": identity,
    }


def test_events_are_read_back_to_the_page_with_a_known_one() -> None:
    aws = Stubbed()
    newest = {"StackEvents": [event("4"), event("3")], "NextToken": "t"}
    # An event may come to light beside one that was known already.
    older = {"StackEvents": [event("1"), event("2")], "NextToken": "u"}
    aws.answer("cloudformation", "describe_stack_events", newest)
    aws.answer("cloudformation", "describe_stack_events", older)
    found = StackClient(aws.session).events("s", after=frozenset({"1"}))
    assert [each.id for each in found] == ["2", "3", "4"]
    aws.done()
