"""The ignore list: what it covers, until when, and what it must not be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from sqsctl.errors import UsageError
from sqsctl.model.finding import Diagnosis, Finding, Kind, Severity
from sqsctl.model.remedy import Fix
from sqsctl.operations.diagnosis.ignores import apply, parse

KNOWN = ("function-timeout", "dead-letters")
TODAY = date(2026, 11, 23)


def finding(identifier: str, subject: str = "jobs", explained_by: str = "") -> Finding:
    return Finding(
        identifier,
        Severity.ERROR,
        Kind.CAUSE,
        "wrong",
        (),
        Fix("mend it"),
        subject=subject,
        explained_by=explained_by,
    )


def listed(**entry: object) -> Mapping[str, object]:
    return {"doctor": {"ignore": [entry]}}


def test_a_decision_holds_until_its_day_and_not_longer() -> None:
    ignores = parse(listed(check="function-timeout", until=TODAY, reason="known"), KNOWN)
    diagnosis = Diagnosis("s", (finding("function-timeout"), finding("dead-letters")), ())
    kept, ignored, expired = apply(diagnosis, ignores, TODAY)
    assert [each.id for each in kept.findings] == ["dead-letters"]
    assert [each.id for each, _ in ignored] == ["function-timeout"]
    assert expired == ()
    kept, ignored, expired = apply(diagnosis, ignores, date(2026, 11, 24))
    assert kept == diagnosis
    assert (ignored, expired) == ((), ignores)


def test_a_subject_narrows_it() -> None:
    ignores = parse(listed(check="function-timeout", until="2026-12-31", subject="other"), KNOWN)
    diagnosis = Diagnosis("s", (finding("function-timeout", "jobs"),), ())
    assert apply(diagnosis, ignores, TODAY)[0] == diagnosis


@pytest.mark.parametrize(
    ("subject", "covered"),
    [("jobs", True), ("shop-dev-jobs", True), ("obs", False), ("shop", False)],
)
def test_a_short_name_is_enough(subject: str, *, covered: bool) -> None:
    ignores = parse(listed(check="function-timeout", until="2026-12-31", subject=subject), KNOWN)
    diagnosis = Diagnosis("s", (finding("function-timeout", "shop-dev-jobs"),), ())
    assert bool(apply(diagnosis, ignores, TODAY)[1]) is covered


def test_of_two_causes_of_one_kind_only_what_the_ignored_one_explained_stands_alone() -> None:
    ignores = parse(listed(check="function-timeout", until="2026-12-31", subject="a"), KNOWN)
    findings = (
        finding("function-timeout", "a"),
        finding("dead-letters", "a-dlq", "function-timeout"),
        finding("function-timeout", "b"),
        finding("dead-letters", "b-dlq", "function-timeout"),
    )
    kept, _, _ = apply(Diagnosis("s", findings, ()), ignores, TODAY)
    assert [(each.subject, each.explained_by) for each in kept.findings] == [
        ("a-dlq", ""),
        ("b", ""),
        ("b-dlq", "function-timeout"),
    ]


def test_what_an_ignored_cause_explained_stands_on_its_own() -> None:
    ignores = parse(listed(check="function-timeout", until="2026-12-31"), KNOWN)
    below = finding("dead-letters", explained_by="function-timeout")
    kept, _, _ = apply(Diagnosis("s", (finding("function-timeout"), below), ()), ignores, TODAY)
    assert [(each.id, each.explained_by) for each in kept.findings] == [("dead-letters", "")]


@pytest.mark.parametrize(
    "table",
    [
        listed(check="nonsense", until="2026-12-31"),
        listed(check="function-timeout"),
        listed(check="function-timeout", until="for ever"),
        listed(check="function-timeout", until="2026-12-31", subject=5),
        listed(check="function-timeout", until="2026-12-31", colour="red"),
        {"doctor": {"ignore": "function-timeout"}},
        {"doctor": {"ignore": ["function-timeout"]}},
        {"doctor": 5},
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(table: Mapping[str, object]) -> None:
    with pytest.raises(UsageError):
        parse(table, KNOWN)


def test_no_list_is_no_decision() -> None:
    assert parse({}, KNOWN) == ()
    assert parse({"doctor": {}}, KNOWN) == ()
