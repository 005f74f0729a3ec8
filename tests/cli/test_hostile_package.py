"""A packaged project whose every text is hostile, through the commands that read one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.hostile_aws import TEXT
from tests.cli.test_hostile_aws import harmless
from tests.program import Sqsctl

HOSTILE = f"{TEXT.encode('utf-8', 'replace').decode()}\nline two\x85\x1b[31m`id`$(id)"


def hostile(key: str, number: object) -> dict[str, Any]:
    """A function, its queue and their mapping; everything that may be text is hostile."""
    queue = {"RedrivePolicy": {"maxReceiveCount": number, "deadLetterTargetArn": HOSTILE}}
    function = {
        "FunctionName": HOSTILE,
        "Handler": HOSTILE,
        "Runtime": HOSTILE,
        "Code": {"ZipFile": HOSTILE},
        "Timeout": number,
        "Environment": {"Variables": {HOSTILE: HOSTILE}},
        "Role": {"Fn::GetAtt": [HOSTILE, "Arn"]},
    }
    mapping = {
        "EventSourceArn": {"Fn::GetAtt": [f"{key}Q", "Arn"]},
        "FunctionName": {"Ref": f"{key}F"},
        "BatchSize": number,
    }
    return {
        f"{key}Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": HOSTILE, **queue}},
        f"{key}F": {"Type": "AWS::Lambda::Function", "Properties": function},
        f"{key}M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
        f"{key}X": {"Type": HOSTILE, "Properties": {HOSTILE: [HOSTILE]}},
    }


@pytest.fixture(params=[HOSTILE, 5], ids=["texts for numbers", "numbers"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    made = tmp_path / "a \x1b[31mred\u202e folder"
    made.mkdir()
    document = {
        "Description": HOSTILE,
        "Parameters": {HOSTILE: {"Type": "String", "Default": HOSTILE}},
        "Resources": {
            **hostile("A", request.param),
            **hostile(HOSTILE, request.param),
        },
        "Outputs": {HOSTILE: {"Value": HOSTILE, "Description": HOSTILE}},
    }
    (made / "template.json").write_text(json.dumps(document))
    return made


@pytest.mark.parametrize(
    "words",
    [
        ["doctor", "--template"],
        ["doctor", "-o", "json", "--template"],
        ["doctor", "-v", "--all-ways", "--template"],
        ["lab", "deploy", "--dry-run"],
        ["lab", "deploy", "--dry-run", "--stack", HOSTILE],
    ],
    ids=" ".join,
)
def test_nothing_but_text_is_printed(sqsctl: Sqsctl, folder: Path, words: list[str]) -> None:
    harmless(sqsctl(*words, str(folder)))
