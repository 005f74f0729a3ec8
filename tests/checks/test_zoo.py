"""Each check: found where it is broken, not where it is mended, and only from what it declares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import pytest

from sqsctl.checks.base import Check, examine
from sqsctl.checks.rank import diagnose
from sqsctl.checks.registry import all_checks, by_id
from sqsctl.model.finding import CheckOutcome, Finding, Severity
from sqsctl.model.stack import Fact, Group, Stack, Unread
from tests.checks.build import stack
from tests.checks.zoo import OTHERS, PAIRS, Pair

FACTS = {fact.value: fact for fact in Fact}


class Watched(Stack):
    """A stack that knows which facts were looked at."""

    __slots__ = ("seen",)
    seen: set[Fact]

    @classmethod
    def of(cls, source: Stack) -> Watched:
        watched = cls(**{each.name: getattr(source, each.name) for each in fields(Stack)})
        object.__setattr__(watched, "seen", set())
        return watched

    def __getattribute__(self, name: str) -> object:
        if name in FACTS:
            object.__getattribute__(self, "seen").add(FACTS[name])
        return object.__getattribute__(self, name)


def read_by(check: Check, stacks: Iterable[Stack]) -> set[Fact]:
    seen: set[Fact] = set()
    for each in stacks:
        watched = Watched.of(each)
        tuple(check.diagnose(watched))
        seen |= watched.seen
    return seen


def found(check: Check, where: Stack) -> tuple[Finding, ...]:
    return examine(check, where)[1]


pairs = pytest.mark.parametrize("pair", [pytest.param(each, id=each.id) for each in PAIRS])


def test_every_check_has_its_pair() -> None:
    assert {each.id for each in PAIRS} == set(by_id())


@pairs
def test_found_where_it_is_broken(pair: Pair) -> None:
    result, findings = examine(by_id()[pair.id], pair.broken)
    assert result.outcome is CheckOutcome.FOUND
    first = findings[0]
    assert first.id == pair.id
    assert pair.says in first.title
    assert first.severity is pair.severity
    assert first.subject == pair.subject
    assert first.evidence
    assert all(each.source and each.fact and each.value for each in first.evidence)
    assert first.fix.summary
    assert first.reference.startswith("https://docs.aws.amazon.com/")


@pairs
def test_not_found_where_it_is_mended(pair: Pair) -> None:
    findings = found(by_id()[pair.id], pair.mended)
    assert all(each.severity is Severity.INFO and each.past for each in findings)


@pairs
def test_it_comes_first_among_all(pair: Pair) -> None:
    """Nothing else stands above it, and nothing else is invented."""
    ids = [each.id for each in diagnose(pair.broken).findings if each.severity > Severity.INFO]
    if pair.severity > Severity.INFO:
        assert ids[0] == pair.id or pair.id in {"http-5xx", "dead-letters", "backlog-growing"}
    assert len(set(ids)) <= 3


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.meta.id)
def test_reads_what_it_declares(check: Check) -> None:
    stacks = [s for pair in PAIRS for s in (pair.broken, pair.mended)] + list(OTHERS)
    assert read_by(check, stacks) == check.meta.needs | check.meta.uses


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.meta.id)
def test_a_fact_that_was_not_read_is_no_good_news(check: Check) -> None:
    gap: Group[Any] = Group(unread=(Unread("it", "access denied"),))
    for need in check.meta.needs:
        blind = stack(**{each.value: gap for each in Fact if each is need})
        result, _ = examine(check, blind)
        assert result.outcome is not CheckOutcome.OK, need
        if result.outcome is CheckOutcome.SKIPPED:
            assert "access denied" in result.reason


def test_a_healthy_stack_has_nothing_above_info() -> None:
    diagnosis = diagnose(stack())
    assert diagnosis.verdict == "healthy"
    assert [each.id for each in diagnosis.findings] == []


def test_steps_and_commands_agree() -> None:
    """A fix that may be applied has calls to make and says each as a command."""
    for pair in PAIRS:
        for finding in found(by_id()[pair.id], pair.broken):
            if finding.fix.disposition == "safe":
                assert finding.fix.calls
                assert len(finding.fix.commands) >= len(finding.fix.calls)
                assert all(
                    each.startswith("aws ")
                    for each in finding.fix.commands[: len(finding.fix.calls)]
                )
