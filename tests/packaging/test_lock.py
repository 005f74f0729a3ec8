"""constraints.txt: every package that can be installed has its one version there."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins() -> dict[str, Version]:
    """The versions by name, of those that this system and this Python may need."""
    found: dict[str, Version] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        name = canonicalize_name(requirement.name)
        assert name not in found, f"{name} twice"
        found[name] = Version(specifier.version)
    return found


def declared() -> Iterator[Requirement]:
    for text in PROJECT["dependencies"]:
        yield Requirement(text)
    for extra in PROJECT["optional-dependencies"].values():
        yield from map(Requirement, extra)


def installed(requirement: Requirement, seen: set[str]) -> Iterator[str]:
    """The distributions that a requirement brings into this very environment."""
    name = canonicalize_name(requirement.name)
    for extra in ("", *sorted(requirement.extras)):
        if f"{name}[{extra}]" in seen:
            continue
        seen.add(f"{name}[{extra}]")
        yield name
        for text in importlib.metadata.requires(name) or ():
            inner = Requirement(text)
            if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                yield from installed(inner, seen)


def test_what_is_declared_is_pinned_within_its_bounds() -> None:
    versions = pins()
    assert [
        str(each)
        for each in declared()
        if not each.specifier.contains(versions[canonicalize_name(each.name)])
    ] == []


def test_what_is_installed_is_pinned() -> None:
    """All that the dependencies bring along stands in the lock, too."""
    seen: set[str] = set()
    needed = {name for each in declared() for name in installed(each, seen)}
    assert len(needed) > 50
    assert needed - set(pins()) == set()


@pytest.mark.skipif("CI" not in os.environ, reason="only a fresh environment has these versions")
def test_this_environment_has_the_pinned_versions() -> None:
    other = {
        name: importlib.metadata.version(name)
        for each in declared()
        for name in installed(each, set())
        if Version(importlib.metadata.version(name)) != pins()[name]
    }
    assert other == {}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_lock_is_what_its_script_writes(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    subprocess.run([sys.executable, "-m", "venv", str(tool)], check=True)
    subprocess.run([tool / "bin/pip", "install", "--quiet", "uv"], check=True)
    again = tmp_path / "constraints.txt"
    shutil.copy(ROOT / "constraints.txt", again)  # what is locked stays, if it still fits
    environment = {
        **os.environ,
        "PATH": f"{tool / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LOCK_FILE": str(again),
    }
    subprocess.run([ROOT / ".ci/lock"], check=True, env=environment)
    assert again.read_text() == (ROOT / "constraints.txt").read_text()
