"""doctor's options on the lab: a subset, a report, an ignore list, a fix that is applied."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sqsctl.cli.screen import closed_pipe as pipes
from sqsctl.errors import Exit, SqsctlError
from sqsctl.lab import incidents
from sqsctl.operations.diagnosis import doctor as operations
from tests.e2e.stacks import DeployedLab
from tests.program import Sqsctl

pytestmark = pytest.mark.lab


@pytest.fixture
def disabled(on_lab: DeployedLab) -> DeployedLab:
    incidents.get("mapping-disabled").break_(on_lab.session)
    return on_lab


def first(data: dict[str, object]) -> str | None:
    findings = data["findings"]
    assert isinstance(findings, list)
    return findings[0]["id"] if findings else None


def test_only_some_checks(disabled: DeployedLab, sqsctl: Sqsctl) -> None:
    named = sqsctl("doctor", "mapping-disabled", "-o", "json")
    assert [each["id"] for each in named.data["checks"]] == ["mapping-disabled"]
    assert (named.code, first(named.data)) == (10, "mapping-disabled")
    without = sqsctl("doctor", "--skip", "mapping-disabled", "-o", "json").data
    assert "mapping-disabled" not in {each["id"] for each in without["checks"]}
    assert sqsctl("doctor", "no-such-check").code == 2
    assert "did you mean" in sqsctl("doctor", "mapping-disabed").err


def test_a_report_to_hand_on(disabled: DeployedLab, sqsctl: Sqsctl, tmp_path: Path) -> None:
    path = tmp_path / "findings.md"
    assert sqsctl("doctor", "--report", str(path)).code == 10
    text = path.read_text()
    assert "`mapping-disabled`" in text
    command = f"sqsctl lab aws --name {disabled.state.name} lambda update-event-source-mapping"
    assert command in text, "typed as it stands, it must reach the lab and not AWS"
    assert sqsctl("doctor", "--report", str(tmp_path / "no" / "where.md")).code == 2


def test_a_report_has_the_picture_and_what_the_team_lives_with(
    disabled: DeployedLab, sqsctl: Sqsctl, tmp_path: Path
) -> None:
    (tmp_path / "sqsctl.toml").write_text(
        '[[doctor.ignore]]\ncheck = "max-receive-count-low"\nuntil = 2099-12-31\nreason = "soon"\n'
    )
    path = tmp_path / "findings.md"
    sqsctl("doctor", "--report", str(path))
    text = path.read_text()
    assert re.search(r"╳> .*λ \S*jobsWorker .*mapping Disabled", text)
    lived = text.partition("## Decided to live with")[2]
    assert f"- max-receive-count-low ({disabled.queue.name}), until 2099-12-31: soon" in (
        lived.replace("\\", "")
    )


def test_what_does_not_go_together_is_refused_before_anything_is_asked(
    sqsctl: Sqsctl, tmp_path: Path
) -> None:
    """There is no lab here and no AWS: only the command line can be what is wrong."""
    refused = {
        "does not go with --fix": ["--watch", "--fix"],
        "does not go with --report": ["--watch", "--report", "x.md"],
        "no check is left": ["dlq-missing", "--skip", "dlq-missing"],
        "is in the future": ["--since", "2099-01-01"],
        "it is a folder": ["--report", str(tmp_path)],
        "its folder does not exist": ["--report", str(tmp_path / "no" / "where.md")],
    }
    for said, arguments in refused.items():
        ran = sqsctl("doctor", *arguments)
        assert (ran.code, said in ran.err) == (2, True), ran.err
    assert "name one" in sqsctl("doctor", "--report", "-").err
    assert not (tmp_path / "-").exists()


def test_a_decision_to_live_with_it(disabled: DeployedLab, sqsctl: Sqsctl, tmp_path: Path) -> None:
    (tmp_path / "sqsctl.toml").write_text(
        '[[doctor.ignore]]\ncheck = "mapping-disabled"\nuntil = 2099-12-31\nreason = "paused"\n'
    )
    shown = sqsctl("doctor", "mapping-disabled", "-o", "json")
    assert (shown.code, shown.data["verdict"]) == (0, "healthy")
    assert [each["id"] for each in shown.data["ignored"]] == ["mapping-disabled"]
    assert "ignored until 2099-12-31" in sqsctl("doctor", "mapping-disabled").out


def test_fix_applies_what_is_safe_and_looks_again(disabled: DeployedLab, sqsctl: Sqsctl) -> None:
    asked = sqsctl("doctor", "mapping-disabled", "--fix", "-o", "json")
    assert asked.code == 9
    dry = sqsctl("doctor", "mapping-disabled", "--fix", "--dry-run", "-o", "json")
    assert dry.code == 10
    assert [each["applied"] for each in dry.data["applied"]] == [False]
    fixed = sqsctl("doctor", "mapping-disabled", "--fix", "--yes", "-o", "json")
    assert (fixed.code, fixed.data["verdict"]) == (0, "healthy")
    assert [each["id"] for each in fixed.data["applied"]] == ["mapping-disabled"]


def test_watch_prints_a_line_a_look(disabled: DeployedLab) -> None:
    command = f"'{sys.executable}' -m sqsctl doctor --watch --interval 1 -o json | head -2"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [first(line) for line in lines] == ["mapping-disabled"] * 2


def test_watch_waits_out_an_aws_that_is_gone_for_a_while(
    on_lab: DeployedLab, sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = SqsctlError("AWS is unreachable", exit=Exit.UNAVAILABLE, code="unreachable")
    looks: list[object] = [None, gone, None, KeyboardInterrupt()]
    look = operations.checkup

    def next_look(*args: Any, **kwargs: Any) -> operations.Checkup:
        turn = looks.pop(0)
        if isinstance(turn, BaseException):
            raise turn
        return look(*args, **kwargs)

    monkeypatch.setattr(operations, "checkup", next_look)
    monkeypatch.setattr(pipes, "watchful_sleep", lambda _: None)
    ran = sqsctl("doctor", "dlq-missing", "--watch")
    assert ran.code == 130
    assert ran.out.count("healthy") == 2
    assert "AWS is unreachable" in ran.err
    looks += [gone]
    assert sqsctl("doctor", "dlq-missing", "--watch").code == 6


def test_fail_on_moves_the_threshold(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    assert sqsctl("doctor", "max-receive-count-low", "-o", "json").code == 0
    assert sqsctl("doctor", "max-receive-count-low", "--fail-on", "info", "-o", "json").code == 10
    assert sqsctl("doctor", "--fail-on", "nonsense").code == 2


def test_json_has_the_state_of_each_hop(disabled: DeployedLab, sqsctl: Sqsctl) -> None:
    shown = sqsctl("doctor", "-o", "json").data["hops"]
    states = {each["name"]: (each["kind"], each["state"]) for each in shown}
    assert states[disabled.queue.name] == ("queue", "ok")
    assert states[f"{disabled.name}-jobsWorker"] == ("function", "failing")
    assert ("mapping", "blocked") in states.values()


def test_list_checks_needs_no_aws(sqsctl: Sqsctl) -> None:
    checks = sqsctl("doctor", "--list-checks", "-o", "json").data["checks"]
    assert len(checks) >= 40
    assert all(each["reference"].startswith("https://") for each in checks)
