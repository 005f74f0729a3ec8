"""AWS's runtime calendar, as dated data (``data/runtimes.json``)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

FRESH = timedelta(days=183)
# Runtimes that a customer manages (RuntimeConfig): AWS's list has no dates of them.
CUSTOMER_MANAGED = frozenset({"custom"})
_FAMILY = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Dates of one runtime, None where AWS has published none. ``sdk`` is what it bundles."""

    id: str
    deprecated: date | None
    block_create: date | None
    block_update: date | None
    sdk: str | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """All runtimes known on the day the table was ``compiled``.

    ``previews`` are in public preview since that day: AWS supports none of them yet.
    """

    compiled: date
    source: str
    reference: str
    recommended: dict[str, str]
    runtimes: dict[str, Lifecycle]
    previews: dict[str, date]

    def stale(self, today: date) -> bool:
        """Whether the table is older than half a year: AWS may have moved its dates since."""
        return today - self.compiled > FRESH

    def told(self, today: date) -> str:
        """What evidence from it is called."""
        age = ", older than half a year: AWS may have moved its dates" if self.stale(today) else ""
        return f"runtime calendar of {self.compiled}{age}"

    def successor(self, runtime: str) -> str | None:
        """What AWS recommends for this runtime's family, None for an unknown family."""
        return self.recommended.get(family(runtime))


@cache
def calendar() -> Calendar:
    """The table, read once."""
    text = files("sqsctl.checks.data").joinpath("runtimes.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    return Calendar(
        compiled=date.fromisoformat(raw["compiled"]),
        source=raw["source"],
        reference=raw["reference"],
        recommended=dict(raw["recommended"]),
        previews={key: date.fromisoformat(day) for key, day in raw["previews"].items()},
        runtimes={
            row["id"]: Lifecycle(
                row["id"],
                _day(row["deprecated"]),
                _day(row["block_create"]),
                _day(row["block_update"]),
                row["sdk"],
            )
            for row in raw["runtimes"]
        },
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def family(runtime: str) -> str:
    """``nodejs`` of nodejs20.x, ``python`` of python3.12; empty for anything else."""
    match = _FAMILY.match(runtime)
    return match.group() if match else ""


def is_node(runtime: str | None) -> bool:
    return runtime is not None and family(runtime) == "nodejs"


def is_python(runtime: str | None) -> bool:
    return runtime is not None and family(runtime) == "python"


def node_major(runtime: str | None) -> int | None:
    """20 of nodejs20.x, None for everything else."""
    match = re.match(r"nodejs(\d{1,3})", runtime or "")
    return int(match.group(1)) if match else None


def bundles(runtime: str | None, module: str) -> bool | None:
    """Whether the runtime's image holds this module; None where nobody knows.

    Node.js up to 16 bundles the SDK v2 (``aws-sdk``) alone, from 18 the v3 clients
    (``@aws-sdk/*``) alone.
    """
    known = calendar().runtimes.get(runtime or "")
    sdk = known.sdk if known else None
    if sdk is None:
        return None
    if module == "aws-sdk" or module.startswith("aws-sdk/"):
        return sdk == "aws-sdk v2"
    if module.startswith("@aws-sdk/"):
        return sdk == "@aws-sdk v3"
    if module.split(".", maxsplit=1)[0] in {"boto3", "botocore"}:
        return sdk == "boto3"
    return None
