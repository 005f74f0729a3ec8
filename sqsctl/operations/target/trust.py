"""Which settings files may choose where credentials go: those that a person said so about.

A settings file of a working folder may be anybody's. What it says of endpoint and profile
counts for real credentials only once the file is trusted, by its place and its content; a
change of either asks anew. What is trusted stands in ``$XDG_STATE_HOME/sqsctl/trust``,
readable and writable by its owner only, or it is not believed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqsctl import private_files
from sqsctl.aws.lab_state import state_home
from sqsctl.errors import RefusedError, SqsctlError

TRUST = "sqsctl config trust"
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class TrustedFile:
    """A settings file as it was when it was trusted."""

    file: str
    sha256: str
    at: str


class UntrustedFileError(RefusedError):
    """A settings file chooses where real credentials go, and nobody said that it may."""

    def __init__(self, file: Path, sha256: str, chosen: Mapping[str, str]) -> None:
        said = ", ".join(f"{key} = {value}" for key, value in chosen.items())
        options = " ".join(f"--{key.replace('_', '-')}" for key in chosen)
        super().__init__(
            f"{file} chooses where credentials go ({said}), and is not trusted",
            hint=f"once you have read it: {TRUST}; or name it yourself: {options}",
            code="settings_untrusted",
        )
        self.file = file
        self.sha256 = sha256
        self.chosen = chosen


def trusted() -> tuple[TrustedFile, ...]:
    """Everything that is trusted; nothing where the list cannot be believed."""
    try:
        document = json.loads(private_files.read_own(_store(), _MOST_BYTES))
        return tuple(TrustedFile(**each) for each in document)
    except (OSError, ValueError, TypeError, RecursionError):
        return ()


def trusts(file: Path, sha256: str) -> bool:
    """Whether this file is trusted with this content."""
    return any(each.file == str(_place(file)) and each.sha256 == sha256 for each in trusted())


def trust(file: Path, sha256: str) -> None:
    """From now on, this file with this content. Raises SqsctlError where it cannot be kept."""
    kept = [each for each in trusted() if each.file != str(_place(file))]
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _write([*kept, TrustedFile(str(_place(file)), sha256, at)])


def take_back(file: Path) -> bool:
    """From now on, no more. False if it was not trusted."""
    every = trusted()
    kept = [each for each in every if each.file != str(_place(file))]
    if len(kept) == len(every):
        return False
    _write(kept)
    return True


def _write(entries: list[TrustedFile]) -> None:
    store = _store()
    try:
        private_files.own_folder(store.parent)
        private_files.write(store, json.dumps([asdict(each) for each in entries], indent=1) + "\n")
    except OSError as error:
        raise SqsctlError(f"cannot write {store}: {error.strerror or error}") from error


def _store() -> Path:
    return state_home() / "trust" / "files.json"


def _place(file: Path) -> Path:
    with contextlib.suppress(OSError, RuntimeError):
        return file.resolve()
    return file.absolute()
