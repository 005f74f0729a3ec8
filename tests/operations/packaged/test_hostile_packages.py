"""Packaged projects of strangers: nothing outside of them is read, and nothing takes for ever."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sqsctl.errors import SqsctlError
from sqsctl.operations.packaged import find
from sqsctl.operations.packaged.archives import zipped
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.packaged.project_root import root_of

SECRET = "aws_secret_access_key = TOP-SECRET-123"
MOST_S = 5.0
Build = Callable[[Path, Path], None]


def function(code: object, kind: str = "AWS::Lambda::Function") -> dict[str, object]:
    key = "CodeUri" if "Serverless" in kind else "Code"
    return {"Type": kind, "Properties": {key: code, "Handler": "a.b", "Runtime": "python3.13"}}


def template(resources: object, **more: object) -> str:
    return json.dumps({"Resources": resources, **more})


def raw(text: str) -> Build:
    """A template as it was written."""

    def build(folder: Path, _: Path) -> None:
        (folder / "template.yaml").write_text(text)

    return build


def code_at(path: str, kind: str = "AWS::Lambda::Function") -> Build:
    def build(folder: Path, home: Path) -> None:
        said = path.format(home=home)
        (folder / "template.yaml").write_text(template({"F": function(said, kind)}))

    return build


def through_a_link(folder: Path, home: Path) -> None:
    (folder / "src").symlink_to(home)
    code_at("src")(folder, home)


def file_link_in_the_code(folder: Path, home: Path) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "a.py").write_text("A = 1\n")
    (folder / "src" / "b.py").symlink_to(home / "credentials")
    code_at("src")(folder, home)


def the_template_is_a_link(folder: Path, home: Path) -> None:
    (folder / "template.yaml").symlink_to(home / "credentials")


def cdk(path: str) -> Build:
    def build(folder: Path, home: Path) -> None:
        out = folder / "cdk.out"
        out.mkdir()
        artifact = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": "s.template.json"},
        }
        (out / "manifest.json").write_text(
            json.dumps({"version": "36.0.0", "artifacts": {"s": artifact}})
        )
        resource = function({"S3Bucket": "b", "S3Key": "k.zip"})
        (out / "s.template.json").write_text(template({"F": resource}))
        asset = {
            "source": {"path": path.format(home=home), "packaging": "zip"},
            "destinations": {"d": {"objectKey": "k.zip"}},
        }
        (out / "s.assets.json").write_text(json.dumps({"files": {"k": asset}}))

    return build


def serverless(artifact: str, *, linked: bool = False) -> Build:
    def build(folder: Path, home: Path) -> None:
        out = folder / ".serverless"
        out.mkdir()
        (folder / "serverless.yml").write_text("service: s\nprovider:\n  name: aws\n")
        resource = function({"S3Bucket": "b", "S3Key": "x/credentials"})
        (out / "cloudformation-template-update-stack.json").write_text(template({"F": resource}))
        said = artifact.format(home=home)
        state = {"service": {"service": "s"}, "package": {"artifact": said}}
        (out / "serverless-state.json").write_text(json.dumps(state))
        if linked:
            (out / "credentials.zip").symlink_to(home / "credentials")

    return build


def terraform(path: str) -> Build:
    def build(folder: Path, home: Path) -> None:
        resource = {
            "address": "aws_lambda_function.f",
            "type": "aws_lambda_function",
            "name": "f",
            "values": {"function_name": "f", "filename": path.format(home=home)},
        }
        plan = {"planned_values": {"root_module": {"resources": [resource]}}}
        (folder / "plan.json").write_text(json.dumps(plan))

    return build


def huge_zip(folder: Path, home: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("a.py", "A = 1\n")
    data = (folder / "a.zip").read_bytes()
    with (folder / "a.zip").open("wb") as file:  # sparse: it takes no room on the disk
        file.seek(300 * 1024 * 1024 - len(data))
        file.write(data)
    code_at("a.zip")(folder, home)


def pipe(folder: Path, _: Path) -> None:
    os.mkfifo(folder / "template.yaml")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)
FOLDERS: dict[str, Build] = {
    "code above": code_at("../home"),
    "code at an absolute path": code_at("{home}"),
    "code is one file": code_at("{home}/credentials"),
    "sam code above": code_at("../home", "AWS::Serverless::Function"),
    "a layer above": code_at("../home", "AWS::Lambda::LayerVersion"),
    "code through a link": through_a_link,
    "a link in the code": file_link_in_the_code,
    "the template is a link": the_template_is_a_link,
    "cdk asset above": cdk("../../home"),
    "cdk asset at an absolute path": cdk("{home}"),
    "serverless artifact above": serverless("../home/credentials"),
    "serverless artifact at an absolute path": serverless("{home}/credentials"),
    "serverless package is a link": serverless("", linked=True),
    "terraform archive above": terraform("../home/credentials"),
    "terraform archive at an absolute path": terraform("{home}/credentials"),
    "definition above": raw(
        template(
            {
                "A": {
                    "Type": "AWS::Serverless::Api",
                    "Properties": {"DefinitionUri": "../home/credentials"},
                }
            }
        )
    ),
    "nested template above": raw(
        template(
            {
                "N": {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {"TemplateURL": "../home/credentials"},
                }
            }
        )
    ),
    "a template in itself": raw(
        template(
            {
                "N": {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {"TemplateURL": "template.yaml"},
                }
            }
        )
    ),
    "a bomb": raw(f"{BOMB}Resources: {{F: {{Type: X, Properties: *j}}}}\n"),
    "a circle": raw("Resources: &r {F: *r}\n"),
    "deep": raw(template({"F": "["}) + "[" * 50_000),
    "large": raw("#" * 6_000_000),
    "a path with a NUL": code_at("a\0b"),
    "a long path": code_at("a/" * 50_000),
    "an archive of 300 MB": huge_zip,
    "a pipe": pipe,
    "resources are a list": raw(template([1, 2])),
    "resources are numbers": raw(template({"F": 5, "G": None})),
    "a type is a mapping": raw(template({"F": {"Type": {"a": 1}, "Properties": [1]}})),
    "parameters are a list": raw(template({"F": function("x")}, Parameters=[1])),
    "transform is a mapping": raw(template({"F": function("x")}, Transform={"Name": "x"})),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_nothing_outside_is_read_and_it_ends(tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "credentials").write_text(f"[default]\n{SECRET}\n")
    folder = tmp_path / "project"
    folder.mkdir()
    FOLDERS[name](folder, home)
    began = time.process_time()
    try:
        told = "".join(texts(each) for each in find.packaged_stacks(folder))
    except SqsctlError as error:
        told = f"{error.message} {error.hint}"
    assert SECRET not in told
    assert time.process_time() - began < MOST_S


def texts(stack: PackagedStack) -> str:
    """Everything that would be uploaded."""
    found = [json.dumps(stack.template, default=str)]
    for path in stack.code.values():
        with zipfile.ZipFile(io.BytesIO(zipped(path))) as archive:
            found += [archive.read(each).decode(errors="replace") for each in archive.namelist()]
    return "".join([*found, *map(texts, stack.nested.values())])


def test_a_repository_is_one_project(tmp_path: Path) -> None:
    """Code beside the template's folder is the same stranger's."""
    (tmp_path / ".git").mkdir()
    for name in ("deploy", "code"):
        (tmp_path / name).mkdir()
    (tmp_path / "code" / "a.py").write_text("A = 1\n")
    (tmp_path / "deploy" / "template.yaml").write_text(template({"F": function("../code")}))
    (stack,) = find.packaged_stacks(tmp_path / "deploy")
    assert "A = 1" in texts(stack)


def test_a_home_under_version_control_is_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "clone").mkdir()
    assert root_of(tmp_path / "clone") == tmp_path / "clone"
