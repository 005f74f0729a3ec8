"""Findings that are ignored until a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sqsctl.errors import UsageError
from sqsctl.model.finding import CheckOutcome, CheckResult, Diagnosis, Finding, Fix, Kind, Severity
from sqsctl.operations.ignores import Ignore, apply, load

TODAY = date(2026, 11, 23)
KNOWN = {"dlq-missing", "function-timeout", "dead-letters"}


def finding(id: str, subject: str = "s", explained_by: str = "") -> Finding:  # noqa: A002
    return Finding(
        id,
        Severity.ERROR,
        Kind.CAUSE,
        id,
        (),
        Fix("none"),
        subject=subject,
        explained_by=explained_by,
    )


DIAGNOSIS = Diagnosis(
    "s",
    (
        finding("function-timeout", "worker"),
        finding("dead-letters", "jobs", "function-timeout"),
        finding("dlq-missing", "jobs"),
        finding("dlq-missing", "mails"),
    ),
    tuple(CheckResult(each, CheckOutcome.FOUND) for each in sorted(KNOWN)),
)


def ids(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(each.id, each.subject) for each in findings]


def test_a_subject_narrows_it() -> None:
    found = apply(DIAGNOSIS, [Ignore("dlq-missing", TODAY, "mails")], TODAY)
    assert ids(found.ignored) == [("dlq-missing", "mails")]
    assert len(found.diagnosis.findings) == 3
    assert {each.outcome for each in found.diagnosis.checks} == {CheckOutcome.FOUND}


def test_a_cause_takes_what_it_explains_along() -> None:
    found = apply(DIAGNOSIS, [Ignore("function-timeout", TODAY)], TODAY)
    assert ids(found.ignored) == [("function-timeout", "worker"), ("dead-letters", "jobs")]
    outcomes = {each.id: each.outcome for each in found.diagnosis.checks}
    assert outcomes["function-timeout"] is CheckOutcome.OK
    assert outcomes["dlq-missing"] is CheckOutcome.FOUND


def test_after_the_day_it_counts_again_and_that_is_said() -> None:
    entry = Ignore("dlq-missing", date(2026, 11, 22))
    found = apply(DIAGNOSIS, [entry], TODAY)
    assert found.diagnosis == DIAGNOSIS
    assert found.expired == (entry,)


def test_all_ignored_is_healthy() -> None:
    found = apply(
        DIAGNOSIS, [Ignore("dlq-missing", TODAY), Ignore("function-timeout", TODAY)], TODAY
    )
    assert found.diagnosis.verdict == "healthy"
    assert len(found.ignored) == 4


def test_entries_come_from_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "sqsctl.toml").write_text(
        '[[ignore]]\ncheck = "dlq-missing"\nuntil = 2027-01-31\nreason = "by design"\n'
        '[[ignore]]\ncheck = "function-timeout"\nuntil = "2027-02-01"\nsubject = "worker"\n'
    )
    assert load(tmp_path, KNOWN) == (
        Ignore("dlq-missing", date(2027, 1, 31), None, "by design"),
        Ignore("function-timeout", date(2027, 2, 1), "worker"),
    )


@pytest.mark.parametrize(
    "text",
    [
        'ignore = "dlq-missing"',
        "ignore = [1]",
        '[[ignore]]\ncheck = "dlq-missing"',
        '[[ignore]]\ncheck = "dlq-missing"\nuntil = "for ever"',
        '[[ignore]]\ncheck = "no-such-check"\nuntil = 2027-01-31',
        '[[ignore]]\ncheck = "dlq-missing"\nuntil = 2027-01-31\nsubjekt = "x"',
        '[[ignore]]\ncheck = "dlq-missing"\nuntil = 2027-01-31\nsubject = 7',
    ],
)
def test_a_wrong_entry_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "sqsctl.toml").write_text(text)
    with pytest.raises(UsageError):
        load(tmp_path, KNOWN)


def test_without_a_file_nothing_is_ignored(tmp_path: Path) -> None:
    assert load(tmp_path, KNOWN) == ()
