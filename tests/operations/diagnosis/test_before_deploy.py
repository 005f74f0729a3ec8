"""Doctor on packages: what it says of them deployed, apart from what needs a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqsctl.model.finding import Severity
from sqsctl.operations.diagnosis.before_deploy import Forecast, before_deploy
from sqsctl.operations.packaged import find
from tests.operations.stacks.packaged import Packaged, every
from tests.operations.stacks.projects import project
from tests.operations.stacks.wirings import WIRINGS, plain
from tests.program import Sqsctl

TEMPLATE = """\
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: jobs
      VisibilityTimeout: 5
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt Dead.Arn
        maxReceiveCount: 5
  Dead:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: 1209600
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: handler.consumer
      Timeout: 30
      Role: !GetAtt Role.Arn
      Code: src
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Jobs.Arn
      FunctionName: !Ref Worker
      BatchSize: 10
"""
FIRST_ONLY = "def consumer(event, context):\n    print(event['Records'][0]['body'])\n"


def wrong(seen: Forecast) -> set[str]:
    return {each.id for each in seen.checkup.diagnosis.findings if each.severity > Severity.INFO}


@pytest.mark.parametrize("packaged", every(), ids=lambda each: each.id)
def test_a_package_gets_the_findings_of_the_deployed_stack(
    packaged: Packaged, tmp_path: Path
) -> None:
    folder = project(packaged, tmp_path / packaged.case)
    seen = before_deploy(find.packaged_stacks(folder), folder=folder)
    assert wrong(seen) == WIRINGS[packaged.id].true
    assert {"dead-letters", "http-5xx", "throttled"} <= set(seen.need_a_run)
    assert "dlq-missing" not in seen.need_a_run
    stack = seen.checkup.stack
    assert not {gap.what for gap in stack.mappings.unread}
    called = {each.name: plain(each.logical_id or "") for each in (*stack.queues, *stack.functions)}
    found = {
        (
            each.method,
            each.path,
            called[each.function_name or each.queue_name or ""],
            each.qualifier,
        )
        for api in stack.apis
        for each in api.routes
    }
    assert found == WIRINGS[packaged.id].routes
    assert not stack.apis.unread
    assert {each.kind for each in stack.apis} == {WIRINGS[packaged.id].kind} - {None}


API = """\
  Front:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: handler.consumer
      Role: !GetAtt Role.Arn
      Code: src
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: shop
  Orders:
    Type: AWS::ApiGateway::Resource
    Properties:
      RestApiId: !Ref Api
      ParentId: !GetAtt Api.RootResourceId
      PathPart: orders
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Orders
      HttpMethod: POST
      Integration:
        Type: AWS_PROXY
        TimeoutInMillis: 3000
        Uri: !Join
          - ''
          - - !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/
            - !GetAtt Front.Arn
            - /invocations
  May:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Front
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/POST/orders
"""


@pytest.mark.parametrize(
    ("was", "becomes", "finds"),
    [
        ("", "", set()),
        ("/*/POST/orders", "/*/GET/orders", {"api-permission"}),
        ("lambda:InvokeFunction\n", "lambda:GetFunction\n", {"api-permission"}),
        ("FunctionName: !Ref Front", "FunctionName: !Ref Worker", {"api-permission"}),
        ("Code: src\n  Api", "Code: src\n      Timeout: 20\n  Api", {"integration-timeout"}),
    ],
)
def test_what_an_api_may_call_is_read_from_the_template(
    tmp_path: Path, was: str, becomes: str, finds: set[str]
) -> None:
    text = (TEMPLATE + API).replace("VisibilityTimeout: 5", "VisibilityTimeout: 180")
    assert was in text
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "handler.py").write_text(
        "def consumer(event, context):\n    for each in event['Records']:\n        print(each)\n"
    )
    (tmp_path / "template.yaml").write_text(text.replace(was, becomes) if was else text)
    seen = before_deploy(find.packaged_stacks(tmp_path), folder=tmp_path)
    found = {each.id for each in seen.checkup.diagnosis.findings}
    assert found & {"api-permission", "integration-timeout"} == finds


@pytest.fixture
def written(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "src").mkdir(parents=True)
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "src" / "handler.py").write_text(FIRST_ONLY)
    return folder


def test_findings_are_at_a_line_of_the_projects_own_template(sqsctl: Sqsctl, written: Path) -> None:
    seen = sqsctl("doctor", "--template", str(written), "-o", "json")
    assert seen.code == 10
    assert seen.envelope["target"] is None
    places = {each["id"]: each for each in seen.data["places"]}
    assert (
        places["visibility-below-timeout"]["line"]
        == TEMPLATE.splitlines().index("      VisibilityTimeout: 5") + 1
    )
    assert places["batch-silent-loss"]["file"] == str(written / "template.yaml")
    shown = sqsctl("doctor", "--template", str(written / "template.yaml"))
    assert f"template.yaml:{places['batch-silent-loss']['line']}: batch-silent-loss" in shown.out


def test_a_sound_template_is_healthy(sqsctl: Sqsctl, written: Path) -> None:
    path = written / "template.yaml"
    path.write_text(path.read_text().replace("VisibilityTimeout: 5", "VisibilityTimeout: 180"))
    (written / "src" / "handler.py").write_text(
        "def consumer(event, context):\n    for each in event['Records']:\n        print(each)\n"
    )
    seen = sqsctl("doctor", "--template", str(written), "-o", "json")
    assert (seen.code, seen.data["verdict"], seen.data["findings"]) == (0, "healthy", [])
    shown = sqsctl("doctor", "--template", str(written)).out
    assert "healthy: 2 queues, 1 function, 1 mapping were read" in shown


def test_one_check_and_its_fix_are_asked_for_as_ever(sqsctl: Sqsctl, written: Path) -> None:
    place = ("--template", str(written), "-o", "json")
    seen = sqsctl("doctor", "batch-silent-loss", *place)
    assert {each["id"] for each in seen.data["findings"]} == {"batch-silent-loss"}
    assert sqsctl("doctor", "--fix", *place).code == 2
    assert sqsctl("doctor", "--template", "nowhere", "-o", "json").code == 5
