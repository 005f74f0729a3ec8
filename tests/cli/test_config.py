"""sqsctl config: what holds, where from, and writing it down without harm."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from sqsctl.operations.target.settings import load
from sqsctl.operations.target.targeting import resolve
from tests.program import Sqsctl


@pytest.fixture(autouse=True)
def _own_state(state_home: Path) -> None:
    """No lab of another test is seen."""


def test_show_tells_where_each_value_came_from(
    sqsctl: Sqsctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sqsctl.toml").write_text('stack = "from-file"\nregion = "eu-west-1"\n')
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    values = sqsctl("config", "show", "--queue", "jobs", "-o", "json").data["values"]
    assert values["queue"] == {"value": "jobs", "source": "--queue"}
    assert values["region"] == {"value": "us-east-1", "source": "AWS_REGION"}
    assert values["stack"] == {"value": "from-file", "source": str(tmp_path / "sqsctl.toml")}
    assert values["profile"] == {"value": None, "source": None}


def test_show_names_the_credentials_source_but_never_shows_them(
    sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASECRETSECRET")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    shown = sqsctl("config", "show", "-o", "json")
    assert shown.data["values"]["credentials"]["source"] == "AWS_ACCESS_KEY_ID"
    assert "AKIASECRETSECRET" not in shown.out + shown.err
    assert "very-secret" not in shown.out + shown.err


def test_set_and_unset_keep_comments(sqsctl: Sqsctl, tmp_path: Path) -> None:
    path = tmp_path / "sqsctl.toml"
    path.write_text('# ours\nregion = "eu-west-1"  # home\n')
    assert sqsctl("config", "set", "stack", "s-dev").code == 0
    assert sqsctl("config", "set", "lab", "yes").code == 0
    assert tomllib.loads(path.read_text()) == {
        "region": "eu-west-1",
        "stack": "s-dev",
        "lab": True,
    }
    assert "# ours" in path.read_text()
    assert "# home" in path.read_text()
    assert sqsctl("config", "unset", "stack").code == 0
    assert "stack" not in path.read_text()


def test_set_makes_a_file_and_dry_run_does_not(sqsctl: Sqsctl, tmp_path: Path) -> None:
    assert sqsctl("config", "set", "region", "eu-west-1", "--dry-run").code == 0
    assert not (tmp_path / "sqsctl.toml").exists()
    assert sqsctl("config", "set", "region", "eu-west-1").code == 0
    assert (tmp_path / "sqsctl.toml").exists()


def test_set_writes_into_a_pyproject_that_has_our_table(sqsctl: Sqsctl, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n\n[tool.sqsctl]\nregion = "eu-west-1"\n')
    assert sqsctl("config", "set", "stage", "prod").code == 0
    assert tomllib.loads(path.read_text())["tool"]["sqsctl"]["stage"] == "prod"


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "nonsense", "x"],
        ["set", "lab", "perhaps"],
        ["set", "region", ""],
        ["unset", "stack"],
        ["unset", "x"],
    ],
)
def test_nonsense_is_a_usage_error(sqsctl: Sqsctl, tmp_path: Path, arguments: list[str]) -> None:
    assert sqsctl("config", *arguments).code == 2
    assert sqsctl("config", *arguments, "--dry-run").code == 2
    assert not (tmp_path / "sqsctl.toml").exists()


@pytest.mark.parametrize("leads_to", ["sqsctl.toml", "nowhere.toml"])
def test_a_link_that_leads_nowhere_is_no_missing_file(
    sqsctl: Sqsctl, tmp_path: Path, leads_to: str
) -> None:
    """What it was to say is unknown: another target may have been meant."""
    (tmp_path / "sqsctl.toml").symlink_to(leads_to)
    shown = sqsctl("queue", "ls")
    assert shown.code == 2
    assert f"cannot read {tmp_path / 'sqsctl.toml'}" in shown.err


def test_line_ends_links_rights_and_marks_stay_as_they_are(sqsctl: Sqsctl, tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_bytes('\ufeff# 우리\r\nregion = "eu-west-1"  # home\r\n'.encode())
    real.chmod(0o640)
    (tmp_path / "sqsctl.toml").symlink_to(real)
    assert sqsctl("config", "set", "stack", "s-dev").code == 0
    assert (tmp_path / "sqsctl.toml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_bytes() == (
        '\ufeff# 우리\r\nregion = "eu-west-1"  # home\r\nstack = "s-dev"\r\n'.encode()
    )
    assert sqsctl("config", "show", "-o", "json").data["values"]["stack"]["value"] == "s-dev"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('region = "x"\nstack = \n', "at line 2"),
        ('regoin = "x"\n', "did you mean region?"),
        ("[region]\nx = 1\n", "region must be a text"),
        ('lab = "perhaps"\n', "lab must be true or false"),
    ],
)
def test_a_file_that_is_wrong_says_where(
    sqsctl: Sqsctl, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "sqsctl.toml").write_text(text)
    shown = sqsctl("queue", "ls")
    assert shown.code == 2
    assert str(tmp_path / "sqsctl.toml") in shown.err
    assert said in shown.err


def test_decisions_of_doctor_are_no_unknown_setting(sqsctl: Sqsctl, tmp_path: Path) -> None:
    (tmp_path / "sqsctl.toml").write_text(
        '[[doctor.ignore]]\ncheck = "dlq-missing"\nuntil = 2099-01-01\n'
    )
    assert sqsctl("config", "show").code == 0


def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "aws-config"
    config.write_text(
        "[profile dev]\nregion = eu-central-1\naws_access_key_id = A\naws_secret_access_key = b\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))


def test_what_aws_configuration_and_project_give_is_shown_as_theirs(
    sqsctl: Sqsctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(tmp_path, monkeypatch)
    (tmp_path / "serverless.yml").write_text("service: shop\nprovider:\n  name: aws\n")
    values = sqsctl("config", "show", "--profile", "dev", "-o", "json").data["values"]
    assert values["region"] == {"value": "eu-central-1", "source": "the AWS configuration"}
    assert values["credentials"]["source"] == "config-file, profile dev"
    assert values["stack"] == {"value": "shop-dev", "source": "the project in this folder"}


def test_what_is_missing_is_said_with_what_to_do(sqsctl: Sqsctl) -> None:
    data = sqsctl("config", "show", "-o", "json").data
    assert data["target_error"] == "no AWS credentials, and no lab is running"
    assert "sqsctl lab up" in data["target_hint"]


def test_keys_of_the_environment_go_before_its_profile_as_for_the_aws_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(tmp_path, monkeypatch)
    monkeypatch.setenv("AWS_PROFILE", "dev")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    def signs_with(flags: dict[str, str | bool | None]) -> str:
        session = resolve(load(flags, os.environ, tmp_path)).session
        signer = session.sqs()._request_signer  # type: ignore[attr-defined]
        assert session.target.region == "eu-central-1"
        return str(signer._credentials.access_key)

    assert signs_with({}) == "AKIAENVIRONMENT"
    assert signs_with({"profile": "dev"}) == "A"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert signs_with({}) == "A"
