"""Incidents on stacks that other tools made: they fit and leave no trace, or say why not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState, read_state, write_state
from sqsctl.aws.session import Session
from sqsctl.errors import RefusedError
from sqsctl.lab import incidents, server
from sqsctl.lab.incidents.parts import Parts, discovered
from sqsctl.model.target import Target
from tests.e2e.waiting import until
from tests.operations.stacks import packaged
from tests.operations.stacks.packaged import named
from tests.operations.stacks.wirings import WIRINGS
from tests.program import Sqsctl

pytestmark = pytest.mark.lab

ALWAYS = {"sam-httpapi"}
CONSUMING = [
    pytest.param(each, marks=() if each in ALWAYS else pytest.mark.long, id=each)
    for each, wiring in sorted(WIRINGS.items())
    if wiring.consumers
]
MOVING = ("LastModified", "RevisionId", "LastUpdateStatus", "State", "ResponseMetadata")
COUNTS = "ApproximateNumberOfMessages"


@pytest.fixture
def stack(
    lab_state: LabState, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[tuple[Session, Parts]]:
    identity: str = request.param
    name = named(identity).stack
    target = Target("lab", lab_state.region, lab_state.account, name, lab_state.endpoint)
    session = Session(target, credentials=lab_state.credentials)
    monkeypatch.setenv("SQSCTL_LAB_NAME", lab_state.name)
    monkeypatch.setenv("SQSCTL_STACK", name)
    with packaged.deployed(session, *WIRINGS[identity].before, identity):
        server.adopt(lab_state, name)
        yield session, discovered(session, name, a_queue(session, name))
    write_state(lab_state)


def a_queue(session: Session, stack: str) -> str | None:
    """The first queue that is consumed, where there are several to choose from."""
    try:
        discovered(session, stack)
    except RefusedError as error:
        return error.message.partition(": ")[2].partition(",")[0]
    return None


def settings(session: Session, parts: Parts) -> dict[str, Any]:
    """Everything that an incident may change."""
    functions, sqs, iam = session.functions(), session.sqs(), session.iam()
    found: dict[str, Any] = {}
    for name in filter(None, (parts.consumer, parts.producer)):
        config: dict[str, Any] = dict(functions.get_function_configuration(FunctionName=name))
        role = config["Role"].rpartition("/")[2]
        found[name] = {key: value for key, value in config.items() if not key.startswith(MOVING)}
        found[f"reserved {name}"] = functions.get_function_concurrency(FunctionName=name).get(
            "ReservedConcurrentExecutions"
        )
        found[f"role {name}"] = {
            each: iam.get_role_policy(RoleName=role, PolicyName=each)["PolicyDocument"]
            for each in iam.list_role_policies(RoleName=role)["PolicyNames"]
        }
        found[f"versions {name}"] = [
            each["Version"]
            for each in functions.list_versions_by_function(FunctionName=name)["Versions"]
        ]
    for url in filter(None, (parts.queue, parts.dlq)):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found[url] = {
            key: value
            for key, value in attributes.items()
            if not key.startswith(COUNTS) and key != "LastModifiedTimestamp"
        }
    mapping: dict[str, Any] = dict(functions.get_event_source_mapping(UUID=parts.mapping))
    found["mapping"] = {key: value for key, value in mapping.items() if not key.startswith(MOVING)}
    return found


@pytest.mark.long
@pytest.mark.timeout(1_500)  # every incident, one after the other: minutes on a busy machine
@pytest.mark.parametrize("stack", CONSUMING, indirect=True)
def test_every_incident_fits_and_leaves_no_trace_or_says_why_not(
    stack: tuple[Session, Parts],
) -> None:
    session, parts = stack
    queue = parts.queue.rpartition("/")[2]
    before = settings(session, parts)
    fitted, refused = set(), {}
    for each in incidents.incidents():
        try:
            assert each.break_(session, queue)
        except RefusedError as error:
            refused[each.name] = error.code
            assert settings(session, parts) == before, each.name
            continue
        fitted.add(each.name)
        assert each.heal(session)
        assert settings(session, parts) == before, each.name
    assert set(refused.values()) <= {"incident_does_not_fit"}
    always = {"mapping-disabled", "reserved-concurrency", "payload-not-json", "dlq-missing"}
    assert always <= fitted
    if not parts.qualifier:
        assert {"import-module-missing", "function-timeout", "handler-not-found"} <= fitted


@pytest.mark.parametrize("stack", [pytest.param("sam-httpapi", id="sam-httpapi")], indirect=True)
def test_a_broken_service_is_diagnosed_and_mended(
    stack: tuple[Session, Parts], sqsctl: Sqsctl
) -> None:
    session, _ = stack
    name = str(session.target.stack)
    # Another stack is the lab's own by now: this one has to be named, and is.
    state = read_state(os.environ["SQSCTL_LAB_NAME"])
    assert state is not None
    server.adopt(state, "another-one")
    assert sqsctl("lab", "break", "import-module-missing").code != 0
    assert sqsctl("lab", "break", "import-module-missing", "--stack", name).code == 0
    assert sqsctl("produce", "--via", "sqs", "--count", "2", "-o", "json").code == 0
    seen = until(
        lambda: sqsctl("doctor", "-o", "json"),
        lambda ran: bool(ran.data["findings"]),
    )
    assert seen.data["findings"][0]["id"] == "import-module-missing", seen.out
    ways = seen.data["findings"][0]["fix"]["ways"]
    assert len(ways) > 1, "the real remedy stands before it"
    (argv,) = (each["argv"] for each in ways[-1]["steps"])
    program, *words = argv
    assert (program, words[:3]) == ("sqsctl", ["lab", "heal", "import-module-missing"])
    assert ["--stack", name] == words[3:5]
    assert sqsctl(*words).code == 0
    assert sqsctl("lab", "heal", "--stack", name, "-o", "json").data["healed"] == []
    healed = sqsctl("doctor", "-o", "json").data["findings"]
    assert not [each for each in healed if each["fix"]["ways"][-1:] == ways[-1:]]
