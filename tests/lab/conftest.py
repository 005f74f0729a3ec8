"""The tutorial's stack on the session's lab, with hands to use it and eyes to look at it."""

from __future__ import annotations

import http.client
import io
import itertools
import json
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from sqsctl.aws.lab_calls import signed_headers
from sqsctl.aws.lab_state import CALL_HEADER, LabState, call_key
from sqsctl.aws.session import Session
from sqsctl.lab import template
from sqsctl.model.target import Target
from tests.e2e.stacks import DeployedLab

T = TypeVar("T")

_numbers = itertools.count(1)


def until(look: Callable[[], T], seconds: float = 30.0) -> T:
    """Look until there is something to see; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            pytest.fail(f"not seen within {seconds:.0f} s: {look}")
        time.sleep(0.05)


def session_on(state: LabState, stack: str | None = None) -> Session:
    return Session(
        Target("lab", state.region, state.account, stack, state.endpoint),
        credentials=state.credentials,
    )


def calling(session: Session) -> dict[str, str]:
    """What a plain HTTP request to a lab's API carries besides."""
    assert session.credentials
    return {CALL_HEADER: call_key(session.credentials.secret_access_key)}


def signed(state: LabState, path: str, body: bytes | None = None) -> urllib.request.Request:
    """A request to one of the lab's own routes."""
    method = "GET" if body is None else "POST"
    return urllib.request.Request(  # noqa: S310 - loopback
        f"{state.endpoint}{path}",
        data=body,
        method=method,
        headers=signed_headers(state, method, path, body or b""),
    )


def zipped(files: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


@dataclass
class Seen:
    """What an invocation answered, and what the function has logged until now."""

    payload: Any
    failed: bool
    messages: list[str]
    streams: list[str]

    @property
    def text(self) -> str:
        return "".join(self.messages)


@dataclass
class Functions:
    """Makes functions of one's own on a lab, and calls them."""

    session: Session
    role: str
    made: list[str] = field(default_factory=list)

    def make(
        self,
        code: str | dict[str, str],
        *,
        runtime: str = "python3.13",
        handler: str = "index.handler",
        **settings: Any,
    ) -> str:
        name = f"fn{next(_numbers)}-{time.time_ns() % 10**9}"
        suffix = "js" if runtime.startswith("nodejs") else "py"
        files = code if isinstance(code, dict) else {f"index.{suffix}": code}
        self.session.functions().create_function(
            FunctionName=name,
            Runtime=runtime,  # type: ignore[arg-type]
            Role=self.role,
            Handler=handler,
            Code={"ZipFile": zipped(files)},
            **({"Timeout": 5} | settings),
        )
        self.made.append(name)
        return name

    def call(self, name: str, event: Any = None) -> Seen:
        answer = self.session.functions().invoke(FunctionName=name, Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        events = self.events(name)
        return Seen(
            payload,
            answer.get("FunctionError") == "Unhandled",
            [each["message"] for each in events],
            [each["logStreamName"] for each in events],
        )

    def events(self, name: str) -> list[Any]:
        pages = (
            self.session.logs()
            .get_paginator("filter_log_events")
            .paginate(logGroupName=f"/aws/lambda/{name}", startTime=0)
        )
        return [event for page in pages for event in page["events"]]

    def run(self, code: str | dict[str, str], event: Any = None, **settings: Any) -> Seen:
        return self.call(self.make(code, **settings), event)


@pytest.fixture(scope="session")
def role(lab_state: LabState) -> str:
    """A role that lets functions log, and nothing else."""
    iam = session_on(lab_state).iam()
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
    arn = iam.create_role(RoleName="tests", AssumeRolePolicyDocument=json.dumps(trust))["Role"][
        "Arn"
    ]
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="tests", PolicyName="logs", PolicyDocument=json.dumps(document))
    return arn


@pytest.fixture
def functions(lab_state: LabState, role: str) -> Iterator[Functions]:
    made = Functions(session_on(lab_state), role)
    yield made
    for name in made.made:
        made.session.functions().delete_function(FunctionName=name)


@dataclass
class Tutorial:
    """The tutorial's stack, to be used as its users do."""

    session: Session
    stack: str
    endpoint: str
    outputs: dict[str, str]

    @property
    def queue(self) -> str:
        return self.outputs["jobsQueueUrl573F5B7A"]

    @property
    def dead_letters(self) -> str:
        return self.outputs["jobsDlqUrl2C7FA9D4"]

    def post(self, path: str, body: str) -> tuple[int, str]:
        port = int(self.endpoint.rpartition(":")[2])
        host = self.outputs["HttpApiUrl"].partition("//")[2]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        try:
            headers = {"Host": host, "Content-Type": "application/json"} | calling(self.session)
            connection.request("POST", path, body.encode(), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def produce(self, *numbers: int) -> None:
        for number in numbers:
            status, text = self.post("/produce", json.dumps({"input": number}))
            assert (status, text) == (200, '{"message":"Message accepted!"}')

    def log(self, function: str = "jobsWorker") -> list[str]:
        pages = (
            self.session.logs()
            .get_paginator("filter_log_events")
            .paginate(logGroupName=f"/aws/lambda/{self.stack}-{function}", startTime=0)
        )
        return [event["message"] for page in pages for event in page["events"]]

    def results(self) -> set[int]:
        """The inputs whose result is in the consumer's log."""
        marker = "메시지를 받았습니다. 입력값: "
        return {
            int(line.partition(marker)[2].partition(",")[0])
            for line in self.log()
            if marker in line
        }

    def count(self, url: str) -> int:
        """Messages in a queue, in flight ones included."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.session.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(value) for value in found["Attributes"].values())

    def attributes(self, url: str) -> dict[str, str]:
        found = self.session.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return {str(key): value for key, value in found["Attributes"].items()}

    def mapping(self) -> dict[str, Any]:
        found = self.session.functions().list_event_source_mappings(
            FunctionName=f"{self.stack}-jobsWorker"
        )
        return dict(found["EventSourceMappings"][0])


def tutorial_on(session: Session, stack: str) -> Tutorial:
    found = session.cloudformation().describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    return Tutorial(session, stack, str(session.target.endpoint), outputs)


@pytest.fixture
def tutorial(lab: DeployedLab) -> Tutorial:
    """The stack with Python functions, under a name of this test's own."""
    return tutorial_on(lab.session, str(lab.session.target.stack))


@pytest.fixture
def node_tutorial(lab_state: LabState) -> Iterator[Tutorial]:
    """The same stack with the tutorial's Node.js functions."""
    service = f"n{time.time_ns() % 10**9}"
    name = template.stack_name(service)
    session = session_on(lab_state, name)
    client = session.cloudformation()
    parameters = template.parameters(lab_state.time_scale, service=service)
    client.create_stack(
        StackName=name,
        TemplateBody=template.render("nodejs"),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    )
    client.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    yield tutorial_on(session, name)
    client.delete_stack(StackName=name)
