"""What commands print on the lab is what their schemas say.

``Ran.envelope`` holds every document against its schema; here are the commands whose
documents no other test of the main commands looks at, and the lines of those that stream.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.stacks import DeployedLab
from tests.e2e.test_commands import dead_letters
from tests.program import Sqsctl, differences

pytestmark = pytest.mark.lab


@pytest.mark.long
def test_documents(on_lab: DeployedLab, sqsctl: Sqsctl, tmp_path: Path) -> None:
    dead_letters(on_lab, 2)
    identity = sqsctl("dlq", "peek", "--limit", "1", "-o", "json").data["messages"][0]["message_id"]
    file = str(tmp_path / "dead.jsonl")
    for arguments in (
        ["send", "x", "--via", "sqs", "--dry-run"],
        ["produce", "-n", "2", "--dry-run"],
        ["probe", "--dry-run"],
        ["dlq", "explain", identity],
        ["dlq", "redrive", "--dry-run"],
        ["dlq", "redrive", "--method", "client", "--limit", "1"],
        ["dlq", "tasks"],
        ["dlq", "export", file],
        ["dlq", "restore", file, "--dry-run"],
        ["dlq", "restore", file],
        ["dlq", "purge", "--dry-run"],
        ["queue", "ls"],
        ["queue", "inspect", "--full"],
        ["queue", "purge", "--dry-run"],
        ["metrics"],
        ["stack", "ls"],
        ["iam", "doctor"],
        ["iam", "doctor", "--generic"],
        ["doctor", "--list-checks"],
        ["doctor", "--fix", "--dry-run"],
        ["config", "set", "stage", "dev"],
        ["config", "show"],
        ["config", "unset", "stage"],
        ["config", "set", "stage", "dev", "--dry-run"],
        ["lab", "status"],
        ["lab", "template"],
        ["lab", "heal", "--dry-run"],
    ):
        shown = sqsctl(*arguments, "-o", "json")
        assert shown.code in {0, 10}, (arguments, shown.out)
        assert shown.data, arguments


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["queue", "watch", "--count", "1"], "queue watch"),
        (["watch", "--count", "1"], "watch"),
        (["logs", "tail", "--no-follow"], "logs tail"),
    ],
)
def test_lines(on_lab: DeployedLab, sqsctl: Sqsctl, arguments: list[str], name: str) -> None:
    assert sqsctl("probe").code == 0  # so that there is a log
    lines = sqsctl(*arguments, "-o", "json").out.splitlines()
    assert lines
    assert [differences(json.loads(line), name, streamed=True) for line in lines] == [
        [] for _ in lines
    ]
