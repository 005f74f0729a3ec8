"""Call the tool that packages a project: only where a person asked for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sqsctl import private_files
from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.operations.packaged.find import tools_of

# By tool: the programs that can do it, the first that is there; then its arguments.
_PROGRAMS = {
    "serverless": (("serverless", "osls", "sls"), ("package",)),
    "sam": (("sam",), ("build",)),
    "cdk": (("cdk",), ("synth", "--quiet")),
    "terraform": (("terraform", "tofu"), ("plan", "-out=plan.bin")),
}


def package(folder: Path, stage: str | None) -> str:
    """Package the folder's project; the command line that did.

    What the tool prints goes to stderr. Raises NotFoundError where the folder is no tool's
    project or the tool is not installed, SqsctlError with its exit code where it failed.
    """
    tool = next(iter(tools_of(folder)), None)
    if tool is None:
        raise NotFoundError(
            f"{folder} is no project of a tool that packages",
            hint="leave --package out: a template needs none",
            code="no_tool",
        )
    names, arguments = _PROGRAMS[tool]
    program = _program(folder, names)
    words = [program, *arguments]
    if tool == "serverless" and stage:
        words += ["--stage", stage]
    _run(words, folder)
    if tool == "terraform":
        shown = _run([program, "show", "-json", "plan.bin"], folder, capture=True)
        private_files.write(folder / "plan.json", shown)  # a plan holds every secret in the clear
    return " ".join([Path(program).name, *words[1:]])


def _program(folder: Path, names: Sequence[str]) -> str:
    for name in names:
        own = folder / "node_modules" / ".bin" / name
        found = str(own.absolute()) if own.is_file() else shutil.which(name)
        if found:
            return found
    raise NotFoundError(
        f"none of {', '.join(names)} is installed here",
        hint="install it, or package elsewhere and leave --package out",
        code="tool_missing",
    )


def _run(words: Sequence[str], folder: Path, *, capture: bool = False) -> bytes:
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else sys.stderr.fileno(),
            check=False,
        )
    except OSError as error:
        raise SqsctlError(f"{words[0]} could not be started: {error}") from error
    if done.returncode:
        raise SqsctlError(
            f"{Path(words[0]).name} {' '.join(words[1:])} ended with exit code {done.returncode}",
            hint="what it said stands above",
            exit=Exit.FAILED,
            code="package_failed",
        )
    return done.stdout or b""
