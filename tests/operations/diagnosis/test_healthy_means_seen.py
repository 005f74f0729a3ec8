"""No read that fails, whichever and however, makes a broken stack look healthy."""

from __future__ import annotations

from collections.abc import Callable

import botocore.client
import pytest

from sqsctl.aws.session import Credentials, Session
from sqsctl.errors import SqsctlError
from sqsctl.model.finding import Diagnosis
from sqsctl.model.target import Target
from sqsctl.operations.diagnosis.doctor import doctor
from sqsctl.operations.stacks import discover
from tests.operations.diagnosis.small_aws import ACCOUNT, BREAKS, FAULTS, NAME, REGION, SmallAws

# No function failed, and what the others tell comes from elsewhere, too.
ELSEWHERE = {"FilterLogEvents", "DescribeStacks", "GetQueueUrl", "GetEventSourceMapping"}
# Without these it is told less of why; they hide no failure.
SHARPENING = {
    "DescribeAlarmsForMetric",
    "GetAccountSettings",
    "GetFunction",
    "GetPolicy",
    "SimulatePrincipalPolicy",
}


Look = Callable[[SmallAws], Diagnosis]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    def diagnosed(aws: SmallAws) -> Diagnosis:
        def call(client: object, operation: str, request: dict[str, object]) -> object:
            return aws(client, operation, request)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        target = Target(kind="aws", region=REGION, account=ACCOUNT)
        session = Session(target, credentials=Credentials("test", "test"))
        return doctor(session, discover.from_stack(session, NAME))

    return diagnosed


def test_nothing_broken_and_all_seen_is_healthy(look: Look) -> None:
    found = look(SmallAws())
    assert found.unseen == ()
    assert [each for each in found.findings if each.severity > 1] == []
    assert found.verdict == "healthy"


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_stack_is_found_where_all_is_read(look: Look, broken: str) -> None:
    assert look(SmallAws(broken)).verdict == "findings"


@pytest.mark.parametrize("broken", BREAKS)
def test_no_fault_of_a_read_makes_a_broken_stack_healthy(look: Look, broken: str) -> None:
    whole = SmallAws(broken)
    look(whole)
    for operation in sorted(whole.called):
        for fault in FAULTS:
            try:
                found = look(SmallAws(broken, operation, fault))
            except SqsctlError:
                continue  # no verdict at all
            assert found.verdict != "healthy", (operation, fault)


def test_what_was_not_seen_is_told_with_what_to_do(look: Look) -> None:
    whole = SmallAws()
    look(whole)
    for operation in sorted(whole.called - SHARPENING - {"DescribeLogGroups"}):
        try:
            found = look(SmallAws("", operation, "denied"))
        except SqsctlError:
            continue
        if operation in {
            "FilterLogEvents",
            "DescribeStacks",
            "GetQueueUrl",
            "GetEventSourceMapping",
        }:
            continue  # no function failed; the others' facts come from elsewhere, too
        assert found.verdict == "unknown", operation
        assert all(each.action and each.action in each.remedy for each in found.unseen), (
            found.unseen
        )


def test_what_a_log_keeps_is_asked_only_where_it_is_silent(look: Look) -> None:
    silent, told = SmallAws("worker fails silently"), SmallAws("worker fails")
    (riddle,) = (each for each in look(silent).findings if each.id == "failures-unexplained")
    assert ("retentionInDays", "3 days") in {(each.fact, each.value) for each in riddle.evidence}
    assert "failures-unexplained" not in {each.id for each in look(told).findings}
    assert "DescribeLogGroups" in silent.called
    assert "DescribeLogGroups" not in told.called
