"""Names for shell completion: from code, or from a short-lived cache of what AWS answered.

A completion must never keep the shell waiting. What AWS knows comes from the cache; where
that is old, a process of its own renews it meanwhile, and the next key press has it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

FRESH_S = 60.0
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


def incidents(incomplete: str) -> list[str]:
    """Names of incidents."""
    from sqsctl.cli.lab import incident_choices

    return _starting((name for name, _ in incident_choices()), incomplete)


def checks(incomplete: str) -> list[str]:
    """Ids of checks."""
    from sqsctl.checks.registry import all_checks

    return _starting((each.meta.id for each in all_checks()), incomplete)


def policies(incomplete: str) -> list[str]:
    """Commands that there is a policy for, as one argument each."""
    from sqsctl.operations.permissions import commands

    return _starting(commands(), incomplete)


def queues(incomplete: str) -> list[str]:
    """Names of the target's queues."""
    return _starting(cached("queues"), incomplete)


def stacks(incomplete: str) -> list[str]:
    """Names of the target's stacks."""
    return _starting(cached("stacks"), incomplete)


def functions(incomplete: str) -> list[str]:
    """Names of the target's functions."""
    return _starting(cached("functions"), incomplete)


def cached(kind: str) -> list[str]:
    """What the cache holds; where it is old or empty, it is renewed in the background."""
    path = _file(kind)
    names: list[str] = []
    fresh = False
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
        names = [str(each) for each in json.loads(path.read_text(encoding="utf-8"))]
        fresh = time.time() - path.stat().st_mtime < FRESH_S
    if not fresh:
        code = f"from sqsctl.cli.completion import renew; renew({kind!r})"
        with contextlib.suppress(OSError):
            import subprocess

            # Kept, so that nobody waits for it and nobody complains that nobody does.
            process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={key: value for key, value in os.environ.items() if key != "_SQSCTL_COMPLETE"},
            )
            _RENEWING.append(process)
    return names


def renew(kind: str) -> None:
    """Ask AWS and write the cache. Whatever goes wrong leaves it as it is."""
    from sqsctl.aws.functions import FunctionClient
    from sqsctl.aws.queues import QueueClient
    from sqsctl.cli.context import working_folder
    from sqsctl.errors import SqsctlError
    from sqsctl.operations import discover, settings, targeting

    lab = os.environ.get("SQSCTL_LAB_NAME") or "default"
    with contextlib.suppress(SqsctlError, OSError):
        loaded = settings.load({}, os.environ, working_folder())
        session = targeting.resolve(loaded, lab_name=lab).session
        ask: dict[str, Callable[[], list[str]]] = {
            "queues": lambda: [each.name for each in QueueClient(session).every()],
            "stacks": lambda: [each.name for each in discover.stacks(session)],
            "functions": lambda: [each.name for each in FunctionClient(session).every()],
        }
        names = ask[kind]()
        path = _file(kind)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(names), encoding="utf-8")
        temporary.replace(path)


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})


def _file(kind: str) -> Path:
    """The cache of one kind of names, apart for everything that chooses another target."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    chosen = sorted(
        f"{key}={value}" for key, value in os.environ.items() if key.startswith(_NAMED_BY)
    )
    place = "\n".join([*chosen, os.environ.get("PWD", "")])
    import hashlib

    mark = hashlib.sha256(place.encode(errors="replace")).hexdigest()[:12]
    return Path(base) / "sqsctl" / f"{kind}-{mark}.json"
