"""Dead letters of every kind on the lab: broken, explained, grouped, redriven."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.model.target import Target
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

CODE = """
import json, os
def handler(event, context):
    print("GOT " + json.dumps(event, sort_keys=True))
    if os.environ.get("BROKEN"):
        raise KeyError("user")
"""


@dataclass
class Parts:
    """Queues, functions, rules and topics of one test; gone at its end."""

    session: Session
    name: str = field(default_factory=lambda: f"f{uuid.uuid4().hex[:8]}")
    undo: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        target = self.session.target
        self.place = f"{target.region}:{target.account}"
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        allow = {"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}
        iam = self.session.iam()
        self.role = iam.create_role(
            RoleName=self.name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        iam.put_role_policy(
            RoleName=self.name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        )

    def queue(self, key: str) -> str:
        """The queue's ARN."""
        client = self.session.sqs()
        url = client.create_queue(QueueName=f"{self.name}-{key}")["QueueUrl"]
        self.undo.append(lambda: client.delete_queue(QueueUrl=url))
        return f"arn:aws:sqs:{self.place}:{self.name}-{key}"

    def function(self, key: str, *, broken: bool = False, dead_letters: str = "") -> str:
        """The function's name."""
        client: Any = self.session.functions()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("index.py", CODE)
        name = f"{self.name}-{key}"
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="index.handler",
            Role=self.role,
            Code={"ZipFile": buffer.getvalue()},
            Environment={"Variables": {"BROKEN": "yes"} if broken else {}},
            **({"DeadLetterConfig": {"TargetArn": dead_letters}} if dead_letters else {}),
        )
        self.undo.append(lambda: client.delete_function(FunctionName=name))
        return name

    def mend(self, name: str) -> None:
        client = self.session.functions()
        client.update_function_configuration(FunctionName=name, Environment={"Variables": {}})
        until(
            lambda: client.get_function_configuration(FunctionName=name)["LastUpdateStatus"],
            lambda status: status == "Successful",
        )

    def got(self, name: str) -> list[Any]:
        """The events that the function was called with."""
        try:
            events = self.session.logs().filter_log_events(logGroupName=f"/aws/lambda/{name}")
        except self.session.logs().exceptions.ResourceNotFoundException:
            return []
        return [
            json.loads(each["message"].partition("GOT ")[2])
            for each in events["events"]
            if "GOT " in each["message"]
        ]

    def waiting(self, arn: str) -> int:
        client = self.session.sqs()
        url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(each) for each in found.values())

    def bodies(self, arn: str) -> list[str]:
        client = self.session.sqs()
        url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [each["Body"] for each in found.get("Messages", ())]

    def clear(self) -> None:
        for each in reversed(self.undo):
            each()


@pytest.fixture
def parts(lab_state: LabState, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab_state.name)
    target = Target("lab", lab_state.region, lab_state.account, None, lab_state.endpoint)
    made = Parts(Session(target, credentials=lab_state.credentials))
    yield made
    made.clear()


def typed_in_a_shell(line: str) -> str:
    """What a command line prints that a person was told to type."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def name_of(arn: str) -> str:
    return arn.rpartition(":")[2]


def invoke(parts: Parts, function: str, event: Any) -> None:
    parts.session.functions().put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=0
    )
    parts.session.functions().invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps(event)
    )


def test_an_asynchronous_functions_own_dead_letter_queue(parts: Parts, sqsctl: Sqsctl) -> None:
    lost = parts.queue("lost")
    worker = parts.function("worker", broken=True, dead_letters=lost)
    for number in (1, 2):
        invoke(parts, worker, {"input": number})
    until(lambda: parts.waiting(lost), lambda count: count == 2)
    seen = sqsctl("dlq", "peek", "--queue", name_of(lost), "-o", "json").data["messages"]
    assert {each["failed_delivery"]["by"] for each in seen} == {"lambda-dlq"}
    groups = sqsctl("dlq", "groups", "--queue", name_of(lost), "-o", "json").data["groups"]
    assert [(each["count"], each["failed_by"]) for each in groups] == [(2, "lambda-dlq")]
    assert "user" in groups[0]["error"]
    told = sqsctl("dlq", "explain", seen[0]["message_id"], "--queue", name_of(lost)).out
    assert "asynchronous invocation failed" in told
    assert "'user'" in told
    plan = sqsctl("dlq", "redrive", "--queue", name_of(lost), "--dry-run", "-o", "json").data
    assert (plan["selected"], plan["moved"]) == (2, 0)
    parts.mend(worker)
    done = sqsctl("dlq", "redrive", "--queue", name_of(lost), "-o", "json").data
    assert (done["moved"], done["failed"], done["method"]) == (2, 0, "client")
    assert all(each["accepted_as"] for each in done["accepted"])  # the 202's request ids
    until(lambda: parts.got(worker), lambda events: len(events) == 4)
    assert sorted(each["input"] for each in parts.got(worker)) == [1, 1, 2, 2]
    assert parts.waiting(lost) == 0


def test_a_failure_destinations_envelope_is_taken_off(parts: Parts, sqsctl: Sqsctl) -> None:
    lost = parts.queue("lost")
    worker = parts.function("worker", broken=True)
    invoke_config = {"OnFailure": {"Destination": lost}}
    parts.session.functions().put_function_event_invoke_config(
        FunctionName=worker,
        MaximumRetryAttempts=0,
        DestinationConfig=invoke_config,  # type: ignore[arg-type]
    )
    parts.session.functions().invoke(
        FunctionName=worker, InvocationType="Event", Payload=b'{"input": 7}'
    )
    until(lambda: parts.waiting(lost), lambda count: count == 1)
    (seen,) = sqsctl("dlq", "peek", "--queue", name_of(lost), "-o", "json").data["messages"]
    assert seen["decoded"]["layers"] == ["lambda-destination"]
    assert seen["decoded"]["value"] == {"input": 7}
    assert seen["failed_delivery"]["error_type"] == "KeyError"
    parts.mend(worker)
    done = sqsctl("dlq", "redrive", "--queue", name_of(lost), "-o", "json").data
    assert done["moved"] == 1
    until(lambda: parts.got(worker), lambda events: events == [{"input": 7}, {"input": 7}])


def test_a_rules_and_a_schedules_dead_letters(parts: Parts, sqsctl: Sqsctl) -> None:
    lost = parts.queue("lost")
    events: Any = parts.session.client("events")
    later = f"arn:aws:lambda:{parts.place}:function:{parts.name}-later"
    target = {"Id": "t", "Arn": later, "DeadLetterConfig": {"Arn": lost}}
    events.put_rule(Name=parts.name, EventPattern=json.dumps({"source": [parts.name]}))
    parts.undo.append(lambda: events.delete_rule(Name=parts.name))
    events.put_targets(Rule=parts.name, Targets=[target])
    parts.undo.append(lambda: events.remove_targets(Rule=parts.name, Ids=["t"]))
    entry = {"Source": parts.name, "DetailType": "order", "Detail": '{"n": 1}'}
    events.put_events(Entries=[entry])
    until(lambda: parts.waiting(lost), lambda count: count == 1)
    (seen,) = sqsctl("dlq", "peek", "--queue", name_of(lost), "-o", "json").data["messages"]
    assert seen["failed_delivery"]["by"] == "eventbridge-rule"
    assert seen["decoded"]["value"] == {"n": 1}
    told = sqsctl("dlq", "explain", seen["message_id"], "--queue", name_of(lost)).out
    assert f"EventBridge rule {parts.name} to {parts.name}-later failed" in told
    # The function is not there yet: nothing is deleted.
    early = sqsctl("dlq", "redrive", "--queue", name_of(lost), "-o", "json").data
    assert (early["moved"], early["failed"]) == (0, 1)
    assert parts.waiting(lost) == 1
    until(lambda: len(parts.bodies(lost)), lambda count: count == 1)
    function = parts.function("later")
    done = sqsctl("dlq", "redrive", "--queue", name_of(lost), "-o", "json").data
    assert done["moved"] == 1
    (event,) = until(lambda: parts.got(function), lambda found: len(found) == 1)
    assert (event["source"], event["detail"]) == (parts.name, {"n": 1})


def test_what_a_rule_shapes_itself_goes_over_the_bus_alone(parts: Parts, sqsctl: Sqsctl) -> None:
    lost, taken = parts.queue("lost"), parts.queue("taken")
    events: Any = parts.session.client("events")
    gone = f"arn:aws:sqs:{parts.place}:{parts.name}-gone"
    events.put_rule(Name=parts.name, EventPattern=json.dumps({"source": [parts.name]}))
    parts.undo.append(lambda: events.delete_rule(Name=parts.name))
    target = {"Id": "t", "Arn": gone, "Input": '{"own": 1}', "DeadLetterConfig": {"Arn": lost}}
    events.put_targets(Rule=parts.name, Targets=[target])
    parts.undo.append(lambda: events.remove_targets(Rule=parts.name, Ids=["t"]))
    events.put_events(Entries=[{"Source": parts.name, "DetailType": "d", "Detail": "{}"}])
    until(lambda: parts.waiting(lost), lambda count: count == 1)
    first = sqsctl("dlq", "redrive", "--queue", name_of(lost), "-o", "json").data
    assert first["moved"] == 0
    assert "--to bus:NAME" in first["failures"][0]["reason"]
    events.put_targets(Rule=parts.name, Targets=[{**target, "Arn": taken}])
    until(lambda: len(parts.bodies(lost)), lambda count: count == 1)
    done = sqsctl("dlq", "redrive", "--queue", name_of(lost), "--to", "bus:default", "-o", "json")
    assert done.data["moved"] == 1
    until(lambda: parts.bodies(taken), lambda found: found == ['{"own": 1}'])


def test_a_subscriptions_dead_letters_go_to_its_queue_alone(parts: Parts, sqsctl: Sqsctl) -> None:
    lost, news = parts.queue("lost"), parts.queue("news")
    topics: Any = parts.session.client("sns")
    topic = topics.create_topic(Name=parts.name)["TopicArn"]
    parts.undo.append(lambda: topics.delete_topic(TopicArn=topic))
    missing = f"arn:aws:sqs:{parts.place}:{parts.name}-late"
    policy = json.dumps({"deadLetterTargetArn": lost})
    for endpoint in (news, missing):
        topics.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=endpoint,
            Attributes={"RedrivePolicy": policy},
        )
    topics.publish(TopicArn=topic, Message='{"input": 5}')
    until(lambda: parts.waiting(lost), lambda count: count >= 1)
    found = sqsctl("dlq", "peek", "--queue", name_of(lost), "--match", "input == `5`", "-o", "json")
    seen = found.data["messages"]
    assert {each["failed_delivery"]["by"] for each in seen} == {"sns-subscription"}
    assert {tuple(each["decoded"]["layers"]) for each in seen} == {("sns",)}
    late, already = parts.queue("late"), parts.waiting(news)
    number = parts.waiting(lost)
    done = sqsctl("dlq", "redrive", "--queue", name_of(lost), "-o", "json").data
    assert (done["moved"], done["failed"]) == (number, 0)
    until(lambda: parts.waiting(late), lambda count: count >= 1)
    assert json.loads(parts.bodies(late)[0])["Message"] == '{"input": 5}'
    # Nobody else got it a second time.
    assert parts.waiting(news) + parts.waiting(late) == already + number


def test_a_queues_dead_letters_can_go_to_a_function_or_a_topic(
    parts: Parts, sqsctl: Sqsctl
) -> None:
    lost, taken = parts.queue("lost"), parts.queue("taken")
    client = parts.session.sqs()
    url = client.get_queue_url(QueueName=name_of(lost))["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody='{"input": 1}')
    worker = parts.function("worker")
    refused = sqsctl("dlq", "redrive", "--queue", name_of(lost))
    assert (refused.code, "function:NAME" in refused.err) == (2, True)
    missing = sqsctl("dlq", "redrive", "--queue", name_of(lost), "--to", "function:nobody")
    assert missing.code == 5
    wanted = ("--queue", name_of(lost), "--to", f"function:{worker}", "-o", "json")
    assert sqsctl("dlq", "redrive", *wanted).data["moved"] == 1
    (event,) = until(lambda: parts.got(worker), lambda found: len(found) == 1)
    assert event["Records"][0]["body"] == '{"input": 1}'
    assert event["Records"][0]["eventSource"] == "aws:sqs"
    topics: Any = parts.session.client("sns")
    topic = topics.create_topic(Name=parts.name)["TopicArn"]
    parts.undo.append(lambda: topics.delete_topic(TopicArn=topic))
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": taken,
    }
    target = client.get_queue_url(QueueName=name_of(taken))["QueueUrl"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    client.set_queue_attributes(QueueUrl=target, Attributes={"Policy": policy})
    raw = {"RawMessageDelivery": "true"}
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=taken, Attributes=raw)
    client.send_message(QueueUrl=url, MessageBody="plain words")
    wanted = ("--queue", name_of(lost), "--to", f"topic:{parts.name}", "-o", "json")
    assert sqsctl("dlq", "redrive", *wanted).data["moved"] == 1
    until(lambda: parts.bodies(taken), lambda found: found == ["plain words"])


@pytest.mark.long
def test_records_of_a_stream_are_told_of_and_cannot_be_redriven(
    parts: Parts, sqsctl: Sqsctl
) -> None:
    lost = parts.queue("lost")
    worker = parts.function("worker", broken=True)
    streams: Any = parts.session.client("kinesis")
    tables: Any = parts.session.client("dynamodb")
    pipes: Any = parts.session.client("pipes")
    streams.create_stream(StreamName=parts.name, ShardCount=1)
    parts.undo.append(lambda: streams.delete_stream(StreamName=parts.name))
    table = tables.create_table(
        TableName=parts.name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    parts.undo.append(lambda: tables.delete_table(TableName=parts.name))
    pipes.create_pipe(
        Name=parts.name,
        RoleArn=parts.role,
        Source=table["LatestStreamArn"],
        Target=f"arn:aws:lambda:{parts.place}:function:{worker}",
        SourceParameters={
            "DynamoDBStreamParameters": {
                "StartingPosition": "TRIM_HORIZON",
                "MaximumRetryAttempts": 0,
                "DeadLetterConfig": {"Arn": lost},
            }
        },
    )
    parts.undo.append(lambda: pipes.delete_pipe(Name=parts.name))
    mapping = parts.session.functions().create_event_source_mapping(
        FunctionName=worker,
        EventSourceArn=f"arn:aws:kinesis:{parts.place}:stream/{parts.name}",
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": lost}},
    )
    parts.undo.append(
        lambda: parts.session.functions().delete_event_source_mapping(UUID=mapping["UUID"])
    )
    for number in (1, 2):
        data = json.dumps({"input": number}).encode()
        streams.put_record(StreamName=parts.name, PartitionKey="p", Data=data)
    tables.put_item(TableName=parts.name, Item={"id": {"S": "order-7"}})
    until(lambda: parts.waiting(lost), lambda count: count >= 2)

    here = ("--queue", name_of(lost))
    seen = sqsctl("dlq", "peek", *here, "-o", "json").data["messages"]
    by = {each["failed_delivery"]["by"]: each for each in seen}
    assert set(by) == {"lambda-stream", "pipe"}
    groups = sqsctl("dlq", "groups", *here, "-o", "json").data["groups"]
    assert {each["failed_by"] for each in groups} == {"lambda-stream", "pipe"}

    for kind, names in (("lambda-stream", (parts.name, worker)), ("pipe", (parts.name,))):
        told = sqsctl("dlq", "explain", by[kind]["message_id"], *here).out
        assert all(name in told for name in names)
        assert "does not hold" in told
        assert "24 hours" in told
        typed = [line.strip()[2:] for line in told.split("\n") if line.strip().startswith("$ ")]
        (reads,) = [each for each in typed if "get-records" in each]
        records = json.loads(typed_in_a_shell(reads))["Records"]
        assert records
        if kind == "lambda-stream":
            (logs,) = [each for each in typed if "logs tail" in each]
            assert "KeyError" in typed_in_a_shell(logs)
        else:
            assert records[0]["dynamodb"]["Keys"] == {"id": {"S": "order-7"}}

    redriven = sqsctl("dlq", "redrive", *here, "-o", "json")
    assert redriven.code == 3
    assert (redriven.data["moved"], redriven.data["failed"]) == (0, len(seen))
    assert all("does not hold" in each["reason"] for each in redriven.data["failures"])
    assert parts.waiting(lost) == len(seen)
