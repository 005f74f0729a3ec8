"""All checks on one stack: causes first, each with what it explains below it.

A cause explains another finding where its check says so and both are about the same part
of the stack: a consumer's failure explains the dead letters of its own queue, not those of
another. What is explained stands directly below its cause and says so (``explained_by``);
``explains`` of the cause names what it really explains here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from sqsctl.checks.base import Check, examine
from sqsctl.checks.explanations import may_explain
from sqsctl.checks.registry import all_checks
from sqsctl.checks.support.failures.disproved import without_disproved
from sqsctl.checks.support.failures.log_check import past
from sqsctl.checks.support.subjects import parts_of, touches
from sqsctl.checks.support.unseen import CHECK_FAILED, unseen
from sqsctl.model.finding import (
    CheckOutcome,
    CheckResult,
    Diagnosis,
    Finding,
    Kind,
    Severity,
)
from sqsctl.model.stack import Stack


def diagnose(
    stack: Stack,
    checks: Iterable[Check] | None = None,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
) -> Diagnosis:
    """Run the checks (``only`` these ids, without ``skip``) and put their findings in order.

    A check that fails is skipped with the reason; the others go on.
    """
    stack = without_disproved(stack)
    results: list[CheckResult] = []
    findings: list[Finding] = []
    for check in all_checks() if checks is None else checks:
        if (only and check.meta.id not in only) or check.meta.id in skip:
            continue
        result, found = _examined(check, stack)
        results.append(result)
        findings += found
    return Diagnosis(stack.name, ranked(findings, stack), tuple(results), unseen(stack, results))


def _examined(check: Check, stack: Stack) -> tuple[CheckResult, tuple[Finding, ...]]:
    try:
        return examine(check, stack)
    except Exception as error:  # noqa: BLE001 - one broken check must not silence the others
        reason = f"{CHECK_FAILED}: {type(error).__name__}: {error}"
        return CheckResult(check.meta.id, CheckOutcome.SKIPPED, reason[:500]), ()


def ranked(findings: Iterable[Finding], stack: Stack) -> tuple[Finding, ...]:
    """Findings in order: causes by weight, each followed by what it explains."""
    distinct = _without_repeats(findings)
    parts = [parts_of(each, stack) for each in distinct]
    parents: dict[int, int] = {}
    accounts: dict[int, list[str]] = {}
    for index, finding in enumerate(distinct):
        above = [
            other
            for other, cause in enumerate(distinct)
            if other != index
            and finding.id in cause.explains
            and may_explain(cause.id, finding.id)
            and touches(parts[other], parts[index])
            and not (cause.past and finding.kind is not Kind.SYMPTOM)
            and not _apart(cause, finding)
        ]
        for other in above:
            accounts.setdefault(other, []).append(finding.id)
        if above:
            parents[index] = min(above, key=lambda other: _claim(distinct[other], finding))
    _cut_circles(parents)
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    roots = [index for index in range(len(distinct)) if index not in parents]

    def weight(index: int) -> tuple[object, ...]:
        finding = distinct[index]
        below = _below(index, children)
        worst = max([finding.severity, *(distinct[each].severity for each in below)])
        order = {Kind.CAUSE: 2, Kind.SYMPTOM: 1, Kind.RISK: 0}[finding.kind]
        if finding.severity is Severity.INFO and not below:
            order = 0
        return (
            -worst,
            -order,
            -finding.severity,
            -finding.confidence,
            -len(below),
            _PRECEDENCE.get(finding.id, 50),
            finding.id,
            finding.subject,
        )

    result: list[Finding] = []

    def put(index: int, parent: Finding | None) -> None:
        own = sorted(children.get(index, ()), key=weight)
        names = tuple(dict.fromkeys(accounts.get(index, ())))
        finding = replace(distinct[index], explains=names, explained_by=parent.id if parent else "")
        if parent and parent.past and finding.id in _MEASURED:
            finding = past(finding, "so is its cause")
        result.append(finding)
        for each in own:
            put(each, distinct[index])

    for index in sorted(roots, key=weight):
        put(index, None)
    return tuple(result)


def _apart(cause: Finding, finding: Finding) -> bool:
    """Whether the cause began after what it is to explain was over, or was over before it."""
    began, ended = cause.since, cause.until
    after = began and finding.until and began > finding.until + _NEAR
    before = ended and finding.since and ended < finding.since - _NEAR
    return bool(after or before)


def _claim(cause: Finding, finding: Finding) -> tuple[object, ...]:
    """How good the cause's claim on the finding is; the least is the best."""
    # Of several that the evidence points at, one that is still so stands above one that was mended.
    pointed = cause.id in finding.because
    return (
        not pointed,
        cause.past,
        finding.because.index(cause.id) if pointed else 0,
        -cause.severity,
        -cause.confidence,
        cause.kind is not Kind.CAUSE,
        cause.id,
    )


# How far the clocks of logs and figures may differ.
_NEAR = timedelta(minutes=2)
# Symptoms that figures tell of a whole time: over with their cause, though still measured.
_MEASURED = frozenset({"http-5xx"})

# Where all else is equal, what stops everything stands above what stops a part.
_PRECEDENCE = {
    "import-sdk-not-in-runtime": 1,
    "import-module-missing": 2,
    "handler-not-found": 3,
    "mapping-disabled": 5,
    "mapping-missing": 6,
    "access-denied": 8,
    "visibility-below-timeout": 20,
    "function-timeout": 10,
}


def _without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for one thing: of two with the same id, subject and title, the surer."""
    kept: dict[tuple[str, str, str], Finding] = {}
    for each in findings:
        key = (each.id, each.subject, each.title)
        if key not in kept or each.confidence > kept[key].confidence:
            kept[key] = each
    return list(kept.values())


def _cut_circles(parents: dict[int, int]) -> None:
    """Two findings that explain each other: the one met first stays on top."""
    for start in list(parents):
        seen = {start}
        at = start
        while at in parents:
            at = parents[at]
            if at in seen:
                del parents[start]
                break
            seen.add(at)


def _below(index: int, children: dict[int, list[int]]) -> list[int]:
    found: list[int] = []
    for child in children.get(index, ()):
        found += [child, *_below(child, children)]
    return found
