"""Findings that a team has decided to live with, until a date.

In ``sqsctl.toml`` (or below ``[tool.sqsctl]``)::

    [[doctor.ignore]]
    check = "max-receive-count-low"
    until = 2026-12-31
    subject = "orders"          # optional: only this queue or function (or …-orders)
    reason = "moves to Lift's new default in December"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqsctl.errors import UsageError
from sqsctl.model.finding import Diagnosis, Finding

_KEYS = frozenset({"check", "until", "subject", "reason"})


@dataclass(frozen=True, slots=True)
class Ignore:
    """One decision. ``until`` is the last day on which it holds."""

    check: str
    until: date
    subject: str | None = None
    reason: str = ""

    def covers(self, finding: Finding) -> bool:
        return finding.id == self.check and self._names(finding.subject)

    def _names(self, subject: str) -> bool:
        """``jobs`` also names what a framework put its stack's name before: shop-dev-jobs."""
        return self.subject in {None, subject} or subject.endswith(f"-{self.subject}")


def parse(table: Mapping[str, object], known: Sequence[str]) -> tuple[Ignore, ...]:
    """The ignore list of a settings table. Raises UsageError for one that cannot be meant."""
    section = table.get("doctor")
    if section is None:
        return ()
    listed = section.get("ignore", []) if isinstance(section, Mapping) else None
    if not isinstance(listed, list):
        raise UsageError("doctor.ignore must be a list of tables", code="settings")
    return tuple(_one(each, known) for each in listed)


def apply(
    diagnosis: Diagnosis, ignores: Sequence[Ignore], today: date
) -> tuple[Diagnosis, tuple[tuple[Finding, Ignore], ...], tuple[Ignore, ...]]:
    """The diagnosis without what is ignored, what that was, and decisions that have expired."""
    active = [each for each in ignores if each.until >= today]
    expired = tuple(each for each in ignores if each.until < today)
    kept: list[Finding] = []
    ignored: list[tuple[Finding, Ignore]] = []
    gone: dict[str, bool] = {}  # by check: whether the last finding of it was ignored
    for finding in diagnosis.findings:
        decision = next((each for each in active if each.covers(finding)), None)
        above = finding.explained_by
        gone[finding.id] = decision is not None
        if decision is not None:
            ignored.append((finding, decision))
        elif gone.get(above):
            # What an ignored cause explained stands on its own now.
            kept.append(replace(finding, explained_by=""))
        else:
            kept.append(finding)
    return replace(diagnosis, findings=tuple(kept)), tuple(ignored), expired


def _one(entry: object, known: Sequence[str]) -> Ignore:
    if not isinstance(entry, Mapping):
        raise UsageError("doctor.ignore holds something that is no table", code="settings")
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise UsageError(f"doctor.ignore: unknown key {unknown[0]}", code="settings")
    check, until = entry.get("check"), entry.get("until")
    if check not in known:
        raise UsageError(
            f"doctor.ignore: there is no check {check}",
            hint="`sqsctl doctor --list-checks`",
            code="settings",
        )
    subject, reason = entry.get("subject"), entry.get("reason", "")
    if not isinstance(reason, str) or not (subject is None or isinstance(subject, str)):
        raise UsageError("doctor.ignore: subject and reason are texts", code="settings")
    return Ignore(str(check), _day(until), subject, reason)


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise UsageError(
            "doctor.ignore: until must be a date, so that nothing is ignored for ever",
            hint="until = 2026-12-31",
            code="settings",
        ) from error
