"""The program on stacks that other tools made: doctor is right, and every command finds them.

Two of them are in every run; the others come under ``-m long``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sqsctl.aws.buckets import Buckets
from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.model.deployed import QueuePart, StackRef
from sqsctl.model.message import Outgoing
from sqsctl.model.target import Target
from sqsctl.operations.stacks import discover
from tests.e2e.waiting import until
from tests.operations.stacks import packaged
from tests.operations.stacks.packaged import named
from tests.operations.stacks.wirings import WIRINGS, plain
from tests.program import Ran, Sqsctl

pytestmark = pytest.mark.lab

ALWAYS = {"serverless-lift-many", "cdk-AliasStack"}
STACKS = [
    pytest.param(each, marks=() if each in ALWAYS else pytest.mark.long, id=each)
    for each in sorted(WIRINGS)
]
FOUND = [
    pytest.param(each, id=each) for each, wiring in sorted(WIRINGS.items()) if wiring.consumers
]
WORKING = [
    pytest.param(each, marks=() if each in ALWAYS else pytest.mark.long, id=each)
    for each, wiring in sorted(WIRINGS.items())
    if wiring.consumers
]

FED = [
    pytest.param(each, marks=() if each == "cdk-BucketStack" else pytest.mark.long, id=each)
    for each, wiring in sorted(WIRINGS.items())
    if wiring.fed_by
]


def skipped(seen: Ran) -> set[str]:
    """The checks that could not look."""
    return {each["id"] for each in seen.data["checks"] if each["outcome"] == "skipped"}


@pytest.fixture
def stack(
    lab_state: LabState, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[tuple[str, Session, StackRef]]:
    """A packaged stack on the lab; the program is told of the lab only."""
    identity: str = request.param
    target = Target("lab", lab_state.region, lab_state.account, None, lab_state.endpoint)
    session = Session(target, credentials=lab_state.credentials)
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab_state.name)
    with packaged.deployed(session, *WIRINGS[identity].before, identity):
        yield identity, session, discover.from_stack(session, named(identity).stack)


@pytest.mark.parametrize("stack", STACKS, indirect=True)
def test_doctor_says_what_is_true_of_it(
    stack: tuple[str, Session, StackRef], sqsctl: Sqsctl
) -> None:
    identity, _, ref = stack
    seen = sqsctl("doctor", "--stack", ref.title, "-o", "json")
    wrong = {each["id"] for each in seen.data["findings"] if each["severity"] != "info"}
    assert wrong == WIRINGS[identity].true, seen.out
    assert seen.code == (10 if wrong else 0)
    assert skipped(seen) <= {"dlq-alarm-missing"}  # on emulators only when asked for
    assert seen.data["missing_actions"] == []


@pytest.mark.parametrize("stack", WORKING, indirect=True)
def test_doctor_says_the_same_from_a_function_and_from_a_queue(
    stack: tuple[str, Session, StackRef], sqsctl: Sqsctl
) -> None:
    identity, _, ref = stack
    names = {plain(each.logical_id or each.name): each.name for each in ref.functions}
    _, consumer, alias = min(WIRINGS[identity].consumers, key=str)
    starts = [("--function", f"{names[consumer]}:{alias}" if alias else names[consumer])]
    starts += [("--function", names[each]) for each in WIRINGS[identity].senders]
    starts += [("--queue", part.name) for part in (ref.main_queues[0], ref.dead_letter_queues[0])]
    for option, value in starts:
        seen = sqsctl("doctor", option, value, "-o", "json")
        wrong = {each["id"] for each in seen.data["findings"] if each["severity"] != "info"}
        assert wrong <= WIRINGS[identity].true, f"{option} {value}: {seen.out}"
        # The lab's own stack has the tutorial's name: a function of it is one of that stack.
        assert seen.envelope["target"]["stack"] in {None, "tutorial-step-2-dev"}
        assert skipped(seen) <= {"dlq-alarm-missing"}


@pytest.mark.long
@pytest.mark.parametrize("stack", FOUND, indirect=True)
def test_every_command_finds_its_queues(
    stack: tuple[str, Session, StackRef], sqsctl: Sqsctl
) -> None:
    _, session, ref = stack
    name = ref.stack_name or ""
    assert name in {each["name"] for each in sqsctl("stack", "ls", "-o", "json").data["stacks"]}
    for dead in ref.dead_letter_queues:
        _letter(session, dead.url)
    for main in ref.main_queues:
        dead = _dead_letters(ref, main)
        shown = sqsctl("queue", "inspect", main.name, "-o", "json").data["queue"]
        assert shown["dlq"]["name"] == dead.name
        within = sqsctl("queue", "inspect", "--stack", name, "--queue", main.name, "-o", "json")
        assert within.data["queue"]["dlq"]["name"] == dead.name
        ways: list[tuple[str, ...]] = [("--stack", name, "--queue", main.name)]
        ways += [("--queue", each) for part in (main, dead) for each in (part.name, part.arn)]
        for way in (*ways, ("--queue", main.url), ("--queue", dead.url)):
            peeked = sqsctl("dlq", "peek", *way, "--limit", "1", "-o", "json")
            assert peeked.data["queue"] == dead.name, peeked.out
            assert len(peeked.data["messages"]) == 1
    main = ref.main_queues[0]
    dead = _dead_letters(ref, main)
    moved = sqsctl("dlq", "redrive", "--queue", dead.name, "--to", main.name, "--yes", "-o", "json")
    assert (moved.code, moved.data["moved"]) == (0, 1), moved.out


@pytest.mark.parametrize("stack", FED, indirect=True)
def test_what_another_service_sends_reaches_the_consumers(
    stack: tuple[str, Session, StackRef], sqsctl: Sqsctl
) -> None:
    """Objects of a bucket by their keys; messages of a topic in their envelope, and filtered."""
    identity, session, ref = stack
    if "s3" in WIRINGS[identity].fed_by.values():
        buckets = Buckets(session)
        (bucket,) = _physical(session, ref, "AWS::S3::Bucket")
        other = "in/other.png" if identity == "sam-thumbnails" else "out/other.json"
        for key in ("out/unwanted.png", other, "in/some.json"):
            buckets.put(bucket, key, b"{}")
        wanted = {"ObjectCreated:Put": 2}
    else:
        (topic,) = _physical(session, ref, "AWS::SNS::Topic")
        for kind in ("refund", "order"):
            session.client("sns").publish(
                TopicArn=topic,
                Message=json.dumps({"of": f"a-{kind}"}),
                MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
            )
        wanted = {"a-refund": 2, "a-order": 1}

    def logged() -> dict[str, int]:
        ran = sqsctl("logs", "tail", "--stack", ref.title, "--no-follow", "-o", "json")
        return {each: ran.out.count(each) for each in wanted}

    until(logged, lambda seen: seen == wanted)
    seen = sqsctl("doctor", "--stack", ref.title, "-o", "json")
    assert seen.code == 0, seen.out


def _physical(session: Session, ref: StackRef, kind: str) -> list[str]:
    listed = session.cloudformation().list_stack_resources(StackName=ref.title)
    return [
        each["PhysicalResourceId"]
        for each in listed["StackResourceSummaries"]
        if each["ResourceType"] == kind
    ]


def _dead_letters(ref: StackRef, main: QueuePart) -> QueuePart:
    found = ref.dead_letter_queue_of(main)
    assert found is not None
    return found


def _letter(session: Session, url: str) -> None:
    client = QueueClient(session)
    queue = client.resolve(url)
    outgoing = Outgoing('{"kind": "refund"}')
    if queue.fifo:
        outgoing = Outgoing('{"kind": "refund"}', group_id="g", deduplication_id="d")
    assert len(client.open(queue).send([outgoing]).accepted) == 1


@pytest.mark.parametrize(
    "stack", [pytest.param("cdk-AliasStack", id="cdk-AliasStack")], indirect=True
)
def test_a_stack_is_drawn_with_its_aliases(
    stack: tuple[str, Session, StackRef], sqsctl: Sqsctl
) -> None:
    _, _, ref = stack
    front, book = (ref.function(each) for each in ("Front0087DB4F", "BookBD4B9F77"))
    assert front is not None
    assert book is not None
    drawn = sqsctl("stack", "show", "--function", front.name).out
    assert f"POST /orders ─> λ {front.name}:live" in drawn
    assert f"─> λ {book.name}:live" in drawn
    shown = sqsctl("stack", "show", "--stack", ref.title, "-o", "json").data["stack"]
    assert [each["qualifier"] for each in shown["mappings"]] == ["live"]
    assert [each["qualifier"] for each in shown["api"]["routes"]] == ["live"]
