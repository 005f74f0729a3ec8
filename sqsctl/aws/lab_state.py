"""Labs as the rest of the program sees them: a state file that names an endpoint.

The lab writes the file (``lab.server``), this reads it. It lies in the user's state
folder (``$XDG_STATE_HOME/sqsctl/labs/NAME.json``, else ``~/.local/state``; on
Windows ``%LOCALAPPDATA%``). It holds the lab's own key pair, without which the lab answers
nothing: a file of another user, or one that others may read or change, is not believed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqsctl import private_files
from sqsctl.aws.session import Credentials

DEFAULT_LAB = "default"
CALL_HEADER = "X-Sqsctl-Lab"
MAX_STATE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class LabState:
    """A lab as its state file has it.

    ``pid`` is the server's process, which leads a session of its own;
    ``process_started`` tells it from a later process with the same number.
    ``folder`` is the lab's own temporary folder, ``log`` its server's log. The keys are
    made for this lab when it starts.
    """

    name: str
    pid: int
    process_started: str
    port: int
    endpoint: str
    region: str
    account: str
    stack: str
    folder: str
    log: str
    started_at: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    runtime: str = "python"
    time_scale: float = 6.0
    notice: str = ""

    @property
    def credentials(self) -> Credentials:
        """The lab's own keys: the root of its one account."""
        return Credentials(self.access_key_id, self.secret_access_key)

    @property
    def call_headers(self) -> Mapping[str, str]:
        """What a plain HTTP request to an API or function URL on the lab carries besides."""
        return {CALL_HEADER: call_key(self.secret_access_key)}


def call_key(secret_access_key: str) -> str:
    """The proof of a plain HTTP request, derived: it calls APIs and signs nothing."""
    return hmac.new(secret_access_key.encode(), b"call", hashlib.sha256).hexdigest()


def state_home() -> Path:
    """The user's state folder for sqsctl: labs, journals, caches."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "sqsctl"


def state_file(name: str = DEFAULT_LAB) -> Path:
    return state_home() / "labs" / f"{name}.json"


def read_state(name: str = DEFAULT_LAB) -> LabState | None:
    """The state file of a lab, whether or not its process lives; None without one.

    A file that is torn, from another version, or not this user's alone counts as none.
    """
    return _read(state_file(name))[0]


def disbelieved(name: str = DEFAULT_LAB) -> str:
    """Why a lab's state file is not believed; empty where there is none, or it is fine."""
    return _read(state_file(name))[1]


def write_state(state: LabState) -> None:
    """Write a lab's state file in one step, readable by its owner only. Raises OSError."""
    path = state_file(state.name)
    private_files.own_folder(path.parent)
    private_files.write(path, json.dumps(asdict(state), indent=1) + "\n")


def _read(path: Path) -> tuple[LabState | None, str]:
    try:
        raw = private_files.read_own(path, MAX_STATE_BYTES)
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror}" if error.errno else str(error)
    try:
        return LabState(**json.loads(raw)), ""
    except (ValueError, TypeError, RecursionError):
        return None, f"{path} is torn, or of another version of sqsctl"


def process_started(pid: int) -> str:
    """A mark that tells a process from a later one with its number; empty where unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    # Field 22, counted after the command name, which may itself hold spaces.
    return stat.rpartition(")")[2].split()[19]


def alive(state: LabState) -> bool:
    """Whether the lab's server process still runs (a zombie does not)."""
    try:
        os.kill(state.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    if not state.process_started:
        return True
    try:
        stat = Path(f"/proc/{state.pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    fields = stat.rpartition(")")[2].split()
    return fields[0] != "Z" and fields[19] == state.process_started


def running_lab(name: str = DEFAULT_LAB) -> LabState | None:
    """The lab, if its server process is there."""
    state = read_state(name)
    return state if state and alive(state) else None
