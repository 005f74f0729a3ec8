"""What a lab is made of besides its process: names, folders, ports, environment.

A lab's environment is an allow-list. Nothing of the caller's AWS configuration reaches
the server or a function in it, so no real credential can be read, used or logged there.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import ipaddress
import os
import re
import secrets
import shlex
import shutil
import socket
import sys
from pathlib import Path

from sqsctl.aws.lab_state import state_home
from sqsctl.aws.session import Credentials
from sqsctl.errors import Exit, SqsctlError, UsageError

HOST = "127.0.0.1"
ACCOUNT = "000000000000"
REGION = "ap-northeast-2"
STACK = "tutorial-step-2-dev"
MARK = "SQSCTL_LAB_FOLDER"
KEY_PREFIX = "LAB"  # no key of AWS's begins like that

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

# Needed to run at all, or chosen by the user for Docker; nothing that names AWS.
_PASSED = (
    "PATH",
    "PYTHONPATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
)
_PASSED_FOR_DOCKER = (
    "LAMBDA_EXECUTOR",
    "LAMBDA_REMOTE_DOCKER_VOLUME_MOUNT",
    "LAMBDA_DOCKER_NETWORK",
    "LAMBDA_DOCKER_FLAGS",
    "DOCKER_HOST",
    "DOCKER_NETWORK",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
)


def checked_name(name: str) -> str:
    """The name, if it may become part of a path. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a lab",
            hint="use 1 to 32 lower-case letters, digits and hyphens, starting with a letter "
            "or a digit",
        )
    return name


def checked_host(host: str) -> str:
    """The host, if it is this machine's loopback address. Raises UsageError."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise UsageError(
            f"the lab listens on loopback only, not on {host!r}",
            hint=f"leave the host out, it is {HOST}",
        )
    return host


def folder(name: str) -> Path:
    """The lab's own folder: its log, its temporary files, its functions' code."""
    return state_home() / "labs" / f"{checked_name(name)}.d"


def lock_file(name: str) -> Path:
    return state_home() / "labs" / f"{checked_name(name)}.lock"


def deploy_lock_file(name: str) -> Path:
    return state_home() / "labs" / f"{checked_name(name)}.deploy.lock"


def port_file(name: str) -> Path:
    return state_home() / "labs" / f"{checked_name(name)}.port"


def listen(name: str, port: int | None) -> socket.socket:
    """A listening loopback socket: the port asked for, else the lab's last one, else any.

    The server inherits it, so nobody can take the port between the choice and the start.
    Raises UsageError where the port asked for is taken or impossible.
    """
    if port is not None:
        if not 1 <= port <= 65_535:
            raise UsageError(f"{port} is no port number", hint="use 1024 to 65535")
        try:
            return _bound(port)
        except OSError as error:
            raise UsageError(
                f"port {port} on {HOST} is not free: {error.strerror or error}",
                hint="choose another one: `again --port PORT`",
            ) from error
    last = _last_port(name)
    if last:
        try:
            return _bound(last)
        except OSError:
            pass  # somebody else has it now
    return _bound(0)


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


def _last_port(name: str) -> int:
    try:
        port = int(port_file(name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
    return port if 1 <= port <= 65_535 else 0


def chosen_runtime(runtime: str) -> tuple[str, str]:
    """The runtime that the lab's functions get, and a notice where it is not the one asked for."""
    if runtime not in {"python", "nodejs"}:
        raise UsageError(f"{runtime!r} is no runtime of the lab", hint="use python or nodejs")
    if runtime == "nodejs" and shutil.which("node") is None:
        return "python", "node is not on the PATH: the Python functions serve instead"
    return runtime, ""


def require_emulator() -> None:
    """Raise SqsctlError (exit 2) where the lab's extra is not installed."""
    if importlib.util.find_spec("ministack") is None:
        raise SqsctlError(
            "the lab needs the extra: pip install 'sqsctl[lab]'",
            hint=f"into this very installation: {_install_line()}"
            "; or work on a deployed stack: --profile, --region",
            exit=Exit.USAGE,
            code="lab_extra_missing",
        )


def _install_line() -> str:
    """The command that brings the extra's packages to the Python that runs this."""
    wanted = []
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for line in importlib.metadata.requires("sqsctl") or ():
            package, _, marker = line.partition(";")
            if re.search(r"""\bextra *== *['"]lab['"]""", marker):
                wanted.append(package.strip())
    return shlex.join([sys.executable, "-m", "pip", "install", *(wanted or ["ministack"])])


def new_credentials() -> Credentials:
    """A key pair for one lab, for as long as it runs."""
    return Credentials(f"{KEY_PREFIX}{secrets.token_hex(9).upper()}", secrets.token_urlsafe(32))


def environment(
    lab_folder: Path, port: int, region: str, credentials: Credentials
) -> dict[str, str]:
    """Everything that the server's process sees of the outside."""
    passed = {key: os.environ[key] for key in _PASSED if key in os.environ}
    if "PYTHONPATH" in passed:
        # The server runs in a folder of its own.
        passed["PYTHONPATH"] = os.pathsep.join(
            str(Path(each).absolute()) for each in passed["PYTHONPATH"].split(os.pathsep) if each
        )
    docker = os.environ.get("LAMBDA_EXECUTOR", "").lower() == "docker"
    if docker:
        passed |= {key: os.environ[key] for key in _PASSED_FOR_DOCKER if key in os.environ}
    else:
        # The emulator looks for containers to sweep wherever it finds a daemon.
        passed["DOCKER_HOST"] = f"unix://{lab_folder}/no-docker.sock"
    return passed | {
        MARK: str(lab_folder),
        "HOME": str(lab_folder),
        "TMPDIR": str(lab_folder / "tmp"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1" if sys.flags.dont_write_bytecode else "",
        "MALLOC_ARENA_MAX": "2",  # many short threads: keeps glibc from hoarding an arena each
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "STATE_DIR": str(lab_folder / "tmp" / "state"),
        "S3_DATA_DIR": str(lab_folder / "tmp" / "s3"),
        "LOG_LEVEL": "ERROR",
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
