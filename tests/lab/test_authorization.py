"""Denials: worded as AWS words them, for callers and for functions' roles."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sqsctl.aws.lab_state import LabState
from tests.lab.conftest import Tutorial, session_on

pytestmark = pytest.mark.lab


class User:
    """Somebody who may do just what is granted."""

    def __init__(self, state: LabState) -> None:
        self._state = state
        self._iam = session_on(state).iam()
        self.name = f"user-{time.time_ns() % 10**9}"
        self.arn = self._iam.create_user(UserName=self.name)["User"]["Arn"]
        self._key = self._iam.create_access_key(UserName=self.name)["AccessKey"]

    def grant(self, *statements: dict[str, Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self._iam.put_user_policy(
            UserName=self.name, PolicyName="p", PolicyDocument=json.dumps(document)
        )

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self._state.endpoint,
            region_name=self._state.region,
            aws_access_key_id=self._key["AccessKeyId"],
            aws_secret_access_key=self._key["SecretAccessKey"],
        )


@pytest.fixture
def user(lab_state: LabState) -> User:
    return User(lab_state)


def denied(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] in {"AccessDenied", "AccessDeniedException"}
    return str(error["Message"])


def test_an_sqs_denial_names_the_action_in_lower_case_and_the_resource(
    user: User, tutorial: Tutorial
) -> None:
    arn = tutorial.attributes(tutorial.queue)["QueueArn"]
    said = denied(user.client("sqs").send_message, QueueUrl=tutorial.queue, MessageBody="x")
    assert said == (
        f"User: {user.arn} is not authorized to perform: sqs:sendmessage on resource: {arn} "
        "because no identity-based policy allows the sqs:sendmessage action"
    )
    user.grant({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"})
    assert denied(user.client("sqs").send_message, QueueUrl=tutorial.queue, MessageBody="x") == (
        f"User: {user.arn} is not authorized to perform: sqs:sendmessage on resource: {arn} "
        "with an explicit deny in an identity-based policy"
    )


def test_another_services_denial_keeps_its_spelling(user: User, tutorial: Tutorial) -> None:
    name = f"{tutorial.stack}-producer"
    said = denied(user.client("lambda").get_function_configuration, FunctionName=name)
    assert said == (
        f"User: {user.arn} is not authorized to perform: lambda:GetFunctionConfiguration on "
        f"resource: arn:aws:lambda:ap-northeast-2:000000000000:function:{name} because no "
        "identity-based policy allows the lambda:GetFunctionConfiguration action"
    )


def test_a_queue_policy_that_denies_says_so(user: User, tutorial: Tutorial) -> None:
    arn = tutorial.attributes(tutorial.queue)["QueueArn"]
    user.grant({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:PrincipalArn": user.arn}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    tutorial.session.sqs().set_queue_attributes(
        QueueUrl=tutorial.queue, Attributes={"Policy": json.dumps(policy)}
    )
    said = denied(user.client("sqs").send_message, QueueUrl=tutorial.queue, MessageBody="x")
    assert said.endswith("with an explicit deny in a resource-based policy")


def test_a_request_without_a_queue_is_refused_for_that(user: User) -> None:
    client = user.client("sqs")
    client.meta.events.register(
        "before-call.sqs.SendMessage", lambda params, **_: params.update(body=b"{}")
    )
    with pytest.raises(ClientError) as caught:
        client.send_message(QueueUrl="http://127.0.0.1/x", MessageBody="x")
    error = caught.value.response["Error"]
    assert error["Message"] == "The request must contain the parameter QueueUrl."


def test_a_move_task_needs_all_that_it_does(user: User, tutorial: Tutorial) -> None:
    target = tutorial.attributes(tutorial.dead_letters)["QueueArn"]
    source = tutorial.attributes(tutorial.queue)["QueueArn"]
    start = user.client("sqs").start_message_move_task
    on_target = [
        "sqs:StartMessageMoveTask",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    ]
    for left_out in on_target:
        actions = [each for each in on_target if each != left_out]
        user.grant(
            {"Effect": "Allow", "Action": actions, "Resource": target},
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": source},
        )
        said = denied(start, SourceArn=target, DestinationArn=source)
        assert f"not authorized to perform: {left_out.lower()} on resource: {target}" in said
    user.grant({"Effect": "Allow", "Action": on_target, "Resource": target})
    said = denied(start, SourceArn=target, DestinationArn=source)
    assert f"not authorized to perform: sqs:sendmessage on resource: {source}" in said
    user.grant(
        {"Effect": "Allow", "Action": on_target, "Resource": target},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": source},
    )
    handle = start(SourceArn=target, DestinationArn=source)["TaskHandle"]
    cancel = user.client("sqs").cancel_message_move_task
    said = denied(cancel, TaskHandle=handle)
    assert f"sqs:cancelmessagemovetask on resource: {target}" in said


def test_a_key_is_authorised_whatever_name_it_is_asked_by(lab_state: LabState, user: User) -> None:
    kms: Any = session_on(lab_state).kms()
    key, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    alias = f"alias/{user.name}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    user.grant({"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": key})
    mine = user.client("kms")
    arn = key.replace("key/" + key.rpartition("/")[2], alias)
    for name in (key, key.rpartition("/")[2], alias, arn):
        assert mine.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key
    assert f"on resource: {other}" in denied(mine.describe_key, KeyId=other)
    kms.delete_alias(AliasName=alias)


def test_keys_of_nobody_are_refused(lab_state: LabState) -> None:
    client = boto3.client(
        "sqs",
        endpoint_url=lab_state.endpoint,
        region_name=lab_state.region,
        aws_access_key_id="AKIAREALREALREALREAL",
        aws_secret_access_key="nothing",
    )
    with pytest.raises(ClientError, match="security token included in the request is invalid"):
        client.list_queues()
