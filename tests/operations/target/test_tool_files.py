"""The deploy tool, its version and its language, as a project's files tell them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sqsctl.model.stack import Group, MadeBy, Stack
from sqsctl.operations.target.project_files import declared
from sqsctl.operations.target.terraform_files import addresses
from sqsctl.operations.target.tool_files import tools
from sqsctl.remedies.tools import tool_of
from tests.checks.build import queue

SAM = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Role:\n    Type: AWS::IAM::Role\n"
PLAIN = "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n"
INSTALLED = json.dumps({"devDependencies": {"serverless": "^3.38.0"}})


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cdk.json": '{"app": "python3 app.py"}'}, ["cdk python"]),
        ({"cdk.json": '{"app": "uv run app.py"}'}, ["cdk python"]),
        ({"cdk.json": '{"app": "npx ts-node --prefer-ts-exts bin/app.ts"}'}, ["cdk typescript"]),
        ({"cdk.json": '{"app": "node bin/app.js"}'}, ["cdk typescript"]),
        ({"cdk.json": '{"app": "mvn -e -q compile exec:java"}'}, ["cdk java"]),
        ({"cdk.json": '{"app": "./gradlew -q run"}'}, ["cdk java"]),
        ({"cdk.json": '{"app": "go mod download && go run app.go"}'}, ["cdk go"]),
        ({"cdk.json": '{"app": "dotnet run --project src/Python/Node.csproj"}'}, ["cdk csharp"]),
        ({"cdk.json": '{"app": "./run"}', "go.mod": "module app"}, ["cdk go"]),
        ({"cdk.json": "{}", "pom.xml": "", "requirements.txt": ""}, ["cdk java"]),
        ({"cdk.json": '{"app": ["a"]}', "requirements.txt": ""}, ["cdk python"]),
        ({"cdk.json": "{}"}, ["cdk"]),
        ({"Pulumi.yaml": "name: shop"}, ["pulumi"]),
        ({"sst.config.ts": ""}, ["sst"]),
        ({"copilot/.workspace": "application: shop"}, ["copilot"]),
        ({"amplify/backend.ts": ""}, ["amplify"]),
        ({"serverless.yml": "service: a\nframeworkVersion: '4'\n"}, ["serverless 4"]),
        ({"serverless.yml": "service: a\nframeworkVersion: 3\n"}, ["serverless 3"]),
        ({"serverless.yml": "service: a\nframeworkVersion: '>=3.0.0 <4'\n"}, ["serverless 3"]),
        ({"serverless.yml": "service: a\n"}, ["serverless"]),
        ({"serverless.yml": "service: a\n", "package.json": INSTALLED}, ["serverless 3"]),
        ({"package.json": '{"devDependencies": {"osls": "3.51.0"}}'}, ["serverless 3"]),
        ({"package.json": '{"devDependencies": {"serverless": "latest"}}'}, []),
        ({"samconfig.toml": "version = 0.1\n"}, ["sam"]),
        ({"template.yaml": SAM}, ["sam"]),
        ({"template.yaml": PLAIN}, []),
        ({"main.tf": ""}, ["terraform"]),
        ({"main.tf": "", "cdk.json": "{", "package.json": "["}, ["terraform"]),
        ({}, []),
    ],
)
def test_the_files_tell_the_tool(
    files: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    assert said(files, tmp_path) == expected


@pytest.mark.parametrize(
    ("made_by", "files", "expected"),
    [
        ("cloudformation", {"template.yaml": SAM}, ("sam", None)),
        ("cloudformation", {"template.yaml": PLAIN}, ("cloudformation", None)),
        ("cdk", {"cdk.json": '{"app": "python app.py"}'}, ("cdk-python", None)),
        ("cdk", {"cdk.json": '{"app": "npx tsx bin/app.ts"}'}, ("cdk-typescript", None)),
        ("cdk", {"cdk.json": '{"app": "mvn exec:java"}'}, ("cdk-java", None)),
        ("cdk", {"cdk.json": '{"app": "dotnet run"}'}, ("cdk-csharp", None)),
        ("cdk", {"cdk.json": '{"app": "go run ."}'}, ("cdk-go", None)),
        ("cdk", {}, ("cdk-typescript", None)),
        ("sst", {"sst.config.ts": ""}, ("sst", None)),
        ("amplify", {"cdk.json": '{"app": "go run ."}'}, ("amplify", None)),
        ("serverless", {"serverless.yml": "frameworkVersion: '3'\n"}, ("serverless", 3)),
        ("lift", {"serverless.yml": "frameworkVersion: ^4.0.0\n"}, ("lift", 4)),
    ],
)
def test_a_deployed_stack_is_made_exact_by_the_files(
    made_by: MadeBy, files: dict[str, str], expected: tuple[str, int | None], tmp_path: Path
) -> None:
    said(files, tmp_path)
    stack = Stack("s", "eu-west-1", stack_name="s", made_by=made_by, project=declared(tmp_path))
    assert tool_of(stack) == expected
    assert tool_of(replace(stack, project=type(stack.project)()))[1] is None


@pytest.mark.parametrize(
    ("held", "files", "expected"),
    [
        ("", {"main.tf": ""}, "terraform"),
        ("", {"cdk.json": '{"app": "go run ."}'}, "cdk-go"),
        ("", {"Pulumi.yaml": ""}, "pulumi"),
        ("", {"serverless.yml": "service: a\n"}, ""),
        ("", {"samconfig.toml": ""}, ""),
        ("", {}, "terraform"),
        ("s", {"main.tf": ""}, "cloudformation"),
        ("s", {"template.yaml": SAM}, "cloudformation"),
    ],
)
def test_a_folder_beside_tells_the_tool_of_what_no_stack_holds(
    held: str, files: dict[str, str], expected: str, tmp_path: Path
) -> None:
    said(files, tmp_path)
    beside = tuple(replace(each, key="tool-beside") for each in tools(tmp_path))
    parts = Group((queue(),))
    made: MadeBy = "cloudformation" if held else ""
    stack = Stack(
        "s",
        "eu-west-1",
        stack_name=held or None,
        made_by=made,
        queues=parts,
        project=Group(beside),
    )
    assert tool_of(stack)[0] == expected


TF = """
resource "aws_sqs_queue" "jobs" {
  name = "shop-${var.stage}-jobs"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn })
}

resource "aws_sqs_queue" "dead" {
  name                      = "shop-dev-dead"
}
resource "aws_sqs_queue" "other" {
  name = var.name
}
resource "aws_lambda_function" "worker" {
  function_name = "${local.prefix}-worker"
}
resource "aws_lambda_event_source_mapping" "work" {
  event_source_arn = aws_sqs_queue.jobs.arn
  function_name    = aws_lambda_function.worker.arn
}
"""


def test_terraforms_files_tell_the_address_of_what_they_name(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TF)
    (tmp_path / "broken.tf").write_bytes(b"\xff\xfe resource")
    names = ["shop-dev-jobs", "shop-dev-dead", "shop-dev-worker", "elsewhere"]
    found = {each.function: (each.value, each.source) for each in addresses(tmp_path, names)}
    assert found == {
        "shop-dev-jobs": ("aws_sqs_queue.jobs", "main.tf:2"),
        "shop-dev-dead": ("aws_sqs_queue.dead", "main.tf:7"),
        "shop-dev-worker": ("aws_lambda_function.worker", "main.tf:13"),
        "shop-dev-jobs to shop-dev-worker": (
            "aws_lambda_event_source_mapping.work",
            "main.tf:16",
        ),
    }


def test_a_name_that_two_resources_could_bear_has_no_address(tmp_path: Path) -> None:
    one = 'resource "aws_sqs_queue" "%s" {\n  name = "${var.a}-jobs"\n}\n'
    (tmp_path / "main.tf").write_text(one % "a" + one % "b")
    assert not list(addresses(tmp_path, ["shop-jobs"]))


def said(files: dict[str, str], folder: Path) -> list[str]:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return [each.value for each in declared(folder) if each.key == "tool"]
