"""Looking, concluding, and mending what is safe to mend."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.rank import diagnose
from sqsctl.errors import RefusedError, UsageError
from sqsctl.model.finding import CheckOutcome, Diagnosis, Finding, Kind, Severity
from sqsctl.model.remedy import Call, Fix
from sqsctl.model.stack import Stack
from sqsctl.operations.diagnosis import doctor
from tests.e2e.stacks import DeployedLab

STACK = Stack("s", "r")


class Stuck(Check):
    meta = Meta("stuck", "never ends", Severity.ERROR, frozenset(), "")

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        threading.Event().wait()
        yield from ()


class Quick(Check):
    meta = Meta("quick", "ends", Severity.ERROR, frozenset(), "")

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        yield self.found("found it", evidence=(), fix=Fix("none"))


def test_a_check_that_does_not_end_is_skipped_and_the_others_run() -> None:
    told: list[str] = []
    checks = [doctor._Timed(each, 0.05, told.append) for each in (Stuck(), Quick())]
    diagnosis = diagnose(STACK, checks)
    outcomes = {each.id: each for each in diagnosis.checks}
    assert outcomes["stuck"].outcome is CheckOutcome.SKIPPED
    assert "longer than" in outcomes["stuck"].reason
    assert outcomes["quick"].outcome is CheckOutcome.FOUND
    assert told == ["checking stuck", "checking quick"]


def test_a_check_that_does_not_exist_is_a_usage_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError) as raised:
        doctor.chosen_checks(["function-timout"], [])
    assert "function-timeout" in (raised.value.hint or "")


def test_only_and_skip_choose_the_checks() -> None:
    only = doctor.chosen_checks(["function-timeout", "dlq-missing"], ["dlq-missing"])
    assert [each.meta.id for each in only] == ["function-timeout"]
    everything = {each.meta.id for each in doctor.chosen_checks([], [])}
    assert {each.meta.id for each in doctor.chosen_checks([], ["dlq-missing"])} == everything - {
        "dlq-missing"
    }


def finding(disposition: str, *steps: Call) -> Finding:
    fix = Fix("do it", disposition, ("aws do-it",), calls=steps)  # type: ignore[arg-type]
    return Finding("x", Severity.ERROR, Kind.CAUSE, "x", (), fix)


@pytest.mark.parametrize("disposition", ["unsafe", "manual"])
def test_what_is_not_safe_is_never_applied(disposition: str, lab: DeployedLab) -> None:
    step = Call("sqs", "purge_queue", (("QueueUrl", lab.queue.url),))
    with pytest.raises(RefusedError) as raised:
        list(doctor.mend(lab.session, finding(disposition, step)))
    assert raised.value.hint == "aws do-it"


def test_what_is_over_is_not_mended_again() -> None:
    step = Call("lambda", "update_function_configuration", (("FunctionName", "f"),))
    open_, over = finding("safe", step), replace(finding("safe", step), past=True)
    assert doctor.mendable(Diagnosis("s", (over, open_), ())) == (open_,)


@pytest.mark.lab
def test_a_safe_fix_is_applied_and_has_taken_effect(lab: DeployedLab) -> None:
    (uuid, _) = lab.stack.mapping_ids[0]
    lab.session.functions().update_event_source_mapping(UUID=uuid, Enabled=False)
    before = doctor.checkup(lab.session, lab.stack, only=["mapping-disabled"])
    (found,) = doctor.mendable(before.diagnosis)
    applied = list(doctor.mend(lab.session, found))
    assert [each.step.operation for each in applied] == ["update_event_source_mapping"]
    after = doctor.checkup(lab.session, lab.stack, only=["mapping-disabled"])
    assert after.diagnosis.verdict == "healthy"


@pytest.mark.lab
def test_a_healthy_stack_is_healthy(lab: DeployedLab) -> None:
    diagnosis = doctor.doctor(lab.session, lab.stack)
    worse = [each for each in diagnosis.findings if each.severity > Severity.INFO]
    assert worse == []
    assert diagnosis.verdict == "healthy"
    skipped = [each.id for each in diagnosis.checks if each.outcome is CheckOutcome.SKIPPED]
    # Without a project's folder there is nothing to compare the deployed runtime with.
    # Alarms are looked at on AWS, or where the check is asked for by its id.
    assert set(skipped) <= {"runtime-mismatch", "dlq-alarm-missing"}


@pytest.mark.lab
def test_only_what_the_chosen_checks_need_is_read(lab: DeployedLab) -> None:
    found = doctor.checkup(lab.session, lab.stack, only=["visibility-below-timeout"])
    assert len(found.stack.functions) == 3
    assert len(found.stack.permissions) == 0
    assert len(found.stack.packages) == 0
