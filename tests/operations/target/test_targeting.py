"""Which AWS a command works on: every rule of the order, and the refusals."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sqsctl.aws import lab_state as labs
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError
from sqsctl.operations.target import settings, targeting

LAB_ENDPOINT = "http://127.0.0.1:4599"


def lab_runs(pid: int | None = None) -> labs.LabState:
    pid = pid or os.getpid()
    state = labs.LabState(
        name="default",
        pid=pid,
        process_started=labs.process_started(pid),
        port=4599,
        endpoint=LAB_ENDPOINT,
        region="ap-northeast-2",
        account="000000000000",
        stack="tutorial-step-2-dev",
        folder="/nowhere",
        log="/nowhere/log",
        started_at="2026-11-23T00:00:00.000Z",
        access_key_id="LABKEY",
        secret_access_key="its secret",
    )
    labs.write_state(state)
    return state


def resolve(
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    **flags: str | bool | None,
) -> targeting.Resolved:
    loaded = settings.load(flags, environment or {}, folder or Path.cwd())
    return targeting.resolve(loaded)


@pytest.fixture(autouse=True)
def _own_state(state_home: Path) -> None:
    """No lab but the test's own."""


def test_a_running_lab_is_the_target_where_nothing_names_another() -> None:
    lab_runs()
    found = resolve()
    assert found.target.kind == "lab"
    assert found.target.endpoint == LAB_ENDPOINT
    assert found.target.region == "ap-northeast-2"
    assert found.ambiguous is None


def test_a_region_alone_names_no_target_and_does_not_move_the_lab() -> None:
    lab_runs()
    found = resolve({"AWS_REGION": "us-east-1"})
    assert (found.target.kind, found.target.region) == ("lab", "ap-northeast-2")
    assert resolve(region="us-east-1").target.region == "us-east-1"


def test_the_environment_wins_over_the_lab_and_is_called_ambiguous(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab_runs()
    environment = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_REGION": "eu-west-1"}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    found = resolve(environment)
    assert (found.target.kind, found.target.region) == ("aws", "eu-west-1")
    assert found.ambiguous == "AWS_ACCESS_KEY_ID"
    assert resolve(environment, lab=True).target.kind == "lab"
    decided = resolve(environment, lab=False)
    assert (decided.target.kind, decided.ambiguous) == ("aws", None)


def test_without_a_region_the_running_lab_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"AWS_ACCESS_KEY_ID": "AKIA"}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(UsageError) as alone:
        resolve(environment)
    assert "--lab" not in str(alone.value.hint)
    lab_runs()
    with pytest.raises(UsageError) as beside:
        resolve(environment)
    assert "--lab works on the lab that is running" in str(beside.value.hint)


def test_a_flag_is_a_decision_not_an_ambiguity() -> None:
    lab_runs()
    found = resolve({"AWS_REGION": "eu-west-1"}, endpoint_url="http://127.0.0.1:9999")
    assert (found.target.kind, found.target.endpoint) == ("endpoint", "http://127.0.0.1:9999")
    assert found.ambiguous is None


def test_the_labs_own_endpoint_is_the_lab() -> None:
    lab_runs()
    assert resolve({"AWS_ENDPOINT_URL": "http://localhost:4599"}).target.kind == "lab"


def test_a_file_names_a_target_and_is_overruled_by_environment_and_flag(tmp_path: Path) -> None:
    lab_runs()
    (tmp_path / "sqsctl.toml").write_text(
        'endpoint_url = "http://127.0.0.1:7000"\nregion = "eu-west-1"\n'
    )
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert resolve(folder=inner).target.endpoint == "http://127.0.0.1:7000"
    environment = {"SQSCTL_ENDPOINT_URL": "http://127.0.0.1:7001"}
    assert resolve(environment, inner).target.endpoint == "http://127.0.0.1:7001"
    flagged = resolve(environment, inner, endpoint_url="http://127.0.0.1:7002")
    assert flagged.target.endpoint == "http://127.0.0.1:7002"


def test_pyproject_counts_where_it_has_a_table_of_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[tool.sqsctl]\nregion = "eu-west-1"\n'
        'endpoint_url = "http://127.0.0.1:7000"\n'
    )
    assert resolve(folder=tmp_path).target.region == "eu-west-1"


def test_no_lab_for_lab_is_not_found_and_a_crash_is_named() -> None:
    with pytest.raises(NotFoundError, match="no lab is running") as missing:
        resolve(lab=True)
    assert missing.value.exit is Exit.NOT_FOUND
    state = lab_runs()
    labs.write_state(replace(state, pid=2**22 + 1))
    with pytest.raises(NotFoundError, match="crashed"):
        resolve(lab=True)


def test_nothing_at_all_says_how_to_start() -> None:
    with pytest.raises(SqsctlError) as nothing:
        resolve({"AWS_REGION": "eu-west-1"})
    assert nothing.value.exit is Exit.DENIED
    assert "sqsctl lab up" in (nothing.value.hint or "")


def test_an_aws_queue_url_or_arn_names_aws_and_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    lab_runs()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    for queue in (
        "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs",
        "arn:aws:sqs:eu-central-1:123456789012:jobs",
    ):
        found = resolve(queue=queue)
        assert (found.target.kind, found.target.region) == ("aws", "eu-central-1")
    assert resolve(queue="jobs").target.kind == "lab"
    assert resolve(queue="arn:aws:sqs:ap-northeast-2:000000000000:jobs").target.kind == "lab"


def test_a_functions_arn_names_aws_and_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    lab_runs()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    settled = settings.load({}, {}, Path.cwd())

    def target(*functions: str) -> tuple[str, str]:
        found = targeting.resolve(settled, functions=functions).target
        return found.kind, found.region

    arn = "arn:aws:lambda:eu-central-1:123456789012:function:worker"
    assert target(arn, f"{arn}:live", "sender") == ("aws", "eu-central-1")
    assert target("worker", "worker:live")[0] == "lab"
    assert target("arn:aws:lambda:ap-northeast-2:000000000000:function:worker")[0] == "lab"
    with pytest.raises(UsageError) as raised:
        target(arn, arn.replace("eu-central-1", "us-east-1"))
    assert "eu-central-1, us-east-1" in raised.value.message


@pytest.mark.parametrize(
    "flags",
    [
        {"lab": True, "endpoint_url": "http://127.0.0.1:1"},
        {"lab": True, "profile": "x"},
        {"endpoint_url": "nonsense"},
        {"endpoint_url": "http://[bad"},
        {"endpoint_url": "http://a b"},
        {"endpoint_url": "http://user:secret@127.0.0.1:1"},
        {"queue": "http://[::1"},
        {"endpoint_url": "http://127.0.0.1:1", "region": "Seoul"},
    ],
)
def test_contradictions_and_nonsense_are_usage_errors(flags: dict[str, str | bool]) -> None:
    lab_runs()
    loaded = settings.load(flags, {"AWS_REGION": "eu-west-1"}, Path.cwd())
    with pytest.raises(UsageError):
        targeting.resolve(loaded)


def test_an_unknown_profile_is_a_usage_error() -> None:
    with pytest.raises(SqsctlError, match="profile") as error:
        resolve(profile="no-such-profile")
    assert error.value.exit is Exit.USAGE


def test_bad_settings_files_are_usage_errors(tmp_path: Path) -> None:
    (tmp_path / "sqsctl.toml").write_text("region = ")
    with pytest.raises(UsageError, match="not valid TOML"):
        resolve(folder=tmp_path)
    (tmp_path / "sqsctl.toml").write_text("region = 5\n")
    with pytest.raises(UsageError, match="must be a text"):
        resolve(folder=tmp_path)
    (tmp_path / "sqsctl.toml").write_text('lab = "perhaps"\n')
    with pytest.raises(UsageError, match="true or false"):
        resolve(folder=tmp_path)
