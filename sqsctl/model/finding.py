"""What a check found: a statement, the evidence for it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal

from sqsctl.model.intents import Remedy
from sqsctl.model.remedy import Fix


class Severity(IntEnum):
    """How much it matters. Ordered: higher is worse."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Kind(StrEnum):
    """A cause is why, a symptom is what one notices, a risk will bite later."""

    CAUSE = "cause"
    SYMPTOM = "symptom"
    RISK = "risk"


class Confidence(IntEnum):
    """How sure the evidence makes us. Ordered: higher is surer."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was read: where, what, its value, and when.

    ``source`` names the place as a person would look it up: ``lambda
    GetFunctionConfiguration jobsWorker``, ``log /aws/lambda/x [stream]``, ``sqs
    GetQueueAttributes jobs``. ``at`` is the moment of the fact (a log line's
    timestamp), None for a configuration value.
    """

    source: str
    fact: str
    value: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnosis.

    ``subject`` is the resource it is about (a function's or queue's name).
    ``explains`` names check ids whose findings this one accounts for; the symptoms
    among them are nested below it. ``id`` is the check's public id. ``past``: it was so
    and was mended since. ``explained_by`` is the id of the finding of the same diagnosis
    that accounts for this one; it stands above. ``because`` names the check ids that the
    evidence of a symptom itself points at, the surest first. ``remedy`` is what the check wants
    done; ``checks.base.examine`` makes the fix of it, in the words of the case.
    """

    id: str
    severity: Severity
    kind: Kind
    title: str
    evidence: tuple[Evidence, ...]
    fix: Fix
    confidence: Confidence = Confidence.HIGH
    explains: tuple[str, ...] = ()
    reference: str = ""
    subject: str = ""
    past: bool = False
    explained_by: str = ""
    because: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    remedy: Remedy | None = None


class CheckOutcome(StrEnum):
    """A skipped check looked at nothing, or not at everything: it is never ok."""

    OK = "ok"
    FOUND = "found"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check ended; ``reason`` says why it was skipped.

    ``on_purpose``: it was skipped because what it needs was not wanted.
    """

    id: str
    outcome: CheckOutcome
    reason: str = ""
    on_purpose: bool = False


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could hide a failure and was not seen.

    ``what`` names it, ``why`` says why it was not read, ``remedy`` what to do so that it is;
    ``action`` is the IAM action that is missing, where that is the reason.
    """

    what: str
    why: str
    remedy: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, causes first, how each check ended, and what nobody could look at."""

    stack: str
    findings: tuple[Finding, ...]
    checks: tuple[CheckResult, ...]
    unseen: tuple[Unseen, ...] = ()

    @property
    def verdict(self) -> Literal["healthy", "findings", "unknown"]:
        """``unknown``: nothing found, but something that could hide a failure was not seen."""
        if any(each.severity > Severity.INFO for each in self.findings):
            return "findings"
        if self.unseen:
            return "unknown"
        skipped = sum(each.outcome is CheckOutcome.SKIPPED for each in self.checks)
        return "unknown" if skipped * 2 > len(self.checks) else "healthy"
