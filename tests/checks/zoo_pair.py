"""A check's stack, broken and mended."""

from __future__ import annotations

from dataclasses import dataclass

from sqsctl.model.finding import Severity
from sqsctl.model.stack import Stack
from tests.checks.build import WORKER


@dataclass(frozen=True)
class Pair:
    """A stack with the fault and one without; what the title must say."""

    id: str
    broken: Stack
    mended: Stack
    says: str
    severity: Severity = Severity.ERROR
    subject: str = WORKER
