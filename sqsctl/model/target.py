"""Which AWS a command works on."""

from __future__ import annotations

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
