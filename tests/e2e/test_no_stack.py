"""What no CloudFormation holds (Terraform, the console): started from a queue or a function."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.model.target import Target
from tests.e2e.iam_users import actions_of, somebody, without
from tests.e2e.stacks import DeployedLab
from tests.program import Ran, Sqsctl

pytestmark = pytest.mark.lab

CODE = """def handler(event, context):
    for record in event.get("Records", ()):
        print(record["body"])
    return {"batchItemFailures": []}
"""


@dataclass
class HandMade:
    """Queues, functions, mappings and an API, made call by call as Terraform does."""

    session: Session
    name: str = field(default_factory=lambda: f"m{uuid.uuid4().hex[:8]}")
    undo: list[Any] = field(default_factory=list)

    def queue(self, key: str, dead: str | None = None) -> str:
        """The queue's URL."""
        client: Any = self.session.sqs()
        given = {"MessageRetentionPeriod": "1209600"}
        if dead:
            given = {
                "MessageRetentionPeriod": "345600",
                "VisibilityTimeout": "60",
                "RedrivePolicy": json.dumps(
                    {"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": 5}
                ),
            }
        url: str = client.create_queue(QueueName=f"{self.name}-{key}", Attributes=given)["QueueUrl"]
        self.undo.append(lambda: client.delete_queue(QueueUrl=url))
        return url

    def arn(self, key: str) -> str:
        target = self.session.target
        return f"arn:aws:sqs:{target.region}:{target.account}:{self.name}-{key}"

    def role(self) -> str:
        iam = self.session.iam()
        allow = {"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        arn = iam.create_role(
            RoleName=self.name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        iam.put_role_policy(
            RoleName=self.name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        )
        return arn

    def function(self, key: str, role: str, **variables: str) -> str:
        """The function's name."""
        client = self.session.functions()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("index.py", CODE)
        name = f"{self.name}-{key}"
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="index.handler",
            Role=role,
            Timeout=5,
            Code={"ZipFile": buffer.getvalue()},
            Environment={"Variables": variables},
        )
        self.undo.append(lambda: client.delete_function(FunctionName=name))
        return name

    def mapping(self, queue: str, function: str) -> None:
        client = self.session.functions()
        uuid_ = client.create_event_source_mapping(
            EventSourceArn=self.arn(queue),
            FunctionName=function,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )["UUID"]
        self.undo.append(lambda: client.delete_event_source_mapping(UUID=uuid_))

    def http_api(self, routes: Mapping[str, str]) -> None:
        """One API with these routes, each to a function that it may call."""
        client = self.session.http_apis()
        target = self.session.target
        api = client.create_api(Name=self.name, ProtocolType="HTTP")["ApiId"]
        self.undo.append(lambda: client.delete_api(ApiId=api))
        client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        for route, function in routes.items():
            integration = client.create_integration(
                ApiId=api,
                IntegrationType="AWS_PROXY",
                IntegrationUri=f"arn:aws:lambda:{target.region}:{target.account}:function:{function}",
                PayloadFormatVersion="2.0",
            )["IntegrationId"]
            client.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{integration}")
            self.session.functions().add_permission(
                FunctionName=function,
                StatementId="api",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:{target.region}:{target.account}:{api}/*/*",
            )

    def clear(self) -> None:
        for each in reversed(self.undo):
            each()


@dataclass(frozen=True)
class Names:
    made: HandMade
    front: str
    work: str
    spy: str
    lone: str


@pytest.fixture
def names(lab_state: LabState, monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    """An API, a sender to two queues, a consumer of both, another of one, and one of none."""
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab_state.name)
    target = Target("lab", lab_state.region, lab_state.account, None, lab_state.endpoint)
    made = HandMade(Session(target, credentials=lab_state.credentials))
    try:
        role = made.role()
        made.queue("buried")
        urls = {key: made.queue(key, "buried") for key in ("fast", "slow")}
        front = made.function("front", role, FAST=urls["fast"], SLOW=made.arn("slow"))
        work = made.function("work", role)
        spy = made.function("spy", role)
        lone = made.function("lone", role)
        for queue, consumer in (("fast", work), ("slow", work), ("slow", spy)):
            made.mapping(queue, consumer)
        made.http_api({"POST /jobs": front, "GET /lone": lone})
        yield Names(made, front, work, spy, lone)
    finally:
        made.clear()


def findings(ran: Ran) -> set[str]:
    return {each["id"] for each in ran.data["findings"] if each["severity"] != "info"}


def parts(ran: Ran, kind: str) -> set[str]:
    return {each["name"] for each in ran.data["stack"][kind]}


def test_everything_is_found_from_any_part(names: Names, sqsctl: Sqsctl) -> None:
    stem = names.made.name
    for start in (
        ("--queue", f"{stem}-slow"),
        ("--queue", f"{stem}-buried"),
        ("--function", names.front),
        ("--function", names.work),
        ("--function", names.work, "--function", names.front),
    ):
        shown = sqsctl("stack", "show", *start, "-o", "json")
        assert shown.code == 0, shown.out
        assert shown.data["stack"]["name"].startswith(stem)
        assert shown.envelope["target"]["stack"] is None
        queues, functions = parts(shown, "queues"), parts(shown, "functions")
        assert queues >= {f"{stem}-slow", f"{stem}-buried"}
        assert functions >= {names.work, names.spy}
        if names.work not in start or names.front in start:
            assert names.front in functions
            assert names.lone not in functions, "of the same API, and of nothing here"
            (api,) = shown.data["stack"]["apis"]
            assert [(each["method"], each["path"], each["function"]) for each in api["routes"]] == [
                ("POST", "/jobs", names.front)
            ]
        if start != ("--queue", f"{stem}-slow"):
            assert f"{stem}-fast" in queues


def test_doctor_without_a_stack_is_right(names: Names, sqsctl: Sqsctl, tmp_path: Path) -> None:
    made = names.made
    (tmp_path / "queues.tf").write_text(
        f'resource "aws_sqs_queue" "fast" {{\n  name = "{made.name}-fast"\n}}\n'
    )
    for start in (("--queue", f"{made.name}-slow"), ("--function", names.front)):
        seen = sqsctl("doctor", *start, "-o", "json")
        # Two functions consume the same queue: each message reaches one of them.
        assert (seen.code, findings(seen)) == (10, {"consumers-compete"}), seen.out
    fast = f"{made.name}-fast"
    made.session.sqs().set_queue_attributes(
        QueueUrl=made.session.sqs().get_queue_url(QueueName=fast)["QueueUrl"],
        Attributes={"VisibilityTimeout": "2"},
    )
    for start in (("--queue", fast), ("--function", names.work), ("--function", names.front)):
        seen = sqsctl("doctor", "visibility-below-timeout", *start, "-o", "json")
        assert findings(seen) == {"visibility-below-timeout"}, seen.out
        fix = seen.data["findings"][0]["fix"]
        assert fix["template_of"] == "the Terraform files"
        assert fix["template"][0] == "# aws_sqs_queue.fast (queues.tf:1)"


def test_a_function_of_no_queue_is_checked_by_itself(names: Names, sqsctl: Sqsctl) -> None:
    seen = sqsctl("doctor", "--function", names.lone, "-o", "json")
    assert (seen.code, findings(seen), seen.data["stack"]) == (0, set(), names.lone)
    names.made.session.functions().put_function_concurrency(
        FunctionName=names.lone, ReservedConcurrentExecutions=0
    )
    seen = sqsctl("doctor", "--function", names.lone, "-o", "json")
    assert (seen.code, findings(seen)) == (10, {"reserved-concurrency"}), seen.out
    told = sqsctl("doctor", "--function", names.lone).out
    assert f"\n  logs and packages read of {names.lone} only\n" in told
    assert f"GET /lone ─> λ {names.lone}" in sqsctl("stack", "show", "-f", names.lone).out


def test_logs_and_metrics_of_a_function_of_no_stack(names: Names, sqsctl: Sqsctl) -> None:
    session = names.made.session
    session.functions().invoke(FunctionName=names.lone, Payload=b"{}")
    tailed = sqsctl("logs", "tail", "--function", names.lone, "--no-follow", "-o", "json")
    assert tailed.code == 0, tailed.err
    assert {json.loads(line)["function"] for line in tailed.out.splitlines()} == {names.lone}
    arn = f"arn:aws:lambda:{session.target.region}:{session.target.account}:function:{names.work}"
    measured = sqsctl("metrics", "--function", arn, "-o", "json")
    resources = {each["resource"] for each in measured.data["series"]}
    assert resources >= {names.work, names.spy, f"{names.made.name}-fast"}


def test_a_function_that_is_not_there(names: Names, sqsctl: Sqsctl) -> None:
    close = f"{names.work[:-1]}x"
    ran = sqsctl("doctor", "--function", close)
    assert ran.code == 5
    assert f"there is no function {close}" in ran.err
    assert names.work in ran.err, "what there is, near to it"
    assert "sqsctl" in ran.err.splitlines()[-1], "the next command"
    gone = sqsctl("doctor", "--queue", f"{names.made.name}-fast", "--function", close)
    assert gone.code == 5


def test_a_project_file_that_is_broken_says_what_to_do(
    names: Names, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    (tmp_path / "serverless.yml").write_text("service: [")
    ran = sqsctl("stack", "show")
    assert ran.code == 2
    assert "serverless.yml is not valid YAML" in ran.err
    assert "--stack NAME" in ran.err.splitlines()[-1]
    shown = sqsctl("stack", "show", "--function", names.lone)
    assert shown.code == 0
    assert "serverless.yml is not valid YAML" in shown.err


def test_short_names_lead_to_the_stack_that_has_them(
    names: Names, lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    """Without --stack: a short name is looked for in all stacks, and never guessed."""
    shown = sqsctl("stack", "show", "--function", f"{lab.name}-producer", "-o", "json")
    assert shown.envelope["target"]["stack"] is None
    short = sqsctl("stack", "show", "--function", "producer", "-o", "json")
    assert short.envelope["target"]["stack"] == lab.name
    within = sqsctl("doctor", "--stack", lab.name, "--function", names.work, "-o", "json")
    assert (within.code, within.envelope["errors"][0]["code"]) == (5, "function_not_found")
    assert f"{lab.name}-producer" in within.envelope["errors"][0]["hint"]


AROUND = {
    "lambda:ListFunctions",
    "lambda:ListAliases",
    "lambda:GetPolicy",
    "lambda:GetFunctionUrlConfig",
    "apigateway:GET",
}


def test_what_may_not_be_asked_around_a_queue_is_named(
    lab: DeployedLab, monkeypatch: pytest.MonkeyPatch, sqsctl: Sqsctl
) -> None:
    """Under the policy that iam prints for it, and with an action less."""
    with monkeypatch.context() as patch:
        patch.setenv("SQSCTL_LAB_NAME", lab.state.name)
        document = json.loads(sqsctl("iam", "doctor", "--queue", lab.queue.name).out)
    assert set(actions_of(document)) >= AROUND
    with somebody(lab) as user:
        monkeypatch.setenv("SQSCTL_LAB_NAME", "nobodys")
        monkeypatch.setenv("AWS_ENDPOINT_URL", lab.state.endpoint)
        monkeypatch.setenv("AWS_REGION", lab.state.region)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", user.key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user.secret)
        user.grant(document)
        whole = sqsctl("doctor", "--queue", lab.queue.name, "-o", "json")
        assert (whole.code, whole.data["missing_actions"]) == (0, []), whole.out
        for action in sorted(AROUND):
            user.grant(without(document, action))
            some = ("api-permission", "function-timeout")
            less = sqsctl("doctor", *some, "--queue", lab.queue.name, "-o", "json")
            assert less.data["missing_actions"] == [action], less.out
            skipped = {each["id"] for each in less.data["checks"] if each["outcome"] == "skipped"}
            assert skipped == {"api-permission"}, "consumers were read"
