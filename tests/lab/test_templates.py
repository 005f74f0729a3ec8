"""What CloudFormation makes of functions and mappings that are not to run, or not often."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from tests.lab.conftest import session_on, until

pytestmark = pytest.mark.lab

Deploy = Callable[..., Any]
TRUST = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
}
MAY = {"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}


def resources(function: dict[str, Any], mapping: dict[str, Any]) -> dict[str, Any]:
    code = "def handler(event, context): pass\n"
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": [MAY]}}]
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "Role": ("IAM::Role", {"AssumeRolePolicyDocument": TRUST, "Policies": policies}),
        "Queue": ("SQS::Queue", {}),
        "Worker": (
            "Lambda::Function",
            {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": "Role.Arn"},
                "Code": {"ZipFile": code},
            }
            | function,
        ),
        "Map": (
            "Lambda::EventSourceMapping",
            {
                "FunctionName": {"Ref": "Worker"},
                "EventSourceArn": {"Fn::GetAtt": "Queue.Arn"},
            }
            | mapping,
        ),
    }
    return {
        name: {"Type": f"AWS::{kind}", "Properties": properties}
        for name, (kind, properties) in made.items()
    }


class Stack:
    """A stack with a queue, its consumer and the mapping between."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.name = f"told{time.time_ns() % 10**9}"
        self.cloudformation = session.cloudformation()
        self.call: Callable[..., Any] = self.cloudformation.create_stack

    def deploy(self, function: dict[str, Any], mapping: dict[str, Any]) -> None:
        self.call(
            StackName=self.name,
            TemplateBody=json.dumps({"Resources": resources(function, mapping)}),
            Capabilities=["CAPABILITY_IAM"],
        )
        self.call = self.cloudformation.update_stack
        until(self._settled)

    def _settled(self) -> bool:
        status = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0][
            "StackStatus"
        ]
        assert not {"FAILED", "ROLLBACK"} & set(status.split("_")), status
        return status.endswith("_COMPLETE")

    def physical(self, logical: str) -> str:
        detail = self.cloudformation.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical
        )
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def reserved(self) -> int | None:
        answer = self.session.functions().get_function_concurrency(
            FunctionName=self.physical("Worker")
        )
        return answer.get("ReservedConcurrentExecutions")

    def state(self) -> str:
        return str(
            self.session.functions().get_event_source_mapping(UUID=self.physical("Map"))["State"]
        )


@pytest.fixture
def stack(lab_state: LabState) -> Iterator[Stack]:
    made = Stack(session_on(lab_state))
    yield made
    made.cloudformation.delete_stack(StackName=made.name)


def test_a_reservation_is_the_templates(stack: Stack) -> None:
    stack.deploy({"ReservedConcurrentExecutions": "0"}, {})
    assert stack.reserved() == 0
    stack.deploy({"ReservedConcurrentExecutions": 5}, {})
    assert stack.reserved() == 5
    name = stack.physical("Worker")
    stack.session.functions().put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=2
    )
    stack.deploy({"ReservedConcurrentExecutions": 5, "Timeout": 9}, {})
    assert stack.reserved() == 2  # set by hand, and the template's value did not change
    stack.deploy({"Timeout": 9}, {})
    assert stack.reserved() is None


@pytest.mark.parametrize("said", [False, "false"])
def test_a_mapping_that_is_to_be_disabled_polls_nothing(stack: Stack, said: Any) -> None:
    stack.deploy({}, {"Enabled": said})
    assert stack.state() == "Disabled"
    url = stack.physical("Queue")
    sqs = stack.session.sqs()
    sqs.send_message(QueueUrl=url, MessageBody="waits")
    time.sleep(0.6)
    waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert waiting["Attributes"]["ApproximateNumberOfMessages"] == "1"
    stack.deploy({}, {"BatchSize": 5})
    assert stack.state() == "Enabled"


@pytest.mark.parametrize("name", ["q" * 81, "a queue", "q" * 76 + ".fifo"])
def test_a_queue_name_that_sqs_refuses_fails_the_deploy(lab_state: LabState, name: str) -> None:
    fifo = {"FifoQueue": True} if name.endswith(".fifo") else {}
    resources = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name} | fifo}}
    session = session_on(lab_state)
    stacks = session.cloudformation()
    stack = f"named-{time.time_ns()}"
    stacks.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))
    try:
        until(
            lambda: (
                stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
                in {"ROLLBACK_COMPLETE", "CREATE_COMPLETE", "CREATE_FAILED"}
            )
        )
        events = stacks.describe_stack_events(StackName=stack)["StackEvents"]
        (failed,) = (
            each
            for each in events
            if each["LogicalResourceId"] == "Queue" and each["ResourceStatus"] == "CREATE_FAILED"
        )
        assert "1 to 80 in length" in failed["ResourceStatusReason"]
        assert not session.sqs().list_queues(QueueNamePrefix=name[:3]).get("QueueUrls")
    finally:
        stacks.delete_stack(StackName=stack)
