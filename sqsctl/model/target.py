"""Which AWS a command works on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TargetKind = Literal["lab", "aws", "endpoint"]


@dataclass(frozen=True, slots=True)
class Target:
    """The place a command talks to.

    ``kind`` is ``lab`` (the embedded stack), ``aws``, or ``endpoint`` (some other
    server that speaks AWS). ``account`` is known once an ARN was seen; it is never
    asked for. ``stack`` is the CloudFormation stack, where there is one.
    """

    kind: TargetKind
    region: str
    account: str | None = None
    stack: str | None = None
    endpoint: str | None = None
    profile: str | None = None


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine's loopback, whatever resolves names."""
    return host in {"localhost", "::1"} or bool(re.fullmatch(r"127(?:\.\d{1,3}){3}", host))
