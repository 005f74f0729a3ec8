"""Secrets that lie about where sqsctl looks: no command shows one, or writes one to a file.

Planted are credentials, a session token, values of environment variables, the signed address
of a function's code, and a password in an endpoint's URL. Message bodies are not among them:
who asks for those wants to see them.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.client
import pytest

from sqsctl.aws.sqs import queues
from sqsctl.cli.main import PROGRAM, execute
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Output
from tests.cli.test_schema import leaves
from tests.golden.aws import REGION, FixedAws
from tests.program import Ran, Sqsctl

ENDPOINT = "http://127.0.0.1:9"
PLANTED = {
    "AWS_SECRET_ACCESS_KEY": "planted-secret-key-0a1b2c",
    "AWS_SESSION_TOKEN": "planted-session-token-3d4e5f",
}
IN_ENVIRONMENT = "planted-database-password-6a7b8c"
IN_ADDRESS = "planted-signature-9d0e1f"
SECRETS = (*PLANTED.values(), IN_ENVIRONMENT, IN_ADDRESS)
ARGUMENTS: dict[str, list[str]] = {
    "send": ["{}", "--via", "sqs"],
    "produce": ["-n", "2", "--via", "sqs"],
    "probe": ["--timeout", "1"],
    "queue watch": ["--count", "1"],
    "queue purge": ["--dry-run"],
    "dlq purge": ["--dry-run"],
    "dlq explain": ["1a645e0b-397d-4dd9-be7a-01bbca385b71"],
    "dlq export": ["dead.jsonl"],
    "dlq restore": ["dead.jsonl"],
    "dlq redrive": ["--method", "client", "--yes"],
    "logs tail": ["--no-follow"],
    "logs explain": ["consumer.log"],
    "watch": ["--count", "1"],
    "stack deploy": ["--template", "stack.yaml", "--dry-run"],
    "iam": ["doctor"],
    "config set": ["stage", "dev"],
    "config unset": ["stage"],
    "doctor": ["--report", "report.md"],
}
COMMANDS = sorted(each for each in leaves() if not each.startswith(("lab ", "demo")))


class SecretiveAws(FixedAws):
    """The fixed AWS, with secrets wherever AWS has them."""

    def GetFunctionConfiguration(  # noqa: N802 - the API's own name
        self, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        found = super().GetFunctionConfiguration(request)
        found["Environment"]["Variables"] |= {
            "DATABASE_PASSWORD": IN_ENVIRONMENT,
            "DATABASE_URL": f"postgres://shop:{IN_ENVIRONMENT}@db.internal/shop",
            "QUEUE_CREDENTIALS": f"https://user:{IN_ENVIRONMENT}@sqs.{REGION}.amazonaws.com/1/q",
        }
        return found

    def GetFunction(  # noqa: N802 - the API's own name
        self, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        location = f"{ENDPOINT}/code.zip?X-Amz-Signature={IN_ADDRESS}"
        return {
            "Configuration": {**self.GetFunctionConfiguration(request), "CodeSize": 1000},
            "Code": {"RepositoryType": "S3", "Location": location},
        }

    def DeleteMessageBatch(  # noqa: N802 - the API's own name
        self, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A redrive that may not delete waits for as long as a message can come back."""
        return {"Successful": [{"Id": each["Id"]} for each in request["Entries"]], "Failed": []}


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    aws = SecretiveAws()

    def call(client: botocore.client.BaseClient, operation: str, request: object) -> object:
        assert isinstance(request, dict)
        return aws(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    monkeypatch.setattr(queues, "wire", lambda _: None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SQSCTL_ENDPOINT_URL", ENDPOINT)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("consumer.log").write_text("[ERROR] KeyError: 'DATABASE_PASSWORD'\n", encoding="utf-8")
    Path("stack.yaml").write_text("Resources: {A: {Type: AWS::SQS::Queue}}\n", encoding="utf-8")


def nothing_shown(shown: Ran, folder: Path) -> None:
    for secret in SECRETS:
        assert secret not in shown.out, shown.out
        assert secret not in shown.err, shown.err
        for path in folder.rglob("*"):
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("command", COMMANDS)
def test_no_secret_is_shown_or_kept(command: str, sqsctl: Sqsctl, tmp_path: Path) -> None:
    for extra in (["-vv"], ["-o", "json"]):
        shown = sqsctl(*command.split(), *ARGUMENTS.get(command, []), *extra)
        nothing_shown(shown, tmp_path)


def test_what_was_planted_is_really_there(sqsctl: Sqsctl) -> None:
    """The commands that look at functions and their code do see them."""
    seen = SecretiveAws().GetFunction({"FunctionName": "x"})
    assert IN_ADDRESS in json.dumps(seen, default=str)
    assert IN_ENVIRONMENT in json.dumps(seen, default=str)
    told = sqsctl("doctor", "-o", "json")
    assert "package of" in told.out  # it tried to fetch the code, from nowhere
    assert os.environ["AWS_SECRET_ACCESS_KEY"] in SECRETS


def test_a_password_in_an_endpoint_is_refused_and_not_repeated(sqsctl: Sqsctl) -> None:
    for url in (
        f"http://user:{IN_ENVIRONMENT}@127.0.0.1:9",
        f"http://127.0.0.1:9/?token={IN_ENVIRONMENT}",
        f"http://{IN_ENVIRONMENT}@127.0.0.1:9/path#x",
    ):
        for extra in (["-vv"], ["-o", "json"]):
            shown = sqsctl("queue", "ls", "--endpoint-url", url, *extra)
            assert shown.code == 2, shown.err
            assert IN_ENVIRONMENT not in shown.out + shown.err


def test_an_unforeseen_error_with_a_secret_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback is for those who ask for it; the envelope has the message only."""
    run = Run(Output("json"), PROGRAM)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("sqsctl.aws.sqs.queues.QueueClient.every", fail)
    execute(["queue", "ls", "-o", "json"], run)
    assert run.answer
    assert "boom" in run.answer.errors[0].message
    assert "Traceback" not in json.dumps([each.message for each in run.answer.errors])
    assert traceback.format_exc() == "NoneType: None\n"
