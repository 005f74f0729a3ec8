"""Python functions are forks of a process that has the SDK loaded; they do not notice."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.lab.fidelity.functions import starting
from tests.lab.conftest import Functions, until

pytestmark = pytest.mark.lab

# What a function can see of where it runs.
LOOK = """
import logging, os, signal, sys, threading, time
def handler(event, context):
    main = sys.modules["__main__"]
    return {
        "arguments": sys.argv,
        "main": [main.__name__, main.__file__, sorted(vars(main))],
        "path": [each for each in sys.path],
        "environment": sorted(os.environ),
        "folder": os.getcwd(),
        "leads": os.getpgid(0) == os.getpid(),
        "session": os.getsid(0),
        "signals": [str(signal.getsignal(each)) for each in (2, 15, 17)],
        "wakes": signal.set_wakeup_fd(-1),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "zone": time.tzname,
        "handlers": [type(each).__name__ for each in logging.getLogger().handlers],
        "levels": logging.getLogger().level,
        "flags": str(sys.flags),
        "umask": os.umask(0o22),
        "encodings": [sys.stdout.encoding, sys.getfilesystemencoding()],
        "started": open("/proc/self/cmdline").read().split("\\0")[3].rpartition("/")[2],
    }
"""


def plain(code: str) -> dict[str, str]:
    """With a file of a standard module's name, which keeps it from being forked."""
    return {"index.py": code, "calendar.py": "own = True\n"}


def seen(functions: Functions, code: str | dict[str, str], **settings: Any) -> dict[str, Any]:
    shown = functions.run(code, **settings)
    assert not shown.failed, shown.text
    assert isinstance(shown.payload, dict)
    return shown.payload


def test_a_fork_sees_what_a_process_of_its_own_sees(functions: Functions) -> None:
    variables = {"Environment": {"Variables": {"QUEUE_URL": "x", "PYTHONPATH": "/opt/mine"}}}
    forked = seen(functions, LOOK, **variables)
    alone = seen(functions, plain(LOOK), **variables)
    assert (forked.pop("started"), alone.pop("started")) == ("prepared.py", "bootstrap.py")
    for each in (forked, alone):
        task = each.pop("folder")
        each["path"] = [path.replace(task, "/var/task") for path in each["path"]]
        each["main"][2] = [name for name in each["main"][2] if not name.startswith("__")]
    assert forked == alone


def test_forks_have_chances_of_their_own(functions: Functions) -> None:
    name = functions.make("import random, uuid\nx = random.random(), str(uuid.uuid4())\n"
                          "def handler(e, c): return x")  # fmt: skip
    first = functions.call(name).payload
    functions.session.functions().update_function_configuration(FunctionName=name, MemorySize=256)
    functions.session.functions().get_waiter("function_updated").wait(FunctionName=name)
    second = functions.call(name).payload
    assert not set(first) & set(second)


@pytest.mark.parametrize("module", ["calendar", "boto3", "urllib3", "jmespath"])
def test_a_module_of_ones_own_is_the_one_that_is_imported(
    functions: Functions, module: str
) -> None:
    code = f"import {module}\ndef handler(e, c): return {module}.own"
    for file in (f"{module}.py", f"{module}/__init__.py"):
        shown = functions.run({"index.py": code, file: "own = 'mine'\n"})
        assert shown.payload == "mine", shown.text


def test_the_sdk_is_there_and_calls_with_the_roles_own_credentials(functions: Functions) -> None:
    code = """
import boto3, os
def handler(e, c):
    client = boto3.client("sts")
    keys = client._request_signer._credentials
    return [keys.access_key == os.environ["AWS_ACCESS_KEY_ID"], client.meta.region_name]
"""
    assert functions.run(code).payload == [True, "ap-northeast-2"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os\ndef handler(e, c): os._exit(7)", "exit status 7"),
        ("import os\ndef handler(e, c): os.kill(os.getpid(), 9)", "signal: killed"),
        ("import os\ndef handler(e, c): os.abort()", "signal: aborted"),
    ],
)
def test_how_a_fork_ended_is_known(functions: Functions, code: str, said: str) -> None:
    assert f"Runtime exited with error: {said}" in functions.run(code).text


def test_when_the_prepared_process_is_gone_another_one_is_made(
    functions: Functions, lab_state: LabState
) -> None:
    name = functions.make("import os\ndef handler(e, c): return os.getppid()")
    parent = functions.call(name).payload
    os.kill(parent, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{parent}/cmdline").exists() or not _command(parent))
    again = functions.call(name)
    assert not again.failed, again.text
    assert b"prepared.py" in _command(again.payload)


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_where_nothing_can_be_forked_a_process_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order that is too large for a message, and a system that has no such sockets."""
    # The links to the SDK lie in the temporary folder, which a lab has for itself.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lab = starting.Prepared()
    environment = {"LAMBDA_TASK_ROOT": str(tmp_path / "task"), "PYTHONPATH": ""}
    try:
        assert lab.fits(environment)
        assert not lab.fits({**environment, "LD_PRELOAD": "own.so"})
        fds = os.pipe()
        assert lab.forked(environment | {"X": "x" * 2_000_000}, tmp_path, (*fds, fds[1])) is None
        for fd in fds:
            os.close(fd)
    finally:
        lab.close()
    monkeypatch.setattr("sys.platform", "darwin")
    assert not starting.Prepared().fits(environment)
