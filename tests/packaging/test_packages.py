"""Wheel and sdist: built, looked into, and installed as a user does, on every Python at hand.

These install from the registry, and so run on demand: pytest -m long tests/packaging
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from sqsctl import __version__

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.xdist_group("packages")]
ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LOG = "[ERROR] Runtime.ImportModuleError: Unable to import module 'index': No module named 'boto'\n"


def interpreter(version: str) -> str | None:
    """A Python of this version: on the PATH, or one of pyenv's."""
    if found := shutil.which(f"python{version}"):
        asked = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        if f"Python {version}." in asked.stdout:
            return found
    home = Path(os.environ.get("PYENV_ROOT", "/root/.pyenv")) / "versions"
    return next((str(each) for each in sorted(home.glob(f"{version}.*/bin/python"))), None)


@dataclass(frozen=True)
class Built:
    """The two packages."""

    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Installed:
    """A fresh environment with sqsctl in it, and a home of its own."""

    folder: Path
    home: Path

    def run(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        keep = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL") if key in os.environ}
        environment = {**keep, "HOME": str(self.home), "AWS_EC2_METADATA_DISABLED": "true"}
        return subprocess.run(
            [self.folder / "bin/sqsctl", *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=self.home,
            timeout=120,
        )


def tracked(folder: Path) -> Path:
    """A copy of what a checkout has: nothing untracked gets into a package by accident."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("build")
    source = tracked(folder / "source")
    tool = folder / "tool"
    subprocess.run([sys.executable, "-m", "venv", str(tool)], check=True)
    subprocess.run([tool / "bin/pip", "install", "--quiet", "build"], check=True)
    # The wheel is built from the sdist, as a packager does.
    subprocess.run([tool / "bin/python", "-m", "build", "--outdir", folder, source], check=True)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


def installed(folder: Path, python: str, what: str) -> Installed:
    subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)
    subprocess.run(
        [folder / "venv/bin/pip", "install", "--quiet", "-c", ROOT / "constraints.txt", what],
        check=True,
    )
    home = folder / "home"
    home.mkdir()
    return Installed(folder / "venv", home)


def test_the_wheel_holds_the_program_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
        (metadata,) = [name for name in names if name.endswith("/METADATA")]
        told = wheel.read(metadata).decode()
    source = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "sqsctl").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    code = {name for name in names if not re.match(r"sqsctl-[\d.]+\.dist-info/", name)}
    untracked = subprocess.run(
        ["git", "ls-files", "--others", "sqsctl"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert code == source - set(untracked)
    for needed in ("py.typed", "lab/template.yaml", "checks/data/runtimes.json"):
        assert f"sqsctl/{needed}" in code
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert f"\nVersion: {__version__}\n" in told
    assert "\nRequires-Python: >=3.11\n" in told
    assert "\nLicense-Expression: MIT\n" in told
    assert "\nDescription-Content-Type: text/markdown\n" in told


def test_the_sdist_can_be_tested_and_documented(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    for needed in (
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "constraints.txt",
        "pyproject.toml",
        "docs/generate.py",
        "docs/images/doctor.svg",
        "sqsctl/lab/template.yaml",
        "tests/conftest.py",
    ):
        assert needed in names, needed
    assert not [name for name in names if "__pycache__" in name or name.startswith(".venv")]


@pytest.mark.parametrize("version", PYTHONS)
def test_it_works_without_extras(built: Built, version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    program = installed(tmp_path, python, str(built.wheel))
    packages = subprocess.run(
        [program.folder / "bin/pip", "list", "--format", "freeze"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.lower()
    for extra in ("ministack", "pytest", "hypothesis", "mypy", "moto"):
        assert f"{extra}==" not in packages
    assert program.run("--version").stdout == f"{__version__}\n"
    helped = program.run("--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "sqsctl doctor" in helped.stdout
    explained = program.run("logs", "explain", "-", text=LOG)
    assert explained.returncode == 10, explained.stderr
    assert "import-module-missing" in explained.stdout
    for arguments in (["lab", "up"], ["demo"]):
        refused = program.run(*arguments)
        assert refused.returncode == 2, refused.stderr
        assert "pip install 'sqsctl[lab]'" in refused.stderr
        assert f"{program.folder}/bin/python" in refused.stderr
        assert "Traceback" not in refused.stderr
    nothing = program.run("doctor", "-o", "json")
    assert nothing.returncode == 7, nothing.stderr
    assert json.loads(nothing.stdout)["errors"][0]["hint"]


@pytest.mark.parametrize("version", PYTHONS)
def test_the_command_that_lab_up_names_brings_the_lab(
    built: Built, version: str, tmp_path: Path
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    program = installed(tmp_path, python, str(built.wheel))
    told = re.search(r"this very installation: (.+?);", program.run("lab", "up").stderr)
    assert told, program.run("lab", "up").stderr
    subprocess.run([*told[1].split(), "--quiet"], check=True)
    try:
        up = program.run("lab", "up", "-o", "json")
        assert up.returncode == 0, up.stdout + up.stderr
        sent = program.run("probe", "-o", "json")
        assert sent.returncode == 0, sent.stdout
        assert program.run("doctor").returncode == 0
    finally:
        assert program.run("lab", "down").returncode == 0


def test_the_first_line_of_the_readme_works(tmp_path: Path) -> None:
    """In a fresh checkout, to the end of the demo."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ {4}(python3 -m venv .*sqsctl demo)$", readme, re.MULTILINE)
    source = tracked(tmp_path / "sqsctl")
    home = tmp_path / "home"
    home.mkdir()
    ran = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=source,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "✓ done in" in ran.stdout
