"""Code that is mended as doctor prints it: the edit, applied to the project's files, and a deploy.

Each way of each fault: break, doctor, do what stands there and nothing else, doctor again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import running_lab
from sqsctl.lab import incidents, server
from sqsctl.lab.template import source
from tests.e2e.test_typed_remedies import findings
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

SUFFIXES = {"python": "py", "nodejs": "js"}
WAYS = ("deploy", "by hand")
ALWAYS = ("batch-silent-loss", "nodejs", "deploy")
CODE = [
    pytest.param(*row, marks=() if row == ALWAYS else pytest.mark.long, id="-".join(row))
    for row in (
        (name, runtime, way)
        for name in ("event-shape", "batch-silent-loss", "import-module-missing")
        for runtime in SUFFIXES
        for way in WAYS
        # What is installed is not heard where a template is deployed as it was written.
        if (name, way) != ("import-module-missing", "deploy")
    )
]


# What a person does in the editor: another body in the message that is shown.
EDITOR = """
import json, sys
with open(sys.argv[-1], encoding="utf-8") as file:
    shown = json.load(file)
shown["body"] = json.dumps({"input": 1})
with open(sys.argv[-1], "w", encoding="utf-8") as file:
    json.dump(shown, file)
"""


@pytest.fixture
def own_lab(monkeypatch: pytest.MonkeyPatch, worker_id: str) -> Iterator[str]:
    name = f"edit-{worker_id}"
    monkeypatch.setenv("SQSCTL_LAB_NAME", name)
    yield name
    server.stop(name)


def project(sqsctl: Sqsctl, folder: Path, runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tutorial's project, deployed onto the lab; it becomes the working folder."""
    assert sqsctl("lab", "init", str(folder), "--runtime", runtime).code == 0
    monkeypatch.chdir(folder)
    template = Path("template.yaml")
    quick = template.read_text(encoding="utf-8").replace("Default: 36\n", "Default: 6\n")
    template.write_text(quick.replace("Default: 6\n", "Default: 1\n", 1), encoding="utf-8")
    deployed = sqsctl("lab", "deploy")
    assert deployed.code == 0, deployed.err


def break_the_source(name: str, lab: str, runtime: str) -> None:
    """The incident, and its source as the project's own."""
    from sqsctl.aws.session import Session
    from sqsctl.model.target import Target

    state = running_lab(lab)
    assert state
    target = Target("lab", state.region, state.account, state.stack, state.endpoint)
    assert incidents.get(name).break_(Session(target, credentials=state.credentials))
    text = source(f"incidents/{name.replace('-', '_')}", runtime)
    # What it would call lies beyond loopback.
    text = "".join(each for each in text.splitlines(keepends=True) if "://" not in each)
    Path("src", f"worker.{SUFFIXES[runtime]}").write_text(text, encoding="utf-8")


def the_way(finding: dict[str, Any], way: str) -> list[dict[str, Any]]:
    """The steps of the way that deploys the project, or of the one without a tool."""
    for each in finding["fix"]["ways"]:
        deploys = any(step["argv"][:3] == ["sqsctl", "lab", "deploy"] for step in each["steps"])
        heals = any(step["argv"][:3] == ["sqsctl", "lab", "heal"] for step in each["steps"])
        if not heals and deploys == (way == "deploy"):
            steps: list[dict[str, Any]] = each["steps"]
            return steps
    raise AssertionError(finding["fix"]["ways"])


def do(sqsctl: Sqsctl, steps: list[dict[str, Any]]) -> None:
    for step in steps:
        if step["kind"] == "edit":
            edit(step)
        elif step["kind"] == "command" and step["argv"][0] == "sqsctl":
            done = sqsctl(*step["argv"][1:])
            assert done.code == 0, f"{step['line']}\n{done.out}{done.err}"
        elif step["kind"] == "command":
            folder = (step["where"] or "").removeprefix("its folder ")
            place = Path() if folder == "the project's folder" else Path(folder)
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            subprocess.run(
                ["sh", "-c", step["line"]], cwd=place, check=True, env={**os.environ, "PATH": path}
            )


def edit(step: dict[str, Any]) -> None:
    """As a person does it: these lines instead of those, or below what is there."""
    path = Path(step["file"])
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if step["replaces"]:
        first = step["at_line"] - 1
        assert lines[first : first + len(step["replaces"])] == step["replaces"], step
        lines[first : first + len(step["replaces"])] = step["lines"]
    else:
        lines += step["lines"]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


@pytest.mark.parametrize(("name", "runtime", "way"), CODE)
def test_code_is_mended_by_what_is_printed(
    name: str,
    runtime: str,
    way: str,
    sqsctl: Sqsctl,
    own_lab: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if runtime == "nodejs" and not shutil.which("node"):
        pytest.skip("node is not installed here")
    if way == "by hand" and not shutil.which("zip"):
        pytest.skip("zip is not installed here")
    project(sqsctl, tmp_path / "shop", runtime, monkeypatch)
    break_the_source(name, own_lab, runtime)
    sqsctl("produce", "--count", "4", "-o", "json")
    until(lambda: findings(sqsctl), lambda found: name in found)

    def well() -> bool:
        found = findings(sqsctl)
        if again := found.get(name):
            do(sqsctl, the_way(again, way))  # another return of the same loop, perhaps
        elif dead := found.get("dead-letters"):
            do(sqsctl, dead["fix"]["afterwards"])
        sqsctl("produce", "--count", "2", "--body", '{"input": 90{{n}}}', "-o", "json")
        return sqsctl("doctor", "-o", "json").code == 0

    until(well, bool, seconds=120)


@pytest.mark.long
def test_what_is_no_json_is_mended_by_the_redrive_that_is_printed(
    sqsctl: Sqsctl, own_lab: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(sqsctl, tmp_path / "shop", "python", monkeypatch)
    assert sqsctl("lab", "break", "payload-not-json").code == 0
    found = until(
        lambda: findings(sqsctl).get("payload-not-json"),
        lambda found: bool(found and found["fix"]["afterwards"]),
        seconds=90,
    )
    script = tmp_path / "mend.py"
    script.write_text(EDITOR, encoding="utf-8")
    monkeypatch.setenv("EDITOR", shlex.join([sys.executable, str(script)]))
    assert found
    (redrive,) = found["fix"]["afterwards"]
    assert "--edit" in redrive["argv"]
    done = sqsctl(*redrive["argv"][1:], "--yes")
    assert done.code == 0, done.out + done.err
    until(lambda: sqsctl("doctor", "-o", "json").code, lambda code: code == 0, seconds=60)
