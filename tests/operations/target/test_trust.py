"""A project's settings file chooses where real credentials go only once it is trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from sqsctl.aws.lab_state import state_home
from sqsctl.errors import Exit, RefusedError, UsageError
from sqsctl.operations.target import settings, targeting, trust
from sqsctl.operations.target.trust import UntrustedFileError
from tests.operations.target.test_targeting import lab_runs

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
REGION = 'region = "eu-west-1"\n'
EVIL = REGION + 'endpoint_url = "https://aws.evil.example"\n'
LOCAL = REGION + 'endpoint_url = "http://127.0.0.1:7000"\n'
PROFILE = REGION + 'profile = "production"\n'


@pytest.fixture(autouse=True)
def _own_state(state_home: Path) -> None:
    """Nothing is trusted, no lab runs."""


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return KEYS


@pytest.fixture
def production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "aws-config"
    config.write_text(
        "[profile production]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
        "aws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))


def resolve(
    folder: Path, environment: Mapping[str, str] = {}, **flags: str | bool
) -> targeting.Resolved:
    return targeting.resolve(settings.load(flags, environment, folder))


def file_in(folder: Path, text: str, name: str = "sqsctl.toml") -> Path:
    path = folder / name
    path.write_text(text if name == "sqsctl.toml" else f"[tool.sqsctl]\n{text}")
    return path


def trust_it(path: Path) -> None:
    trust.trust(path, settings.read_settings(path)[1])


@pytest.mark.parametrize("name", ["sqsctl.toml", "pyproject.toml"])
@pytest.mark.parametrize("text", [EVIL, LOCAL, PROFILE, EVIL + 'profile = "production"\n'])
def test_a_strangers_file_chooses_nothing_for_real_credentials(
    tmp_path: Path, keys: Mapping[str, str], production: None, name: str, text: str
) -> None:
    path = file_in(tmp_path, text, name)
    inner = tmp_path / "deep" / "inside"
    inner.mkdir(parents=True)
    with pytest.raises(UntrustedFileError) as refused:
        resolve(inner, keys)
    assert refused.value.exit is Exit.REFUSED
    assert str(path) in refused.value.message
    assert trust.TRUST in str(refused.value.hint)
    trust_it(path)
    assert resolve(inner, keys).target.region == "eu-west-1"


def test_a_profile_is_not_even_asked_for_credentials(tmp_path: Path) -> None:
    """They may come from a program that the profile names."""
    ran = tmp_path / "ran"
    config = tmp_path / "config"
    config.write_text(f"[profile production]\ncredential_process = touch {ran}\n")
    file_in(tmp_path, PROFILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_CONFIG_FILE", str(config))
        with pytest.raises(UntrustedFileError):
            resolve(tmp_path)
    assert not ran.exists()


def test_another_content_and_another_place_are_not_trusted(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    path = file_in(tmp_path, EVIL)
    trust_it(path)
    assert resolve(tmp_path, keys).target.endpoint == "https://aws.evil.example"
    path.write_text(EVIL + "# changed\n")
    with pytest.raises(UntrustedFileError):
        resolve(tmp_path, keys)
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    file_in(elsewhere, EVIL)
    with pytest.raises(UntrustedFileError):
        resolve(elsewhere, keys)


def test_trust_is_taken_back(tmp_path: Path, keys: Mapping[str, str]) -> None:
    path = file_in(tmp_path, EVIL)
    trust_it(path)
    assert [each.file for each in trust.trusted()] == [str(path.resolve())]
    assert trust.take_back(path)
    assert not trust.take_back(path)
    with pytest.raises(UntrustedFileError):
        resolve(tmp_path, keys)


def test_flags_and_environment_choose_as_they_did(tmp_path: Path, keys: Mapping[str, str]) -> None:
    file_in(tmp_path, EVIL)
    flagged = resolve(tmp_path, keys, endpoint_url="https://mine.example")
    assert flagged.target.endpoint == "https://mine.example"
    named = resolve(tmp_path, {**keys, "AWS_ENDPOINT_URL": "https://mine.example"})
    assert named.target.endpoint == "https://mine.example"


def test_an_emulator_here_gets_dummies_without_being_trusted(tmp_path: Path) -> None:
    file_in(tmp_path, LOCAL)
    found = resolve(tmp_path)
    assert found.target.endpoint == "http://127.0.0.1:7000"
    assert found.session.credentials == targeting.DUMMIES


def test_the_lab_needs_no_trust(tmp_path: Path, keys: Mapping[str, str]) -> None:
    lab_runs()
    file_in(tmp_path, EVIL)
    assert resolve(tmp_path, keys, lab=True).target.kind == "lab"
    file_in(tmp_path, REGION + 'endpoint_url = "http://127.0.0.1:4599"\n')
    assert resolve(tmp_path, keys).target.kind == "lab"


@pytest.mark.parametrize("region", ["cn-north-1", "us-iso-east-1", "eu-isoe-west-1"])
def test_a_region_of_other_hosts_is_a_choice_of_hosts(
    tmp_path: Path, keys: Mapping[str, str], region: str
) -> None:
    file_in(tmp_path, f'region = "{region}"\n')
    with pytest.raises(UntrustedFileError):
        resolve(tmp_path, keys)
    assert resolve(tmp_path, keys, region=region).target.region == region


@pytest.mark.parametrize(
    "region", ["eu-west-1\n", "eu-west-1.evil.example", "x@evil-a-1", "evil.example#-a-1", ""]
)
def test_a_region_is_no_host(tmp_path: Path, keys: Mapping[str, str], region: str) -> None:
    file_in(tmp_path, f"region = {json.dumps(region)}\n")
    with pytest.raises(UsageError):
        resolve(tmp_path, keys)


@pytest.mark.parametrize(
    "endpoint", ["http://emulator:4566", "http://10.0.0.1", "http://127.0.0.1.evil.example"]
)
def test_real_credentials_never_go_in_the_clear(
    tmp_path: Path, keys: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    with pytest.raises(RefusedError, match="no real credentials") as refused:
        resolve(tmp_path, keys, endpoint_url=endpoint, region="eu-west-1")
    assert refused.value.exit is Exit.REFUSED
    trust_it(file_in(tmp_path, f'{REGION}endpoint_url = "{endpoint}"\n'))
    with pytest.raises(RefusedError, match="no real credentials"):
        resolve(tmp_path, keys)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    assert resolve(tmp_path, keys).target.endpoint == endpoint


def test_the_list_is_believed_only_if_it_is_this_users_alone(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    trust_it(file_in(tmp_path, EVIL))
    store = state_home() / "trust" / "files.json"
    assert store.stat().st_mode & 0o777 == 0o600
    for place, mode in ((store, 0o666), (store, 0o640), (store.parent, 0o777)):
        before = place.stat().st_mode & 0o777
        place.chmod(mode)
        assert trust.trusted() == ()
        place.chmod(before)
    assert len(trust.trusted()) == 1


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"file": 1}]', "[" * 100_000])
def test_a_broken_list_trusts_nothing(tmp_path: Path, text: str) -> None:
    path = file_in(tmp_path, EVIL)
    trust_it(path)
    (state_home() / "trust" / "files.json").write_text(text)
    assert trust.trusted() == ()
    trust_it(path)
    assert len(trust.trusted()) == 1


def test_what_a_person_sets_is_trusted_and_what_stood_there_before_is_not(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    settings.write(tmp_path, "region", "eu-west-1")
    assert trust.trusted() == ()
    settings.write(tmp_path, "endpoint_url", "https://mine.example")
    assert resolve(tmp_path, keys).target.endpoint == "https://mine.example"
    settings.write(tmp_path, "stack", "shop")
    assert resolve(tmp_path, keys).target.endpoint == "https://mine.example"
    other = tmp_path / "cloned"
    other.mkdir()
    file_in(other, EVIL)
    for key, value in (("stack", "shop"), ("profile", "production")):
        settings.write(other, key, value)
        with pytest.raises(UntrustedFileError):
            resolve(other, keys)


def test_a_link_to_another_programs_file_is_not_written_to(tmp_path: Path) -> None:
    other = tmp_path / "cargo.toml"
    other.write_text("[build]\njobs = 1\n")
    (tmp_path / "sqsctl.toml").symlink_to(other)
    with pytest.raises(UsageError, match="unknown setting"):
        settings.write(tmp_path, "stack", "shop")
    assert other.read_text() == "[build]\njobs = 1\n"
