"""What a project's files say, read and never run."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqsctl.errors import UsageError
from sqsctl.operations.target import project_files as project
from sqsctl.operations.target import serverless
from sqsctl.operations.target.yaml_documents import load_yaml, template_parameters

TUTORIAL = """\
service: tutorial-step-2
frameworkVersion: '3'

provider:
  name: aws
  runtime: nodejs14.x
  region: ap-northeast-2

constructs:
  jobs:
    type: queue
    worker:
      handler: handler.consumer

functions:
  producer:
    handler: handler.producer
    events:
      - httpApi:
          method: post
          path: /produce
    environment:
      QUEUE_URL: ${construct:jobs.queueUrl}

plugins:
  - serverless-lift
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, **files: str) -> None:
    names = {"serverless": "serverless.yml", "template": "template.yaml", "nvmrc": ".nvmrc"}
    for key, text in files.items():
        (folder / names.get(key, key)).write_text(text)


def facts(folder: Path, **options: str) -> set[tuple[str, str, str, str | None]]:
    """What is said besides the tool, which test_tool_files is about."""
    return {
        (each.key, each.value, each.source, each.function)
        for each in project.declared(folder, environment={}, **options)
        if each.key != "tool"
    }


def test_the_tutorials_stack_and_runtime(folder: Path) -> None:
    write(folder, serverless=TUTORIAL)
    assert project.stack_name(folder, environment={}) == "tutorial-step-2-dev"
    assert project.stack_name(folder, stage="prod", environment={}) == "tutorial-step-2-prod"
    assert facts(folder) == {
        ("runtime", "nodejs14.x", "serverless.yml:6", None),
        ("handler", "handler.producer", "serverless.yml:17", "tutorial-step-2-dev-producer"),
        ("handler", "handler.consumer", "serverless.yml:13", "tutorial-step-2-dev-jobsWorker"),
    }


@pytest.mark.parametrize(
    ("provider", "stage", "environment", "expected"),
    [
        ("stackName: my-own", None, {}, "my-own"),
        ("stackName: ${self:service}-x-${sls:stage}", None, {}, "svc-x-dev"),
        ("stackName: ${self:service}-${opt:stage, 'none'}", None, {}, "svc-none"),
        ("stackName: ${self:service}-${opt:stage, 'none'}", "qa", {}, "svc-qa"),
        ("stage: ${opt:stage, 'beta'}", None, {}, "svc-beta"),
        ("stage: ${opt:stage, self:custom.stage}", None, {}, "svc-gamma"),
        ("stage: ${env:STAGE, 'dev'}", None, {}, "svc-dev"),
        ("stage: ${env:STAGE, 'dev'}", None, {"STAGE": "e2e"}, "svc-e2e"),
        ("stage: ${self:custom.${env:WHICH, 'other'}}", None, {}, "svc-delta"),
        ("stage: ${param:place}", None, {}, "svc-from-params"),
        ("stage: ${param:place}", "prod", {}, "svc-prod"),
        ("stackName: ${param:place}-x", "prod", {}, "prod-place-x"),
        # Only a deploy could tell these.
        ("stackName: ${ssm:/name}", None, {}, None),
        ("stackName: ${ssm:/name, 'fallback'}", None, {}, None),
        ("stackName: ${cf:other.Output}", None, {}, None),
        ("stackName: ${file(names.js):name}", None, {}, None),
        ("stage: ${git:branch}", None, {}, None),
        # Nonsense that must come to an end.
        ("stackName: ${self:provider.stackName}", None, {}, None),
        ("stackName: ${self:custom.a}", None, {}, None),
        ("stackName: ${", None, {}, None),
        ("stackName: ${}", None, {}, None),
        ("stackName: [a, b]", None, {}, None),
        ("stackName: 'not a / stack'", None, {}, None),
    ],
)
def test_variables_that_can_be_told_are_and_others_are_unknown(
    folder: Path,
    provider: str,
    stage: str | None,
    environment: dict[str, str],
    expected: str | None,
) -> None:
    write(
        folder,
        serverless=(
            f"service: svc\nprovider:\n  name: aws\n  {provider}\n"
            "custom: {stage: gamma, other: delta, a: '${self:custom.b}', b: '${self:custom.a}'}\n"
            "params:\n  default: {place: from-params}\n  prod: {place: prod-place}\n"
        ),
    )
    assert project.stack_name(folder, stage=stage, environment=environment) == expected


def test_files_inside_the_project_are_followed_and_others_never(folder: Path) -> None:
    outside = folder / "outside.yml"
    outside.write_text("name: stolen")
    inner = folder / "inner"
    inner.mkdir()
    (inner / "names.yml").write_text("deep: {name: from-file}")
    (inner / "link.yml").symlink_to(outside)
    for reference, expected in (
        ("names.yml):deep.name", "from-file"),
        ("../outside.yml):name", None),
        (f"{outside}):name", None),
        ("link.yml):name", None),
        ("gone.yml):name, 'default'", "default"),
    ):
        write(inner, serverless=f'service: s\nprovider: {{stackName: "${{file({reference}}}"}}\n')
        assert project.stack_name(inner, environment={}) == expected, reference


def test_lift_names_its_workers_and_functions_may_have_names_of_their_own(folder: Path) -> None:
    write(
        folder,
        serverless=(
            "service: s\nprovider: {name: aws}\n"
            "functions:\n  one: {handler: a.b, name: '${self:service}-own', runtime: python3.13}\n"
            "constructs:\n  jobs: {type: queue, worker: {handler: c.d, timeout: 20}}\n"
            "  mails: {type: queue, worker: one}\n  site: {type: static-website}\n"
        ),
    )
    assert {(key, value, name) for key, value, _, name in facts(folder)} == {
        ("handler", "a.b", "s-own"),
        ("runtime", "python3.13", "s-own"),
        ("handler", "c.d", "s-dev-jobsWorker"),
        ("timeout_s", "20", "s-dev-jobsWorker"),
    }


def test_sam_says_its_stack_and_its_runtimes(folder: Path) -> None:
    write(
        folder,
        **{
            "samconfig.toml": '[default.deploy.parameters]\nstack_name = "sam-app"\n'
            '[prod.deploy.parameters]\nstack_name = "sam-prod"\n'
        },
        template=(
            "Transform: AWS::Serverless-2016-10-31\n"
            "Parameters:\n  Runtime: {Type: String, Default: nodejs22.x}\n"
            "Globals:\n  Function:\n    Runtime: !Ref Runtime\n    Timeout: 7\n"
            "Resources:\n"
            "  Worker:\n    Type: AWS::Serverless::Function\n    Properties:\n"
            "      Runtime: python3.12\n      Handler: app.main\n"
            "      Architectures: [arm64]\n      FunctionName: !Sub '${AWS::StackName}-w'\n"
            "  Named:\n    Type: AWS::Lambda::Function\n    Properties: {FunctionName: n, "
            "Runtime: !FindInMap [a, b, c]}\n"
            "  Jobs: {Type: AWS::SQS::Queue}\n"
        ),
    )
    assert project.stack_name(folder, environment={}) == "sam-app"
    assert project.stack_name(folder, stage="prod", environment={}) == "sam-prod"
    assert facts(folder) == {
        ("runtime", "nodejs22.x", "template.yaml:6", None),
        ("timeout_s", "7", "template.yaml:7", None),
        ("runtime", "python3.12", "template.yaml:12", "Worker"),
        ("handler", "app.main", "template.yaml:13", "Worker"),
        ("architecture", "arm64", "template.yaml:14", "Worker"),
    }


def test_a_synthesised_cdk_app_with_one_stack(folder: Path) -> None:
    (folder / "cdk.out").mkdir()
    manifest = {
        "artifacts": {
            "Tree": {"type": "cdk:tree"},
            "Jobs": {"type": "aws:cloudformation:stack", "properties": {"stackName": "jobs-dev"}},
        }
    }
    (folder / "cdk.out" / "manifest.json").write_text(json.dumps(manifest))
    assert project.stack_name(folder, environment={}) == "jobs-dev"
    manifest["artifacts"]["More"] = {"type": "aws:cloudformation:stack"}
    (folder / "cdk.out" / "manifest.json").write_text(json.dumps(manifest))
    assert project.stack_name(folder, environment={}) is None


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".nvmrc", "18\n", {("engine", "node 18", ".nvmrc:1", None)}),
        (".nvmrc", "# why\nv18.16.0\n", {("engine", "node 18.16.0", ".nvmrc:2", None)}),
        (".nvmrc", "lts/hydrogen", {("engine", "node 18", ".nvmrc:1", None)}),
        (".nvmrc", "lts/*", set()),
        (".nvmrc", "node", set()),
        (".node-version", "20.2.0", {("engine", "node 20.2.0", ".node-version:1", None)}),
        (
            "package.json",
            '{\n "name": "x",\n "engines": {"node": ">=18 <23"}\n}',
            {("engine", "node >=18 <23", "package.json:3", None)},
        ),
        ("package.json", '{"engines": "x"}', set()),
        (".python-version", "3.13\n", {("engine", "python 3.13", ".python-version:1", None)}),
        (
            "pyproject.toml",
            '[project]\nname = "x"\nrequires-python = ">=3.11"\n',
            {("engine", "python >=3.11", "pyproject.toml:3", None)},
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\npython = "^3.12"\n',
            {("engine", "python ^3.12", "pyproject.toml:2", None)},
        ),
    ],
)
def test_engines(
    folder: Path, name: str, text: str, expected: set[tuple[str, str, str, str | None]]
) -> None:
    (folder / name).write_text(text)
    assert facts(folder) == expected


def test_a_broken_file_is_unread_and_the_others_are_read(folder: Path) -> None:
    write(folder, serverless="service: [", nvmrc="18")
    (folder / "package.json").write_text("{" * 5000)
    found = project.declared(folder, environment={})
    assert [each.value for each in found] == ["node 18"]
    assert {each.what for each in found.unread} == {"serverless.yml", "package.json"}
    with pytest.raises(UsageError, match=r"serverless.yml is not valid YAML.*line [12]"):
        project.stack_name(folder, environment={})


def test_an_empty_folder_says_nothing(folder: Path) -> None:
    assert project.stack_name(folder, environment={}) is None
    assert len(project.declared(folder, environment={})) == 0


def test_code_is_not_run(folder: Path) -> None:
    write(folder, serverless="service: !!python/object/apply:os.system ['touch ran']\n")
    assert project.stack_name(folder, environment={}) is None
    assert not (folder / "ran").exists()


def test_cloudformations_short_tags_are_inert_data() -> None:
    loaded = load_yaml("a: !Ref b\nc: !GetAtt d.e.f\ng: !Sub ['${h}', {h: !If [i, j, k]}]\nl: !X m")
    assert loaded == {
        "a": {"Ref": "b"},
        "c": {"Fn::GetAtt": ["d", "e.f"]},
        "g": {"Fn::Sub": ["${h}", {"h": {"Fn::If": ["i", "j", "k"]}}]},
        "l": {"Fn::X": "m"},
    }
    assert template_parameters("Parameters: {A: {Type: String}}\nResources: {}") == {"A"}
    assert template_parameters("[]") == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 5_000, id="deep"),
        pytest.param("[" * 100 + "]" * 100, id="deep but whole"),
        pytest.param("a: &a [*a]", id="circle"),
        pytest.param(
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n"
                for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            id="billion laughs",
        ),
        pytest.param("a: " + "x" * 6_000_000, id="huge"),
        pytest.param("a: {b", id="torn"),
        pytest.param("\x00", id="nul"),
    ],
)
def test_hostile_yaml_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        load_yaml(text)


@given(st.text(max_size=60), st.text("${}selfoptnvparm:(),'. \"dx-", max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_reader(text: str, variable: str) -> None:
    document = {
        "service": "s",
        "provider": {"stackName": variable, "runtime": "${" + variable + "}"},
    }
    file = serverless.ServerlessFile(Path("serverless.yml"), document, None, None, {})
    assert file.stack_name is None or isinstance(file.stack_name, str)
    list(file.declared())
    with contextlib.suppress(UsageError):
        load_yaml(text)
