"""Names for shell completion: from code, or from a short-lived cache of what AWS answered.

A completion must never keep the shell waiting. What AWS knows comes from the cache; where
that is old, a process of its own renews it meanwhile, one at a time and for RENEWAL_S at
most, and the next key press has it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

FRESH_S = 60.0
RENEWAL_S = 20.0
MAX_CACHE_BYTES = 4_000_000
_NO_CHECKS = {"base", "explanations", "rank", "registry"}
_PLAIN = re.compile(r"[\w.@:/+=, -]+\Z")
_NAMING = ("--profile", "--region", "--endpoint-url")
_RENEWING: list[object] = []
_NAMED_BY = (
    "SQSCTL_",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "XDG_STATE_HOME",
)


def asked() -> bool:
    """Whether this run is to complete a line, not to carry it out."""
    return "_SQSCTL_COMPLETE" in os.environ


def line() -> list[str]:
    """The words of the line that is to be completed, as bash or the others hand them over."""
    return (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or "").split()


def checks(incomplete: str) -> list[str]:
    """Ids of checks: the names of their files, which is faster than asking fifty modules."""
    import pkgutil

    from sqsctl import checks as room

    names = [each.name for each in pkgutil.iter_modules(room.__path__) if not each.ispkg]
    return starting((each.replace("_", "-") for each in {*names} - _NO_CHECKS), incomplete)


def settings_keys(incomplete: str) -> list[str]:
    """What config set can set."""
    from sqsctl.operations.target.settings import KEYS

    return starting(KEYS, incomplete)


def profiles(incomplete: str) -> list[str]:
    """Names of AWS profiles, read without botocore."""
    import configparser

    place = os.environ.get("AWS_CONFIG_FILE") or str(Path.home() / ".aws" / "config")
    parser = configparser.RawConfigParser(strict=False)
    with contextlib.suppress(OSError, configparser.Error, UnicodeDecodeError):
        parser.read(place, encoding="utf-8")
    names = [each.removeprefix("profile ").strip() for each in parser.sections()]
    kept = [each for each in names if not each.startswith(("sso-session ", "services "))]
    return starting(kept, incomplete)


def policies(incomplete: str) -> list[str]:
    """Commands that there is a policy for, as one argument each."""
    from sqsctl.operations.access.permissions import commands

    return starting(commands(), incomplete)


def queues(incomplete: str) -> list[str]:
    """Names of the target's queues."""
    return starting(cached("queues"), incomplete)


def stacks(incomplete: str) -> list[str]:
    """Names of the target's stacks."""
    return starting(cached("stacks"), incomplete)


def functions(incomplete: str) -> list[str]:
    """Names of the target's functions."""
    return starting(cached("functions"), incomplete)


def cached(kind: str) -> list[str]:
    """What the cache holds; where it is old or empty, it is renewed in the background."""
    flags = flags_of(line())
    path = _file(kind, flags)
    names: list[str] = []
    fresh = False
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
        names = [each for each in json.loads(_read(path)) if isinstance(each, str)]
        fresh = time.time() - path.stat().st_mtime < FRESH_S
    if not fresh and _claimed(path):
        _start_renewal(kind, flags)
    return names


def _read(path: Path) -> str:
    """The text of a cache. Raises OSError or ValueError for what would keep the shell waiting."""
    # A pipe that nobody writes into would not even open otherwise.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_CACHE_BYTES:
            raise ValueError("no cache of names")
        return file.read(MAX_CACHE_BYTES).decode("utf-8")


def flags_of(words: list[str]) -> dict[str, str | bool]:
    """The options on a line that choose another target than the environment does."""
    found: dict[str, str | bool] = {}
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in _NAMING:
            following = words[place + 1] if place + 1 < len(words) else ""
            if given := value if equals else following:
                found[option.removeprefix("--").replace("-", "_")] = given
        elif word in {"--lab", "--no-lab"}:
            found["lab"] = word == "--lab"
    return found


def renew(kind: str, flags: dict[str, str | bool] | None = None) -> None:
    """Ask AWS and write the cache. Whatever goes wrong leaves it as it is."""
    from sqsctl.aws.functions import FunctionClient
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.cli.run.folder import working_folder
    from sqsctl.errors import SqsctlError
    from sqsctl.operations.stacks import discover
    from sqsctl.operations.target import settings, targeting

    lab = os.environ.get("SQSCTL_LAB_NAME") or "default"
    path = _file(kind, flags or {})
    try:
        with contextlib.suppress(SqsctlError, OSError):
            loaded = settings.load(flags or {}, os.environ, working_folder())
            session = targeting.resolve(loaded, lab_name=lab).session
            ask: dict[str, Callable[[], list[str]]] = {
                "queues": lambda: [each.name for each in QueueClient(session).every()],
                "stacks": lambda: [each.name for each in discover.stacks(session)],
                "functions": lambda: [each.name for each in FunctionClient(session).every()],
            }
            _write(path, ask[kind]())
    finally:
        with contextlib.suppress(OSError):
            _claim(path).unlink()


def renew_in_time(kind: str, flags: dict[str, str | bool]) -> None:
    """The process that renews: it ends after RENEWAL_S, whatever AWS does."""
    import threading

    end = threading.Timer(RENEWAL_S, os._exit, [1])
    end.daemon = True
    end.start()
    renew(kind, flags)


def _start_renewal(kind: str, flags: dict[str, str | bool]) -> None:
    import subprocess

    code = (
        f"from sqsctl.cli.run.completion import renew_in_time; renew_in_time({kind!r}, {flags!r})"
    )
    dropped = {"_SQSCTL_COMPLETE", "COMP_WORDS", "COMP_CWORD", "_TYPER_COMPLETE_ARGS"}
    with contextlib.suppress(OSError):
        # Kept, so that nobody waits for it and nobody complains that nobody does.
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={key: value for key, value in os.environ.items() if key not in dropped},
        )
        _RENEWING.append(process)


def _claimed(path: Path) -> bool:
    """Whether this process is the one to renew: not while another does, nor just after."""
    from sqsctl import private_files

    claim = _claim(path)
    try:
        claim.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            if time.time() - claim.stat().st_mtime > RENEWAL_S:
                claim.unlink()
        os.close(private_files.create(claim))
    except OSError:
        return False
    return True


def _claim(path: Path) -> Path:
    return path.with_suffix(".renewing")


def _write(path: Path, names: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    from sqsctl import private_files

    private_files.write(path, json.dumps(names), sync=False)


def starting(names: Iterable[str], incomplete: str) -> list[str]:
    # zsh evaluates what it is told: a name that a shell could take for something else is none.
    return sorted({each for each in names if each.startswith(incomplete) and _PLAIN.match(each)})


def _file(kind: str, flags: Mapping[str, str | bool]) -> Path:
    """The cache of one kind of names, apart for everything that chooses another target."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    chosen = sorted(
        f"{key}={value}" for key, value in os.environ.items() if key.startswith(_NAMED_BY)
    )
    given = sorted(f"{key}={value}" for key, value in flags.items())
    place = "\n".join([*chosen, *given, os.environ.get("PWD", "")])
    import hashlib

    mark = hashlib.sha256(place.encode(errors="replace")).hexdigest()[:12]
    return Path(base) / "sqsctl" / f"{kind}-{mark}.json"
