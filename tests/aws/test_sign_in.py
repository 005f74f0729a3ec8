"""Profiles as people have them: SSO that expired, roles that want a code, files that are broken.

The program is started as a process of its own: botocore settles where its files lie when it is
loaded.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pexpect
import pytest

from sqsctl.aws import credentials, translate
from sqsctl.errors import Exit

CONFIG = """
[default]
region = eu-west-1
[profile legacy]
region = eu-west-1
sso_start_url = https://x.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = Dev
[profile modern]
region = eu-west-1
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Dev
[sso-session corp]
sso_start_url = https://x.awsapps.com/start
sso_region = eu-west-1
[profile chained]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/x
source_profile = modern
[profile mfa]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/x
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile keys]
aws_access_key_id = AKIAX
aws_secret_access_key = planted-secret
[profile half]
region = eu-west-1
aws_access_key_id = AKIAX
[profile program]
region = eu-west-1
credential_process = sh -c "exit 3" --token planted-secret
[profile loop]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/x
source_profile = other
[profile other]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = loop
[profile dangling]
region = eu-west-1
sso_session = missing
sso_account_id = 123456789012
sso_role_name = Dev
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an AWS configuration, and SSO tokens that are a day too old."""
    folder = tmp_path / "home" / ".aws"
    cache = folder / "sso" / "cache"
    cache.mkdir(parents=True)
    (folder / "config").write_text(CONFIG)
    import hashlib

    old = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in ("https://x.awsapps.com/start", "corp"):
        token = {
            "startUrl": "https://x.awsapps.com/start",
            "region": "eu-west-1",
            "accessToken": "planted-secret",
            "expiresAt": old,
        }
        key = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
        (cache / f"{key}.json").write_text(json.dumps(token))
    return tmp_path / "home"


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return {
        **kept,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PROMPT_TOOLKIT_NO_CPR": "1",
        **more,
    }


def run(home: Path, *arguments: str, **more: str) -> tuple[int, dict[str, Any], str]:
    ended = subprocess.run(
        [sys.executable, "-m", "sqsctl", *arguments, "-o", "json"],
        env=environment(home, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "planted-secret" not in ended.stdout + ended.stderr
    document: dict[str, Any] = json.loads(ended.stdout)
    return ended.returncode, document["errors"][0], ended.stderr


@pytest.mark.parametrize(
    ("profile", "exit_code", "code", "hint"),
    [
        pytest.param(
            "legacy",
            7,
            "credentials_expired",
            "aws sso login --profile legacy",
            marks=pytest.mark.long,
        ),
        ("modern", 7, "credentials_expired", "aws sso login --profile modern"),
        # The session that has to be renewed is that of the profile behind it.
        ("chained", 7, "credentials_expired", "aws sso login --profile modern"),
        ("mfa", 7, "mfa_needed", "aws configure export-credentials --profile mfa"),
        pytest.param("half", 7, "credentials_missing", "belong together", marks=pytest.mark.long),
        ("program", 7, "credentials_missing", "credential_process of profile program: sh"),
        pytest.param("loop", 2, "aws_config", "mend the file", marks=pytest.mark.long),
        pytest.param("dangling", 2, "aws_config", "mend the file", marks=pytest.mark.long),
        ("moderm", 2, "profile_not_found", "did you mean --profile modern?"),
    ],
)
def test_what_to_type_is_said(
    home: Path, profile: str, exit_code: int, code: str, hint: str
) -> None:
    ended, error, _ = run(home, "queue", "ls", "--profile", profile)
    assert (ended, error["code"]) == (exit_code, code)
    assert hint in error["hint"]


def test_a_login_command_names_the_profile_only_where_one_is_needed(home: Path) -> None:
    config = home / ".aws" / "config"
    config.write_text(
        CONFIG.replace("[default]\nregion = eu-west-1\n[profile legacy]", "[default]")
    )
    ended, error, _ = run(home, "queue", "ls")
    assert (ended, error["hint"]) == (7, "aws sso login")


class Sts(BaseHTTPRequestHandler):
    """An STS that knows one code, and an SQS without queues."""

    codes: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "AssumeRole" not in body:
            self._answer(200, "application/x-amz-json-1.0", "{}")
            return
        code = parse_qs(body)["TokenCode"][0]
        self.codes.append(code)
        if code != "123456":
            self._answer(
                403,
                "text/xml",
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication "
                "failed with invalid MFA one time pass code.</Message></Error></ErrorResponse>",
            )
            return
        until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._answer(
            200,
            "text/xml",
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAX</AccessKeyId>"
            "<SecretAccessKey>planted-secret</SecretAccessKey><SessionToken>t</SessionToken>"
            f"<Expiration>{until}</Expiration></Credentials></AssumeRoleResult>"
            "</AssumeRoleResponse>",
        )

    def _answer(self, status: int, kind: str, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing on stderr."""


@pytest.fixture
def sts() -> Iterator[tuple[str, list[str]]]:
    codes: list[str] = []
    handler = type("Handler", (Sts,), {"codes": codes})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", codes
    server.shutdown()
    thread.join()
    server.server_close()


def on_terminal(home: Path, url: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable,
        ["-m", "sqsctl", "queue", "ls", "--profile", "mfa"],
        env=environment(home, AWS_ENDPOINT_URL_STS=url, AWS_ENDPOINT_URL_SQS=url, TERM="xterm"),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=60,
    )


def test_a_code_is_asked_for_on_a_terminal_and_not_again(
    home: Path, sts: tuple[str, list[str]]
) -> None:
    url, codes = sts
    child = on_terminal(home, url)
    child.expect("Enter MFA code for arn:aws:iam::123456789012:mfa/me")
    child.sendline("123456")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    assert "123456" not in str(child.before)
    child = on_terminal(home, url)
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, codes) == (0, ["123456"])
    (kept,) = (home / ".aws" / "cli" / "cache").glob("*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_wrong_code_says_so_and_ctrl_c_is_130(home: Path, sts: tuple[str, list[str]]) -> None:
    url, _ = sts
    child = on_terminal(home, url)
    child.expect("Enter MFA code")
    child.sendline("000000")
    child.expect("wait for the next code")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 7
    child = on_terminal(home, url)
    child.expect("Enter MFA code")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert "Traceback" not in str(child.before)


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_what_aws_says_of_old_keys(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    monkeypatch.setenv("AWS_SESSION_TOKEN", "old")
    monkeypatch.setattr(credentials._Used, "session", None)
    error = translate.client_error(ClientError({"Error": {"Code": code}}, "ListQueues"))
    assert (error.exit, error.code) == (Exit.DENIED, "credentials_expired")
    assert "AWS_SESSION_TOKEN" in (error.hint or "")


@pytest.mark.parametrize(
    ("name", "exit_", "code"),
    [
        ("RefreshWithMFAUnsupportedError", Exit.DENIED, "credentials_expired"),
        ("LoginRefreshRequired", Exit.DENIED, "credentials_expired"),
        ("UnauthorizedSSOTokenError", Exit.DENIED, "credentials_expired"),
        ("LoginInsufficientPermissions", Exit.DENIED, "access_denied"),
        ("NoAuthTokenError", Exit.DENIED, "credentials_missing"),
    ],
)
def test_what_botocore_says_of_them(name: str, exit_: Exit, code: str) -> None:
    import botocore.exceptions

    error = translate.core_error(getattr(botocore.exceptions, name)())
    assert (error.exit, error.code) == (exit_, code)
    assert error.hint


def test_what_needs_another_package_names_it() -> None:
    from botocore.exceptions import MissingDependencyException

    error = translate.core_error(MissingDependencyException(msg="pip install botocore[crt]"))
    assert error.code == "dependency_missing"
    assert "botocore[crt]" in (error.hint or "")
