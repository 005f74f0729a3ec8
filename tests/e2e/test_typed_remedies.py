"""What doctor prints is typed as it stands, and mends: break, doctor, type, doctor."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from sqsctl.lab import incidents
from tests.e2e.stacks import DeployedLab
from tests.e2e.test_incidents import SYMPTOMS
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

# Settings alone: they show, and are mended, without a message.
SETTINGS = (
    "dlq-missing",
    "dlq-retention",
    "mapping-disabled",
    "max-receive-count-low",
    "reserved-concurrency",
    "visibility-below-timeout",
)
# What failing messages show, and commands alone mend.
FAILURES = (
    "access-denied",
    "api-permission",
    "env-var-missing",
    "function-timeout",
    "handler-not-found",
    "import-sdk-not-in-runtime",
    "out-of-memory",
    "queue-not-found",
    "stale-version",
)


@pytest.fixture(autouse=True)
def no_aws_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever AWS CLI is installed here: the program carries the calls out itself."""
    found = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "aws" else found(name))


def findings(sqsctl: Sqsctl) -> dict[str, dict[str, Any]]:
    found = sqsctl("doctor", "-o", "json").data["findings"]
    return {each["id"]: each for each in found if not each["past"]}


def type_all(sqsctl: Sqsctl, steps: list[dict[str, Any]]) -> list[str]:
    """Run each command of the steps; all of them are the program's own."""
    typed = []
    for each in steps:
        if each["kind"] != "command":
            continue
        assert each["argv"][0] == "sqsctl", each["line"]
        done = sqsctl(*each["argv"][1:])
        assert done.code == 0, f"{each['line']}\n{done.out}{done.err}"
        typed.append(each["line"])
    return typed


def by_hand(finding: dict[str, Any]) -> dict[str, Any]:
    """The first way: no deploy tool is needed for it."""
    first: dict[str, Any] = finding["fix"]["ways"][0]
    return first


def test_settings_are_mended_by_what_is_printed_for_them(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    found: dict[str, dict[str, Any]] = {}
    for name in SETTINGS:
        assert incidents.get(name).break_(on_lab.session)
        finding = findings(sqsctl)[incidents.get(name).expects]
        assert type_all(sqsctl, by_hand(finding)["steps"]), name
        assert name not in findings(sqsctl)
        found[name] = finding
        incidents.get(name).heal(on_lab.session)  # the journal forgets it
    verified = [each for name in SETTINGS for each in found[name]["fix"]["verify"]]
    assert type_all(sqsctl, verified[:2])
    assert sqsctl("doctor", "-o", "json").code == 0


def test_what_is_taken_back_is_as_it_was(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    assert incidents.get("max-receive-count-low").break_(on_lab.session)
    before = findings(sqsctl)["max-receive-count-low"]
    type_all(sqsctl, by_hand(before)["steps"])
    assert type_all(sqsctl, before["fix"]["undo"])
    after = findings(sqsctl)["max-receive-count-low"]
    assert after["evidence"] == before["evidence"]


@pytest.mark.long
@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_mended_by_what_is_printed_for_it(
    name: str, on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    if name == "import-sdk-not-in-runtime" and not shutil.which("node"):
        pytest.skip("node is not installed here")
    incident = incidents.get(name)
    assert incident.break_(on_lab.session)
    sqsctl("produce", "--count", "3", "-o", "json")
    until(lambda: SYMPTOMS[name](on_lab, sqsctl), bool)
    finding = findings(sqsctl)[incident.expects]
    assert type_all(sqsctl, by_hand(finding)["steps"]), finding["fix"]

    def well() -> bool:
        sqsctl("produce", "--count", "2", "--body", '{"input": 90{{n}}}', "-o", "json")
        found = findings(sqsctl)
        if again := found.get(incident.expects):
            type_all(sqsctl, by_hand(again)["steps"])  # twice as much may not be enough yet
        elif dead := found.get("dead-letters"):
            type_all(sqsctl, dead["fix"]["afterwards"])
        return sqsctl("doctor", "-o", "json").code == 0

    until(well, bool, seconds=90)
