"""Deploying through change sets, on the lab's CloudFormation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.aws.stacks import StackClient
from sqsctl.errors import Exit, RefusedError, SqsctlError, UsageError
from sqsctl.model.deployed import STACK_TYPE, UNCHANGED, DeployEvent
from sqsctl.model.target import Target
from sqsctl.operations.stacks import deploy
from tests.e2e.stacks import DeployedLab

pytestmark = pytest.mark.lab


def template(**resources: Any) -> str:
    return json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": {"Retention": {"Type": "String", "Default": "600"}},
            "Resources": resources,
        }
    )


def queue(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}


@pytest.fixture
def session(lab_state: LabState) -> Session:
    target = Target("lab", lab_state.region, lab_state.account, None, lab_state.endpoint)
    return Session(target, credentials=lab_state.credentials)


@pytest.fixture
def name(session: Session) -> Iterator[str]:
    name = f"d{uuid.uuid4().hex[:8]}"
    yield name
    deploy.delete(session, name, yes=True)


def test_a_stack_is_created_with_an_event_for_each_resource(session: Session, name: str) -> None:
    events = list(deploy.deploy(session, name, template(jobs=queue(f"{name}-jobs"))))
    resources = [(each.logical_id, each.status) for each in events if each.type != STACK_TYPE]
    assert resources == [("jobs", "CREATE_IN_PROGRESS"), ("jobs", "CREATE_COMPLETE")]
    assert (events[-1].type, events[-1].status) == (STACK_TYPE, "CREATE_COMPLETE")
    assert StackClient(session).get(name).tags == {"sqsctl:created-by": "sqsctl"}


def test_the_same_template_again_is_a_success_that_changes_nothing(
    session: Session, name: str
) -> None:
    body = template(jobs=queue(f"{name}-jobs"))
    list(deploy.deploy(session, name, body))
    before = StackClient(session).events(name)
    assert [each.status for each in deploy.deploy(session, name, body)] == [UNCHANGED]
    assert StackClient(session).events(name) == before
    assert no_change_sets(session, name)


def test_an_update_shows_only_its_own_events(session: Session, name: str) -> None:
    list(deploy.deploy(session, name, template(jobs=queue(f"{name}-jobs"))))
    changed = template(jobs=queue(f"{name}-jobs", VisibilityTimeout=77))
    events = list(deploy.deploy(session, name, changed))
    assert [each.status for each in events if each.logical_id == "jobs"] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]
    assert events[-1].status == "UPDATE_COMPLETE"
    assert not any(each.status.startswith("CREATE") for each in events)


def test_parameters_keep_their_values_until_they_are_given_anew(
    session: Session, name: str
) -> None:
    body = template(jobs=queue(f"{name}-jobs", MessageRetentionPeriod={"Ref": "Retention"}))
    list(deploy.deploy(session, name, body, {"Retention": "1200"}))
    assert [each.status for each in deploy.deploy(session, name, body)] == [UNCHANGED]
    list(deploy.deploy(session, name, body, {"Retention": "1300"}))
    assert StackClient(session).get(name).parameters == {"Retention": "1300"}


def test_a_failed_deploy_says_which_resource_failed_and_why(session: Session, name: str) -> None:
    body = template(
        jobs=queue(f"{name}-jobs"), wrong=queue(f"{name}-wrong", VisibilityTimeout=99_999_999)
    )
    shown: list[DeployEvent] = []
    with pytest.raises(SqsctlError) as raised:
        shown.extend(deploy.deploy(session, name, body))
    assert raised.value.code == "deploy_failed"
    assert "wrong (AWS::SQS::Queue)" in raised.value.message
    assert "jobs (AWS::SQS::Queue)" not in raised.value.message
    # CloudFormation had rolled it back when that was raised.
    assert shown[-1].status == "ROLLBACK_COMPLETE"


def test_the_remains_of_a_failed_first_deploy_do_not_stand_in_the_way(
    session: Session, name: str
) -> None:
    with pytest.raises(SqsctlError):
        list(
            deploy.deploy(session, name, template(wrong=queue(name, VisibilityTimeout=99_999_999)))
        )
    events = list(deploy.deploy(session, name, template(jobs=queue(f"{name}-jobs"))))
    assert events[-1].status == "CREATE_COMPLETE"


def test_a_template_that_is_none_leaves_nothing_behind(session: Session, name: str) -> None:
    with pytest.raises(SqsctlError):
        list(deploy.deploy(session, name, "Resources: {jobs: {Type: 'AWS::No::Such'}}"))
    assert StackClient(session).find(name) is None


def test_a_template_too_large_for_a_request_is_refused(session: Session, name: str) -> None:
    body = template(jobs=queue("x" * 60_000))
    with pytest.raises(UsageError, match="51,200"):
        list(deploy.deploy(session, name, body))
    assert StackClient(session).find(name) is None


def test_a_stack_of_somebody_else_is_left_alone(session: Session, name: str) -> None:
    body = template(jobs=queue(f"{name}-jobs"))
    session.cloudformation().create_stack(StackName=name, TemplateBody=body)
    session.cloudformation().get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    changed = template(jobs=queue(f"{name}-jobs", VisibilityTimeout=5))
    with pytest.raises(RefusedError) as raised:
        list(deploy.deploy(session, name, changed))
    assert raised.value.exit is Exit.REFUSED
    assert no_change_sets(session, name)
    with pytest.raises(RefusedError):
        deploy.delete(session, name)
    events = list(deploy.deploy(session, name, changed, yes=True))
    assert events[-1].status == "UPDATE_COMPLETE"


def test_a_dry_run_says_what_would_change_and_changes_nothing(session: Session, name: str) -> None:
    body = template(jobs=queue(f"{name}-jobs"))
    would = list(deploy.deploy(session, name, body, dry_run=True))
    assert [(each.logical_id, each.status) for each in would] == [("jobs", "ADD")]
    assert StackClient(session).find(name) is None
    list(deploy.deploy(session, name, body))
    changed = template(jobs=queue(f"{name}-jobs", VisibilityTimeout=9), more=queue(f"{name}-more"))
    would = list(deploy.deploy(session, name, changed, dry_run=True))
    assert {(each.logical_id, each.status) for each in would} == {
        ("jobs", "MODIFY"),
        ("more", "ADD"),
    }
    assert no_change_sets(session, name)
    assert StackClient(session).get(name).status == "CREATE_COMPLETE"


def test_giving_up_before_it_is_carried_out_leaves_nothing(
    session: Session, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupt(BaseException):
        pass

    def sleep(_: float) -> None:
        raise Interrupt

    client = StackClient(session)
    answers = iter([("CREATE_PENDING", "")])
    original = StackClient.change_set
    monkeypatch.setattr(
        StackClient, "change_set", lambda self, arn: next(answers, None) or original(self, arn)
    )
    events = deploy.deploy(session, name, template(jobs=queue(name)), sleep=sleep)
    with pytest.raises(Interrupt):
        list(events)
    assert client.find(name) is None


def test_deleting_waits_until_it_is_gone(session: Session, name: str) -> None:
    list(deploy.deploy(session, name, template(jobs=queue(f"{name}-jobs"))))
    assert deploy.delete(session, name)
    assert StackClient(session).find(name) is None
    assert not deploy.delete(session, name)


def test_the_summary_is_what_serverless_deploy_prints(lab: DeployedLab) -> None:
    found = deploy.endpoints(lab.session, lab.name)
    assert {(each.method, each.url.rpartition("/")[2]) for each in found.endpoints} == {
        ("POST", "produce"),
        ("POST", ""),
    }
    assert {each.key for each in found.functions} == {"producer", "jobsWorker", "hello"}
    assert all(each.code_size_bytes for each in found.functions)
    assert [each.name for each in found.queues if not each.dead_letter_queue] == [
        f"{lab.name}-jobs"
    ]


def no_change_sets(session: Session, name: str) -> bool:
    listed = session.cloudformation().list_change_sets(StackName=name)["Summaries"]
    return not [each for each in listed if each.get("ExecutionStatus") == "AVAILABLE"]
