"""The corpus: log excerpts of many runtimes, languages, services and tools, with their causes.

Each cause must be found; what is healthy must stay without a finding.
"""

from __future__ import annotations

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.failures.line_checks import explain_line
from sqsctl.logtext import events_from_text, read
from sqsctl.model.logline import LogEvent
from sqsctl.model.stack import ErrorText, Group, Stack
from tests.checks.corpus_cases import FOLDER, Excerpt, excerpts, explained, first_cause, judged
from tests.checks.test_registry import BY_LOGS

ALL = tuple(excerpts())
REMEDIES = tuple(excerpts(FOLDER / "remedies"))
SICK = tuple(each for each in ALL if not each.healthy)
HEALTHY = tuple(each for each in (*ALL, *REMEDIES) if each.healthy)
MENDED = tuple(each for each in REMEDIES if not each.healthy)


def cause(excerpt: Excerpt) -> str | None:
    first = first_cause(explained(excerpt))
    return first.id if first else None


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(ALL) >= 300
    assert len(HEALTHY) >= 40
    assert len({(each.file, each.name) for each in ALL}) == len(ALL)
    told = {cause for each in (*SICK, *MENDED) for cause in each.expect}
    assert told >= set(BY_LOGS)


def test_causes_are_found() -> None:
    wrong = [
        f"{each.file}: {each.name}: {cause(each)} instead of {' or '.join(each.expect)}"
        for each in SICK
        if cause(each) not in each.expect
    ]
    assert wrong == []


@pytest.mark.parametrize("excerpt", MENDED, ids=lambda each: each.name)
def test_the_remedy_is_the_one_that_an_engineer_would_give(excerpt: Excerpt) -> None:
    answer = judged(excerpt)
    assert answer.cause in excerpt.expect
    assert answer.misses == (), excerpt.remedy


@pytest.mark.parametrize("excerpt", HEALTHY, ids=lambda each: each.name)
def test_healthy_text_has_no_finding(excerpt: Excerpt) -> None:
    assert explained(excerpt) == ()


@pytest.mark.parametrize("excerpt", HEALTHY, ids=lambda each: each.name)
def test_healthy_text_is_no_deploy_error_either(excerpt: Excerpt) -> None:
    stack = Stack("text", "", errors=Group((ErrorText(excerpt.text),)))
    assert diagnose(stack).findings == ()


def test_one_cause_for_one_failure() -> None:
    """No text of one failure is told as two faults."""
    many = [each.name for each in SICK if len({f.id for f in explained(each)}) > 2]
    assert many == []


def test_text_without_its_surroundings_is_at_most_medium() -> None:
    for each in SICK:
        around = read(events_from_text(each.text)).attempts or "INIT_" in each.text
        if around or "platform." in each.text or each.runtime:
            continue
        assert all(found.confidence.label != "high" for found in explained(each)), each.name


def test_a_single_line_is_explained_as_its_text_is() -> None:
    lines = [
        each for each in SICK if len(each.text.strip().splitlines()) == 1 and each.runtime is None
    ]
    wrong = [
        each.name
        for each in lines
        if explain_line(LogEvent(events_from_text(each.text)[0].message)) not in each.expect
    ]
    assert len(lines) > 80
    assert len(wrong) <= 0.05 * len(lines), wrong
