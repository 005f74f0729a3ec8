"""The processes of a lab: which there are, and how all of them end.

A lab's server leads a session of its own; its functions' processes belong to that
session and carry the lab's folder in their environment. Either mark finds them, also
after the server itself was killed. Where there is no /proc (macOS) the process groups
are asked by signal alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from sqsctl.aws.lab_state import LabState, alive
from sqsctl.lab.settings import MARK

KILL_S = 2.0

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    session: int
    zombie: bool


def members(state: LabState) -> tuple[int, ...]:
    """The pids of a lab's processes that still run: its server and its functions."""
    if not _PROC.is_dir():
        return (state.pid,) if alive(state) else ()
    processes = [each for each in _processes() if not each.zombie and each.pid != os.getpid()]
    in_session = [each.pid for each in processes if each.session == state.pid]
    marked = {each.pid for each in processes if _marked(each.pid, state.folder)}
    # The kernel gives a session's number to nobody else while one member lives, so one
    # proven member proves the session; a new process with the server's old pid does not.
    proven = alive(state) or any(pid in marked for pid in in_session)
    return tuple(sorted({*(in_session if proven else ()), *marked}))


def memory_mb(pid: int) -> int | None:
    """Resident memory of a process in MB, None where it cannot be read."""
    try:
        pages = int((_PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") // (1024 * 1024)


def end(state: LabState, *, grace_s: float = 5.0) -> bool:
    """End every process of a lab: ask the server, wait, then kill what is left.

    True if there was anything to end. Returns once all are gone, or KILL_S later with
    those that the kernel would not let go.
    """
    found = members(state)
    if alive(state):
        _signal(state.pid, signal.SIGTERM)
        _wait(state, grace_s)
    deadline = time.monotonic() + KILL_S
    while left := members(state):
        for pid in left:
            _signal(pid, signal.SIGKILL)
        if not _PROC.is_dir():
            _signal_group(state.pid)
        reap(state.pid)
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    # The main thread of a process can be a zombie while its other threads still hold the port.
    while not _gone(state.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(found)


def reap(pid: int) -> None:
    """Collect the server where it was started by this very process; else init does."""
    with contextlib.suppress(OSError):  # not our child
        os.waitpid(pid, os.WNOHANG)


def _gone(pid: int) -> bool:
    reap(pid)
    threads = _PROC / str(pid) / "task"
    try:
        return len(list(threads.iterdir())) <= 1
    except OSError:
        return True


def _wait(state: LabState, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while alive(state) and time.monotonic() < deadline:
        reap(state.pid)
        time.sleep(0.02)


def _processes() -> list[_Process]:
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # ended meanwhile
        fields = stat.rpartition(")")[2].split()
        found.append(_Process(int(entry.name), int(fields[3]), fields[0] == "Z"))
    return found


def _marked(pid: int, folder: str) -> bool:
    try:
        environ = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False  # ended, or somebody else's
    return f"{MARK}={folder}".encode() in environ.split(b"\0")


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):  # ended meanwhile
        os.kill(pid, number)


def _signal_group(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
