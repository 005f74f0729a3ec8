"""The least policy of each command: well formed, and enough."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sqsctl.aws.cloudwatch.logs import LogClient
from sqsctl.aws.session import Credentials, Session
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import UsageError
from sqsctl.model.deployed import ApiPart, FunctionPart, QueuePart, StackRef
from sqsctl.model.message import Outgoing
from sqsctl.model.stack import Fact
from sqsctl.operations.access import iam
from sqsctl.operations.diagnosis import doctor
from sqsctl.operations.diagnosis.queue_keys import keys_of
from sqsctl.operations.live import metrics
from sqsctl.operations.stacks import discover, meant_queue
from tests.e2e.stacks import DeployedLab

QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:jobs"
DLQ = "arn:aws:sqs:ap-northeast-2:123456789012:jobs-dlq"
FUNCTION = "arn:aws:lambda:ap-northeast-2:123456789012:function:worker"
REF = StackRef(
    region="ap-northeast-2",
    stack_name="s-dev",
    account="123456789012",
    queues=(
        QueuePart("jobs", "u", QUEUE, dead_letter_target_arn=DLQ),
        QueuePart("jobs-dlq", "d", DLQ, dead_letter_for=(QUEUE,)),
    ),
    functions=(FunctionPart("worker", FUNCTION),),
    mapping_ids=(("m-1", None),),
    apis=(ApiPart("a1", "http"),),
    log_groups=("/own",),
)


def statements(document: dict[str, object]) -> dict[str, set[str]]:
    """Action to resources."""
    found: dict[str, set[str]] = {}
    for each in document["Statement"]:  # type: ignore[attr-defined]
        resource = each["Resource"]
        for action in each["Action"]:
            found.setdefault(action, set()).update(
                [resource] if isinstance(resource, str) else resource
            )
    return found


def test_from_a_queue_or_a_function_what_is_around_may_be_asked() -> None:
    alone = replace(REF, stack_name=None, apis=())
    found = statements(iam.policy(["doctor"], alone))
    assert found["lambda:ListFunctions"] == {"*"}
    assert found["lambda:ListAliases"] == {FUNCTION, f"{FUNCTION}:*"}
    assert found["apigateway:GET"] == {"arn:aws:apigateway:ap-northeast-2::*"}
    assert "lambda:ListFunctions" not in statements(iam.policy(["doctor"], REF))
    assert "lambda:ListFunctions" not in statements(iam.policy(["dlq peek"], alone))
    required = statements(iam.policy(["doctor"], alone, without_optional=True))
    assert "lambda:ListFunctions" not in required


def test_a_queue_of_another_stack_is_found_through_the_mapping() -> None:
    foreign = statements(iam.policy(["dlq peek"], REF))
    mapping = "arn:aws:lambda:ap-northeast-2:123456789012:event-source-mapping:m-1"
    assert foreign["lambda:GetEventSourceMapping"] == {mapping}
    own = replace(REF, queues=tuple(replace(each, logical_id=each.name) for each in REF.queues))
    assert "lambda:GetEventSourceMapping" not in statements(iam.policy(["dlq peek"], own))


def test_a_stacks_own_arns_are_filled_in() -> None:
    found = statements(iam.policy(["dlq redrive", "logs tail"], REF, keys=["arn:aws:kms:k"]))
    assert found["sqs:DeleteMessage"] == {DLQ}
    assert found["sqs:SendMessage"] == {QUEUE}
    assert found["sqs:GetQueueAttributes"] == {QUEUE, DLQ}
    assert found["kms:Decrypt"] == {"arn:aws:kms:k"}
    assert found["logs:FilterLogEvents"] == {
        f"arn:aws:logs:ap-northeast-2:123456789012:log-group:{name}{rest}"
        for name in ("/aws/lambda/worker", "/own")
        for rest in ("", ":*")
    }
    assert found["lambda:GetFunctionConfiguration"] == {FUNCTION, f"{FUNCTION}:*"}
    assert found["lambda:UpdateEventSourceMapping"] == {
        "arn:aws:lambda:ap-northeast-2:123456789012:event-source-mapping:m-1"
    }
    assert found["cloudformation:DescribeStacks"] == {
        "arn:aws:cloudformation:ap-northeast-2:123456789012:stack/s-dev/*"
    }


@pytest.mark.parametrize("command", iam.commands())
@pytest.mark.parametrize("ref", [None, REF], ids=["any", "own"])
def test_every_policy_is_well_formed(command: str, ref: StackRef | None) -> None:
    document = iam.policy([command], ref)
    assert document["Version"] == "2012-10-17"
    sids = [each["Sid"] for each in document["Statement"]]  # type: ignore[attr-defined]
    assert len(set(sids)) == len(sids)
    assert all(each.isalnum() for each in sids)
    found = statements(document)
    assert found
    for action, resources in found.items():
        service, _, name = action.partition(":")
        assert name, action
        assert service.islower(), action
        assert not name.endswith("Batch"), action
        assert resources, action
        for each in resources:
            assert each == "*" or len(each.split(":")) >= 6, each
    assert len(json.dumps(document)) < 6_144  # the size of a managed policy


def test_actions_are_ones_that_aws_has() -> None:
    """Every action is an operation of botocore's model of its service; IAM names two otherwise."""
    import botocore.session

    session = botocore.session.get_session()
    names = {
        "cloudformation": "cloudformation",
        "cloudwatch": "cloudwatch",
        "sqs": "sqs",
        "lambda": "lambda",
        "logs": "logs",
        "iam": "iam",
        "kms": "kms",
        "ec2": "ec2",
        "sns": "sns",
        "events": "events",
        "scheduler": "scheduler",
        "pipes": "pipes",
        "s3": "s3",
    }
    actions = {each.action for command in iam.commands() for each in iam.needs(command)}
    for action in sorted(actions - {"apigateway:GET", "lambda:InvokeFunction"}):
        service, _, operation = action.partition(":")
        model = session.get_service_model(names[service])
        assert operation in model.operation_names, action


def test_reading_commands_change_nothing() -> None:
    reading = ("doctor", "stack show", "stack ls", "queue inspect", "logs tail", "metrics", "watch")
    for command in reading:
        for need in iam.needs(command):
            verb = need.action.partition(":")[2]
            assert verb.startswith(
                # Queries of Logs Insights are started and stopped, and read.
                ("Get", "List", "Describe", "Filter", "Simulate", "GET", "StartQuery", "StopQuery")
            ), (
                command,
                need.action,
            )


def test_doctor_needs_what_its_checks_declare() -> None:
    only = {each.action for each in iam.doctor_needs(only=["runtime-deprecated"])}
    everything = {each.action for each in iam.doctor_needs()}
    assert "lambda:GetFunctionConfiguration" in only
    assert "iam:SimulatePrincipalPolicy" not in only
    assert only < everything


def test_every_fact_has_its_actions() -> None:
    assert set(iam.FACTS) == set(Fact)


def test_a_group_of_commands_stands_for_all_of_them() -> None:
    group = {each.action for each in iam.needs("dlq")}
    assert {"sqs:StartMessageMoveTask", "sqs:CancelMessageMoveTask", "sqs:PurgeQueue"} <= group


def test_commands_that_call_nothing_need_nothing() -> None:
    assert iam.policy(["logs explain"])["Statement"] == []
    with pytest.raises(UsageError) as raised:
        iam.policy(["dlq redirve"])
    assert "dlq redrive" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("typed", "has", "lacks"),
    [
        ("dlq redrive --method native", "sqs:StartMessageMoveTask", "sqs:ChangeMessageVisibility"),
        (
            "sqsctl dlq redrive --method=client",
            "sqs:ChangeMessageVisibility",
            "sqs:StartMessageMoveTask",
        ),
        ("dlq redrive -n 5", "sqs:StartMessageMoveTask", "sqs:PurgeQueue"),
        ("send --via sqs", "sqs:SendMessage", "apigateway:GET"),
        ("send --via http", "apigateway:GET", "logs:FilterLogEvents"),
        ("logs tail worker --since 1h", "logs:FilterLogEvents", "sqs:SendMessage"),
    ],
)
def test_options_may_follow_and_narrow(typed: str, has: str, lacks: str) -> None:
    actions = {each.action for each in iam.needs(typed)}
    assert has in actions
    assert lacks not in actions


@pytest.mark.parametrize("typed", ["", "dlq nonsense", "sqsctl", "dlq --method native", "x doctor"])
def test_what_is_no_command_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        iam.needs(typed)


@pytest.mark.parametrize("command", ["dlq peek", "dlq groups", "dlq export", "dlq redrive"])
def test_what_feeds_a_dead_letter_queue_may_be_looked_for(command: str) -> None:
    (need,) = [
        each for each in iam.needs(command) if each.action == "sqs:ListDeadLetterSourceQueues"
    ]
    assert need.optional


def every_command() -> list[str]:
    """Every command that the program has, as it is typed."""
    import typer

    from sqsctl.cli.main import make_app

    def leaves(command: object, words: list[str]) -> list[str]:
        inner = getattr(command, "commands", None)
        if not inner:
            return [" ".join(words)]
        return [leaf for word in inner for leaf in leaves(inner[word], [*words, word])]

    return leaves(typer.main.get_command(make_app()), [])


@pytest.mark.parametrize("command", every_command())
def test_every_command_has_a_policy_or_needs_none(command: str) -> None:
    assert bool(iam.needs(command)) != (command in iam.NOTHING)


def test_there_is_no_policy_for_what_is_no_command() -> None:
    assert {*iam.commands(), *iam.NOTHING} == set(every_command())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["dlq", "peek"], ("dlq peek",)),
        (["dlq peek", "dlq redrive"], ("dlq peek", "dlq redrive")),
        (["dlq", "peek", "doctor", "logs", "tail"], ("dlq peek", "doctor", "logs tail")),
        (["dlq", "doctor"], ("dlq", "doctor")),
        (["send --via sqs", "queue", "ls"], ("send --via sqs", "queue ls")),
        (["watch", "queue", "watch"], ("watch", "queue", "watch")),
    ],
)
def test_commands_need_no_quotes(typed: list[str], meant: tuple[str, ...]) -> None:
    assert iam.as_typed(typed) == meant


def test_several_commands_are_one_policy_with_each_action_once_a_resource() -> None:
    document = iam.policy(["dlq peek", "dlq redrive", "doctor"], REF)
    pairs = [
        (action, json.dumps(each["Resource"]))
        for each in document["Statement"]  # type: ignore[attr-defined]
        for action in each["Action"]
    ]
    assert len(set(pairs)) == len(pairs)
    wanted = {
        each.action for name in ("dlq peek", "dlq redrive", "doctor") for each in iam.needs(name)
    }
    assert {action for action, _ in pairs} == wanted


def large(names: list[str]) -> StackRef:
    """A stack of many functions and queues."""
    prefix = "arn:aws:lambda:ap-northeast-2:123456789012:function:"
    queue = "arn:aws:sqs:ap-northeast-2:123456789012:"
    return StackRef(
        region="ap-northeast-2",
        stack_name="orders-dev",
        account="123456789012",
        queues=tuple(QueuePart(each, "u", f"{queue}{each}") for each in names),
        functions=tuple(FunctionPart(each, f"{prefix}{each}") for each in names),
    )


def test_what_would_be_too_long_for_aws_is_shortened_to_patterns_of_the_stack() -> None:
    ref = large([f"orders-dev-part-{n:03}" for n in range(60)])
    document = iam.policy(["doctor", "dlq redrive"], ref)
    assert iam.size(document) <= iam.MANAGED_LIMIT
    found = statements(document)
    assert found["lambda:GetFunctionConfiguration"] == {
        "arn:aws:lambda:ap-northeast-2:123456789012:function:orders-dev-part-0*"
    }
    few = statements(iam.policy(["doctor"], large(["orders-dev-a", "orders-dev-b"])))
    assert not any("orders-dev-*" in each for each in few["lambda:GetFunctionConfiguration"])


def test_names_that_have_nothing_in_common_are_never_widened() -> None:
    ref = large([f"{letter}{n}-service-name" for letter in "abcdefgh" for n in range(10)])
    document = iam.policy(["doctor"], ref)
    assert iam.size(document) > iam.MANAGED_LIMIT
    assert (
        "arn:aws:lambda:ap-northeast-2:123456789012:function:*"
        not in statements(document)["lambda:GetFunctionConfiguration"]
    )


def test_keys_are_those_of_the_queues_or_all_where_nobody_knows() -> None:
    assert "kms:Decrypt" not in statements(iam.policy(["send"], REF, keys=()))
    assert statements(iam.policy(["send"], REF))["kms:Decrypt"] == {
        "arn:aws:kms:ap-northeast-2:123456789012:key/*"
    }


@pytest.mark.lab
def test_the_keys_of_a_stacks_queues_are_found(lab: DeployedLab) -> None:
    assert keys_of(lab.session, lab.stack) == ()
    key = lab.session.kms().create_key()["KeyMetadata"]
    lab.session.kms().create_alias(AliasName=f"alias/{lab.name}", TargetKeyId=key["KeyId"])
    for name in (key["KeyId"], key["Arn"], f"alias/{lab.name}"):
        lab.session.sqs().set_queue_attributes(
            QueueUrl=lab.queue.url, Attributes={"KmsMasterKeyId": name}
        )
        assert keys_of(lab.session, lab.stack) == (key["Arn"],)
    lab.session.sqs().set_queue_attributes(
        QueueUrl=lab.queue.url, Attributes={"KmsMasterKeyId": "alias/no-such-key"}
    )
    assert keys_of(lab.session, lab.stack) is None


def test_deleting_chosen_letters_is_not_purging() -> None:
    chosen = {each.action for each in iam.needs("dlq purge --id x")}
    assert "sqs:DeleteMessage" in chosen
    assert "sqs:PurgeQueue" not in chosen


def test_what_is_optional_can_be_left_out() -> None:
    assert "kms:Decrypt" not in statements(iam.policy(["send"], REF, without_optional=True))
    assert "kms:Decrypt" in statements(iam.policy(["send"], REF))


# -- on the lab, which enforces IAM -----------------------------------------------------------


@pytest.fixture
def as_user(lab: DeployedLab) -> Iterator[object]:
    """Sessions of users that have exactly the policy of some commands."""
    client = lab.session.iam()
    made: list[tuple[str, str]] = []

    def session(*commands: str) -> Session:
        name = f"u{uuid.uuid4().hex[:8]}"
        client.create_user(UserName=name)
        key = client.create_access_key(UserName=name)["AccessKey"]
        made.append((name, key["AccessKeyId"]))
        client.put_user_policy(
            UserName=name,
            PolicyName="own",
            PolicyDocument=json.dumps(iam.policy(commands, lab.stack)),
        )
        keys = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        return Session(lab.session.target, credentials=keys)

    yield session
    for name, key_id in made:
        client.delete_user_policy(UserName=name, PolicyName="own")
        client.delete_access_key(UserName=name, AccessKeyId=key_id)
        client.delete_user(UserName=name)


@pytest.mark.lab
def test_doctor_reads_everything_under_its_own_policy(lab: DeployedLab, as_user) -> None:  # type: ignore[no-untyped-def]
    session = as_user("doctor")
    found = doctor.checkup(session, discover.from_stack(session, lab.name))
    assert not found.missing_actions
    assert found.diagnosis.verdict == "healthy"


@pytest.mark.lab
def test_other_commands_work_under_theirs(lab: DeployedLab, as_user) -> None:  # type: ignore[no-untyped-def]
    sender = as_user("send")
    ref = discover.from_stack(sender, lab.name)
    port = QueueClient(sender).open(meant_queue.main_queue(ref).ref)
    assert len(port.send([Outgoing("{}")]).accepted) == 1
    reader = as_user("logs tail")
    group = f"/aws/lambda/{lab.name}-producer"
    assert LogClient(reader).page(group, start_ms=0).token is None
    assert len(metrics.metrics(as_user("metrics"), lab.stack)) > 20
    assert [each.name for each in discover.stacks(as_user("stack ls"))]


@pytest.mark.lab
def test_a_policy_does_not_reach_further(lab: DeployedLab, as_user) -> None:  # type: ignore[no-untyped-def]
    from sqsctl.errors import Exit, SqsctlError

    session = as_user("doctor")
    with pytest.raises(SqsctlError) as raised:
        QueueClient(session).purge(lab.queue.ref)
    assert raised.value.exit is Exit.DENIED
