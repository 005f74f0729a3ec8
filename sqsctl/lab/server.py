"""Start, stop, look at and empty a lab.

A lab is one process in a session of its own, listening on 127.0.0.1, with a key pair
of its own. ``start`` and ``stop`` may be called twice, from two processes at once,
and after any crash: a lock file serialises them, and what a dead lab left behind is
cleared away. The rest of the program finds a lab by its state file (``aws.labs``).
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqsctl import private_files
from sqsctl.aws.lab_calls import signed_headers
from sqsctl.aws.lab_state import (
    DEFAULT_LAB,
    LabState,
    alive,
    disbelieved,
    process_started,
    read_state,
    state_file,
    write_state,
)
from sqsctl.aws.session import Credentials
from sqsctl.errors import Exit, NotFoundError, SqsctlError, UsageError
from sqsctl.lab import processes, settings

READY_DEADLINE_S = 20.0
ANSWER_TIMEOUT_S = 3.0
WARMING_S = 2.5
_HEALTH = "/_ministack/health"
_RESET = "/_ministack/reset"
_WARM = "/_sqsctl/warm"
_TYPES = "/_sqsctl/resource-types"

Condition = Literal["running", "stopped", "crashed", "unresponsive"]


@dataclass(frozen=True, slots=True)
class LabStatus:
    """How a lab is. ``message`` says it in one line; ``lab`` is None where it never ran.

    ``memory_mb`` is the server's resident memory, ``processes`` counts the server, its
    functions' environments, and the process that those of Python are forked from.
    """

    name: str
    condition: Condition
    message: str
    lab: LabState | None = None
    memory_mb: int | None = None
    processes: int = 0


def start(
    name: str = DEFAULT_LAB,
    port: int | None = None,
    time_scale: float = 6.0,
    runtime: str = "python",
    region: str = settings.REGION,
    *,
    host: str = settings.HOST,
    meanwhile: Callable[[], object] = lambda: None,
) -> LabState:
    """Start a lab, or return the one that runs. It is empty and answers when this returns.

    ``meanwhile`` is called while its server loads: what takes time and needs no lab.

    Raises UsageError for what cannot be, SqsctlError with the end of the server's log
    where it would not start.
    """
    settings.checked_name(name)
    settings.checked_host(host)
    settings.require_emulator()
    if not (math.isfinite(time_scale) and time_scale > 0):
        raise UsageError(f"a time scale of {time_scale} is impossible", hint="6 is the default")
    with _locked(name):
        state = read_state(name)
        if state and alive(state) and _asked(state, _HEALTH) is not None:
            return state
        state = state or _orphan(name)
        if state:
            _clear(state)
        return _launch(name, port, time_scale, runtime, region, meanwhile)


@contextlib.contextmanager
def deploying(name: str = DEFAULT_LAB) -> Iterator[None]:
    """While inside, no other process deploys to this lab: CloudFormation would refuse one."""
    with _holding(settings.deploy_lock_file(name)):
        yield


def stop(name: str = DEFAULT_LAB) -> bool:
    """End a lab and everything it started, and remove its files. False if there was none."""
    settings.checked_name(name)
    left = (state_file(name), settings.folder(name), settings.lock_file(name))
    if not any(path.exists() for path in left):
        return False
    with _locked(name):
        state = read_state(name) or _orphan(name)
        if state is not None:
            _clear(state)
        settings.deploy_lock_file(name).unlink(missing_ok=True)
        settings.lock_file(name).unlink(missing_ok=True)  # whoever waits for it notices
        return state is not None


def status(name: str = DEFAULT_LAB) -> LabStatus:
    """How the lab is, with a line that says what to do."""
    settings.checked_name(name)
    state = read_state(name)
    if state is None:
        why = disbelieved(name)
        said = f"{why}, and is not believed" if why else f"lab {name} is not running"
        return LabStatus(name, "stopped", f"{said}: `sqsctl lab up` starts it")
    if not alive(state):
        reason = _tail(Path(state.log), 1)[:300]
        return LabStatus(
            name,
            "crashed",
            f"lab {name}: its server (pid {state.pid}) is gone without having been stopped"
            + (f"; its log ends with: {reason}" if reason else "")
            + "; `sqsctl lab up` starts it anew, sqsctl lab down clears it away",
            state,
            processes=len(processes.members(state)),
        )
    memory = processes.memory_mb(state.pid)
    count = len(processes.members(state))
    if _asked(state, _HEALTH) is None:
        return LabStatus(
            name,
            "unresponsive",
            f"lab {name}: its server (pid {state.pid}) runs, but {state.endpoint} does not "
            f"answer; sqsctl lab down, then sqsctl lab up",
            state,
            memory,
            count,
        )
    return LabStatus(name, "running", f"lab {name} is at {state.endpoint}", state, memory, count)


def reset(name: str = DEFAULT_LAB) -> LabState:
    """Empty a running lab: every resource, log and incident is gone, the server stays.

    Raises NotFoundError where no lab runs.
    """
    settings.checked_name(name)
    with _locked(name):
        state = read_state(name)
        if state is None or not alive(state):
            raise NotFoundError(
                f"lab {name} is not running",
                hint="`sqsctl lab up` starts it",
                code="lab_not_running",
            )
        if _asked(state, _RESET, method="POST", timeout=30.0) is None:
            raise SqsctlError(
                f"lab {name} did not let itself be emptied",
                hint="`sqsctl lab down`, then `sqsctl lab up`",
                exit=Exit.UNAVAILABLE,
            )
        (Path(state.folder) / "incidents.json").unlink(missing_ok=True)
        return adopt(state, settings.STACK)


def warm(state: LabState, functions: Sequence[str], seconds: float = WARMING_S) -> tuple[str, ...]:
    """Initialise an environment of each function, so that its first request need not wait.

    Returns those that have one within the time; on a busy machine the others go on meanwhile.
    """
    asked = json.dumps({"functions": list(functions)}).encode()
    answer = _asked(state, _WARM, method="POST", body=asked, timeout=seconds)
    return tuple((answer or {}).get("warm", ()))  # warm or not, it works


def resource_types(state: LabState) -> frozenset[str]:
    """The types of resources that the emulator's CloudFormation makes."""
    answer = _asked(state, _TYPES)
    if answer is None or "types" not in answer:
        raise SqsctlError(
            f"lab {state.name} does not say what it can deploy",
            hint="`sqsctl lab down`, then `sqsctl lab up`",
            exit=Exit.UNAVAILABLE,
        )
    return frozenset(answer["types"])


def adopt(state: LabState, stack: str) -> LabState:
    """From now on the lab's own stack, which commands work on by themselves, is this one."""
    adopted = replace(state, stack=stack)
    write_state(adopted)
    return adopted


def _launch(
    name: str,
    port: int | None,
    time_scale: float,
    runtime: str,
    region: str,
    meanwhile: Callable[[], object],
) -> LabState:
    runtime, notice = settings.chosen_runtime(runtime)
    credentials = settings.new_credentials()
    folder = settings.folder(name)
    log = folder / "server.log"
    # First the port: where it is taken, nothing is left behind.
    with settings.listen(name, port) as listener:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        (folder / "tmp").mkdir()
        number = listener.getsockname()[1]
        process = _spawn(listener, folder, log, region, time_scale, credentials, runtime)
    state = LabState(
        name=name,
        pid=process.pid,
        process_started=process_started(process.pid),
        port=number,
        endpoint=f"http://{settings.HOST}:{number}",
        region=region,
        account=settings.ACCOUNT,
        stack=settings.STACK,
        folder=str(folder),
        log=str(log),
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        access_key_id=credentials.access_key_id,
        secret_access_key=credentials.secret_access_key,
        runtime=runtime,
        time_scale=time_scale,
        notice=notice,
    )
    # Written before the server is ready: whoever interrupts now can still be cleaned up after.
    write_state(state)
    try:
        meanwhile()
        _wait_ready(process, state)
    except BaseException:
        _clear(state)
        raise
    finally:
        # The server outlives this process: nothing here waits for it but processes.reap.
        process.returncode = 0
    private_files.write(settings.port_file(name), f"{number}\n", sync=False)
    return state


def _spawn(
    listener: socket.socket,
    folder: Path,
    log: Path,
    region: str,
    time_scale: float,
    credentials: Credentials,
    runtime: str,
) -> subprocess.Popen[bytes]:
    fd = listener.fileno()
    port = listener.getsockname()[1]
    with os.fdopen(private_files.create(log), "wb") as output:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sqsctl.lab.serve",
                f"--fd={fd}",
                f"--port={port}",
                f"--time-scale={time_scale!r}",
                *(["--python"] if runtime == "python" else []),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=settings.environment(folder, port, region, credentials),
            pass_fds=(fd,),
            start_new_session=True,
        )


def _wait_ready(process: subprocess.Popen[bytes], state: LabState) -> None:
    deadline = time.monotonic() + READY_DEADLINE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SqsctlError(
                f"the lab's server ended at once, with exit code {process.returncode}",
                hint=_tail(Path(state.log)) or "its log is empty",
                code="lab_start_failed",
            )
        if _asked(state, _HEALTH, timeout=1.0) is not None:
            return
        time.sleep(0.02)
    raise SqsctlError(
        f"the lab's server did not answer within {READY_DEADLINE_S:.0f} s",
        hint=_tail(Path(state.log)) or "its log is empty",
        exit=Exit.UNAVAILABLE,
        code="lab_start_failed",
    )


def _clear(state: LabState) -> None:
    processes.end(state)
    shutil.rmtree(state.folder, ignore_errors=True)
    state_file(state.name).unlink(missing_ok=True)


def _orphan(name: str) -> LabState | None:
    """What is left where the state file is gone or torn: a folder, and processes marked by it."""
    folder = settings.folder(name)
    if not folder.exists():
        state_file(name).unlink(missing_ok=True)
        return None
    return LabState(
        name=name,
        pid=0,
        process_started="gone",
        port=0,
        endpoint="",
        region="",
        account="",
        stack="",
        folder=str(folder),
        log=str(folder / "server.log"),
        started_at="",
        access_key_id="",
        secret_access_key="",
    )


def _asked(
    state: LabState,
    path: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    timeout: float = ANSWER_TIMEOUT_S,
) -> dict[str, Any] | None:
    """What one of the lab's own routes answers; None where it does not, or refuses."""
    connection = http.client.HTTPConnection(settings.HOST, state.port, timeout=timeout)
    try:
        connection.request(method, path, body, signed_headers(state, method, path, body))
        response = connection.getresponse()
        found = json.loads(response.read())
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        return None
    else:
        return found if response.status == 200 and isinstance(found, dict) else None
    finally:
        connection.close()


def _tail(log: Path, lines: int = 12) -> str:
    try:
        text = log.read_bytes()[-16_384:].decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-lines:])


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    path = settings.lock_file(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _holding(path):
        yield


@contextlib.contextmanager
def _holding(path: Path) -> Iterator[None]:
    """While inside, nobody else holds this lock file; it may be removed while it is held."""
    while True:
        handle = private_files.shared(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Removed by its last holder meanwhile: this lock is no longer the one others see.
            try:
                current = path.stat()
            except FileNotFoundError:
                continue
            if os.path.samestat(current, os.fstat(handle)):
                yield
                return
        finally:
            os.close(handle)
