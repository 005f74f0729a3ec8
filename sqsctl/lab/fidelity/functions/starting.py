"""How the process of an execution environment is started.

A Python runtime is a fork of a process that has loaded what AWS bundles, where that makes
no difference to the function: none of its own files has the name of a module that is loaded
already. Everything else, and everything on another system than Linux, is started by itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sqsctl.lab.fidelity.functions import deployment as deployed
from sqsctl.lab.settings import MARK

_LOADING_S = 30.0
_ANSWER_S = 10.0
_MESSAGE = 1 << 20
_LOST = -9


class Process(Protocol):
    """What a sandbox needs of a process; the meaning is that of ``subprocess.Popen``."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...


def started(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, fds: Sequence[int]
) -> Process:
    """The process of an environment. ``fds``: its control, telemetry and output."""
    if "PYTHONPATH" in environment and prepared.fits(environment):
        fork = prepared.forked(environment, folder, fds)
        if fork:
            return fork
    control, telemetry, out = fds
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        cwd=folder,
        env={
            **environment,
            "_SQSCTL_CONTROL_FD": str(control),
            "_LAMBDA_TELEMETRY_LOG_FD": str(telemetry),
        },
        pass_fds=(control, telemetry),
        process_group=0,
    )


class Fork:
    """A fork, known by its pid and by the pipe that says how it ended."""

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        return self._look(0.0)

    def wait(self) -> int:
        code = self._look(None)
        assert code is not None  # noqa: S101 - it waited
        return code

    def _look(self, seconds: float | None) -> int | None:
        with self._lock:
            if self.returncode is None and _readable(self._status, seconds):
                said = os.read(self._status, 4)
                os.close(self._status)
                # Without a word: whoever would have said it was killed with all the others.
                self.returncode = int.from_bytes(said, "big", signed=True) if said else _LOST
            return self.returncode


def _readable(fd: int, seconds: float | None) -> bool:
    """Whether it can be read within this time; descriptors may be more than ``select`` takes."""
    waiting = select.poll()
    waiting.register(fd, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else seconds * 1000))


class Prepared:
    """The process that is forked. Thread-safe; started by ``begin``, or with the first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._answering: socket.socket | None = None  # until it has said what it loaded
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Start it, and let it load while this process does something else."""
        with self._lock:
            if sys.platform.startswith("linux") and self._process is None:
                self._spawn()

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Whether a function with this environment sees no difference."""
        linker = {key for key in environment if key.startswith("LD_")}
        if any(environment[key] != os.environ.get(key) for key in linker):
            return False
        with self._lock:
            if not self._running():
                return False
            loaded = self._loaded
        paths = (environment["LAMBDA_TASK_ROOT"], *environment["PYTHONPATH"].split(os.pathsep))
        return not any(
            entry.name.partition(".")[0] in loaded
            for folder in map(Path, paths)
            if folder != deployed.bundle() and folder.is_dir()
            for entry in folder.iterdir()
        )

    def forked(
        self, environment: Mapping[str, str], folder: Path, fds: Sequence[int]
    ) -> Fork | None:
        """A fork; None where there is none to be had."""
        order = json.dumps({"environment": dict(environment), "folder": str(folder)}).encode()
        status, theirs = os.pipe()
        said = b""
        with contextlib.suppress(OSError):
            try:
                with self._lock:
                    if self._control:
                        socket.send_fds(self._control, [order], [*fds, theirs])
            finally:
                os.close(theirs)
            if _readable(status, _ANSWER_S):
                said = os.read(status, 8)
        if len(said) == 8:
            return Fork(int.from_bytes(said, "big"), status)
        os.close(status)
        return None

    def close(self) -> None:
        """End it."""
        with self._lock:
            if self._control:
                self._control.close()
                self._control = None
            if self._answering:
                self._answering.close()
                self._answering = None
            if self._process:
                self._process.kill()
                self._process.wait()
                self._process = None

    def _running(self) -> bool:
        """Whether it is there, with what it has loaded; started where it is not."""
        if not sys.platform.startswith("linux"):
            return False
        if self._process is None or self._process.poll() is not None:
            self._spawn()
        if self._control is not None:
            return True
        ours = self._answering
        if ours is None:
            return False
        try:
            self._loaded = frozenset(json.loads(ours.recv(_MESSAGE)))
        except (OSError, ValueError):
            ours.close()
            self._answering = None
            return False
        self._control, self._answering = ours, None
        return True

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept = {"PATH", "LD_LIBRARY_PATH", MARK} & os.environ.keys()
        if self._answering is not None:
            self._answering.close()
        self._control = None
        self._process = subprocess.Popen(
            [*deployed.prepared_command(), str(theirs.fileno()), str(deployed.bundle())],
            stdin=subprocess.DEVNULL,
            env={key: os.environ[key] for key in kept} | {"TZ": ":UTC", "LANG": "en_US.UTF-8"},
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        ours.settimeout(_LOADING_S)
        self._answering = ours


prepared = Prepared()
