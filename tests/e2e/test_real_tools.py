"""``lab deploy --package`` with the real tools: they package here, the lab runs what they made.

On demand: each installs its tool from npm or PyPI into a folder of the test's own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.operations.stacks.make import CDK, CDK_IN_PYTHON, SERVERLESS
from tests.operations.stacks.packaged import FOLDER

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1_800)]

# No account is asked; some tools want to be told one all the same.
QUIET = {
    "AWS_ACCESS_KEY_ID": "dummy",
    "AWS_SECRET_ACCESS_KEY": "dummy",
    "AWS_DEFAULT_REGION": "us-east-1",
    "SLS_TELEMETRY_DISABLED": "1",
    "SLS_NOTIFICATIONS_MODE": "off",
    "SAM_CLI_TELEMETRY": "0",
    "CDK_DISABLE_CLI_TELEMETRY": "1",
}


@dataclass(frozen=True)
class Place:
    """The project, and the folder of programs that is first in the path."""

    project: Path
    programs: Path

    def code(self, where: str = "") -> None:
        target = self.project / where
        target.mkdir(parents=True, exist_ok=True)
        for each in (FOLDER / "code").iterdir():
            if each.is_file():
                shutil.copy(each, target)

    def npm(self, *packages: str) -> None:
        command = ["npm", "install", "--no-audit", "--no-fund", *packages]
        subprocess.run(command, cwd=self.project.parent, check=True, stdout=sys.stderr)
        for each in (self.project.parent / "node_modules" / ".bin").iterdir():
            (self.programs / each.name).symlink_to(each)

    def pip(self, *packages: str, programs: tuple[str, ...]) -> Path:
        environment = self.project.parent / "venv"
        venv.create(environment, with_pip=True)
        installed = environment / "bin"
        subprocess.run([installed / "pip", "install", "-q", *packages], check=True)
        for each in programs:
            (self.programs / each).symlink_to(installed / each)
        return installed


def serverless(place: Place, package: str) -> None:
    place.code()
    shutil.copy(FOLDER / "serverless" / "fan-out" / "serverless.yml", place.project)
    place.npm(package)


def sam(place: Place) -> None:
    place.code("code")
    shutil.copy(FOLDER / "sam" / "thumbnails" / "template.yaml", place.project)
    (place.project / "samconfig.toml").write_text(
        'version = 0.1\n[default.deploy.parameters]\nstack_name = "thumbnails"\n'
    )
    place.pip("aws-sam-cli", programs=("sam",))


def cdk(place: Place) -> None:
    place.code("code")
    shutil.copy(FOLDER / "cdk" / "app.js", place.project)
    (place.project / "cdk.json").write_text(json.dumps({"app": "node app.js"}))
    place.npm("aws-cdk", *CDK)


def cdk_in_python(place: Place) -> None:
    place.code("code")
    shutil.copy(FOLDER / "cdk_python" / "app.py", place.project)
    installed = place.pip(*CDK_IN_PYTHON, programs=())
    app = {"app": f"{installed / 'python'} app.py"}
    (place.project / "cdk.json").write_text(json.dumps(app))
    place.npm("aws-cdk")


CASES: dict[str, tuple[Callable[[Place], None], set[str]]] = {
    "osls": (lambda place: serverless(place, SERVERLESS[0]), {"fan-out-dev"}),
    "serverless-3": (lambda place: serverless(place, "serverless@3"), {"fan-out-dev"}),
    "sam": (sam, {"thumbnails"}),
    "cdk-in-python": (cdk_in_python, {"BucketStack", "TopicStack"}),
    "cdk": (cdk, {"HttpApiStack"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_project_is_packaged_by_its_tool_and_deployed(tmp_path: Path, case: str) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    prepare, wanted = CASES[case]
    place = Place(tmp_path / "tools" / "project", tmp_path / "programs")
    place.project.mkdir(parents=True)
    place.programs.mkdir()
    prepare(place)
    environment = {
        **os.environ,
        **QUIET,
        "PATH": f"{place.programs}{os.pathsep}{os.environ['PATH']}",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }

    def run(*words: str) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "-m", "sqsctl", *words, "-o", "json"],
            cwd=place.project,
            env=environment,
            stdout=subprocess.PIPE,
            check=False,
        )
        found: dict[str, object] = json.loads(done.stdout)
        return found

    try:
        one = ("--stack", next(iter(wanted))) if len(wanted) == 1 else ()
        seen = run("lab", "deploy", "--package", *one)
        assert seen["exit_code"] == 0, seen
        data = seen["data"]
        assert isinstance(data, dict)
        assert {each["stack"] for each in data["stacks"]} == wanted
        assert data["left_out"] == []
        forecast = run("doctor", "--template", ".", "--fail-on", "error")
        assert forecast["exit_code"] == 0, forecast
    finally:
        run("lab", "down")
