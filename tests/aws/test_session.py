"""Sessions: what of the user's AWS configuration counts, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqsctl.aws.session import SERVICES, Credentials, Session
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.target import Target
from sqsctl.operations.target import settings, targeting

DUMMIES = Credentials("test", "test")
LAB = Target("lab", "ap-northeast-2", endpoint="http://127.0.0.1:9")


def test_the_lab_needs_nothing_of_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "config"
    broken.write_text("[default\nnonsense")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    client = Session(LAB, credentials=DUMMIES).sqs()
    assert client.meta.endpoint_url == "http://127.0.0.1:9"
    assert client.meta.region_name == "ap-northeast-2"


def test_a_broken_configuration_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "config"
    broken.write_text("[default\nnonsense")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    loaded = settings.load({"profile": "x"}, {}, tmp_path)
    with pytest.raises(SqsctlError) as error:
        targeting.resolve(loaded)
    assert error.value.exit is Exit.USAGE


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_that_is_named_can_be_loaded(service: str) -> None:
    assert Session(LAB, credentials=DUMMIES).client(service) is not None


def test_clients_are_made_once_per_number_of_attempts() -> None:
    session = Session(LAB, credentials=DUMMIES)
    assert session.sqs() is session.sqs()
    assert session.sqs() is not session.sqs_unretried()
    config = session.sqs_unretried().meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}  # type: ignore[attr-defined]
