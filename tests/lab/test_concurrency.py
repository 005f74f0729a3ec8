"""The account's limit of concurrent executions: on a lab of its own, since all share it."""

from __future__ import annotations

import concurrent.futures
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sqsctl.aws.lab_state import LabState
from sqsctl.lab import incidents, server
from tests.e2e.stacks import own_stack
from tests.lab.conftest import Functions, Tutorial, session_on, signed, tutorial_on, until

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab_state(_state_home: Any, worker_id: str) -> Iterator[LabState]:
    name = f"narrow-{worker_id}"
    yield server.start(name)
    server.stop(name)


def control(state: LabState, body: Any = None) -> Any:
    request = signed(
        state, "/_sqsctl/concurrency", None if body is None else json.dumps(body).encode()
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read())


@pytest.fixture
def limited(lab_state: LabState) -> Iterator[LabState]:
    before = control(lab_state)["limit"]
    control(lab_state, {"limit": 2})
    yield lab_state
    control(lab_state, {"limit": before})


@pytest.fixture
def functions(lab_state: LabState) -> Functions:
    session = session_on(lab_state)
    trust = {"Version": "2012-10-17", "Statement": []}
    try:
        role = session.iam().create_role(
            RoleName="narrow", AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
    except session.iam().exceptions.EntityAlreadyExistsException:
        role = session.iam().get_role(RoleName="narrow")["Role"]["Arn"]
    return Functions(session, role)


def test_the_limit_can_be_read_and_set(limited: LabState) -> None:
    assert control(limited) == {"limit": 2}
    settings = session_on(limited).functions().get_account_settings()["AccountLimit"]
    assert settings["ConcurrentExecutions"] == 2


@pytest.mark.parametrize("body", [{}, {"limit": 0}, {"limit": -1}, {"limit": "x"}, [], "x"])
def test_nonsense_is_refused(limited: LabState, body: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(limited, body)
    assert caught.value.code == 400
    caught.value.close()
    assert control(limited) == {"limit": 2}


def test_above_the_limit_calls_are_throttled(limited: LabState, functions: Functions) -> None:
    name = functions.make("import time\ndef handler(e, c): time.sleep(1)")

    def call(_: int) -> str:
        try:
            session_on(limited).functions().invoke(FunctionName=name)
        except ClientError as error:
            answer: Any = error.response
            return f"{answer['Error']['Message']} {answer['Reason']}"
        return "done"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(call, range(4)))
    # botocore retries throttles; whoever gave up in the end says why.
    assert set(answers) <= {"done", "Rate Exceeded. ConcurrentInvocationLimitExceeded"}


def k6(tutorial: Tutorial, count: int) -> list[tuple[int, str]]:
    """One virtual user, one request after the other, as the tutorial's run."""
    return [tutorial.post("/produce", json.dumps({"input": n})) for n in range(count)]


@pytest.mark.timeout(180)
@pytest.mark.long  # tests/e2e/test_account_limit.py plays it in every run
def test_the_tutorials_k6_run(lab_state: LabState) -> None:
    with own_stack(lab_state) as deployed:
        tutorial = tutorial_on(deployed.session, deployed.name)
        incident = incidents.get("account-concurrency")
        assert incident.break_(deployed.session)
        until(lambda: sum(each.startswith("START") for each in tutorial.log()) >= 10)
        answers = k6(tutorial, 100)
        assert set(answers) <= {
            (200, '{"message":"Message accepted!"}'),
            (503, '{"message":"Service Unavailable"}'),
        }
        refused = sum(each[0] == 503 for each in answers)
        assert refused > 5
        # Messages that found no free execution three times are dead, though nothing failed.
        until(lambda: tutorial.count(tutorial.dead_letters) > 0, 60)
        assert not any("Task timed out" in each or "[ERROR]" in each for each in tutorial.log())
        assert incident.heal(deployed.session)
        until(lambda: tutorial.count(tutorial.queue) == 0, 60)
        tutorial.produce(1001, 1002)
        until(lambda: {1001, 1002} <= tutorial.results())
