"""Every incident: it really breaks the stack, doctor names it first, mending it helps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import NotFoundError
from sqsctl.lab import incidents
from sqsctl.lab.incidents import Incident
from sqsctl.model.queues import Queue
from sqsctl.operations.logs.tail import tail
from tests.e2e.stacks import DeployedLab
from tests.e2e.waiting import until
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

Symptom = Callable[[DeployedLab, Sqsctl], bool]


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
    return lambda lab, _: log_of(lab, function).count(text) >= times


def refused(status: int, text: str = "", function: str = "producer") -> Symptom:
    """The API answers so, and the producer's log says why (empty: it says nothing at all)."""

    def seen(lab: DeployedLab, sqsctl: Sqsctl) -> bool:
        answer = sqsctl("send", '{"input": 1}', "-o", "json").data
        if answer.get("status_code") != status:
            return False
        log = log_of(lab, function)
        return text in log if text else not log

    return seen


def swallowed(lab: DeployedLab, sqsctl: Sqsctl) -> bool:
    """Nothing is left in the queue, nothing failed, and yet not everything was done."""
    sqsctl("produce", "--count", "10", "--via", "sqs", "-o", "json")
    until(lambda: facts(lab).approximate_total, lambda left: left == 0)
    log = log_of(lab, "jobsWorker")
    return log.count("결과") < 10 and "ERROR" not in log


def throttled(lab: DeployedLab, _: Sqsctl) -> bool:
    """Messages are received and handed back; the function never ran."""
    return facts(lab).approximate_total == 3 and "START" not in log_of(lab, "jobsWorker")


def blocked(lab: DeployedLab, _: Sqsctl) -> bool:
    client = QueueClient(lab.session)
    fifo = [client.describe(each) for each in client.every(lab.name) if each.fifo]
    return any(each.in_flight == 1 and each.visible > 0 for each in fifo)


def stale(lab: DeployedLab, _: Sqsctl) -> bool:
    log = log_of(lab, "jobsWorker")
    return "Version: 1" in log and "결과" not in log


def dead_letter_retention(lab: DeployedLab) -> int:
    return QueueClient(lab.session).describe(lab.dead_letters.ref).retention_s


SYMPTOMS: dict[str, Symptom] = {
    "import-module-missing": logged("Runtime.ImportModuleError", times=2),
    "import-sdk-not-in-runtime": refused(500, "Cannot find module '@aws-sdk/client-sqs'"),
    "event-shape": logged("the JSON object must be str, bytes or bytearray, not NoneType"),
    "function-timeout": logged("Task timed out after"),
    # The same message, handled twice although nothing failed.
    "visibility-below-timeout": logged('{"input": 1}', times=2),
    "mapping-disabled": lambda lab, _: facts(lab).visible == 3,
    "dlq-missing": lambda lab, _: facts(lab).dead_letter_target_arn is None,
    "dlq-retention": lambda lab, _: dead_letter_retention(lab) == facts(lab).retention_s,
    "max-receive-count-low": lambda lab, _: facts(lab).max_receive_count == 1,
    "handler-not-found": logged("Runtime.HandlerNotFound", times=2),
    "out-of-memory": logged("Runtime.OutOfMemory"),
    "payload-not-json": logged("JSONDecodeError"),
    "batch-silent-loss": swallowed,
    "access-denied": refused(500, "not authorized to perform: sqs:sendmessage"),
    "env-var-missing": refused(500, "KeyError: 'QUEUE_URL'"),
    "queue-not-found": refused(500, "NonExistentQueue"),
    "api-permission": refused(500),
    "reserved-concurrency": throttled,
    "stale-version": stale,
    "fifo-group-blocked": blocked,
}


@pytest.mark.parametrize(
    "incident",
    [pytest.param(each, id=each.name) for each in incidents.incidents() if not each.account_wide],
)
def test_break_doctor_heal(incident: Incident, on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    if incident.name == "import-sdk-not-in-runtime" and not shutil.which("node"):
        pytest.skip("node is not installed here")
    assert incident.break_(on_lab.session)
    sqsctl("produce", "--count", "3", "-o", "json")
    until(lambda: SYMPTOMS[incident.name](on_lab, sqsctl), bool)

    found = sqsctl("doctor", "-o", "json")
    assert found.code == 10, found.out
    assert found.data["verdict"] == "findings"
    names = [each["id"] for each in found.data["findings"]]
    assert names[0] == incident.expects, json.dumps(found.data["findings"], indent=1)

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


@pytest.mark.long  # the demo and the tutorial tell it in every run
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


# One of the two keeps the other from being seen: nothing reaches a consumer that is broken,
# or the same function's code or settings were changed twice, and the later change holds.
STARVES = frozenset(
    {
        "access-denied",
        "env-var-missing",
        "queue-not-found",
        "api-permission",
        "import-sdk-not-in-runtime",
        "mapping-disabled",
        "reserved-concurrency",
        "stale-version",
    }
)
CODE = frozenset(
    {
        "import-module-missing",
        "event-shape",
        "function-timeout",
        "visibility-below-timeout",
        "batch-silent-loss",
        "out-of-memory",
        "handler-not-found",
        "payload-not-json",
    }
)
# Both change the same setting, or one makes the other impossible: there are no two.
CONTRADICT = frozenset(
    {
        frozenset({"dlq-missing", "dlq-retention"}),
        frozenset({"dlq-missing", "max-receive-count-low"}),
        frozenset({"env-var-missing", "queue-not-found"}),
        frozenset({"visibility-below-timeout", "fifo-group-blocked"}),
    }
)
# Another name for the same fault, where its own symptom is hidden by the other incident.
ALSO = {"queue-not-found": "queue-url-mismatch"}


def pairs() -> Sequence[object]:
    """Two at once: some in every run, all of them on demand."""
    usual = {
        ("import-module-missing", "dlq-missing"),
        ("function-timeout", "access-denied"),
    }
    names = [each.name for each in incidents.incidents() if not each.account_wide]
    return [
        pytest.param(one, other, marks=[] if (one, other) in usual else [pytest.mark.long])
        for one, other in combinations(names, 2)
        if frozenset({one, other}) not in CONTRADICT
    ] + [
        pytest.param(one, other)
        for one, other in sorted(usual)
        if names.index(one) > names.index(other)
    ]


@pytest.mark.parametrize(("one", "other"), pairs())
def test_two_at_once(one: str, other: str, on_lab: DeployedLab, sqsctl: Sqsctl) -> None:
    if "import-sdk-not-in-runtime" in {one, other} and not shutil.which("node"):
        pytest.skip("node is not installed here")
    for name in (one, other):
        incidents.get(name).break_(on_lab.session)
    for _ in range(3):
        sqsctl("produce", "--count", "3", "-o", "json")
    hidden = {one, other} <= CODE or bool({one, other} & STARVES)

    def named() -> list[str]:
        findings = sqsctl("doctor", "-o", "json").data["findings"]
        return [each["id"] for each in findings if not each["past"]]

    def right(ids: list[str]) -> bool:
        seen = {one, other} & set(ids)
        either = {one, other, ALSO.get(one, one), ALSO.get(other, other)}
        return bool(ids) and ids[0] in either and (hidden or seen == {one, other})

    assert right(until(named, right))
