"""Each command under exactly the policy that sqsctl iam prints for it, and with less.

Without an action a command is denied (7) and names it, or does the rest and names what it
could not look at. The whole matrix runs under ``-m long``; doctor's and what redrive cannot
do without are in every run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.message import Outgoing
from tests.e2e.iam_cases import (
    ALARMS,
    CASES,
    NAMED_ELSEWHERE,
    NOT_ENFORCED,
    SPARE,
    SURROUNDED,
    SURROUNDINGS,
    Case,
)
from tests.e2e.iam_users import User, actions_of, somebody, without
from tests.e2e.stacks import DeployedLab, own_stack
from tests.e2e.surroundings import encrypt, let_roles_use, producer_in_vpc
from tests.e2e.test_alarms import alarm
from tests.program import Ran, Sqsctl

pytestmark = pytest.mark.lab

As = Callable[..., Ran]
DOCTOR = next(each for each in CASES if each.name == "doctor")


@pytest.fixture(scope="module")
def shared(lab_state: LabState) -> Iterator[User]:
    """A user, and one stack for all commands that leave it as they found it."""
    with own_stack(lab_state) as lab, somebody(lab) as user:
        yield user


@pytest.fixture
def policy_of(sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """What sqsctl iam prints for a case, asked by the lab's owner."""

    def printed(lab: DeployedLab, case: Case) -> dict[str, Any]:
        with monkeypatch.context() as patch:
            patch.setenv("SQSCTL_LAB_NAME", lab.state.name)
            patch.setenv("SQSCTL_STACK", lab.name)
            shown = sqsctl("iam", case.name)
        assert shown.code == 0, shown.err
        document: dict[str, Any] = json.loads(shown.out)
        return document

    return printed


@pytest.fixture
def run_as(sqsctl: Sqsctl, monkeypatch: pytest.MonkeyPatch) -> As:
    """A case as a user with a policy, on an endpoint that is nobody's lab."""

    def run(user: User, case: Case, document: dict[str, Any]) -> Ran:
        lab = user.lab
        user.grant(document)
        put(lab, case.letters, case.body)
        worker = next(each.name for each in lab.stack.functions if each.name.endswith("Worker"))
        names = {
            "MAIN": lab.queue.url,
            "STACK": lab.name,
            "function:WORKER": f"function:{worker}",
        }
        if "TOPIC" in case.name:
            topics: Any = lab.session.client("sns")
            made = topics.create_topic(Name=lab.name)["TopicArn"]
            names["topic:TOPIC"] = f"topic:{made}"
        with ExitStack() as held:
            patch = held.enter_context(monkeypatch.context())
            if case.waiting:
                names["ID"] = held.enter_context(one_waiting(lab))
            patch.setenv("SQSCTL_LAB_NAME", "nobodys")
            patch.setenv("SQSCTL_STACK", lab.name)
            patch.setenv("AWS_ENDPOINT_URL", lab.state.endpoint)
            patch.setenv("AWS_ACCESS_KEY_ID", user.key)
            patch.setenv("AWS_SECRET_ACCESS_KEY", user.secret)
            arguments = [names.get(each, each) for each in case.arguments]
            if case.hidden:
                with monkeypatch.context() as owner:
                    owner.setenv("AWS_ACCESS_KEY_ID", lab.state.access_key_id)
                    owner.setenv("AWS_SECRET_ACCESS_KEY", lab.state.secret_access_key)
                    hidden = sqsctl(
                        "queue", "hide", names["ID"], "--force", "--region", lab.state.region
                    )
                    assert hidden.code == 0, hidden.err
            return sqsctl(*arguments, "--region", lab.state.region, "-o", "json")

    return run


def put(lab: DeployedLab, count: int, body: str = "") -> None:
    """Messages straight into the dead-letter queue."""
    if count:
        port = QueueClient(lab.session).open(lab.dead_letters.ref)
        sent = port.send([Outgoing(body or json.dumps({"input": n})) for n in range(count)])
        assert len(sent.accepted) == count


@contextmanager
def one_waiting(lab: DeployedLab) -> Iterator[str]:
    """The id of a message that waits in the main queue while nothing consumes it."""
    client = MappingClient(lab.session)
    (mapping,) = client.of_queue(lab.queue.arn)
    client.set_enabled(mapping.uuid, enabled=False)
    sqs = lab.session.sqs()
    made = sqs.send_message(QueueUrl=lab.queue.url, MessageBody='{"input": 1}')
    try:
        yield made["MessageId"]
    finally:
        client.set_enabled(mapping.uuid, enabled=True)


def judge(case: Case, action: str, ran: Ran) -> str | None:
    """What is wrong with a run that lacked an action; None if nothing is."""
    said = (ran.out + ran.err).lower()
    short = f"{case.label} without {action}: exit {ran.code}: {said[-600:]}"
    if "traceback" in said:
        return f"crashed: {short}"
    if action in NOT_ENFORCED or action in SPARE.get(case.label, ()):
        return None if ran.code in case.good else f"was spare: {short}"
    if fact := NAMED_ELSEWHERE.get((case.label, action)):
        return None if ran.code in {*case.good, 3} and re.search(fact, said) else f"untold: {short}"
    if action.lower() not in said:
        return f"not named: {short}"
    operation = action.partition(":")[2].lower()
    if ran.code == 7:
        return None if operation in said else f"denied something else: {short}"
    return None if ran.code in {*case.good, 3, 10} else f"neither denied nor degraded: {short}"


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.label)
def test_a_command_works_under_its_own_policy(
    shared: User, policy_of: Callable[..., dict[str, Any]], run_as: As, case: Case
) -> None:
    ran = run_as(shared, case, policy_of(shared.lab, case))
    assert ran.code in case.good, ran.err + ran.out
    assert "not authorized" not in ran.out + ran.err
    assert "access denied" not in ran.out + ran.err


def test_doctor_names_whatever_it_may_not_read(
    lab: DeployedLab, policy_of: Callable[..., dict[str, Any]], run_as: As
) -> None:
    """Also what it reads only where a function is in a VPC, and a queue has a key of its own."""
    with somebody(lab) as user:
        document = policy_of(lab, DOCTOR)
        wrong = []

        def deny(case: Case, actions: Iterable[str]) -> None:
            whole = run_as(user, case, document)
            assert (whole.code, whole.data["verdict"]) == (0, "healthy"), whole.out
            assert whole.data["missing_actions"] == []
            for action in actions:
                ran = run_as(user, case, without(document, action))
                wrong.append(judge(case, action, ran))
                if action not in {*NOT_ENFORCED, *SPARE[case.label]} and ran.code != 7:
                    skipped = ran.data["missing_actions"]
                    if action not in skipped:
                        wrong.append(f"{action} is not among the missing: {skipped}")

        assert not any(each.startswith("kms:") for each in actions_of(document))
        deny(DOCTOR, set(actions_of(document)) - SURROUNDINGS)
        let_roles_use(lab, encrypt(lab))
        document = policy_of(lab, DOCTOR)  # now the key is in it
        assert set(actions_of(document)) >= SURROUNDINGS
        with producer_in_vpc(lab) as place:
            place.lead_out()
            deny(SURROUNDED, sorted(SURROUNDINGS))
        assert not [each for each in wrong if each]


def test_alarms_that_may_not_be_read_are_named(
    shared: User, policy_of: Callable[..., dict[str, Any]], run_as: As
) -> None:
    document = policy_of(shared.lab, ALARMS)
    whole = run_as(shared, ALARMS, document)
    assert whole.data["missing_actions"] == []
    (found,) = whole.data["findings"]
    assert "no alarm watches it" in found["title"]
    action = "cloudwatch:DescribeAlarmsForMetric"
    blind = run_as(shared, ALARMS, without(document, action))
    assert blind.data["missing_actions"] == [action]
    assert blind.data["findings"] == []
    topics: Any = shared.lab.session.client("sns")
    topic = topics.create_topic(Name=f"{shared.lab.name}-alarm")["TopicArn"]
    alarm(shared.lab, shared.lab.name, topic)
    action = "sns:ListSubscriptionsByTopic"
    assert run_as(shared, ALARMS, without(document, action)).data["findings"] == []
    shared.lab.session.cloudwatch().delete_alarms(AlarmNames=[shared.lab.name])


@pytest.mark.parametrize("method", ["client", "native"])
def test_redrive_is_denied_what_it_cannot_do_without(
    shared: User, policy_of: Callable[..., dict[str, Any]], run_as: As, method: str
) -> None:
    case = next(each for each in CASES if each.name == f"dlq redrive --method {method}")
    document = policy_of(shared.lab, case)
    spare = {*NOT_ENFORCED, *SPARE[case.label]}
    enforced = [
        each
        for each in actions_of(document)
        if each not in spare and (case.label, each) not in NAMED_ELSEWHERE
    ]
    assert len(enforced) >= 4
    wrong = []
    for action in enforced:
        ran = run_as(shared, case, without(document, action))
        wrong.append(judge(case, action, ran))
        if ran.code != 7:
            wrong.append(f"{action}: exit {ran.code}")
    assert not [each for each in wrong if each]


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda each: each.label)
def test_with_any_one_action_less(
    shared: User, policy_of: Callable[..., dict[str, Any]], run_as: As, case: Case
) -> None:
    document = policy_of(shared.lab, case)
    actions = actions_of(document)
    if "purge" in case.name:
        # SQS takes one purge in 60 s: only what is refused is tried.
        actions = tuple(each for each in actions if each not in SPARE[case.label])
        actions = tuple(each for each in actions if each not in NOT_ENFORCED)
    found = [judge(case, each, run_as(shared, case, without(document, each))) for each in actions]
    assert not [each for each in found if each]


def test_commands_that_need_nothing_say_so(sqsctl: Sqsctl, on_lab: DeployedLab) -> None:
    for command in ("logs explain", "config show"):
        shown = sqsctl("iam", command)
        assert shown.code == 0
        assert f"needs no permission: {command}" in shown.out
        assert "Statement" not in shown.out
        assert sqsctl("iam", command, "-o", "json").data["need_nothing"] == [command]
    mixed = sqsctl("iam", "logs explain", "queue ls")
    assert "needs no permission: logs explain" in mixed.err
    assert actions_of(json.loads(mixed.out)) == ("sqs:GetQueueAttributes", "sqs:ListQueues")
