"""The template: valid for AWS, named as Serverless and Lift name things."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sqsctl.errors import UsageError
from sqsctl.lab import template


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms kept as plain data."""


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node)}
    return {suffix: None}


_Loader.add_multi_constructor("!", _tagged)


def parsed(runtime: str = "python") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(template.render(runtime), _Loader)  # noqa: S506 - safe base
    return loaded


@pytest.mark.parametrize("runtime", ["python", "nodejs"])
def test_cfn_lint_has_nothing_to_say(runtime: str, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(template.render(runtime), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("runtime", ["python", "nodejs"])
def test_functions_are_inlined_whole_and_within_the_limit(runtime: str) -> None:
    resources = parsed(runtime)["Resources"]
    for logical, name in {
        "ProducerLambdaFunction": "producer",
        "JobsWorkerLambdaFunction": "worker",
        "HelloLambdaFunction": "hello",
    }.items():
        properties = resources[logical]["Properties"]
        inlined = properties["Code"]["ZipFile"]
        assert inlined.rstrip() == template.source(name, runtime).rstrip()
        assert len(inlined) < template.INLINE_LIMIT
        assert properties["Handler"] == "index.handler"
        if runtime == "python":
            ast.parse(inlined)


def test_logical_ids_and_outputs_are_those_of_serverless_and_lift() -> None:
    document = parsed()
    assert {
        "ProducerLambdaFunction",
        "JobsWorkerLambdaFunction",
        "JobsWorkerEventSourceMappingSQSJobsQueueCEDBAE3E",
        "jobsQueueCEDBAE3E",
        "jobsDlqD18CF374",
        "HttpApi",
        "HttpApiStage",
        "HttpApiIntegrationProducer",
        "HttpApiRoutePostProduce",
        "IamRoleLambdaExecution",
    } <= set(document["Resources"])
    assert set(document["Outputs"]) == {
        "HttpApiId",
        "HttpApiUrl",
        "jobsQueueUrl573F5B7A",
        "jobsQueueArnA5A2FF7E",
        "jobsDlqUrl2C7FA9D4",
    }
    assert document["Outputs"]["jobsQueueUrl573F5B7A"]["Description"] == (
        'URL of the "jobs" SQS queue.'
    )


def test_defaults_are_the_tutorials() -> None:
    parameters = parsed()["Parameters"]
    assert {name: str(each["Default"]) for name, each in parameters.items()} == {
        "Service": "tutorial-step-2",
        "Stage": "dev",
        "Runtime": "python3.13",
        "FunctionTimeout": "6",
        "VisibilityTimeout": "36",
        "MaxReceiveCount": "3",
        "MemorySize": "1024",
    }
    assert parsed("nodejs")["Parameters"]["Runtime"]["Default"] == "nodejs24.x"


def test_the_role_may_do_no_more_than_it_must() -> None:
    role = parsed()["Resources"]["IamRoleLambdaExecution"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    actions = {
        action
        for each in statements
        for action in (each["Action"] if isinstance(each["Action"], list) else [each["Action"]])
    }
    assert actions == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    }
    assert all(each["Resource"] != "*" for each in statements)


@pytest.mark.parametrize(
    ("scale", "timeout", "visibility"),
    [(1.0, "6", "36"), (6.0, "1", "6"), (2.0, "3", "18"), (100.0, "1", "6"), (0.5, "12", "72")],
)
def test_times_are_scaled_in_whole_seconds(scale: float, timeout: str, visibility: str) -> None:
    found = template.parameters(scale, service="mine", stage="prod")
    assert (found["FunctionTimeout"], found["VisibilityTimeout"]) == (timeout, visibility)
    assert (found["Service"], found["Stage"]) == ("mine", "prod")
    assert template.stack_name("mine", "prod") == "mine-prod"


def test_another_language_is_refused() -> None:
    with pytest.raises(UsageError, match="ruby"):
        template.render("ruby")
