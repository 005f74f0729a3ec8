"""A newcomer's way, from the README's line to dead letters that were brought back.

Installs from the registry into a fresh environment, and is on demand therefore.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_commands import RESULT
from tests.e2e.waiting import until
from tests.person import ESCAPE, Person

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parents[2]
BROKEN = 3


def readme_line() -> str:
    """The one line with which the README lets a newcomer see it work."""
    (line,) = re.findall(
        r"^    (python3 -m venv .*sqsctl demo)$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    return str(line)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would give somebody, and nothing that was built here."""
    folder = tmp_path_factory.mktemp("newcomer") / "sqsctl"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def environment(checkout: Path) -> dict[str, str]:
    """A person who has nothing yet: no AWS, no lab, no settings."""
    home = checkout.parent / "home"
    home.mkdir()
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AWS_", "SQSCTL_", "XDG_", "VIRTUAL_ENV", "PYTHON"))
    }
    return {
        **kept,
        "HOME": str(home),
        "NO_COLOR": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": os.pathsep.join(
            each for each in os.environ["PATH"].split(os.pathsep) if ".venv" not in each
        ),
    }


@pytest.fixture(scope="module")
def installed(checkout: Path, environment: dict[str, str]) -> Iterator[Path]:
    """sqsctl as the README's line installs it; the demo behind it is part of the line."""
    ended = subprocess.run(
        ["bash", "-c", readme_line()],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    program = checkout / ".venv" / "bin" / "sqsctl"
    yield program
    subprocess.run([program, "lab", "down"], env=environment, check=False, capture_output=True)


def processes_of(home: str) -> list[str]:
    """Processes that were started with this home."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"HOME={home}\0".encode() in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            continue
    return found


def results(program: Path, environment: dict[str, str]) -> list[str]:
    """The results that the consumer logged."""
    shown = subprocess.run(
        [program, "logs", "tail", "--no-follow", "--since", "1h", "-o", "json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    messages = [json.loads(line)["message"] for line in shown.stdout.splitlines()]
    return [each for each in messages if RESULT in each]


def test_from_nothing_to_redriven_and_gone(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    person = Person([str(installed)], environment, folder=str(tmp_path), patience_s=120)
    person.choose("Work on what?", "start the lab")

    person.choose("What now?", "send many messages")
    person.type("How many?", "5")
    person.wait_for(lambda lines: any("accepted" in line for line in lines), "accepted")

    person.choose("What now?", "the lab")
    person.choose("The lab", "break something")
    person.choose("Which incident?", "import-module-missing")
    person.choose("What now?", "send many messages")
    person.type("How many?", f"{BROKEN}")
    person.asked("What now?")

    some = f"{BROKEN} dead letters"

    def they_died() -> bool:
        person.choose("What now?", "figures")
        person.asked("Which figures?")
        person.press(ESCAPE)
        person.asked("What now?")
        return any(some in line for line in person.lines)

    until(they_died, bool, seconds=180)
    person.choose("What now?", f"{some}: see why")
    person.asked("What now?")
    assert "import-module-missing · error · cause" in person.seen

    person.choose("What now?", "the lab")
    person.choose("The lab", "mend everything")
    person.choose("What now?", f"{some}: look, and pick some")
    person.asked(f"{BROKEN} of about {BROKEN} dead letters")
    person.press("a\r")  # all of them
    person.choose(f"{BROKEN} ticked: what now?", "bring back to work")
    person.choose("How?", "all at once")
    person.asked("What now?")
    assert f"✓ {BROKEN} moved" in person.seen
    assert re.search(r"\$ sqsctl dlq redrive( --id [\w-]+\s*){3}", person.seen.replace("\r\n", ""))

    until(
        lambda: results(installed, environment), lambda seen: len(seen) == 5 + BROKEN, seconds=120
    )
    person.choose("What now?", "figures")
    person.asked("Which figures?")
    person.press(ESCAPE)
    person.wait_for(lambda lines: any("0 dead" in line for line in lines), "nothing dead")

    person.choose("What now?", "the lab")
    person.choose("The lab", "stop it")
    person.asked("Go ahead?")
    person.press("\r")
    person.choose("Work on what?", "quit")
    assert person.end() == 0
    assert "Traceback" not in person.seen
    until(lambda: processes_of(environment["HOME"]), lambda left: left == [], seconds=30)
