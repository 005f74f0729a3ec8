"""What a request is authorised as: AWS's actions, on AWS's resources."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sqsctl.aws.lab_state import LabState
from tests.lab.conftest import Tutorial
from tests.lab.test_authorization import User, denied

pytestmark = pytest.mark.lab


@pytest.fixture
def user(lab_state: LabState) -> User:
    return User(lab_state)


def allow(user: User, *actions: str, on: str = "*") -> None:
    user.grant({"Effect": "Allow", "Action": list(actions), "Resource": on})


def test_a_batch_needs_the_single_action(user: User, tutorial: Tutorial) -> None:
    arn = tutorial.attributes(tutorial.dead_letters)["QueueArn"]
    sqs = user.client("sqs")
    queue = {"QueueUrl": tutorial.dead_letters}
    entries = [{"Id": "1", "MessageBody": "x"}]
    allow(user, "sqs:SendMessageBatch", "sqs:DeleteMessageBatch", "sqs:ReceiveMessage")
    said = denied(sqs.send_message_batch, Entries=entries, **queue)
    assert f"perform: sqs:sendmessage on resource: {arn}" in said
    allow(user, "sqs:SendMessage", "sqs:ReceiveMessage", on=arn)
    assert len(sqs.send_message_batch(Entries=entries, **queue)["Successful"]) == 1
    handle = sqs.receive_message(**queue)["Messages"][0]["ReceiptHandle"]
    seen = [{"Id": "1", "ReceiptHandle": handle, "VisibilityTimeout": 5}]
    gone = [{"Id": "1", "ReceiptHandle": handle}]
    hide, delete = sqs.change_message_visibility_batch, sqs.delete_message_batch
    assert "perform: sqs:changemessagevisibility on" in denied(hide, Entries=seen, **queue)
    assert "perform: sqs:deletemessage on" in denied(delete, Entries=gone, **queue)
    allow(user, "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", on=arn)
    assert hide(Entries=seen, **queue)["Successful"]
    assert delete(Entries=gone, **queue)["Successful"]


def test_lambda_asks_for_the_operation_that_is_called(user: User, tutorial: Tutorial) -> None:
    client = user.client("lambda")
    name = f"{tutorial.stack}-jobsWorker"
    function = f"arn:aws:lambda:ap-northeast-2:000000000000:function:{name}"
    uuid = tutorial.mapping()["UUID"]
    mapping = f"arn:aws:lambda:ap-northeast-2:000000000000:event-source-mapping:{uuid}"
    calls: list[tuple[str, str, Any, dict[str, Any]]] = [
        (
            "GetFunctionConcurrency",
            function,
            client.get_function_concurrency,
            {"FunctionName": name},
        ),
        ("GetAccountSettings", "*", client.get_account_settings, {}),
        ("ListEventSourceMappings", "*", client.list_event_source_mappings, {}),
        ("GetEventSourceMapping", mapping, client.get_event_source_mapping, {"UUID": uuid}),
        (
            "UpdateEventSourceMapping",
            mapping,
            client.update_event_source_mapping,
            {"UUID": uuid, "Enabled": True},
        ),
        ("GetFunction", function, client.get_function, {"FunctionName": name}),
        ("InvokeFunction", function, client.invoke, {"FunctionName": name}),
    ]
    everything = [f"lambda:{action}" for action, *_ in calls]
    for action, resource, call, arguments in calls:
        allow(user, *(each for each in everything if each != f"lambda:{action}"))
        said = denied(call, **arguments)
        assert f"perform: lambda:{action} on resource: {resource} because" in said
        allow(user, f"lambda:{action}", on=resource)
        assert call(**arguments)["ResponseMetadata"]["HTTPStatusCode"] < 300


def test_a_layers_version_is_the_resource(user: User) -> None:
    client = user.client("lambda")
    arn = "arn:aws:lambda:ap-northeast-2:000000000000:layer:one:1"
    said = denied(client.get_layer_version, LayerName="one", VersionNumber=1)
    assert f"perform: lambda:GetLayerVersion on resource: {arn} because" in said
    said = denied(client.get_layer_version_by_arn, Arn=arn)
    assert f"perform: lambda:GetLayerVersion on resource: {arn} because" in said
    allow(user, "lambda:GetLayerVersion", on=arn)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.get_layer_version(LayerName="one", VersionNumber=1)


def test_a_simulation_is_asked_on_the_role(user: User, tutorial: Tutorial) -> None:
    name = f"{tutorial.stack}-jobsWorker"
    role = tutorial.session.functions().get_function_configuration(FunctionName=name)["Role"]
    simulate = user.client("iam").simulate_principal_policy
    asked = {"PolicySourceArn": role, "ActionNames": ["sqs:SendMessage"]}
    allow(user, "iam:SimulatePrincipalPolicy", on=role + "-other")
    assert f"on resource: {role} because" in denied(simulate, **asked)
    allow(user, "iam:SimulatePrincipalPolicy", on=role)
    assert len(simulate(**asked)["EvaluationResults"]) == 1
