"""Every command against an AWS that answers hostile text: it prints it as text, or says no.

The commands are those of the program itself: a new one is tried here without being named.
"""

from __future__ import annotations

import json
from pathlib import Path

import botocore.client
import pytest

from sqsctl.aws.sqs import queues
from tests.cli.hostile_aws import ACCOUNT, ENDPOINT, REGION, TEXT, HostileAws
from tests.cli.screen.test_output import dangerous
from tests.cli.test_schema import leaves
from tests.program import Ran, Sqsctl

# The lab's own commands talk to the lab; the demo is made of other commands; completion writes a
# script for the shell.
ELSEWHERE = ("lab ", "demo", "config ", "logs explain", "completion")
ARGUMENTS: dict[str, list[str]] = {
    "send": ["{}", "--via", "sqs"],
    "produce": ["-n", "3", "--via", "sqs"],
    "probe": ["--timeout", "1"],
    "queue watch": ["--count", "1"],
    "queue purge": ["--yes"],
    "queue hide": ["00000001-0000-0000-0000-000000000000", "--force"],
    "queue show": ["00000001-0000-0000-0000-000000000000"],
    "dlq bury": ["00000001-0000-0000-0000-000000000000", "--yes"],
    "dlq purge": ["--yes", "--dry-run"],
    "dlq explain": ["00000001-0000-0000-0000-000000000000", "--force"],
    "dlq peek": ["--limit", "5"],
    "dlq export": ["dead.jsonl", "--limit", "3"],
    "dlq restore": ["hostile.jsonl"],
    "dlq redrive": ["--method", "client", "--limit", "2", "--yes", "--no-resume"],
    "logs tail": ["--no-follow"],
    "watch": ["--count", "1"],
    "stack deploy": ["--template", "stack.yaml", "--dry-run"],
    "iam": ["doctor"],
}
COMMANDS = sorted(each for each in leaves() if not each.startswith(ELSEWHERE))


def harmless(shown: Ran) -> None:
    for stream in (shown.out, shown.err):
        found = {hex(ord(each)) for each in stream if dangerous(each)}
        assert not found, found
        stream.encode("utf-8")
    assert "unexpected" not in shown.err + shown.out, shown.err + shown.out


@pytest.fixture(autouse=True)
def _target(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("SQSCTL_ENDPOINT_URL", ENDPOINT)
    monkeypatch.setenv("SQSCTL_REGION", REGION)
    monkeypatch.setenv("SQSCTL_STACK", "shop")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "stack.yaml").write_text("Resources: {A: {Type: AWS::SQS::Queue}}\n")
    text = json.dumps({"kind": TEXT, "body": TEXT, "message_id": TEXT})
    (tmp_path / "hostile.jsonl").write_bytes(text.encode("utf-8", "surrogatepass") + b"\n")


@pytest.mark.parametrize(
    "refuses",
    [pytest.param(False, id="answers"), pytest.param(True, id="refuses", marks=pytest.mark.long)],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_but_text_is_printed(
    command: str, refuses: bool, sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = HostileAws(refuses=refuses)
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", aws_call(aws))
    monkeypatch.setattr(queues, "wire", lambda _: None)
    for extra in ([], ["-o", "json"]):
        aws.refill()
        shown = sqsctl(*command.split(), *ARGUMENTS.get(command, []), *extra)
        harmless(shown)
        if refuses:
            assert shown.code != 0, shown.out
    # A file that is no export is told before anything is asked.
    assert aws.calls or command == "dlq restore"


def aws_call(aws: HostileAws) -> object:
    """As a method: bound to the client that calls it."""

    def call(client: botocore.client.BaseClient, operation: str, request: object) -> object:
        assert isinstance(request, dict)
        return aws(client, operation, request)

    return call


def test_the_sieve_holds() -> None:
    with pytest.raises(AssertionError, match="0x1b"):
        harmless(Ran(0, TEXT, ""))


def test_hostile_settings(sqsctl: Sqsctl, tmp_path: Path) -> None:
    text = TEXT.encode("utf-8", "replace").decode()
    (tmp_path / "sqsctl.toml").write_text(f"region = {json.dumps(text)}\n", encoding="utf-8")
    for arguments in (["config", "show"], ["config", "unset", "stage"]):
        for extra in ([], ["-o", "json"]):
            harmless(sqsctl(*arguments, *extra))


def test_account_and_endpoint_are_what_they_were() -> None:
    """The signposts lead to this very endpoint."""
    assert ACCOUNT in HostileAws()(_client(), "ListQueues", {})["QueueUrls"][0]


def _client() -> botocore.client.BaseClient:
    import boto3

    return boto3.client("sqs", region_name=REGION, endpoint_url=ENDPOINT)
