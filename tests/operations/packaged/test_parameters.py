"""Values of parameters: the command line's, then samconfig's, then the template's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqsctl.errors import UsageError
from sqsctl.operations.packaged import find
from sqsctl.operations.packaged.parameters import chosen, edited_defaults, undecided
from tests.program import Sqsctl

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Wait: {Type: Number, Default: 180}
  Stage: {Type: String}
  Layers: {Type: CommaDelimitedList, Default: ""}
  Vpc: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /vpc}
Resources:
  Dead:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: 1209600}
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub jobs-${Stage}
      VisibilityTimeout: !Ref Wait
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Runtime: python3.13
      Handler: handler.consumer
      Timeout: 30
      Events: {Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, BatchSize: 1}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "handler.py").write_text("def consumer(e, c):\n    print(e['Records'])\n")
    return tmp_path


def config(folder: Path, overrides: str) -> None:
    (folder / "samconfig.toml").write_text(
        f'[default.deploy.parameters]\nstack_name = "shop"\nparameter_overrides = {overrides}\n'
        '[prod.deploy.parameters]\nstack_name = "shop-prod"\nparameter_overrides = "Wait=90"\n'
    )


@pytest.mark.parametrize(
    "overrides",
    [
        '"Wait=60 Stage=\\"a b\\" Unknown=1"',
        '["Wait=60", "Stage=\'a b\'"]',
        '{Wait = 60, Stage = "a b"}',
        "\"ParameterKey=Wait,ParameterValue=60 ParameterKey=Stage,ParameterValue='a b'\"",
    ],
)
def test_samconfig_says_them_in_each_of_its_forms(folder: Path, overrides: str) -> None:
    config(folder, overrides)
    stacks = find.packaged_stacks(folder)
    assert chosen((), stacks, None) == {"Wait": "60", "Stage": "a b"}
    assert chosen(("Wait=7",), stacks, None) == {"Wait": "7", "Stage": "a b"}
    assert chosen((), stacks, "prod") == {"Wait": "90"}


def test_what_cannot_be_a_parameter_is_refused(folder: Path) -> None:
    stacks = find.packaged_stacks(folder)
    for said in ("Wait", "=1"):
        with pytest.raises(UsageError, match="is no parameter"):
            chosen((said,), stacks, None)
    with pytest.raises(UsageError, match="no template declares a parameter Foo") as caught:
        chosen(("Foo=1",), stacks, None)
    assert caught.value.hint == "declared: Layers, Stage, Vpc, Wait"
    assert undecided(stacks[0], {}) == ("Stage",)
    config(folder, '"Wait=\'60"')
    with pytest.raises(UsageError, match="parameter_overrides in samconfig"):
        chosen((), stacks, None)


def test_doctor_takes_them_into_account(sqsctl: Sqsctl, folder: Path) -> None:
    place = ("--template", str(folder), "-o", "json")
    seen = sqsctl("doctor", *place)
    assert (seen.code, seen.data["undecided"]) == (0, ["Stage"])
    seen = sqsctl("doctor", *place, "--parameter", "Wait=5", "--parameter", "Stage=dev")
    assert (seen.code, seen.data["undecided"]) == (10, [])
    (found,) = (each for each in seen.data["findings"] if each["severity"] == "error")
    assert (found["id"], found["subject"]) == ("visibility-below-timeout", "jobs-dev")
    (at,) = (each for each in seen.data["places"] if each["id"] == found["id"])
    assert TEMPLATE.splitlines()[at["line"] - 1].strip() == "VisibilityTimeout: !Ref Wait"
    config(folder, '"Wait=5 Stage=dev"')
    assert sqsctl("doctor", *place).code == 10
    assert sqsctl("doctor", "--parameter", "Wait=5", "-o", "json").code == 2


def test_a_default_that_was_edited_since_is_used_and_others_keep_their_value(
    tmp_path: Path,
) -> None:
    (tmp_path / "template.yaml").write_text(
        "Parameters:\n"
        "  Runtime: {Type: String, Default: nodejs24.x}\n"
        "  Timeout: {Type: Number, Default: 6}\n"
        "  Loud: {Type: String, Default: true}\n"
        "  New: {Type: String, Default: x}\n"
        "  Told: {Type: String}\n"
        "Resources:\n"
        "  Jobs: {Type: AWS::SQS::Queue}\n"
    )
    (stack,) = find.packaged_stacks(tmp_path)
    before = {"Runtime": "python3.13", "Timeout": "6", "Loud": "true", "Told": "y"}
    assert edited_defaults(stack, before) == {"Runtime": "nodejs24.x"}
    assert edited_defaults(stack, {}) == {}
