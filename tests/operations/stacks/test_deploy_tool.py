"""The tool that made a stack, told from what tools really write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sqsctl.model.deployed import DeployedStack, StackResource
from sqsctl.operations.stacks.deploy_tool import made_by
from sqsctl.operations.target.yaml_documents import load_yaml

STACKS = Path(__file__).parent
LAB = Path(__file__).parents[3] / "sqsctl" / "lab" / "template.yaml"


def told(template: dict[str, Any]) -> str:
    outputs = template.get("Outputs") or {}
    stack = DeployedStack(
        "s",
        "",
        "CREATE_COMPLETE",
        description=template.get("Description", ""),
        outputs=dict.fromkeys(outputs, "x"),
        output_descriptions={key: each.get("Description", "") for key, each in outputs.items()},
    )
    resources = [
        StackResource(name, each["Type"], name) for name, each in template["Resources"].items()
    ]
    return made_by(stack, resources)


def packaged() -> list[Any]:
    found = []
    for path in sorted(STACKS.glob("*/**/*.json")):
        tool = path.relative_to(STACKS).parts[0]
        document = json.loads(path.read_text())
        if tool in {"sam", "cdk", "serverless"} and "Resources" in document:
            found.append(
                pytest.param(tool, document, id="-".join(path.relative_to(STACKS).parts[:3]))
            )
    return found


@pytest.mark.parametrize(("tool", "template"), packaged())
def test_what_tools_write_is_known_for_theirs(tool: str, template: dict[str, Any]) -> None:
    queues = [k for k, v in template["Resources"].items() if v["Type"] == "AWS::SQS::Queue"]
    lifted = any(each[-8:].isalnum() and each[-8:] == each[-8:].upper() for each in queues)
    expected = "lift" if tool == "serverless" and lifted else tool
    assert told(template) == expected


@pytest.mark.parametrize(
    ("description", "tags", "expected"),
    [
        ('{"createdOn":"Mac","createdBy":"AmplifySandbox","createdWith":"1.2"}', {}, "amplify"),
        ('{"createdOn":"Linux","createdBy": "Amplify"}', {}, "amplify"),
        ("", {"sst:app": "shop", "sst:stage": "dev"}, "sst"),
        ("", {"copilot-application": "shop"}, "copilot"),
        ("our Amplify backend", {"app": "shop"}, "cdk"),
    ],
)
def test_tools_on_top_of_the_cdk_leave_a_mark_of_their_own(
    description: str, tags: dict[str, str], expected: str
) -> None:
    stack = DeployedStack("s", "", "CREATE_COMPLETE", description=description, tags=tags)
    assert made_by(stack, [StackResource("Meta", "AWS::CDK::Metadata", "m")]) == expected


def test_the_lab_is_as_lift_makes_it() -> None:
    assert told(load_yaml(LAB.read_text())) == "lift"


def test_a_template_of_nobody_else() -> None:
    resources = {"Jobs": {"Type": "AWS::SQS::Queue"}, "Worker": {"Type": "AWS::Lambda::Function"}}
    assert told({"Resources": resources}) == "cloudformation"


def test_where_nothing_could_be_listed_only_outputs_tell() -> None:
    bucket = DeployedStack("s", "", "", outputs={"ServerlessDeploymentBucketName": "b"})
    assert made_by(bucket, ()) == "serverless"
    assert made_by(DeployedStack("s", "", ""), ()) == ""


@pytest.mark.parametrize(
    ("change_set", "expected"),
    [("samcli-deploy1764547200", "sam"), ("by-hand-samcli-deploy", "cloudformation")],
)
def test_sam_with_a_role_of_its_own_is_known_by_its_change_set(
    change_set: str, expected: str
) -> None:
    arn = f"arn:aws:cloudformation:eu-west-1:111122223333:changeSet/{change_set}/1a2b"
    resources = [
        StackResource("Worker", "AWS::Lambda::Function", "worker"),
        StackResource("OwnRole", "AWS::IAM::Role", "role"),
    ]
    assert made_by(DeployedStack("s", "", "", change_set=arn), resources) == expected
