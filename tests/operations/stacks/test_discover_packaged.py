"""Stacks that other tools made, deployed: found whole, from the stack and from any of its parts.

That each is found from its stack is in every run; from every part of it for two of them, for
the others under ``-m long``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.model.deployed import StackRef
from sqsctl.model.stack import Fact, Stack
from sqsctl.model.target import Target
from sqsctl.operations.diagnosis.observe import observe
from sqsctl.operations.stacks import discover
from tests.operations.stacks import packaged
from tests.operations.stacks.packaged import named
from tests.operations.stacks.wirings import WIRINGS, Wiring, plain

pytestmark = pytest.mark.lab

ALWAYS = {"serverless-lift-many", "cdk-AliasStack"}
NEEDS = {Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS, Fact.APIS}
QUEUES = "serverless-queue-only"  # other stacks read from it
SHOWN = [
    pytest.param(each, marks=() if each in ALWAYS else pytest.mark.long, id=each)
    for each in sorted(WIRINGS)
]


@pytest.fixture
def session(lab_state: LabState) -> Session:
    target = Target("lab", lab_state.region, lab_state.account, None, lab_state.endpoint)
    return Session(target, credentials=lab_state.credentials)


@pytest.fixture
def whole(session: Session, request: pytest.FixtureRequest) -> Iterator[tuple[str, StackRef]]:
    """A packaged stack, deployed, and its parts as CloudFormation tells them."""
    identity: str = request.param
    with packaged.deployed(session, *WIRINGS[identity].before, identity):
        yield identity, discover.from_stack(session, named(identity).stack)


def names(ref: StackRef) -> dict[str, str]:
    """Name of a queue or function to the short form of its logical id."""
    ids = [(each.name, each.logical_id) for each in ref.queues]
    ids += [(each.name, each.logical_id) for each in ref.functions]
    return {name: plain(logical_id) if logical_id else name for name, logical_id in ids}


def consumers(stack: Stack, called: dict[str, str]) -> set[tuple[str, str, str | None]]:
    return {
        (
            called.get(queue.name, queue.name),
            called.get(function.name, function.name),
            mapping.qualifier,
        )
        for queue, function, mapping in stack.consumed()
    }


def routes(stack: Stack, called: dict[str, str]) -> set[tuple[str, str, str, str | None]]:
    return {
        (
            each.method,
            each.path,
            called[each.function_name or each.queue_name or ""],
            each.qualifier,
        )
        for api in stack.apis
        for each in api.routes
    }


def letters(ref: StackRef, called: dict[str, str]) -> dict[str, str]:
    return {
        called[part.name]: called[target.name]
        for part in ref.main_queues
        if (target := ref.dead_letter_queue_of(part)) is not None
    }


def test_every_packaged_stack_has_its_wiring_written_down() -> None:
    assert set(WIRINGS) == {each.id for each in packaged.every()}


def test_every_packaged_stack_is_found_whole(session: Session) -> None:
    """All of them beside each other, as in an account."""
    with packaged.deployed(session, QUEUES, *(each for each in WIRINGS if each != QUEUES)):
        listed = {each.name for each in discover.stacks(session)}
        assert not [each for each in listed if each.startswith("NestedStack-")]
        for identity, wiring in WIRINGS.items():
            ref = discover.from_stack(session, named(identity).stack)
            called = names(ref)
            stack = observe(session, ref, needs=NEEDS)
            assert not [gap for fact in NEEDS for gap in stack.gaps(fact)], identity
            assert letters(ref, called) == wiring.queues, identity
            found = consumers(stack, called)
            assert found >= wiring.consumers, identity
            # Who reads a queue that several stacks read is told with each of them.
            shared = "elsewhere" in {queue.name for queue in stack.queues}
            assert found == wiring.consumers or shared, identity
            assert routes(stack, called) == wiring.routes, identity
            assert {each.kind for each in stack.apis} == ({wiring.kind} - {None}), identity
            assert (ref.stack_name in listed) == (identity != QUEUES), identity


@pytest.mark.parametrize("whole", SHOWN, indirect=True)
def test_any_queue_of_it_leads_to_what_is_around(
    session: Session, whole: tuple[str, StackRef]
) -> None:
    identity, ref = whole
    wiring, called = WIRINGS[identity], names(ref)
    for part in ref.queues:
        mains = {called[part.name]} & set(wiring.queues) or {
            main for main, dead in wiring.queues.items() if dead == called[part.name]
        }
        for reference in (part.name, part.url, part.arn):
            found = discover.from_queue(session, reference, around=True)
            check_around(session, found, called, wiring, mains)


@pytest.mark.parametrize("whole", SHOWN, indirect=True)
def test_any_function_of_it_leads_to_what_is_around(
    session: Session, whole: tuple[str, StackRef]
) -> None:
    identity, ref = whole
    wiring, called = WIRINGS[identity], names(ref)
    for part in ref.functions:
        short = called[part.name]
        on = {alias for _, function, alias in wiring.consumers if function == short and alias}
        on |= {alias for _, _, behind, alias in wiring.routes if behind == short and alias}
        mains = {queue for queue, function, _ in wiring.consumers if function == short}
        mains |= set(wiring.senders.get(short, ()))
        forms = [part.name, part.arn, *(f"{part.name}:{each}" for each in on)]
        forms += [f"{part.arn}:{each}" for each in on]
        for reference in forms:
            found = discover.from_functions(session, [reference])
            assert found.title == part.name
            check_around(session, found, called, wiring, mains, senders=False)
            stack = observe(session, found, needs=NEEDS)
            ways = {each for each in wiring.routes if each[2] == short}
            assert ways <= routes(stack, called)


def check_around(
    session: Session,
    found: StackRef,
    called: dict[str, str],
    wiring: Wiring,
    mains: set[str],
    *,
    senders: bool = True,
) -> None:
    """These main queues, their dead-letter queues and consumers, and who sends to them."""
    assert found.stack_name is None
    assert not found.untold
    assert {called[each.name] for each in found.main_queues} >= mains
    for main in mains:
        assert letters(found, called)[main] == wiring.queues[main]
    functions = {called[each.name] for each in found.functions}
    assert functions >= {function for queue, function, _ in wiring.consumers if queue in mains}
    if senders:
        sending = {key for key, queues in wiring.senders.items() if set(queues) & mains}
        assert functions >= sending
        stack = observe(session, found, needs=NEEDS)
        ways = {each for each in wiring.routes if each[2] in sending}
        assert routes(stack, called) >= ways
        assert consumers(stack, called) >= {each for each in wiring.consumers if each[0] in mains}
