"""What is packaged in a folder, tool by tool, and what is said where nothing is."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.operations.packaged import find
from sqsctl.operations.packaged.archives import zipped
from sqsctl.operations.packaged.leaving_out import lacking, without
from sqsctl.operations.packaged.order import in_order
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.packaged.terraform_plan import read as terraform
from tests.operations.stacks.packaged import Packaged, every, known_types, named
from tests.operations.stacks.projects import project

PLAN = Path(__file__).parent / "terraform" / "plan.json"


@pytest.mark.parametrize("packaged", every(), ids=lambda each: each.id)
def test_every_packaged_project_is_found_with_all_its_code(
    packaged: Packaged, tmp_path: Path
) -> None:
    (found,) = find.packaged_stacks(project(packaged, tmp_path / "here"))
    assert (found.name, found.tool) == (packaged.stack, packaged.tool)
    functions = {
        key
        for key, each in found.resources.items()
        if each["Type"] in {"AWS::Lambda::Function", "AWS::Serverless::Function"}
        and "ZipFile" not in (each["Properties"].get("Code") or {})
    }
    assert functions <= set(found.code)
    for path in found.code.values():
        with zipfile.ZipFile(_file(tmp_path, zipped(path))) as archive:
            assert "handler.py" in archive.namelist()


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "package.zip"
    path.write_bytes(data)
    return path


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("A = 1\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.py").write_text("B = 1\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("secret")
    first = zipped(tmp_path)
    (tmp_path / "a.py").touch()
    assert zipped(tmp_path) == first
    with zipfile.ZipFile(_file(tmp_path, first)) as archive:
        assert archive.namelist() == ["a.py", "inner/b.py"]


def test_a_nested_cdk_stack_comes_with_its_template(tmp_path: Path) -> None:
    (found,) = find.packaged_stacks(project(named("cdk-NestedStack"), tmp_path))
    (inner,) = found.nested.values()
    assert inner.code


def test_one_file_of_a_package_is_enough(tmp_path: Path) -> None:
    project(named("cdk-UrlStack"), tmp_path)
    (found,) = find.packaged_stacks(tmp_path / "cdk.out" / "UrlStack.template.json")
    assert found.name == "UrlStack"
    assert found.code


@pytest.mark.parametrize(
    ("file", "hint"),
    [
        ("serverless.yml", "serverless package"),
        ("samconfig.toml", "sam build"),
        ("cdk.json", "cdk synth"),
        ("main.tf", "terraform show -json"),
        (None, "sqsctl lab init"),
    ],
)
def test_a_project_that_is_not_packaged_is_told_how(
    tmp_path: Path, file: str | None, hint: str
) -> None:
    if file:
        (tmp_path / file).write_text("")
    with pytest.raises(SqsctlError) as caught:
        find.packaged_stacks(tmp_path)
    assert caught.value.exit is Exit.NOT_FOUND
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize("text", ["", "[]", "a: b", '{"Resources": []}', "Resources: 1", "{"])
def test_what_is_no_template_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "stack.yaml"
    path.write_text(text)
    with pytest.raises(UsageError):
        find.packaged_stacks(path)


def test_another_stages_package_is_not_taken(tmp_path: Path) -> None:
    project(named("serverless-lift-tutorial"), tmp_path)
    with pytest.raises(UsageError, match="packaged for stage dev, not for prod"):
        find.packaged_stacks(tmp_path, stage="prod")


def test_a_terraform_plan_becomes_the_template_of_its_resources(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    shutil.copy(PLAN, folder)
    (folder / "worker.zip").write_bytes(zipped(PLAN))
    (found,) = find.packaged_stacks(folder)
    assert (found.name, found.tool, found.region) == ("mails", "terraform", "eu-west-1")
    resources = {key: each["Properties"] for key, each in found.resources.items()}
    queue = resources["ModuleMailsSqsQueueThis"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": ["ModuleMailsSqsQueueDead", "Arn"]
    }
    worker = resources["LambdaFunctionWorker"]
    assert worker["Environment"]["Variables"] == {
        "STAGE": "dev",
        "QUEUE_URL": {"Ref": "ModuleMailsSqsQueueThis"},
    }
    assert worker["Role"] == {"Fn::GetAtt": ["IamRoleWorker", "Arn"]}
    assert "ReservedConcurrentExecutions" not in worker
    mapping = resources["LambdaEventSourceMappingWorker"]
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["ModuleMailsSqsQueueThis", "Arn"]}
    (statement,) = resources["IamRolePolicyWorker"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [{"Fn::GetAtt": ["ModuleMailsSqsQueueThis", "Arn"]}]
    assert found.code == {"LambdaFunctionWorker": folder / "worker.zip"}
    (note,) = found.without
    assert "aws_sqs_queue.this: maxReceiveCount is known only after an apply; 3 was" in note


def test_a_resource_of_terraform_that_nothing_stands_for_is_lacking() -> None:
    plan = json.loads(PLAN.read_text())
    plan["planned_values"]["root_module"]["resources"].append(
        {"address": "aws_quicksight_folder.x", "type": "aws_quicksight_folder", "values": {}}
    )
    found = {each.logical_id: each.type for each in lacking(terraform(PLAN, plan), known_types())}
    assert found == {
        "QuicksightFolderX": "Terraform::aws_quicksight_folder",
        "LambdaFunctionWorker": "AWS::Lambda::Function",  # no worker.zip lies beside the plan
        "LambdaEventSourceMappingWorker": "AWS::Lambda::EventSourceMapping",
    }


def stack(resources: dict[str, object], **more: object) -> PackagedStack:
    template = {"Resources": resources, **more}
    return PackagedStack("s", "cloudformation", Path("template.yaml"), template)


def test_what_hangs_on_what_is_left_out_goes_too_and_references_become_names() -> None:
    given = stack(
        {
            "Graph": {"Type": "AWS::Neptune::DBCluster"},
            "Go": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "provided.al2023"}},
            "Mapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {"FunctionName": {"Ref": "Go"}},
            },
            "Worker": {
                "Type": "AWS::Lambda::Function",
                "DependsOn": ["Graph"],
                "Properties": {
                    "Runtime": "python3.13",
                    "Code": {"ZipFile": "x"},
                    "Environment": {
                        "Variables": {
                            "A": {"Ref": "Graph"},
                            "B": {"Fn::GetAtt": ["Graph", "Endpoint"]},
                            "C": {"Fn::Sub": "${Graph.Endpoint}:${AWS::Region}"},
                            "D": {"Ref": "Queue"},
                        }
                    },
                },
            },
            "Queue": {"Type": "AWS::SQS::Queue"},
        },
        Outputs={"Graph": {"Value": {"Ref": "Graph"}}, "Queue": {"Value": {"Ref": "Queue"}}},
    )
    found = lacking(given, known_types())
    assert {each.logical_id for each in found} == {"Graph", "Go", "Mapping"}
    left = without(given.template, {each.logical_id for each in found})
    assert set(left["Resources"]) == {"Worker", "Queue"}
    assert set(left["Outputs"]) == {"Queue"}
    worker = left["Resources"]["Worker"]
    assert "DependsOn" not in worker
    assert worker["Properties"]["Environment"]["Variables"] == {
        "A": "Graph",
        "B": "Graph",
        "C": {"Fn::Sub": "Graph:${AWS::Region}"},
        "D": {"Ref": "Queue"},
    }


def test_stacks_are_deployed_after_those_that_they_import_from() -> None:
    queues = PackagedStack(
        "queues", "cdk", Path("q"), {"Outputs": {"A": {"Export": {"Name": "queues:arn"}}}}
    )
    workers = PackagedStack(
        "workers", "cdk", Path("w"), {"Resources": {"M": {"Fn::ImportValue": "queues:arn"}}}
    )
    assert [each.name for each in in_order([workers, queues])] == ["queues", "workers"]
