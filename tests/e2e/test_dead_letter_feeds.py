"""A stack whose dead-letter queue is fed by everything but a queue: drawn, and told by doctor."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from sqsctl.model.target import Target
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

CODE = "def handler(event, context):\n    return 1\n"
ARN = {"Fn::GetAtt": ["Lost", "Arn"]}
RUNS = {"Fn::GetAtt": ["Runs", "Arn"]}
ROLE = {"Fn::GetAtt": ["Role", "Arn"]}


def template(name: str) -> dict[str, Any]:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }

    def part(kind: str, **properties: Any) -> dict[str, Any]:
        return {"Type": f"AWS::{kind}", "Properties": properties}

    return {
        "Role": part("IAM::Role", RoleName=f"{name}-role", AssumeRolePolicyDocument=trust),
        "Jobs": part("SQS::Queue", QueueName=f"{name}-jobs"),
        "Lost": part("SQS::Queue", QueueName=f"{name}-lost"),
        "Runs": part(
            "Lambda::Function",
            FunctionName=f"{name}-runs",
            Runtime="python3.13",
            Handler="index.handler",
            Role=ROLE,
            Code={"ZipFile": CODE},
            DeadLetterConfig={"TargetArn": ARN},
        ),
        "Invoke": part(
            "Lambda::EventInvokeConfig",
            FunctionName={"Ref": "Runs"},
            Qualifier="$LATEST",
            DestinationConfig={"OnFailure": {"Destination": ARN}},
        ),
        "Nightly": part(
            "Events::Rule",
            Name=f"{name}-nightly",
            EventPattern={"source": ["shop"]},
            Targets=[{"Id": "t", "Arn": RUNS, "DeadLetterConfig": {"Arn": ARN}}],
        ),
        "Topic": part("SNS::Topic", TopicName=f"{name}-orders"),
        "Subscription": part(
            "SNS::Subscription",
            TopicArn={"Ref": "Topic"},
            Protocol="lambda",
            Endpoint=RUNS,
            RedrivePolicy={"deadLetterTargetArn": ARN},
        ),
        "Clicks": part("Kinesis::Stream", Name=f"{name}-clicks", ShardCount=1),
        "Reads": part(
            "Lambda::EventSourceMapping",
            FunctionName={"Ref": "Runs"},
            EventSourceArn={"Fn::GetAtt": ["Clicks", "Arn"]},
            StartingPosition="LATEST",
            DestinationConfig={"OnFailure": {"Destination": ARN}},
        ),
        "Orders": part(
            "DynamoDB::Table",
            TableName=f"{name}-table",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamViewType": "NEW_IMAGE"},
        ),
        "Changes": part(
            "Pipes::Pipe",
            Name=f"{name}-changes",
            RoleArn=ROLE,
            Source={"Fn::GetAtt": ["Orders", "StreamArn"]},
            Target=RUNS,
            SourceParameters={
                "DynamoDBStreamParameters": {
                    "StartingPosition": "LATEST",
                    "DeadLetterConfig": {"Arn": ARN},
                }
            },
        ),
        "Hourly": part(
            "Scheduler::Schedule",
            Name=f"{name}-hourly",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": RUNS, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": ARN}},
        ),
    }


@pytest.fixture
def made(
    lab_state: LabState, sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Session]]:
    target = Target("lab", lab_state.region, lab_state.account, None, lab_state.endpoint)
    session = Session(target, credentials=lab_state.credentials)
    name = f"feeds-{uuid.uuid4().hex[:6]}"
    stacks: Any = session.client("cloudformation")
    body = json.dumps({"Resources": template(name)})
    stacks.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
    stacks.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab_state.name)
    monkeypatch.setenv("SQSCTL_STACK", name)
    yield name, session
    stacks.delete_stack(StackName=name)


def test_everything_that_feeds_it_is_drawn_and_named(
    made: tuple[str, Session], sqsctl: Sqsctl
) -> None:
    name, session = made
    shown = sqsctl("stack", "show", "-o", "json")
    assert shown.code == 0, shown.out
    fed = {(each["by"], each["name"]) for each in shown.data["stack"]["dead_letter_feeds"]}
    assert fed == {
        ("lambda-dlq", f"{name}-runs"),
        ("lambda-destination", f"{name}-runs"),
        ("eventbridge-rule", f"{name}-nightly"),
        ("sns-subscription", f"{name}-orders"),
        ("scheduler", f"{name}-hourly"),
        ("lambda-stream", f"{name}-runs"),
        ("pipe", f"{name}-changes"),
    }
    drawn = sqsctl("stack", "show").out
    assert f"EventBridge rule {name}-nightly" in drawn
    assert f"event source mapping of {name}-clicks to {name}-runs" in drawn
    assert "☠ lost" in drawn
    client = QueueClient(session)
    port = client.open(client.resolve(f"{name}-lost"))
    assert port.send([Outgoing("{}")]).accepted
    findings = sqsctl("doctor", "-o", "json").data["findings"]
    (dead,) = [each for each in findings if each["id"] == "dead-letters"]
    assert f"{name}-lost" in dead["title"]
    assert f"EventBridge rule {name}-nightly" in dead["title"]
    assert not [
        each
        for each in findings
        if each["subject"] == f"{name}-lost" and each["id"] in {"dlq-missing", "mapping-missing"}
    ]
