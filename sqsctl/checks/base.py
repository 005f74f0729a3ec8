"""What every check is made of, and how one is run."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from sqsctl.checks.explanations import explained_by
from sqsctl.model.finding import (
    CheckOutcome,
    CheckResult,
    Confidence,
    Evidence,
    Finding,
    Kind,
    Severity,
)
from sqsctl.model.intents import Remedy
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import Fact, Stack
from sqsctl.remedies.context import context_of
from sqsctl.remedies.render import render


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a check before it looks.

    ``id`` is public and never reused. ``needs`` are the facts without which it says
    nothing; ``uses`` are facts that sharpen it but whose absence does not silence it.
    ``actions`` are derived from them for ``sqsctl iam doctor``.
    """

    id: str
    title: str
    severity: Severity
    needs: frozenset[Fact]
    reference: str
    kind: Kind = Kind.CAUSE
    uses: frozenset[Fact] = frozenset()

    @property
    def explains(self) -> tuple[str, ...]:
        """The ids whose findings this check's can explain."""
        return explained_by(self.id)


class Check(ABC):
    """One diagnosis. The module docstring is its documentation page."""

    meta: ClassVar[Meta]

    @abstractmethod
    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        """Yield a Finding for each place where this is wrong."""

    def found(
        self,
        title: str,
        *,
        evidence: Iterable[Evidence],
        fix: Fix | None = None,
        remedy: Remedy | None = None,
        subject: str = "",
        severity: Severity | None = None,
        kind: Kind | None = None,
        confidence: Confidence = Confidence.HIGH,
        explains: tuple[str, ...] | None = None,
    ) -> Finding:
        """A Finding with this check's id, and its defaults where nothing else is said."""
        return Finding(
            id=self.meta.id,
            severity=self.meta.severity if severity is None else severity,
            kind=self.meta.kind if kind is None else kind,
            title=title,
            evidence=tuple(evidence),
            fix=fix or Fix(remedy.summary if remedy else ""),
            remedy=remedy,
            confidence=confidence,
            explains=self.meta.explains if explains is None else explains,
            reference=self.meta.reference,
            subject=subject,
        )

    @classmethod
    def page(cls) -> str:
        """The documentation page: the docstring of the check's module."""
        module = inspect.getmodule(cls)
        return inspect.cleandoc((module.__doc__ if module else None) or "")


def examine(check: Check, stack: Stack) -> tuple[CheckResult, tuple[Finding, ...]]:
    """Run one check, its fixes in the words of the stack's tool.

    Found wins over skipped; skipped wins over ok.
    """
    findings = tuple(_worded(each, stack) for each in check.diagnose(stack))
    if findings:
        return CheckResult(check.meta.id, CheckOutcome.FOUND), findings
    gaps = [gap for fact in sorted(check.meta.needs) for gap in stack.gaps(fact)]
    if gaps:
        # Sorted: what was read at the same time fails in any order.
        reason = "; ".join(sorted({f"{gap.what}: {gap.reason}" for gap in gaps}))
        unwanted = all(gap.on_purpose for gap in gaps)
        return CheckResult(check.meta.id, CheckOutcome.SKIPPED, reason, unwanted), ()
    return CheckResult(check.meta.id, CheckOutcome.OK), ()


def _worded(finding: Finding, stack: Stack) -> Finding:
    """The finding with its fix in the words of the case."""
    if finding.remedy is None:
        return finding
    return replace(finding, fix=render(finding.remedy, context_of(stack, finding)), remedy=None)
