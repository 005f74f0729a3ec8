"""The deploy tool, its version and its language, as a project's files tell them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sqsctl.model.stack import MadeBy, Stack
from sqsctl.operations.target.project_files import declared
from sqsctl.remedies.context import tool_of

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
        ({"cdk.json": '{"app": "mvn -e -q compile exec:java"}'}, ["cdk"]),
        ({"cdk.json": "{}"}, ["cdk"]),
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


def said(files: dict[str, str], folder: Path) -> list[str]:
    for name, text in files.items():
        (folder / name).write_text(text)
    return [each.value for each in declared(folder) if each.key == "tool"]
