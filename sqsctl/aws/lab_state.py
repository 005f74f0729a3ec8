"""Labs as the rest of the program sees them: a state file that names an endpoint.

The lab writes the file (``lab.server``), this reads it. It lies in the user's state
folder (``$XDG_STATE_HOME/sqsctl/labs/NAME.json``, else ``~/.local/state``; on
Windows ``%LOCALAPPDATA%``).
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from sqsctl.aws.session import Credentials

DEFAULT_LAB = "default"
CREDENTIALS = Credentials("test", "test")  # the lab's own root: dummies, known to everyone


@dataclass(frozen=True, slots=True)
class LabState:
    """A lab as its state file has it.

    ``pid`` is the server's process, which leads a session of its own;
    ``process_started`` tells it from a later process with the same number.
    ``folder`` is the lab's own temporary folder, ``log`` its server's log.
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
    runtime: str = "python"
    time_scale: float = 6.0
    notice: str = ""


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

    A file that is torn or from another version counts as none.
    """
    try:
        return LabState(**json.loads(state_file(name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_state(state: LabState) -> None:
    """Write a lab's state file in one step, readable by its owner only."""
    path = state_file(state.name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(asdict(state), indent=1) + "\n", encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(path)


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
