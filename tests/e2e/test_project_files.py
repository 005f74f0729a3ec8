"""doctor in the folder of a packaged project: what its files ask for against what runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.model.target import Target
from tests.operations.stacks import packaged
from tests.operations.stacks.packaged import named
from tests.program import Ran, Sqsctl

pytestmark = pytest.mark.lab

Put = Callable[[Path, str], None]


@pytest.fixture
def session(lab_state: LabState, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab_state.name)
    target = Target("lab", lab_state.region, lab_state.account, None, lab_state.endpoint)
    return Session(target, credentials=lab_state.credentials)


@pytest.fixture
def stack(session: Session, request: pytest.FixtureRequest) -> Iterator[str]:
    """A packaged stack on the lab; its name."""
    identity: str = request.param
    with packaged.deployed(session, identity):
        yield identity


def mismatches(ran: Ran) -> set[str]:
    return {each["subject"] for each in ran.data["findings"] if each["id"] == "runtime-mismatch"}


def serverless_yml(folder: Path, runtime: str) -> None:
    text = (named("serverless-lift-many").project / "serverless.yml").read_text()
    (folder / "serverless.yml").write_text(text.replace("nodejs22.x", runtime))


def template_yaml(folder: Path, runtime: str) -> None:
    text = (named("sam-alias").project / "template.yaml").read_text()
    (folder / "template.yaml").write_text(text.replace("nodejs22.x", runtime))
    (folder / "samconfig.toml").write_text(
        'version = 0.1\n[default.global.parameters]\nstack_name = "sam-alias"\n'
    )


def cdk_out(folder: Path, runtime: str) -> None:
    file = named("cdk-HttpApiStack").file
    out = folder / "cdk.out"
    out.mkdir(exist_ok=True)
    (out / file.name).write_text(file.read_text().replace("python3.13", runtime))
    properties = {"templateFile": file.name}
    artifact = {"type": "aws:cloudformation:stack", "properties": properties}
    (out / "manifest.json").write_text(json.dumps({"artifacts": {"HttpApiStack": artifact}}))


def serverless_ts(folder: Path, runtime: str) -> None:
    """Code; what the last package made of it is known."""
    (folder / "serverless.ts").write_text("export default {}\n")
    (folder / ".serverless").mkdir(exist_ok=True)
    functions = {
        key: {"name": f"orders-dev-{key}", "handler": f"handler.{role}", "runtime": runtime}
        for key, role in (("api", "producer"), ("book", "consumer"))
    }
    provider = {"name": "aws", "runtime": runtime, "stage": "dev", "region": "ap-northeast-2"}
    kept = {"service": "orders", "provider": provider, "functions": functions}
    state = {"service": kept, "package": {"artifact": "orders.zip"}}
    (folder / ".serverless" / "serverless-state.json").write_text(json.dumps(state))


CASES = {
    "serverless-lift-many": (serverless_yml, "nodejs22.x", "nodejs24.x", 5),
    "sam-alias": (template_yaml, "nodejs22.x", "nodejs24.x", 2),
    "cdk-HttpApiStack": (cdk_out, "python3.13", "python3.12", 2),
    "serverless-sqs-events": (serverless_ts, "python3.12", "python3.13", 2),
}


@pytest.mark.parametrize(
    "stack",
    [
        pytest.param(
            each, marks=() if each == "serverless-lift-many" else pytest.mark.long, id=each
        )
        for each in CASES
    ],
    indirect=True,
)
def test_what_is_edited_and_not_deployed(stack: str, sqsctl: Sqsctl, tmp_path: Path) -> None:
    put, same, other, count = CASES[stack]
    put(tmp_path, same)
    seen = sqsctl("doctor", "-o", "json")
    assert seen.data["stack"] == named(stack).stack, "the folder's own, among all on the lab"
    assert not mismatches(seen), seen.out
    assert {"id": "runtime-mismatch", "outcome": "ok", "reason": None} in seen.data["checks"]
    put(tmp_path, other)
    seen = sqsctl("doctor", "-o", "json")
    assert len(mismatches(seen)) == count, seen.out
    assert seen.code == 10
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for each in tmp_path.iterdir():
        if each.name != "elsewhere":
            shutil.move(each, elsewhere)
    away = sqsctl("doctor", "--stack", named(stack).stack, "-o", "json")
    assert not mismatches(away)


@pytest.mark.parametrize("stack", ["serverless-lift-tutorial"], indirect=True)
def test_one_function_that_asks_for_another_runtime(
    stack: str, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    """On Lift's worker, which no functions section names."""
    text = (named(stack).project / "serverless.yml").read_text()
    edited = text.replace(
        "      handler: handler.consumer",
        "      handler: handler.consumer\n      runtime: nodejs24.x",
    )
    (tmp_path / "serverless.yml").write_text(edited)
    seen = sqsctl("doctor", "runtime-mismatch", "-o", "json")
    assert mismatches(seen) == {"tutorial-step-2-dev-jobsWorker"}, seen.out
