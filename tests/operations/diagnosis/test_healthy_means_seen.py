"""No read that fails, whichever and however, makes a broken stack look healthy.

What is tested goes through botocore's clients; ``_make_api_call`` is answered from memory. One
session serves all looks, as making clients costs more than a look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.client
import pytest

from sqsctl.aws.session import Credentials, Session
from sqsctl.checks.base import Check
from sqsctl.checks.rank import diagnose
from sqsctl.checks.registry import all_checks
from sqsctl.errors import SqsctlError
from sqsctl.model.finding import Diagnosis
from sqsctl.model.stack import Fact, Stack
from sqsctl.model.target import Target
from sqsctl.operations.access.permissions import FACTS
from sqsctl.operations.diagnosis.doctor import missing_actions
from sqsctl.operations.diagnosis.observe import observe
from sqsctl.operations.stacks import discover
from sqsctl.remedies.context import FACTS as REMEDY_FACTS
from tests.operations.diagnosis import full_aws
from tests.operations.diagnosis.full_aws import FullAws
from tests.operations.diagnosis.small_aws import ACCOUNT, BREAKS, FAULTS, NAME, REGION, SmallAws

# No function failed, and what the others tell comes from elsewhere, too.
ELSEWHERE = {"FilterLogEvents", "DescribeStacks", "GetQueueUrl", "GetEventSourceMapping"}
# Without these it is told less of why; they hide no failure.
SHARPENING = {
    "DescribeAlarmsForMetric",
    "GetAccountSettings",
    "GetFunction",
    "GetFunctionRecursionConfig",
    "GetPolicy",
    "GetTemplateSummary",
    "SimulatePrincipalPolicy",
}
# Packages are fetched over HTTP, which is not answered here; StopQuery ends a query that is late.
NOT_CALLED = {"lambda:GetFunction", "lambda:GetLayerVersion", "logs:StopQuery"}
CHECKS: tuple[Check, ...] = all_checks()
NEEDS = REMEDY_FACTS.union(*(each.meta.needs | each.meta.uses for each in CHECKS))

Look = Callable[[SmallAws], Diagnosis]


@pytest.fixture(scope="module")
def session() -> Session:
    target = Target(kind="aws", region=REGION, account=ACCOUNT)
    return Session(target, credentials=Credentials("test", "test"))


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, session: Session) -> Look:
    now = [SmallAws()]

    def call(_: object, operation: str, request: dict[str, object]) -> object:
        return now[0](None, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)

    def diagnosed(aws: SmallAws) -> Diagnosis:
        now[0] = aws
        return diagnose(observe(session, discover.from_stack(session, NAME), needs=NEEDS), CHECKS)

    return diagnosed


def healthy_with_a_fault(
    look: Look, make: Callable[..., SmallAws], broken: str
) -> Iterator[tuple[str, str]]:
    """The operations, and their faults, with which this broken stack is called healthy."""
    whole = make(broken)
    look(whole)
    for operation in sorted(whole.called):
        for fault in FAULTS:
            try:
                found = look(make(broken, operation, fault))
            except SqsctlError:
                continue  # no verdict at all
            if found.verdict == "healthy":
                yield operation, fault


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
    assert list(healthy_with_a_fault(look, SmallAws, broken)) == []


def test_nothing_broken_is_healthy_with_all_that_is_looked_at(look: Look) -> None:
    found = look(FullAws())
    assert found.unseen == ()
    assert [each.id for each in found.findings if each.severity > 1] == []


@pytest.mark.parametrize("broken", full_aws.BREAKS)
def test_no_fault_among_all_reads_makes_a_broken_stack_healthy(look: Look, broken: str) -> None:
    assert look(FullAws(broken)).verdict == "findings"
    assert list(healthy_with_a_fault(look, FullAws, broken)) == []


def test_every_read_that_doctor_makes_is_among_them(look: Look) -> None:
    """By the permissions that its checks' declarations ask for."""
    called: set[str] = set()
    for broken in ("", *BREAKS, *full_aws.BREAKS):
        aws = FullAws(broken)
        look(aws)
        called |= aws.called
    wanted = {need.action for fact in Fact for need in FACTS[fact]} - NOT_CALLED
    rest = {"GetRestApi", "GetResources", "GetApi", "GetRoutes", "GetIntegrations", "GetStages"}
    assert called >= rest
    assert {each.partition(":")[2] for each in wanted} - {"GET"} <= called


def test_what_was_not_seen_is_told_with_what_to_do(look: Look) -> None:
    whole = SmallAws()
    look(whole)
    for operation in sorted(whole.called - SHARPENING - {"DescribeLogGroups"}):
        try:
            found = look(SmallAws("", operation, "denied"))
        except SqsctlError:
            continue
        if operation in ELSEWHERE:
            continue
        assert found.verdict == "unknown", operation
        assert all(each.action and each.action in each.remedy for each in found.unseen), (
            found.unseen
        )


def seen_by(look: Look, session: Session, aws: SmallAws, **given: Any) -> Stack:
    look(aws)
    return observe(session, discover.from_stack(session, NAME), needs=NEEDS, **given)


def test_a_template_written_for_sam_is_known_by_its_transform(
    look: Look, session: Session, tmp_path: Path
) -> None:
    """Deployed by ``aws cloudformation deploy``, with roles of its own: no mark tells it."""
    aws = SmallAws("written for SAM")
    assert seen_by(look, session, aws).made_by == "sam"
    assert seen_by(look, session, SmallAws()).made_by == "cloudformation"
    denied = seen_by(look, session, SmallAws("written for SAM", "GetTemplateSummary", "denied"))
    assert denied.made_by == "cloudformation"
    assert "cloudformation:GetTemplateSummary" in missing_actions(denied)
    look(aws)
    ref = discover.from_stack(session, NAME)
    aws.called.clear()
    observe(session, ref, needs=NEEDS, project_folder=tmp_path)
    assert "GetTemplateSummary" not in aws.called, "the project's files tell it"
    observe(session, replace(ref, made_by="cdk"), needs=NEEDS)
    assert "GetTemplateSummary" not in aws.called, "the resources tell it"


def test_what_a_log_keeps_is_asked_only_where_it_is_silent(look: Look) -> None:
    silent, told = SmallAws("worker fails silently"), SmallAws("worker fails")
    (riddle,) = (each for each in look(silent).findings if each.id == "failures-unexplained")
    assert ("retentionInDays", "3 days") in {(each.fact, each.value) for each in riddle.evidence}
    assert "failures-unexplained" not in {each.id for each in look(told).findings}
    assert "DescribeLogGroups" in silent.called
    assert "DescribeLogGroups" not in told.called


def test_all_that_feeds_a_dead_letter_queue_is_told(look: Look) -> None:
    aws = FullAws("dead letters")
    (dead,) = [each for each in look(aws).findings if each.id == "dead-letters"]
    for told in (
        "asynchronous invocations of shop-dev-worker",
        "EventBridge rule nightly",
        "EventBridge schedule hourly",
        "EventBridge pipe changes",
        "SNS subscription of shop-dev-alarms",
        "event source mapping of clicks to shop-dev-worker",
    ):
        assert told in dead.title
