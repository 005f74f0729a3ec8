"""A Python process that has loaded what AWS bundles, and forks execution environments.

Loading the SDK is nine tenths of the work of a cold start; a fork has it already. Runs by
itself, as ``python -I -S prepared.py SOCKET BUNDLE``: SOCKET is an inherited socket of
messages, BUNDLE the folder with what AWS bundles. It first says which modules it has loaded,
as JSON. Each message then is ``{"environment": …, "folder": …}`` with four descriptors: the
control socket, the telemetry pipe, the output and the status pipe. Into the last goes the
pid (8 bytes), and at the end the exit code (4 bytes, negative for a signal). In the fork the
runtime (bootstrap.py) runs as if it had been started by itself. Ends when SOCKET closes.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
import types
from pathlib import Path
from typing import Any

LIMIT = 1 << 20


def main() -> None:
    """Serve until the lab ends; returns in each fork, which is to become a runtime."""
    control = socket.socket(fileno=int(sys.argv[1]))
    load(sys.argv[2])
    control.send(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode())
    awake, wake = os.pipe()
    os.set_blocking(awake, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(awake, selectors.EVENT_READ)
    statuses: dict[int, int] = {}
    while True:
        ready = {key.fileobj for key, _ in selector.select()}
        if awake in ready:
            os.read(awake, 65_536)
            collect(statuses)
        if control not in ready:
            continue
        message, fds, _, _ = socket.recv_fds(control, LIMIT, 4)
        if not message:
            os._exit(0)
        pid = os.fork()
        if pid:
            for fd in fds[:3]:
                os.close(fd)
            # Here as well as in the fork: whoever reads the pid may end the group at once.
            os.setpgid(pid, pid)
            statuses[pid] = fds[3]
            os.write(fds[3], pid.to_bytes(8, "big"))
            continue
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        selector.close()
        control.close()
        for fd in (awake, wake, fds[3], *statuses.values()):
            os.close(fd)
        become(json.loads(message), *fds[:3])
        return


def load(bundle: str) -> None:
    """Import the SDK, and make a client: the first one loads modules of its own."""
    sys.path.insert(0, bundle)
    import boto3  # noqa: F401 - for the forks
    import botocore.session

    botocore.session.Session().create_client(
        "sqs",
        "us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )
    sys.path.remove(bundle)
    gc.collect()
    gc.freeze()


def collect(statuses: dict[int, int]) -> None:
    """Pass on how forks ended."""
    while statuses:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        fd = statuses.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # the lab has let go of it
            os.write(fd, os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
        os.close(fd)


def become(order: dict[str, Any], control: int, telemetry: int, out: int) -> None:
    """Take on what the environment is to be."""
    with contextlib.suppress(PermissionError):  # it is done
        os.setpgid(0, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    os.chdir(order["folder"])
    # Python itself sets this where there is no locale of LANG's name, and set it here as well.
    locale = {"LC_CTYPE": os.environ["LC_CTYPE"]} if "LC_CTYPE" in os.environ else {}
    os.environ.clear()
    os.environ.update(locale | order["environment"])
    os.environ["_SQSCTL_CONTROL_FD"] = str(control)
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(telemetry)
    time.tzset()


if __name__ == "__main__":
    runtime = Path(__file__).resolve().with_name("bootstrap.py")
    code = compile(runtime.read_bytes(), runtime, "exec")
    main()
    sys.argv = [str(runtime)]
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = str(runtime)
    exec(code, vars(module))  # noqa: S102 - the lab's own file
