"""Causes first, each with what it explains below it; no failing check takes the others along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.rank import diagnose
from sqsctl.checks.registry import all_checks
from sqsctl.model.finding import CheckOutcome, Diagnosis, Finding, Kind, Severity
from sqsctl.model.functions import Function
from sqsctl.model.message import Message
from sqsctl.model.stack import (
    Concurrency,
    DeadLetters,
    Fact,
    FunctionLogs,
    Group,
    Stack,
    Unread,
)
from tests.checks.build import (
    API,
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    WORKER,
    ago,
    function,
    invocation,
    mapping,
    of_events,
    queue,
    series,
    stack,
)
from tests.checks.zoo import OTHERS, PAIRS

TRACE = 'Traceback (most recent call last):\n  File "/var/task/worker.py", line 3, in handler'
IMPORT = (
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'worker': No module named 'yaml'\n"
    "Traceback (most recent call last):"
)
DEAD = (DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 3),)


def ids(diagnosis: Diagnosis) -> list[str]:
    return [each.id for each in diagnosis.findings]


def test_a_cause_stands_above_what_it_explains() -> None:
    found = diagnose(
        stack(logs=(of_events(invocation(7, IMPORT, at=ago(60))),), dead_letters=DEAD)
    ).findings
    assert [(each.id, each.explained_by) for each in found] == [
        ("import-module-missing", ""),
        ("dead-letters", "import-module-missing"),
    ]
    assert found[0].explains == ("dead-letters",)
    assert found[1].explains == ()


def test_another_queues_dead_letters_are_not_explained() -> None:
    """Two consumers; one fails, the other's messages died of something else."""
    others = (
        queue("other", dead_letter_target_arn=f"{PREFIX}:other-dlq", max_receive_count=5),
        queue("other-dlq", retention_s=1_209_600),
    )
    healthy = stack()
    found = diagnose(
        stack(
            queues=(*healthy.queues, *others),
            functions=(*healthy.functions, function("other-worker")),
            mappings=(*healthy.mappings, mapping("other", "other-worker")),
            logs=(of_events(invocation(7, IMPORT, at=ago(60))),),
            dead_letters=(DeadLetters("other-dlq", f"{PREFIX}:other-dlq", 3),),
        )
    ).findings
    letters = next(each for each in found if each.id == "dead-letters")
    assert letters.explained_by == ""


def test_the_same_error_has_one_cause() -> None:
    text = (
        "2026-11-23T11:59:00.000Z\tundefined\tERROR\tUncaught Exception "
        '\t{"errorType":"Runtime.ImportModuleError",'
        '"errorMessage":"Error: Cannot find module \'@aws-sdk/client-sqs\'\\nRequire stack:\\n- '
        '/var/task/w.js"}'
    )
    found = diagnose(
        stack(
            functions=(function(runtime="nodejs14.x"),),
            logs=(of_events(invocation(7, text, at=ago(60))),),
        )
    )
    assert ids(found) == ["import-sdk-not-in-runtime", "runtime-deprecated"]
    # Packaging the SDK mends the first and not the second: neither explains the other.
    assert found.findings[1].explained_by == ""


def test_what_a_dead_letter_died_of_wins_over_configuration() -> None:
    """Low visibility may explain dead letters; the failed invocations say it was the import."""
    healthy = stack()
    short = tuple(
        replace(each, visibility_timeout_s=5) if each.name == JOBS else each
        for each in healthy.queues
    )
    found = diagnose(
        stack(queues=short, logs=(of_events(invocation(7, IMPORT, at=ago(60))),), dead_letters=DEAD)
    ).findings
    letters = next(each for each in found if each.id == "dead-letters")
    assert letters.explained_by == "import-module-missing"
    assert letters.because == ("import-module-missing",)


def test_the_evidence_of_a_symptom_wins_over_a_surer_cause() -> None:
    healthy = stack()
    short = tuple(
        replace(each, visibility_timeout_s=5) if each.name == JOBS else each
        for each in healthy.queues
    )
    ours = "aaaaaaaa-0000-4000-8000-000000000001"
    died = invocation(7, f"message {ours}", f"[ERROR] ValueError: no\n{TRACE}", at=ago(60))
    dead = DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 1, samples=(Message(ours, "{}"),))
    found = diagnose(stack(queues=short, logs=(of_events(died),), dead_letters=(dead,))).findings
    letters = next(each for each in found if each.id == "dead-letters")
    assert letters.explained_by == "unhandled-error"


def test_an_error_that_will_bite_stands_above_a_warning_that_bites() -> None:
    late = "[ERROR] HTTPError: 503 Server Error: Service Unavailable for url: https://x\n" + TRACE
    found = diagnose(
        stack(
            functions=(function(runtime="nodejs14.x"), function(PRODUCER)),
            logs=(of_events(invocation(7, late, at=ago(60))),),
        )
    )
    assert ids(found) == ["runtime-deprecated", "downstream-error"]


def test_a_used_up_account_explains_503s_and_dead_letters() -> None:
    found = diagnose(
        stack(
            concurrency=(Concurrency(None, 10, 10),),
            dead_letters=DEAD,
            metrics=(
                series(PRODUCER, "Throttles", 24),
                series(WORKER, "ConcurrentExecutions", 10, statistic="Maximum"),
                series(API, "5xx", 24),
                series(API, "Count", 100),
            ),
        )
    )
    assert ids(found)[0] == "account-concurrency"
    assert set(found.findings[0].explains) == {"dead-letters", "http-5xx"}


def test_network_explains_the_timeout() -> None:
    rid = "RID"
    found = diagnose(
        stack(
            logs=(
                of_events(
                    invocation(
                        7,
                        f"[ERROR]\t2026-11-23T11:59:00.000Z\t{rid}\tconnect ETIMEDOUT "
                        "10.0.1.25:6379",
                        f"2026-11-23T11:59:06.000Z {rid} Task timed out after 6.00 seconds",
                        at=ago(60),
                        seconds=6,
                    )
                ),
            )
        )
    )
    assert ids(found) == ["network-unreachable"]
    assert "10.0.1.25:6379" in found.findings[0].title


def test_errors_stand_above_warnings_and_causes_above_risks() -> None:
    found = diagnose(
        stack(
            queues=(queue(), queue(DLQ)),
            functions=(function(runtime="nodejs20.x"), function(PRODUCER)),
            logs=(of_events(invocation(7, f"[ERROR] ValueError: x\n{TRACE}", at=ago(60))),),
        )
    ).findings
    assert [each.severity for each in found] == sorted(
        (each.severity for each in found), reverse=True
    )
    assert found[0].id == "unhandled-error"


# --- the run itself --------------------------------------------------------------------------


class Broken(Check):
    """A check that fails."""

    meta = Meta("broken-check", "It fails", Severity.ERROR, frozenset({Fact.QUEUES}), "https://x")

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        yield from ()
        raise ValueError(f"cannot look at {stack.name}")


def test_a_check_that_fails_is_skipped_with_the_reason() -> None:
    result = diagnose(stack(), [Broken(), *all_checks()])
    first = result.checks[0]
    assert (first.id, first.outcome) == ("broken-check", CheckOutcome.SKIPPED)
    assert "ValueError: cannot look at shop-dev" in first.reason
    assert len(result.checks) == len(all_checks()) + 1


def test_only_and_skip() -> None:
    broken = stack(mappings=(mapping(state="Disabled"),), dead_letters=DEAD)
    assert ids(diagnose(broken, only=("mapping-disabled",))) == ["mapping-disabled"]
    assert "mapping-disabled" not in ids(diagnose(broken, skip=("mapping-disabled",)))
    assert [each.id for each in diagnose(broken, only=("mapping-disabled",)).checks] == [
        "mapping-disabled"
    ]


def test_nothing_read_is_unknown() -> None:
    gaps: dict[str, Group[object]] = {
        fact.value: Group(unread=(Unread("it", "access denied"),)) for fact in Fact
    }
    result = diagnose(stack(**gaps))
    assert result.verdict == "unknown"
    assert {each.outcome for each in result.checks} == {CheckOutcome.SKIPPED}


PARTS = {
    fact.value: [
        item
        for where in (*(s for pair in PAIRS for s in (pair.broken, pair.mended)), *OTHERS)
        for item in getattr(where, fact.value)
    ]
    for fact in Fact
}


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """Stacks put together from parts of others, with gaps: nothing fits together."""
    groups = {}
    for name, items in PARTS.items():
        chosen = draw(st.lists(st.sampled_from(items), max_size=4)) if items else []
        gap = (Unread("it", draw(st.sampled_from(["missing", "access denied"]))),)
        groups[name] = Group(tuple(chosen), gap if draw(st.booleans()) else ())
    return replace(
        stack(**groups),
        region=draw(st.sampled_from(["", "eu-west-1"])),
        account=draw(st.sampled_from([None, "111122223333"])),
        observed_at=draw(st.sampled_from([None, ago(0)])),
    )


@given(stacks())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_stack_makes_a_check_fail(given_stack: Stack) -> None:
    result = diagnose(given_stack)
    assert [each for each in result.checks if "the check failed" in each.reason] == []
    shown = {each.id for each in result.findings}
    for finding in result.findings:
        assert set(finding.explains) <= shown
        assert not finding.explained_by or finding.explained_by in shown


@pytest.mark.parametrize("name", [None, ""])
def test_functions_of_hostile_names(name: str | None) -> None:
    odd = Function(name or "", "", environment={"QUEUE_URL": "https://[::1", "": "arn:aws:sqs:::"})
    assert diagnose(stack(functions=(odd,))).checks


def test_symptoms_alone_say_so() -> None:
    found = diagnose(stack(dead_letters=DEAD)).findings
    assert [(each.id, each.kind) for each in found] == [("dead-letters", Kind.SYMPTOM)]


def test_a_consumer_that_nobody_calls_has_no_log() -> None:
    """What stops the calls accounts for the log that is missing; a probe names its queue."""
    quiet = FunctionLogs(WORKER, f"/aws/lambda/{WORKER}", exists=False)
    off = stack(mappings=(mapping(state="Disabled"), mapping("other", uuid="u2")), logs=(quiet,))
    found = diagnose(off).findings
    assert [(each.id, each.explained_by) for each in found][:2] == [
        ("mapping-disabled", ""),
        ("logs-missing", "mapping-disabled"),
    ]
    assert found[1].fix.commands == (f"sqsctl probe --queue {JOBS}",)


def test_a_cause_that_began_when_all_was_over_explains_nothing() -> None:
    """The answers with 5xx came an hour before the first import error."""
    early = (series(API, "5xx", 5, ends=3_600), series(API, "Count", 5, ends=3_600))
    late = of_events(invocation(7, IMPORT, at=ago(60), name=PRODUCER), PRODUCER)
    found = diagnose(stack(logs=(late,), metrics=early)).findings
    answered = next(each for each in found if each.id == "http-5xx")
    assert answered.explained_by == ""
