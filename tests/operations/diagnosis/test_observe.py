"""Reading a whole stack at once: values, gaps with their reasons, and never a crash."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.cloudwatch.logs import LogClient
from sqsctl.aws.session import Credentials, Session
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.deployed import QueuePart, StackRef
from sqsctl.model.stack import Fact, Stack
from sqsctl.model.target import Target
from sqsctl.operations.diagnosis import doctor
from sqsctl.operations.diagnosis.observe import closure, observe
from sqsctl.operations.stacks import discover
from tests.e2e.stacks import DeployedLab

pytestmark = pytest.mark.lab

EVERYTHING = frozenset(Fact) - {Fact.ALARMS, Fact.PROJECT, Fact.ERRORS}


def test_the_whole_stack_is_read(lab: DeployedLab) -> None:
    stack = observe(lab.session, lab.stack, needs=EVERYTHING)
    gaps = [gap for fact in EVERYTHING for gap in stack.gaps(fact)]
    assert gaps == []
    assert [each.name for each in stack.queues] == [each.name for each in lab.stack.queues]
    assert {each.name for each in stack.functions} == {
        f"{lab.name}-{key}" for key in ("producer", "jobsWorker", "hello")
    }
    (mapping,) = stack.mappings
    assert (mapping.function_name, mapping.queue_arn) == (f"{lab.name}-jobsWorker", lab.queue.arn)
    assert mapping.logical_id
    assert {route.path for api in stack.apis for route in api.routes} == {"/", "/produce"}
    assert {each.function for each in stack.packages} == {each.name for each in stack.functions}
    assert all("index.py" in each.sources for each in stack.packages)
    assert {each.function for each in stack.concurrency} == {
        None,
        *(each.name for each in stack.functions),
    }
    assert [each.queue_name for each in stack.dead_letters] == [lab.dead_letters.name]
    assert stack.account == "000000000000"
    assert list(stack.consumed())


def test_what_was_not_asked_for_is_unread_and_costs_no_call(lab: DeployedLab) -> None:
    calls = counted(lab.session)
    stack = observe(lab.session, lab.stack, needs={Fact.QUEUES})
    assert set(calls) == {"GetQueueAttributes"}
    assert len(stack.queues) == 2
    for fact in frozenset(Fact) - {Fact.QUEUES, Fact.ERRORS}:
        assert [gap.on_purpose for gap in stack.gaps(fact)] == [True], fact


def test_facts_bring_those_they_rest_on() -> None:
    assert closure({Fact.PERMISSIONS}) == {
        Fact.PERMISSIONS,
        Fact.QUEUES,
        Fact.FUNCTIONS,
        Fact.MAPPINGS,
    }


def test_the_calls_run_at_the_same_time_and_are_few(lab: DeployedLab) -> None:
    calls = counted(lab.session)
    observe(lab.session, lab.stack, needs=EVERYTHING)
    assert sum(calls.values()) < 45
    assert calls["FilterLogEvents"] <= 4


def test_a_log_group_that_is_missing_is_a_fact_not_a_gap(lab: DeployedLab) -> None:
    worker = f"{lab.name}-jobsWorker"
    lab.session.logs().delete_log_group(logGroupName=f"/aws/lambda/{worker}")
    stack = observe(lab.session, lab.stack, needs={Fact.LOGS})
    found = {each.function: each.exists for each in stack.logs}
    assert found[worker] is False
    assert found[f"{lab.name}-producer"] is True
    assert stack.gaps(Fact.LOGS) == ()


def test_parts_that_were_deleted_by_hand_are_missing(lab: DeployedLab) -> None:
    lab.session.functions().delete_function(FunctionName=f"{lab.name}-hello")
    lab.session.sqs().delete_queue(QueueUrl=lab.dead_letters.url)
    stack = observe(lab.session, lab.stack, needs=EVERYTHING)
    assert [(gap.what, gap.reason) for gap in stack.gaps(Fact.FUNCTIONS)] == [
        (f"function {lab.name}-hello", "missing")
    ]
    assert (f"queue {lab.dead_letters.name}", "missing") in {
        (gap.what, gap.reason) for gap in stack.gaps(Fact.QUEUES)
    }
    assert f"{lab.name}-producer" in {each.name for each in stack.functions}


def test_secrets_in_the_environment_never_enter_the_snapshot(lab: DeployedLab) -> None:
    name = f"{lab.name}-producer"
    secret = "hunter2-s3cr3t"
    variables = {
        "QUEUE_URL": lab.queue.url,
        "DB_PASSWORD": secret,
        "TOKEN_URL": f"https://user:{secret}@sqs.ap-northeast-2.amazonaws.com/123456789012/jobs",
        "EMPTY": "",
    }
    lab.session.functions().update_function_configuration(
        FunctionName=name, Environment={"Variables": variables}
    )
    stack = observe(lab.session, lab.stack, needs=EVERYTHING)
    function = stack.function(name)
    assert function is not None
    assert dict(function.environment) == {
        "QUEUE_URL": lab.queue.url,
        "DB_PASSWORD": None,
        "TOKEN_URL": None,
        "EMPTY": "",
    }
    assert secret not in repr(stack)


def test_a_consumer_outside_the_stack_and_a_dead_letter_queue_are_found(lab: DeployedLab) -> None:
    alone = StackRef(
        region=lab.stack.region,
        queues=(QueuePart(lab.queue.name, lab.queue.url, lab.queue.arn),),
    )
    stack = observe(lab.session, alone, needs=EVERYTHING)
    assert {each.name for each in stack.functions} == {f"{lab.name}-jobsWorker"}
    assert {each.name for each in stack.queues} == {lab.queue.name, lab.dead_letters.name}
    assert [each.function for each in stack.logs] == [f"{lab.name}-jobsWorker"]


def test_logs_can_be_restricted_to_a_function(lab: DeployedLab) -> None:
    stack = observe(lab.session, lab.stack, needs={Fact.LOGS}, functions=["producer"])
    assert [each.function for each in stack.logs] == [f"{lab.name}-producer"]
    assert len(stack.functions) == 3


def test_the_projects_files_speak_of_deployed_functions(lab: DeployedLab, tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: other\nprovider:\n  name: aws\n  runtime: nodejs18.x\n"
        "functions:\n  producer:\n    runtime: nodejs20.x\n    handler: handler.producer\n"
    )
    stack = observe(lab.session, lab.stack, needs={Fact.PROJECT}, project_folder=tmp_path)
    assert ("runtime", "nodejs18.x", None) in {
        (each.key, each.value, each.function) for each in stack.project
    }
    assert ("runtime", "nodejs20.x", "other-dev-producer") in {
        (each.key, each.value, each.function) for each in stack.project
    } or ("runtime", "nodejs20.x", f"{lab.name}-producer") in {
        (each.key, each.value, each.function) for each in stack.project
    }


def test_an_endpoint_that_answers_nothing_known_gives_gaps_not_a_crash(lab: DeployedLab) -> None:
    """A bare emulator: every call but SQS's is refused as unknown."""
    session = lab.session
    for service in ("lambda", "logs", "cloudwatch", "apigatewayv2", "iam"):
        session.client(service).meta.events.register("before-send", _not_implemented)
    try:
        stack = observe(session, lab.stack, needs=EVERYTHING)
    finally:
        for service in ("lambda", "logs", "cloudwatch", "apigatewayv2", "iam"):
            session.client(service).meta.events.unregister("before-send", _not_implemented)
    assert len(stack.queues) == 2
    for fact in (Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS, Fact.METRICS, Fact.LOGS):
        assert {gap.reason for gap in stack.gaps(fact)} == {"not offered by this endpoint"}, fact
    assert doctor.missing_actions(stack) == ()


def test_an_aws_that_cannot_be_reached_is_an_error(lab: DeployedLab) -> None:
    target = Target("endpoint", lab.stack.region, endpoint="http://127.0.0.1:9")
    session = Session(target, credentials=Credentials("test", "test"), attempts=1)
    with pytest.raises(SqsctlError) as raised:
        observe(session, lab.stack, needs={Fact.QUEUES, Fact.FUNCTIONS})
    assert raised.value.exit is Exit.UNAVAILABLE


def test_a_call_that_hangs_is_given_up(lab: DeployedLab, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    hanging = threading.Event()

    def page(*_: Any, **__: Any) -> None:
        hanging.wait(30)

    monkeypatch.setattr(LogClient, "page", page)
    try:
        stack = observe(lab.session, lab.stack, needs={Fact.LOGS}, timeout_s=1.0)
    finally:
        hanging.set()
    assert {gap.reason for gap in stack.gaps(Fact.LOGS)} == {"timed out"}
    assert len(stack.functions) == 3


# -- least privilege --------------------------------------------------------------------------

ACTIONS = {
    "sqs:GetQueueAttributes": Fact.QUEUES,
    "lambda:GetFunctionConfiguration": Fact.FUNCTIONS,
    "lambda:ListEventSourceMappings": Fact.MAPPINGS,
    "lambda:GetFunctionConcurrency": Fact.CONCURRENCY,
    "lambda:GetAccountSettings": Fact.CONCURRENCY,
    "lambda:GetFunctionRecursionConfig": Fact.RECURSION,
    "lambda:GetPolicy": Fact.POLICIES,
    "lambda:GetFunction": Fact.PACKAGES,
    "logs:FilterLogEvents": Fact.LOGS,
    "cloudwatch:GetMetricData": Fact.METRICS,
    "iam:SimulatePrincipalPolicy": Fact.PERMISSIONS,
    "apigateway:GET": Fact.APIS,
}


@pytest.fixture
def user(lab: DeployedLab) -> Iterator[tuple[str, Session]]:
    """An IAM user with keys, and no permission yet."""
    iam = lab.session.iam()
    name = f"u{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = Session(
        lab.session.target,
        credentials=Credentials(key["AccessKeyId"], key["SecretAccessKey"]),
    )
    yield name, session
    iam.delete_user_policy(UserName=name, PolicyName="own")
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


# The emulator asks for the permission to write it from those who read it.
EMULATED = {"lambda:GetFunctionConcurrency": "lambda:PutFunctionConcurrency"}


def allow(lab: DeployedLab, user: str, *, but: str | None, more: Sequence[str] = ()) -> None:
    actions = [*ACTIONS, *EMULATED.values(), *more]
    statements = [{"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}]
    if but:
        denied = [but, EMULATED.get(but, but)]
        statements.append({"Effect": "Deny", "Action": denied, "Resource": "*"})
    lab.session.iam().put_user_policy(
        UserName=user,
        PolicyName="own",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )


# The emulator lets everybody read the account's settings.
NOT_ENFORCED = {"lambda:GetAccountSettings"}


@pytest.mark.parametrize("denied", sorted(ACTIONS.keys() - NOT_ENFORCED))
def test_without_one_permission_that_fact_is_unread_and_the_rest_is_read(
    lab: DeployedLab, user: tuple[str, Session], denied: str
) -> None:
    name, session = user
    allow(lab, name, but=denied)
    stack = observe(session, lab.stack, needs=EVERYTHING)
    fact = ACTIONS[denied]
    gaps = stack.gaps(fact)
    assert {gap.reason for gap in gaps} == {"access denied"}
    assert {gap.action for gap in gaps} == {denied}
    assert denied in doctor.missing_actions(stack)
    unharmed = [
        each
        for each in (Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS, Fact.LOGS)
        if each is not fact
    ]
    for each in unharmed:
        assert len(getattr(stack, each.value)), each


@pytest.mark.parametrize("listing_denied", [True, False])
def test_with_half_of_cloudformation_the_parts_are_still_found(
    lab: DeployedLab, user: tuple[str, Session], *, listing_denied: bool
) -> None:
    name, session = user
    both = ["cloudformation:DescribeStacks", "cloudformation:ListStackResources"]
    denied = both[1] if listing_denied else both[0]
    allow(lab, name, but=denied, more=both)
    ref = discover.from_stack(session, lab.name)
    assert {each.name for each in ref.queues} == {lab.queue.name, lab.dead_letters.name}
    assert f"{lab.name}-jobsWorker" in {each.name for each in ref.functions}
    assert ref.account == "000000000000"
    stack = observe(session, ref, needs=EVERYTHING)
    assert f"{lab.name}-producer" in {each.name for each in stack.functions}
    assert doctor.missing_actions(stack, ref) == (denied,)
    # Parts that nothing else leads to may be missing: that is no clean bill of health.
    assert bool(stack.gaps(Fact.FUNCTIONS)) is listing_denied
    checkup = doctor.checkup(session, ref, only=["mapping-disabled"])
    assert checkup.diagnosis.checks[0].outcome == ("skipped" if listing_denied else "ok")


def test_without_cloudformation_the_way_by_a_queue_is_named(
    lab: DeployedLab, user: tuple[str, Session]
) -> None:
    name, session = user
    allow(lab, name, but=None)
    with pytest.raises(SqsctlError) as raised:
        discover.from_stack(session, lab.name)
    assert raised.value.exit is Exit.DENIED
    assert "--queue" in (raised.value.hint or "")


def test_with_exactly_the_declared_permissions_nothing_is_unread(
    lab: DeployedLab, user: tuple[str, Session]
) -> None:
    name, session = user
    allow(lab, name, but=None)
    stack = observe(session, lab.stack, needs=EVERYTHING)
    assert doctor.missing_actions(stack) == ()


def test_the_check_that_needs_an_unread_fact_is_skipped_not_ok(
    lab: DeployedLab, user: tuple[str, Session]
) -> None:
    name, session = user
    allow(lab, name, but="lambda:ListEventSourceMappings")
    result = doctor.checkup(session, lab.stack, only=["mapping-disabled"])
    (check,) = result.diagnosis.checks
    assert check.outcome == "skipped"
    assert "access denied" in check.reason
    assert result.missing_actions == ("lambda:ListEventSourceMappings",)
    assert result.diagnosis.verdict == "unknown"


# -- helpers ----------------------------------------------------------------------------------


def counted(session: Session) -> dict[str, int]:
    """Calls by operation, from now on."""
    calls: dict[str, int] = {}

    def count(model: Any, **_: Any) -> None:
        calls[model.name] = calls.get(model.name, 0) + 1

    for service in ("sqs", "lambda", "logs", "cloudwatch", "apigatewayv2", "iam", "cloudformation"):
        session.client(service).meta.events.register("before-call", count)
    return calls


def _not_implemented(**_: Any) -> Any:
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

    class Raw:
        def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
            yield b'{"__type": "NotImplemented", "message": "not implemented"}'

    headers = HTTPHeaders.from_dict({"content-type": "application/json"})
    return AWSResponse("http://x", 501, headers, Raw())


def recent(stack: Stack) -> bool:
    return stack.observed_at is not None and datetime.now(UTC) - stack.observed_at < timedelta(
        minutes=1
    )


def test_the_moment_of_the_look_is_kept(lab: DeployedLab) -> None:
    assert recent(observe(lab.session, lab.stack, needs={Fact.QUEUES}))


def test_a_queue_alone_can_be_observed(lab: DeployedLab) -> None:
    ref = discover.from_queue(lab.session, lab.dead_letters.name)
    stack = observe(lab.session, ref, needs=EVERYTHING)
    assert {each.name for each in stack.queues} == {lab.queue.name, lab.dead_letters.name}
    assert [each.queue_name for each in stack.dead_letters] == [lab.dead_letters.name]
