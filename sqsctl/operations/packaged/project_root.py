"""Which files are a project's: what its files name beyond them is not read."""

from __future__ import annotations

from pathlib import Path

from sqsctl.errors import UsageError


def root_of(folder: Path) -> Path:
    """The repository's folder, or the project's where there is none."""
    here = folder.resolve()
    home = Path.home().resolve()
    for each in (here, *here.parents):
        # A home under version control is no project of a stranger's.
        if each != home and (each / ".git").exists():
            return each
    if here.name == "build" and here.parent.name == ".aws-sam":
        return here.parent.parent
    return here.parent if here.name in {".serverless", "cdk.out", ".aws-sam"} else here


def named(folder: Path, said: str) -> Path | None:
    """The file or folder that a project's file in ``folder`` names; None where there is none.

    Raises UsageError where it lies outside of the project, or is a link that leads there: a
    stranger's project would have files of the person's read, and handed to its functions.
    """
    path = folder / said
    try:
        if not path.exists():
            return None
    except (OSError, ValueError):  # a name that is too long, or holds a NUL
        return None
    within(root_of(folder), path)
    return path


def within(root: Path, path: Path) -> None:
    """Raise UsageError where a path leads out of ``root``."""
    if not path.resolve().is_relative_to(root):
        raise UsageError(
            f"{path} lies outside of the project in {root}, and is not read",
            hint="copy what is needed into the project",
            code="outside",
        )
