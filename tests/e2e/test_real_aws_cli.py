"""The same commands through the AWS CLI itself, from the package index, in a venv of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sqsctl.lab import incidents
from tests.e2e.stacks import DeployedLab
from tests.e2e.test_incidents import SYMPTOMS
from tests.e2e.test_typed_remedies import FAILURES, SETTINGS, by_hand, findings, type_all
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ``aws`` that was installed for this run."""
    home = tmp_path_factory.mktemp("aws")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [str(home / "bin" / "pip"), "install", "--quiet", "awscli"]
    done = subprocess.run(pip, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip(f"the AWS CLI could not be installed: {done.stderr[-300:]}")
    return home / "bin"


@pytest.fixture(autouse=True)
def on_path(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{installed}{os.pathsep}{os.environ['PATH']}")
    assert shutil.which("aws") == str(installed / "aws")


def test_settings_are_mended_through_it(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    for name in SETTINGS:
        assert incidents.get(name).break_(on_lab.session)
        finding = findings(sqsctl)[incidents.get(name).expects]
        assert type_all(sqsctl, by_hand(finding)["steps"]), name
        assert name not in findings(sqsctl)
        assert type_all(sqsctl, finding["fix"]["undo"]) or not finding["fix"]["undo"]
        incidents.get(name).heal(on_lab.session)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_mended_through_it(name: str, on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    if name == "import-sdk-not-in-runtime" and not shutil.which("node"):
        pytest.skip("node is not installed here")
    incident = incidents.get(name)
    assert incident.break_(on_lab.session)
    sqsctl("produce", "--count", "3", "-o", "json")
    until(lambda: SYMPTOMS[name](on_lab, sqsctl), bool)

    def mended() -> bool:
        found = findings(sqsctl).get(incident.expects)
        if found:
            type_all(sqsctl, by_hand(found)["steps"])
        sqsctl("produce", "--count", "2", "--body", '{"input": 90{{n}}}', "-o", "json")
        return found is None

    until(mended, bool, seconds=90)
