"""A service of one's own on the lab: written, packaged or planned, deployed, edited, looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqsctl.aws.lab_state import read_state
from sqsctl.lab import server
from sqsctl.operations.packaged.archives import zipped
from tests.e2e.waiting import until
from tests.operations.packaged.test_find import PLAN
from tests.operations.stacks.packaged import named
from tests.operations.stacks.projects import CODE, project
from tests.program import Sqsctl

pytestmark = pytest.mark.lab


@pytest.fixture
def own_lab(monkeypatch: pytest.MonkeyPatch, worker_id: str) -> Iterator[str]:
    """The name of a lab that is not there yet, and is gone afterwards."""
    name = f"own-{worker_id}"
    monkeypatch.setenv("SQSCTL_LAB_NAME", name)
    yield name
    server.stop(name)


@pytest.mark.parametrize("runtime", ["python", pytest.param("nodejs", marks=pytest.mark.long)])
def test_write_deploy_edit_deploy_look(
    sqsctl: Sqsctl, tmp_path: Path, own_lab: str, runtime: str
) -> None:
    made = sqsctl("lab", "init", "shop", "--runtime", runtime, "-o", "json")
    assert (made.code, made.data["folder"]) == (0, "shop")
    assert sqsctl("lab", "init", "shop").code == 9  # nothing is overwritten
    first = sqsctl("lab", "deploy", "shop", "-o", "json")
    assert first.code == 0, first.out
    assert first.data["stack"] == "tutorial-step-2-dev"
    (handler,) = (tmp_path / "shop" / "src").glob("worker.*")
    handler.write_text(handler.read_text().replace("결과", "outcome"))
    assert sqsctl("lab", "deploy", "shop", "-o", "json").code == 0
    assert sqsctl("produce", "--count", "2", "-o", "json").data["accepted"] == 2
    until(
        lambda: sqsctl("logs", "tail", "--no-follow", "-o", "json").out,
        lambda out: out.count("outcome") == 2,
    )
    assert sqsctl("doctor", "-o", "json").code == 0
    assert "left_out" in sqsctl("lab", "deploy", "shop", "--dry-run", "-o", "json").data


def test_a_plan_of_terraform_runs(sqsctl: Sqsctl, tmp_path: Path, own_lab: str) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    shutil.copy(PLAN, folder)
    (folder / "worker.zip").write_bytes(zipped(CODE))
    seen = sqsctl("lab", "deploy", "mails", "-o", "json")
    assert seen.code == 0, seen.out
    assert (seen.data["tool"], seen.data["left_out"]) == ("terraform", [])
    state = read_state(own_lab)
    assert state is not None
    assert state.stack == "mails"
    assert sqsctl("send", "{}", "--via", "sqs", "-o", "json").code == 0
    until(
        lambda: sqsctl("queue", "inspect", "-o", "json").data["queue"],
        lambda queue: queue["visible"] + queue["in_flight"] == 0,
    )
    assert sqsctl("doctor", "-o", "json").code == 0


def test_what_the_lab_lacks_is_left_out_only_with_consent(
    sqsctl: Sqsctl, tmp_path: Path, own_lab: str
) -> None:
    project(named("serverless-plugins"), tmp_path / "plugged")
    refused = sqsctl("lab", "deploy", "plugged", "-o", "json")
    assert refused.code == 9, refused.out
    assert "AWS::CodeDeploy::Application" in refused.err + refused.out
    seen = sqsctl("lab", "deploy", "plugged", "--leave-out", "-o", "json")
    assert seen.code == 0, seen.out
    assert {each["type"].rpartition("::")[0] for each in seen.data["left_out"]} == {
        "AWS::CodeDeploy"
    }


def test_nothing_packaged_is_said_before_a_lab_is_started(sqsctl: Sqsctl, own_lab: str) -> None:
    seen = sqsctl("lab", "deploy", "-o", "json")
    assert (seen.code, seen.envelope["errors"][0]["code"]) == (5, "nothing_packaged")
    assert read_state(own_lab) is None
