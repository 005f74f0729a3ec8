"""What a packaged project deploys, and what its files tell: no AWS, no emulator."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqsctl.errors import UsageError
from sqsctl.operations.target import project_files as project
from sqsctl.operations.target import serverless
from tests.operations.stacks import packaged
from tests.operations.stacks.packaged import Packaged

SERVERLESS = [each for each in packaged.every() if each.tool == "serverless"]
SAM = [each for each in packaged.every() if each.tool == "sam"]


def functions(stack: Packaged) -> dict[str, Mapping[str, Any]]:
    """The functions of a template: logical id to properties."""
    return {
        key: each["Properties"]
        for key, each in stack.resources.items()
        if each["Type"] == "AWS::Lambda::Function"
    }


def test_every_project_is_there() -> None:
    assert len(packaged.every()) == 22
    assert {each.tool for each in packaged.every()} == {"serverless", "sam", "cdk"}
    for each in packaged.every():
        assert each.resources, each.id


@pytest.mark.parametrize("stack", SERVERLESS, ids=lambda each: each.id)
def test_serverless_yml_names_the_stack_that_is_packaged(stack: Packaged) -> None:
    told = project.stack(stack.project, environment={})
    assert told.name == stack.stack
    assert told.source == "serverless.yml"
    # The framework puts the service and the stage into the names of its exports.
    exports = [
        str(each["Export"]["Name"])
        for each in stack.template["Outputs"].values()
        if "Export" in each
    ]
    read = serverless.read(stack.project, environment={})
    assert read is not None
    assert all(each.startswith(f"sls-{read.service}-{read.stage}-") for each in exports)


@pytest.mark.parametrize("stack", SERVERLESS, ids=lambda each: each.id)
def test_serverless_yml_declares_what_is_packaged(stack: Packaged) -> None:
    """Deployed name, runtime, handler, timeout of every function, Lift's workers included."""
    declared = project.declared(stack.project, environment={})
    assert not declared.unread
    shared = {each.key: each.value for each in declared if each.function is None}
    names = {each.function for each in declared if each.function}
    deployed = {each["FunctionName"]: each for each in functions(stack).values()}
    assert names == set(deployed)
    for name, properties in deployed.items():
        own = {each.key: each.value for each in declared if each.function == name}
        said = {**shared, **own}
        assert said["runtime"] == properties["Runtime"]
        assert said["handler"] == properties["Handler"]
        assert said.get("timeout_s", "6") == str(properties["Timeout"])
        if "architecture" in said:
            assert [said["architecture"]] == properties["Architectures"]


@pytest.mark.parametrize("stack", SAM, ids=lambda each: each.id)
def test_a_sam_template_declares_what_is_deployed(stack: Packaged) -> None:
    declared = project.declared(stack.project, environment={})
    assert not declared.unread
    shared = {each.key: each.value for each in declared if each.function is None}
    for logical_id, properties in functions(stack).items():
        own = {each.key: each.value for each in declared if each.function == logical_id}
        said = {**shared, **own}
        assert said["runtime"] == properties["Runtime"]
        assert said["handler"] == properties["Handler"]
        assert said["timeout_s"] == str(properties["Timeout"])


def synthesised(folder: Path, *names: str) -> None:
    """A cdk.out with these stacks, as synthesis leaves it."""
    out = folder / "cdk.out"
    out.mkdir(exist_ok=True)
    artifacts: dict[str, Any] = {"Tree": {"type": "cdk:tree"}}
    for name in names:
        file = packaged.named(f"cdk-{name}").file
        shutil.copy(file, out)
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": file.name},
        }
    (out / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": artifacts}))


def test_a_cdk_app_of_one_stack(tmp_path: Path) -> None:
    synthesised(tmp_path, "HttpApiStack")
    told = project.stack(tmp_path)
    assert (told.name, told.source) == ("HttpApiStack", "cdk.out/manifest.json")
    declared = project.declared(tmp_path, stack_name="HttpApiStack")
    stack = packaged.named("cdk-HttpApiStack")
    assert {(each.function, each.value) for each in declared if each.key == "runtime"} == {
        (key, each["Runtime"]) for key, each in functions(stack).items()
    }
    assert all(each.source.startswith("HttpApiStack.template.json:") for each in declared)


def test_a_cdk_app_of_several_stacks_says_which_there_are(tmp_path: Path) -> None:
    synthesised(tmp_path, "HttpApiStack", "UrlStack")
    told = project.stack(tmp_path)
    assert told.name is None
    assert told.problem is not None
    assert "HttpApiStack, UrlStack" in told.problem
    assert "--stack" in told.problem
    assert project.stage_of(tmp_path, "UrlStack") == (True, None)
    assert project.stage_of(tmp_path, "AliasStack") == (False, None)
    runtimes = [
        each.function
        for each in project.declared(tmp_path, stack_name="UrlStack")
        if each.key == "runtime"
    ]
    assert len(runtimes) == 3


def test_the_stages_of_a_cdk_app(tmp_path: Path) -> None:
    """cdk.Stage: an assembly inside the assembly; its stacks are called Stage-Stack."""
    out = tmp_path / "cdk.out"
    for stage in ("Dev", "Prod"):
        inner = out / f"assembly-{stage}"
        inner.mkdir(parents=True)
        stack = {
            "type": "aws:cloudformation:stack",
            "properties": {"stackName": f"{stage}-Jobs", "templateFile": "x.template.json"},
        }
        (inner / "manifest.json").write_text(json.dumps({"artifacts": {"Jobs": stack}}))
    artifacts = {
        f"assembly-{stage}": {
            "type": "cdk:cloud-assembly",
            "properties": {"directoryName": f"assembly-{stage}"},
        }
        for stage in ("Dev", "Prod")
    }
    (out / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    assert project.stack(tmp_path).name is None
    assert project.stack(tmp_path, stage="Prod").name == "Prod-Jobs"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(out / "assembly-Dev" / "manifest.json", elsewhere)
    outside = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "../elsewhere"}}
    (out / "manifest.json").write_text(json.dumps({"artifacts": {"x": outside}}))
    assert project.stack(tmp_path).name is None


def test_a_cdk_app_that_was_not_synthesised_says_so(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text('{"app": "node app.js"}')
    told = project.stack(tmp_path)
    assert told.problem is not None
    assert "cdk synth" in told.problem


def state(folder: Path, **provider: str) -> Path:
    """What osls leaves behind a package, cut to what tells names."""
    path = folder / ".serverless" / "serverless-state.json"
    path.parent.mkdir(exist_ok=True)
    kept = {
        "service": {
            "service": "coded",
            "provider": {"stage": "dev", "region": "eu-west-1", **provider},
            "functions": {"work": {"name": "coded-dev-work", "runtime": "nodejs22.x"}},
        },
        "package": {"artifact": "coded.zip"},
    }
    path.write_text(json.dumps(kept))
    return path


@pytest.mark.parametrize("name", ["serverless.ts", "serverless.js", "serverless.mjs"])
def test_a_project_that_is_code_is_known_by_its_last_package(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("throw new Error('never run')\n")
    told = project.stack(tmp_path, environment={})
    assert told.name is None
    assert told.problem == f"{name} is code, which sqsctl does not run: --stack names the stack"
    assert len(project.declared(tmp_path, environment={})) == 0
    state(tmp_path)
    told = project.stack(tmp_path, environment={})
    assert (told.name, told.region) == ("coded-dev", "eu-west-1")
    declared = project.declared(tmp_path, environment={})
    assert [(each.function, each.value) for each in declared] == [("coded-dev-work", "nodejs22.x")]
    assert project.stack(tmp_path, stage="prod", environment={}).name is None


def test_what_a_package_left_is_old_once_the_code_was_edited(tmp_path: Path) -> None:
    kept = state(tmp_path)
    code = tmp_path / "serverless.ts"
    code.write_text("export default {}\n")
    import os

    later = kept.stat().st_mtime + 10
    os.utime(code, (later, later))
    assert len(project.declared(tmp_path, environment={})) == 0
    assert project.stack(tmp_path, environment={}).name == "coded-dev"


def test_a_name_that_only_a_deploy_knows(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: named\nprovider:\n  name: aws\n  stage: ${ssm:/stage}\n"
    )
    told = project.stack(tmp_path, environment={})
    assert told.name is None
    assert told.problem is not None
    assert "serverless.yml hangs on what only a deploy knows" in told.problem
    assert project.stack(tmp_path, stage="qa", environment={}).name == "named-qa"
    state(tmp_path, stackName="from-the-package")
    assert project.stack(tmp_path, environment={}).name == "from-the-package"


def test_values_of_a_dotenv_file_are_not_guessed(tmp_path: Path) -> None:
    text = "service: s\n{}provider:\n  name: aws\n  stage: ${{env:STAGE, 'dev'}}\n"
    (tmp_path / "serverless.yml").write_text(text.format(""))
    assert project.stack(tmp_path, environment={}).name == "s-dev"
    (tmp_path / "serverless.yml").write_text(text.format("useDotenv: true\n"))
    assert project.stack(tmp_path, environment={}).name is None
    assert project.stack(tmp_path, environment={"STAGE": "qa"}).name == "s-qa"


def test_several_services_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "serverless-compose.yml").write_text(
        "services:\n  a:\n    path: service-a\n  b:\n    path: service-b\n"
    )
    told = project.stack(tmp_path, environment={})
    assert told.problem is not None
    assert "service-a, service-b" in told.problem


SAMCONFIG = """\
version = 0.1
[default.global.parameters]
stack_name = "jobs-dev"
[default.deploy.parameters]
region = "eu-west-1"
[prod.deploy.parameters]
stack_name = "jobs-production"
region = "us-east-1"
"""


def test_samconfig_with_several_environments(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text(SAMCONFIG)
    told = project.stack(tmp_path)
    assert (told.name, told.region) == ("jobs-dev", "eu-west-1")
    assert project.stack(tmp_path, stage="prod").name == "jobs-production"
    wrong = project.stack(tmp_path, stage="qa")
    assert wrong.name is None, "another environment's stack is never meant"
    assert wrong.problem == "samconfig.toml has no environment qa: it has default, prod"
    assert project.stage_of(tmp_path, "jobs-production") == (True, None)


def test_samconfig_without_a_default(tmp_path: Path) -> None:
    text = SAMCONFIG.replace("[default.", "[dev.")
    (tmp_path / "samconfig.toml").write_text(text)
    told = project.stack(tmp_path)
    assert told.name is None
    assert told.problem is not None
    assert "(dev, prod): --stage names one" in told.problem
    (tmp_path / "samconfig.toml").write_text(text.partition("[prod")[0])
    assert project.stack(tmp_path).name == "jobs-dev"


def test_another_stage_of_the_same_project(tmp_path: Path) -> None:
    """doctor --stack NAME in the folder of the project: its files count for every stage."""
    shutil.copy(packaged.named("serverless-lift-tutorial").project / "serverless.yml", tmp_path)
    assert project.stage_of(tmp_path, "tutorial-step-2-dev") == (True, None)
    assert project.stage_of(tmp_path, "tutorial-step-2-prod") == (True, "prod")
    assert project.stage_of(tmp_path, "tutorial-step-3-dev") == (False, None)
    assert project.stage_of(tmp_path, "tutorial-step-2-prod", stage="dev") == (False, "dev")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "artifacts",
                    "type",
                    "properties",
                    "stackName",
                    "templateFile",
                    "directoryName",
                    "service",
                    "provider",
                    "stage",
                    "functions",
                    "name",
                    "deploy",
                    "parameters",
                    "default",
                    "stack_name",
                    "services",
                    "path",
                ]
            ),
            inner | st.sampled_from(["aws:cloudformation:stack", "cdk:cloud-assembly", "..", "."]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(document=_VALUES, stage=st.none() | st.text(max_size=4))
@settings(max_examples=60, deadline=None)
def test_no_document_breaks_the_readers(
    tmp_path_factory: pytest.TempPathFactory, document: object, stage: str | None
) -> None:
    """Whatever stands in the files: a stack, a reason, or a UsageError."""
    for name in (
        "cdk.out/manifest.json",
        ".serverless/serverless-state.json",
        "serverless.json",
        "serverless-compose.yml",
        "samconfig.yaml",
    ):
        folder = tmp_path_factory.mktemp("any")
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document))
        if name.startswith(".serverless"):
            (folder / "serverless.ts").write_text("")
        with contextlib.suppress(UsageError):
            told = project.stack(folder, stage=stage, environment={})
            assert told.name is None or told.source
            project.stage_of(folder, "any-dev", stage=stage, environment={})
        project.declared(folder, stage=stage, stack_name="any", environment={})
