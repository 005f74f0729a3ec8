"""sqsctl config: what holds, where from, and writing it down without harm."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

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
    [["set", "nonsense", "x"], ["set", "lab", "perhaps"], ["unset", "stack"], ["unset", "x"]],
)
def test_nonsense_is_a_usage_error(sqsctl: Sqsctl, arguments: list[str]) -> None:
    assert sqsctl("config", *arguments).code == 2
