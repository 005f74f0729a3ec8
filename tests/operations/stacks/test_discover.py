"""Finding the parts of stacks that other tools made, on the lab's AWS."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.model.deployed import QueuePart, StackRef
from sqsctl.model.stack import Fact, Stack
from sqsctl.model.target import Target
from sqsctl.operations.diagnosis.observe import observe
from sqsctl.operations.stacks import deploy, discover, meant_queue
from tests.e2e.stacks import DeployedLab

pytestmark = pytest.mark.lab

FOLDER = Path(__file__).parent
WIRING = {Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS}
Deploy = Callable[..., str]


@pytest.fixture
def session(lab_state: LabState) -> Session:
    target = Target("lab", lab_state.region, lab_state.account, None, lab_state.endpoint)
    return Session(target, credentials=lab_state.credentials)


@pytest.fixture
def deployed(session: Session) -> Iterator[Deploy]:
    """Deploy a template of the folder under a name of its own; all are deleted at the end."""
    names: list[str] = []

    def start(template: str, **parameters: str) -> str:
        name = f"n{uuid.uuid4().hex[:8]}"
        names.append(name)
        body = (FOLDER / f"{template}.yaml").read_text()
        for _ in deploy.deploy(session, name, body, parameters):
            pass
        return name

    yield start
    for name in reversed(names):
        deploy.delete(session, name, yes=True)


def wiring(stack: Stack, prefix: str) -> set[tuple[str, str, str | None]]:
    """Queue, consumer and alias of every mapping; queues by logical id or name."""
    return {
        (queue.logical_id or queue.name.removeprefix(prefix), function.name, mapping.qualifier)
        for queue, function, mapping in stack.consumed()
    }


def dead_letters(ref: StackRef) -> dict[str, str]:
    """Main queue to dead-letter queue, by logical id."""
    return {
        str(part.logical_id): str(target.logical_id)
        for part in ref.main_queues
        if (target := ref.dead_letter_queue_of(part))
    }


def test_the_tutorials_stack(lab: DeployedLab) -> None:
    ref = discover.from_stack(lab.session, lab.name)
    assert ref.account == "000000000000"
    assert [each.name for each in ref.main_queues] == [f"{lab.name}-jobs"]
    assert [each.name for each in ref.dead_letter_queues] == [f"{lab.name}-jobs-dlq"]
    assert ref.function("producer") == ref.function(f"{lab.name}-producer")
    assert ref.function("JobsWorkerLambdaFunction") == ref.function("jobsWorker")
    assert meant_queue.main_queue(ref).name == f"{lab.name}-jobs"
    assert meant_queue.dead_letter_queue(ref, f"{lab.name}-jobs").name == f"{lab.name}-jobs-dlq"
    assert [each.kind for each in ref.apis] == ["http"]


def test_serverless_with_lift_in_all_its_namings(session: Session, deployed: Deploy) -> None:
    name = deployed("serverless-lift")
    ref = discover.from_stack(session, name)
    assert dead_letters(ref) == {
        "jobsQueueCEDBAE3E": "jobsDlqD18CF374",
        "mailsQueueB2": "mailsDlqA1",
        "auditQueueD4": "auditDlqC3",
    }
    stack = observe(session, ref, needs=WIRING)
    assert wiring(stack, name) == {
        ("jobsQueueCEDBAE3E", f"{name}-jobsWorker", None),
        ("mailsQueueB2", f"{name}-mailer", None),
        ("auditQueueD4", f"{name}-bookkeeper", None),
    }
    assert [(r.method, r.path, r.function_name) for a in stack.apis for r in a.routes] == [
        ("POST", "/produce", f"{name}-producer")
    ]
    with pytest.raises(SqsctlError) as raised:
        meant_queue.main_queue(ref)
    assert raised.value.exit is Exit.USAGE
    assert f"{name}-ledger" in raised.value.message
    assert meant_queue.main_queue(ref, f"{name}-mails.fifo").logical_id == "mailsQueueB2"
    assert meant_queue.dead_letter_queue(ref, "auditQueueD4").name == f"{name}-graveyard"


def test_plain_serverless_with_a_rest_api(session: Session, deployed: Deploy) -> None:
    name = deployed("serverless-sqs")
    ref = discover.from_stack(session, name)
    assert dead_letters(ref) == {"Orders": "Buried"}
    assert {each.logical_id for each in ref.main_queues} == {"Orders", "Refunds"}
    stack = observe(session, ref, needs=WIRING)
    assert wiring(stack, name) == {
        ("Orders", f"{name}-book", None),
        ("Refunds", f"{name}-book", None),
    }
    (api,) = stack.apis
    assert api.kind == "rest"
    assert [(each.method, each.path, each.function_name) for each in api.routes] == [
        ("POST", "/orders", f"{name}-api")
    ]
    assert api.endpoint.endswith("/dev")


def test_sam_with_the_consumer_on_an_alias(session: Session, deployed: Deploy) -> None:
    name = deployed("sam")
    ref = discover.from_stack(session, name)
    assert dead_letters(ref) == {"Jobs": "JobsDeadLetter"}
    stack = observe(session, ref, needs=WIRING)
    worker = ref.function("Worker")
    assert worker is not None
    assert wiring(stack, name) == {("Jobs", worker.name, "live")}
    function = stack.function(worker.name)
    assert function is not None
    assert [(each.qualifier, each.version) for each in function.qualified] == [("live", "1")]
    assert [r.function_name for a in stack.apis for r in a.routes] == [
        part.name for part in ref.functions if part.logical_id == "Front"
    ]


def test_cdk_with_generated_names_a_function_url_and_a_log_group_of_its_own(
    session: Session, deployed: Deploy
) -> None:
    name = deployed("cdk")
    ref = discover.from_stack(session, name)
    assert dead_letters(ref) == {"Jobs4E5F6A7B": "JobsDLQ9A1B2C3D"}
    stack = observe(session, ref, needs=WIRING | {Fact.LOGS})
    worker = ref.function("Worker6E7F8A9B")
    assert worker is not None
    assert wiring(stack, name) == {("Jobs4E5F6A7B", worker.name, None)}
    function = stack.function(worker.name)
    assert function is not None
    assert function.log_group in ref.log_groups
    assert function.log_format == "JSON"
    assert [each.group for each in stack.logs if each.function == worker.name] == [
        function.log_group
    ]
    (api,) = stack.apis
    assert api.kind == "url"
    assert api.routes[0].function_name == ref.function("Front9C0D1E2F").name  # type: ignore[union-attr]


def test_queues_in_one_stack_and_consumers_in_another(session: Session, deployed: Deploy) -> None:
    queues = deployed("queues-only")
    arn = next(
        part.arn
        for part in discover.from_stack(session, queues).queues
        if part.logical_id == "Work"
    )
    consumers = deployed("consumers-only", QueueArn=arn)
    ours = discover.from_stack(session, queues)
    assert [each.name for each in ours.functions] == [f"{consumers}-consumer"]
    assert len(ours.mapping_ids) == 1
    theirs = discover.from_stack(session, consumers)
    assert [each.name for each in theirs.main_queues] == [f"{queues}-work"]
    assert [each.name for each in theirs.dead_letter_queues] == [f"{queues}-dead"]
    assert theirs.mapping_ids[0][1] == "Mapping"
    listed = {each.name: each for each in discover.stacks(session)}
    assert consumers in listed
    assert queues not in listed


SENDER = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters: {QueueUrl: {Type: String}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}
  Sender:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: "def handler(event, context): pass"}
      Environment: {Variables: {TARGET: !Ref QueueUrl}}
"""


def test_a_stack_that_only_sends_leads_to_the_queue_of_another(
    session: Session, deployed: Deploy
) -> None:
    queues = deployed("queues-only")
    (work,) = discover.from_stack(session, queues).main_queues
    name = f"s{uuid.uuid4().hex[:8]}"
    for url, expected in ((work.url, work.name), (f"{work.url}-gone", None)):
        for _ in deploy.deploy(session, name, SENDER, {"QueueUrl": url}):
            pass
        ref = discover.from_stack(session, name)
        assert [each.name for each in ref.main_queues] == ([expected] if expected else [])
        assert len(ref.dead_letter_queues) == (1 if expected else 0)
    deploy.delete(session, name)


STREAM_READER = """
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}
  Reader:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: "def handler(event, context): pass"}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Table.StreamArn
      FunctionName: !Ref Reader
      StartingPosition: LATEST
"""


def test_a_stack_that_reads_a_stream_is_none_of_ours(session: Session) -> None:
    name = f"s{uuid.uuid4().hex[:8]}"
    for _ in deploy.deploy(session, name, STREAM_READER):
        pass
    try:
        assert name not in {each.name for each in discover.stacks(session)}
        assert discover.from_stack(session, name).queues == ()
    finally:
        deploy.delete(session, name)


def test_nested_stacks(session: Session, deployed: Deploy) -> None:
    assert session.credentials
    s3 = boto3.client(
        "s3",
        endpoint_url=session.target.endpoint,
        region_name=session.target.region,
        aws_access_key_id=session.credentials.access_key_id,
        aws_secret_access_key=session.credentials.secret_access_key,
        config=Config(s3={"addressing_style": "path"}),
    )
    bucket = f"templates-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": session.target.region}
    )
    urls = {}
    for key, file in (("QueuesUrl", "nested-queues"), ("ConsumersUrl", "consumers-only")):
        s3.put_object(Bucket=bucket, Key=file, Body=(FOLDER / f"{file}.yaml").read_bytes())
        urls[key] = f"{session.target.endpoint}/{bucket}/{file}"
    name = deployed("nested", **urls)
    ref = discover.from_stack(session, name)
    assert dead_letters(ref) == {"Work": "Dead"}
    assert [each.logical_id for each in ref.functions] == ["Consumer"]
    stack = observe(session, ref, needs=WIRING)
    assert {queue for queue, _, _ in wiring(stack, name)} == {"Work"}
    listed = [each.name for each in discover.stacks(session)]
    assert name in listed
    assert not [each for each in listed if each.startswith(f"{name}-")]


def test_made_by_hand_from_a_queue_and_from_a_function(session: Session) -> None:
    name = f"h{uuid.uuid4().hex[:8]}"
    queues, functions = session.sqs(), session.functions()
    dead = queues.create_queue(QueueName=f"{name}-buried")["QueueUrl"]
    dead_arn = queues.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])[
        "Attributes"
    ]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 5})
    url = queues.create_queue(
        QueueName=f"{name}-work", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "60"}
    )["QueueUrl"]
    arn = dead_arn.replace("-buried", "-work")
    role = role_for(session, name)
    for key, variables in (("worker", {}), ("sender", {"TARGET": url})):
        functions.create_function(
            FunctionName=f"{name}-{key}",
            Runtime="python3.13",
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": package()},
            Environment={"Variables": variables},
        )
    mapping = functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=f"{name}-worker"
    )["UUID"]
    try:
        for reference in (f"{name}-work", url, arn, f"{name}-buried"):
            ref = discover.from_queue(session, reference)
            assert ref.stack_name is None
            assert {each.name for each in ref.main_queues} == {f"{name}-work"}
            assert {each.name for each in ref.functions} == {f"{name}-worker"}
            if reference != f"{name}-buried":
                assert ref.title == f"{name}-work"
                assert {each.name for each in ref.dead_letter_queues} == {f"{name}-buried"}
        consumer = discover.from_function(session, f"{name}-worker")
        assert {each.name for each in consumer.queues} == {f"{name}-work", f"{name}-buried"}
        assert consumer.mapping_ids == ((mapping, None),)
        producer = discover.from_function(session, f"{name}-sender")
        assert {each.name for each in producer.functions} == {f"{name}-sender", f"{name}-worker"}
        assert {each.name for each in producer.main_queues} == {f"{name}-work"}
    finally:
        functions.delete_event_source_mapping(UUID=mapping)
        for key in ("worker", "sender"):
            functions.delete_function(FunctionName=f"{name}-{key}")
        queues.delete_queue(QueueUrl=url)
        queues.delete_queue(QueueUrl=dead)


@pytest.mark.parametrize(
    ("find", "name"),
    [
        (discover.from_stack, "no-such-stack"),
        (discover.from_queue, "no-such-queue"),
        (discover.from_function, "no-such-function"),
    ],
)
def test_what_is_not_there_is_not_found(
    session: Session, find: Callable[[Session, str], StackRef], name: str
) -> None:
    with pytest.raises(NotFoundError) as raised:
        find(session, name)
    assert name in raised.value.message


def part(name: str, target: str | None = None, *, known: bool = True) -> QueuePart:
    return QueuePart(
        name, f"https://q/{name}", f"arn:{name}", dead_letter_target_arn=target, role_known=known
    )


def test_names_are_the_last_resort_only() -> None:
    denied = StackRef("r", queues=(part("jobs", known=False), part("jobs-dlq", known=False)))
    assert [each.name for each in denied.main_queues] == ["jobs"]
    # A queue that dead-letters somewhere is a main queue, whatever it is called.
    named = StackRef("r", queues=(part("my-dlq", "arn:elsewhere"),))
    assert [each.name for each in named.main_queues] == ["my-dlq"]


def test_a_stack_without_a_dead_letter_queue_says_so() -> None:
    ref = StackRef("r", "s", queues=(part("jobs"),))
    for name in (None, "jobs"):
        with pytest.raises(NotFoundError) as raised:
            meant_queue.dead_letter_queue(ref, name)
        assert raised.value.code == "dlq_not_found"
    with pytest.raises(NotFoundError):
        meant_queue.main_queue(StackRef("r", "s"))


def role_for(session: Session, name: str) -> str:
    iam = session.iam()
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=name,
        PolicyName="all",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}],
            }
        ),
    )
    return arn


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): pass\n")
    return buffer.getvalue()
