"""Every incident: it really breaks the stack, doctor names it first, mending it helps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sqsctl.aws.queues import QueueClient
from sqsctl.errors import NotFoundError
from sqsctl.lab import incidents
from sqsctl.lab.incidents import Incident
from sqsctl.model.queues import Queue
from sqsctl.operations.tail import tail
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

Symptom = Callable[[DeployedLab], bool]


def log_of(lab: DeployedLab, function: str) -> str:
    """Everything that a function logged in the last minutes."""
    name = f"{lab.name}-{function}"
    since = datetime.now(UTC) - timedelta(minutes=10)
    try:
        return "".join(
            line.event.message
            for line in tail(lab.session, {name: f"/aws/lambda/{name}"}, since=since, follow=False)
        )
    except NotFoundError:
        return ""


def facts(lab: DeployedLab) -> Queue:
    return QueueClient(lab.session).describe(lab.queue.ref)


def logged(text: str, function: str = "jobsWorker", times: int = 1) -> Symptom:
    return lambda lab: log_of(lab, function).count(text) >= times


SYMPTOMS: dict[str, Symptom] = {
    "import-module-missing": logged("Runtime.ImportModuleError", times=2),
    "event-shape": logged("the JSON object must be str, bytes or bytearray, not NoneType"),
    "function-timeout": logged("Task timed out after"),
    # The same message, handled twice although nothing failed.
    "visibility-below-timeout": logged('{"input": 1}', times=2),
    "mapping-disabled": lambda lab: facts(lab).visible == 3,
    "dlq-missing": lambda lab: facts(lab).dead_letter_target_arn is None,
}


@pytest.mark.parametrize(
    "incident",
    [pytest.param(each, id=each.name) for each in incidents.incidents() if not each.account_wide],
)
def test_break_doctor_heal(incident: Incident, on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    assert incident.break_(on_lab.session)
    sqsctl("produce", "--count", "3", "-o", "json")
    until(lambda: SYMPTOMS[incident.name](on_lab), bool)

    found = sqsctl("doctor", "-o", "json")
    assert found.code == 10, found.out
    assert found.data["verdict"] == "findings"
    assert found.data["findings"][0]["id"] == incident.expects, json.dumps(found.data, indent=1)

    assert incident.heal(on_lab.session)
    fed = sqsctl("produce", "--count", "5", "--body", '{"input": 90{{n}}}', "-o", "json")
    assert fed.data["accepted"] == 5
    until(
        lambda: log_of(on_lab, "jobsWorker"),
        lambda log: all(f"입력값: 90{n}, 결과: 90{n + 1}" in log for n in range(1, 6)),
    )


def test_a_healthy_stack_has_no_finding_above_info(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    assert sqsctl("produce", "--count", "10", "-o", "json").data["accepted"] == 10
    until(lambda: log_of(on_lab, "jobsWorker"), lambda log: log.count("결과") >= 10)
    found = sqsctl("doctor", "-o", "json")
    assert found.code == 0, found.out
    assert found.data["verdict"] == "healthy"
    assert {each["severity"] for each in found.data["findings"]} <= {"info"}


def test_the_whole_story_ends_healthy(on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    """Broken until messages are dead, mended, redriven: doctor is content again."""
    incident = incidents.get("import-module-missing")
    incident.break_(on_lab.session)
    sqsctl("produce", "--count", "4", "-o", "json")
    until(
        lambda: QueueClient(on_lab.session).describe(on_lab.dead_letters.ref).visible,
        lambda dead: dead == 4,
        seconds=60,
    )
    broken = sqsctl("doctor", "-o", "json")
    assert broken.code == 10
    first, second = broken.data["findings"][:2]
    assert (first["id"], second["id"]) == ("import-module-missing", "dead-letters")
    assert "dead-letters" in first["explains"]
    assert any("ImportModuleError" in each["value"] for each in first["evidence"])
    peeked = sqsctl("dlq", "peek", "-o", "json").data["messages"]
    assert {each["cause"]["id"] for each in peeked} == {"import-module-missing"}
    incident.heal(on_lab.session)
    assert sqsctl("dlq", "redrive", "-o", "json").data["moved"] == 4
    until(
        lambda: log_of(on_lab, "jobsWorker"),
        lambda log: all(f"입력값: {n}, 결과: {n + 1}" in log for n in range(1, 5)),
    )
    mended = sqsctl("doctor", "-o", "json")
    assert mended.code == 0, mended.out
    assert mended.data["verdict"] == "healthy"
