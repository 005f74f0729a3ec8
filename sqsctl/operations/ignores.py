"""Findings that somebody has decided to live with, until a day.

In ``sqsctl.toml`` (or ``[tool.sqsctl]``): ``[[ignore]]`` tables with ``check``, ``until`` (a
date) and, optionally, ``subject`` and ``reason``. An entry without a date is refused:
what is ignored for ever is never looked at again. On the day itself it still counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from sqsctl.errors import UsageError
from sqsctl.model.finding import CheckOutcome, CheckResult, Diagnosis, Finding

KEYS = frozenset({"check", "until", "subject", "reason"})


@dataclass(frozen=True, slots=True)
class Ignore:
    """One entry. ``subject`` None: whatever it is about."""

    check: str
    until: date
    subject: str | None = None
    reason: str = ""

    def covers(self, finding: Finding, today: date) -> bool:
        """Whether the finding is to be left out today."""
        return (
            finding.id == self.check
            and self.subject in {None, finding.subject}
            and not self.expired(today)
        )

    def expired(self, today: date) -> bool:
        return today > self.until


@dataclass(frozen=True, slots=True)
class Filtered:
    """A diagnosis without what is ignored; what was left out; entries that have expired."""

    diagnosis: Diagnosis
    ignored: tuple[Finding, ...] = ()
    expired: tuple[Ignore, ...] = ()


def load(folder: Path, known: Collection[str]) -> tuple[Ignore, ...]:
    """The entries of the settings file that holds for a folder.

    Raises UsageError for an entry that is none, names no check of ``known`` or has no date.
    """
    from sqsctl.operations.settings import read_file

    file, table = read_file(folder)
    entries = table.get("ignore", [])
    if not isinstance(entries, list):
        raise UsageError(f"{file}: ignore must be a list of tables: [[ignore]]", code="settings")
    return tuple(
        _entry(each, f"{file}: ignore {number}", known) for number, each in enumerate(entries, 1)
    )


def apply(diagnosis: Diagnosis, entries: Iterable[Ignore], today: date) -> Filtered:
    """Leave out what is ignored. A cause that is left out takes what it explains along.

    A check all of whose findings are ignored is ok.
    """
    every = tuple(entries)
    left: list[Finding] = []
    out: list[Finding] = []
    causes_out: set[str] = set()
    for finding in diagnosis.findings:  # a cause stands before what it explains
        if any(each.covers(finding, today) for each in every):
            out.append(finding)
            causes_out.add(finding.id)
        elif finding.explained_by and finding.explained_by in causes_out:
            out.append(finding)
        else:
            left.append(finding)
    remaining = {each.id for each in left}
    checks = tuple(
        CheckResult(each.id, CheckOutcome.OK, "ignored")
        if each.outcome is CheckOutcome.FOUND and each.id not in remaining
        else each
        for each in diagnosis.checks
    )
    return Filtered(
        replace(diagnosis, findings=tuple(left), checks=checks),
        tuple(out),
        tuple(each for each in every if each.expired(today)),
    )


def _entry(table: object, where: str, known: Collection[str]) -> Ignore:
    if not isinstance(table, dict):
        raise UsageError(f"{where} must be a table", code="settings")
    unknown = sorted(set(table) - KEYS)
    if unknown:
        raise UsageError(f"{where}: unknown key {unknown[0]}", code="settings")
    check, until = table.get("check"), table.get("until")
    if not isinstance(check, str) or check not in known:
        raise UsageError(
            f"{where}: check must be the id of a check, not {check!r}",
            hint="sqsctl doctor --list-checks",
            code="settings",
        )
    if isinstance(until, datetime):
        until = until.date()
    if isinstance(until, str):
        try:
            until = date.fromisoformat(until)
        except ValueError:
            until = None
    if not isinstance(until, date):
        raise UsageError(
            f"{where}: until must be a date such as 2027-01-31: nothing is ignored for ever",
            code="settings",
        )
    subject, reason = table.get("subject"), table.get("reason", "")
    if not isinstance(subject, str | None) or not isinstance(reason, str):
        raise UsageError(f"{where}: subject and reason must be texts", code="settings")
    return Ignore(check, until, subject, reason)
