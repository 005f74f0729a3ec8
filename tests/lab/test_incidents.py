"""Each incident: the stack misbehaves as described, and is healthy again after healing."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.errors import NotFoundError, RefusedError, SqsctlError
from sqsctl.lab import incidents
from sqsctl.lab.incidents.base import Incident, Journal
from sqsctl.lab.incidents.bench import Bench
from sqsctl.lab.incidents.changes import source
from sqsctl.model.target import Target
from tests.lab.conftest import Tutorial, until

pytestmark = pytest.mark.lab

NAMES = [each.name for each in incidents.incidents()]


def dead(tutorial: Tutorial) -> None:
    until(lambda: tutorial.count(tutorial.dead_letters) > 0)


def logged(tutorial: Tutorial, text: str, function: str = "jobsWorker") -> None:
    until(lambda: any(text in each for each in tutorial.log(function)))


def quick(tutorial: Tutorial) -> None:
    """Let failed messages come back after a second."""
    tutorial.session.sqs().set_queue_attributes(
        QueueUrl=tutorial.queue, Attributes={"VisibilityTimeout": "1"}
    )


# What is to be seen of each, on AWS's own answers.


def import_module_missing(tutorial: Tutorial) -> None:
    quick(tutorial)
    tutorial.produce(1)
    logged(tutorial, "Unable to import module 'index': No module named 'requests'")
    dead(tutorial)
    errors = [each for each in tutorial.log() if each.startswith("[ERROR]")]
    assert len(errors) == 4  # twice at first, then once for each retry


def import_sdk_not_in_runtime(tutorial: Tutorial) -> None:
    assert tutorial.post("/produce", "{}") == (500, '{"message":"Internal Server Error"}')
    logged(tutorial, "Cannot find module '@aws-sdk/client-sqs'", "producer")
    configuration = tutorial.session.functions().get_function_configuration(
        FunctionName=f"{tutorial.stack}-producer"
    )
    assert configuration["Runtime"] == "nodejs14.x"


def handler_not_found(tutorial: Tutorial) -> None:
    tutorial.produce(1)
    logged(tutorial, "Runtime.HandlerNotFound: Handler 'consumer' missing on module 'index'")


def env_var_missing(tutorial: Tutorial) -> None:
    assert tutorial.post("/produce", '{"input": 1}')[0] == 500
    logged(tutorial, "[ERROR] KeyError: 'QUEUE_URL'", "producer")


def queue_not_found(tutorial: Tutorial) -> None:
    status, text = tutorial.post("/produce", '{"input": 1}')
    assert status == 500
    assert "AWS.SimpleQueueService.NonExistentQueue" in text
    logged(tutorial, "The specified queue does not exist.", "producer")


def access_denied(tutorial: Tutorial) -> None:
    status, text = tutorial.post("/produce", '{"input": 1}')
    assert status == 500
    assert "is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:" in text
    logged(tutorial, "(AccessDenied)", "producer")


def event_shape(tutorial: Tutorial) -> None:
    quick(tutorial)
    tutorial.produce(1)
    logged(tutorial, "the JSON object must be str, bytes or bytearray, not NoneType")
    dead(tutorial)


def batch_silent_loss(tutorial: Tutorial) -> None:
    tutorial.produce(*range(10))
    until(lambda: tutorial.count(tutorial.queue) == 0)
    until(lambda: any(each.startswith("END") for each in tutorial.log()))
    assert 0 < len(tutorial.results()) < 10
    assert tutorial.count(tutorial.dead_letters) == 0
    assert not any("[ERROR]" in each for each in tutorial.log())


def stale_version(tutorial: Tutorial) -> None:
    tutorial.produce(1)
    logged(tutorial, "Message Body: ")
    until(lambda: tutorial.count(tutorial.queue) == 0)
    assert tutorial.results() == set()
    assert tutorial.mapping()["FunctionArn"].endswith("-jobsWorker:1")


def api_permission(tutorial: Tutorial) -> None:
    assert tutorial.post("/produce", "{}") == (500, '{"message":"Internal Server Error"}')
    assert tutorial.log("producer") == []


def payload_not_json(tutorial: Tutorial) -> None:
    quick(tutorial)
    logged(tutorial, "[ERROR] JSONDecodeError: ")
    until(lambda: tutorial.count(tutorial.dead_letters) == 2)
    tutorial.produce(1)
    until(lambda: tutorial.results() == {1})


def mapping_disabled(tutorial: Tutorial) -> None:
    tutorial.produce(1, 2)
    assert tutorial.mapping()["State"] == "Disabled"
    assert tutorial.attributes(tutorial.queue)["ApproximateNumberOfMessages"] == "2"


def function_timeout(tutorial: Tutorial) -> None:
    tutorial.produce(1)
    logged(tutorial, "Task timed out after 1.00 seconds")
    logged(tutorial, "\tStatus: timeout")


def out_of_memory(tutorial: Tutorial) -> None:
    tutorial.produce(1)
    logged(tutorial, "Max Memory Used: 128 MB")
    logged(tutorial, "Error Type: Runtime.OutOfMemory")


def visibility_below_timeout(tutorial: Tutorial) -> None:
    tutorial.produce(7)
    until(lambda: sum("결과: 8" in each for each in tutorial.log()) >= 2)
    dead(tutorial)
    assert not any("[ERROR]" in each or "timed out" in each for each in tutorial.log())


def dlq_missing(tutorial: Tutorial) -> None:
    assert "RedrivePolicy" not in tutorial.attributes(tutorial.queue)
    tutorial.session.sqs().set_queue_attributes(
        QueueUrl=tutorial.queue, Attributes={"VisibilityTimeout": "1"}
    )
    tutorial.session.sqs().send_message(QueueUrl=tutorial.queue, MessageBody="hello")
    until(lambda: sum(each.startswith("START") for each in tutorial.log()) >= 5)
    assert tutorial.count(tutorial.dead_letters) == 0
    mapping = tutorial.mapping()["UUID"]
    # Nobody ends this one: take it out again.
    tutorial.session.functions().update_event_source_mapping(UUID=mapping, Enabled=False)
    found = until(
        lambda: (
            tutorial.session.sqs()
            .receive_message(QueueUrl=tutorial.queue, VisibilityTimeout=30)
            .get("Messages")
        )
    )
    tutorial.session.sqs().delete_message(
        QueueUrl=tutorial.queue, ReceiptHandle=found[0]["ReceiptHandle"]
    )
    tutorial.session.functions().update_event_source_mapping(UUID=mapping, Enabled=True)


def dlq_retention(tutorial: Tutorial) -> None:
    target, source_queue = (
        int(tutorial.attributes(url)["MessageRetentionPeriod"])
        for url in (tutorial.dead_letters, tutorial.queue)
    )
    assert target <= source_queue


def max_receive_count_low(tutorial: Tutorial) -> None:
    quick(tutorial)
    tutorial.session.sqs().send_message(QueueUrl=tutorial.queue, MessageBody="hello")
    dead(tutorial)
    assert sum(each.startswith("START") for each in tutorial.log()) == 1


def reserved_concurrency(tutorial: Tutorial) -> None:
    quick(tutorial)
    tutorial.produce(1)
    dead(tutorial)
    assert tutorial.log() == []


def fifo_group_blocked(tutorial: Tutorial) -> None:
    until(lambda: tutorial.results() == {2, 3, 4})
    url = tutorial.session.sqs().get_queue_url(QueueName=f"{tutorial.stack}-orders.fifo")[
        "QueueUrl"
    ]
    until(lambda: tutorial.attributes(url)["ApproximateNumberOfMessagesNotVisible"] == "1")
    assert tutorial.attributes(url)["ApproximateNumberOfMessages"] == "3"
    bodies = [each for each in tutorial.log() if "Message Body: " in each]
    assert not any('"group": "blocked"' in each for each in bodies)


SEEN: dict[str, Callable[[Tutorial], None]] = {
    name: globals()[name.replace("-", "_")]
    for name in NAMES
    if name != "account-concurrency"  # has a lab of its own: test_concurrency
}


# Its poison is in flight for a while before it can be taken out: seen end to end instead.
@pytest.mark.parametrize("name", sorted(SEEN.keys() - {"payload-not-json"}))
def test_healing_puts_everything_back(tutorial: Tutorial, name: str) -> None:
    if name == "import-sdk-not-in-runtime" and shutil.which("node") is None:
        pytest.skip("needs node on the PATH")
    incident = incidents.get(name)
    before = settings_of(tutorial)
    assert incident.break_(tutorial.session) is True
    assert incident.break_(tutorial.session) is False
    assert incident.heal(tutorial.session) is True
    assert incident.heal(tutorial.session) is False
    assert settings_of(tutorial) == before


@pytest.mark.long  # tests/e2e/test_incidents.py sees each of them in every run, with doctor
@pytest.mark.parametrize("name", sorted(SEEN))
def test_an_incident_is_seen_and_healed(tutorial: Tutorial, lab_state: LabState, name: str) -> None:
    if name == "import-sdk-not-in-runtime" and shutil.which("node") is None:
        pytest.skip("needs node on the PATH")
    incident = incidents.get(name)
    before = settings_of(tutorial)
    assert incident.break_(tutorial.session) is True
    assert incident.break_(tutorial.session) is False
    assert incidents.active(lab_state, tutorial.stack) == (name,)
    SEEN[name](tutorial)
    assert incident.heal(tutorial.session) is True
    assert incident.heal(tutorial.session) is False
    assert incidents.active(lab_state, tutorial.stack) == ()
    tutorial.session.sqs().set_queue_attributes(
        QueueUrl=tutorial.queue,
        Attributes={"VisibilityTimeout": before["queue"]["VisibilityTimeout"]},
    )
    assert settings_of(tutorial) == before
    tutorial.produce(*range(1001, 1006))
    until(lambda: set(range(1001, 1006)) <= tutorial.results())


def settings_of(tutorial: Tutorial) -> dict[str, Any]:
    """Everything that incidents change, as AWS tells it."""
    moving = {"Approximate", "LastModified"}

    def still(attributes: dict[str, str]) -> dict[str, str]:
        return {
            name: value
            for name, value in attributes.items()
            if not any(name.startswith(each) for each in moving)
        }

    functions = tutorial.session.functions()
    found: dict[str, Any] = {
        "queue": still(tutorial.attributes(tutorial.queue)),
        "dlq": still(tutorial.attributes(tutorial.dead_letters)),
    }
    for name in ("producer", "jobsWorker", "hello"):
        full = f"{tutorial.stack}-{name}"
        configuration = functions.get_function_configuration(FunctionName=full)
        found[name] = {
            key: configuration.get(key)
            for key in ("Runtime", "Handler", "Timeout", "MemorySize", "Environment", "CodeSha256")
        }
        found[name]["reserved"] = functions.get_function_concurrency(FunctionName=full).get(
            "ReservedConcurrentExecutions"
        )
        found[name]["versions"] = len(
            functions.list_versions_by_function(FunctionName=full)["Versions"]
        )
    policy = json.loads(functions.get_policy(FunctionName=f"{tutorial.stack}-producer")["Policy"])
    found["permission"] = policy["Statement"]
    mapping = tutorial.mapping()
    found["mapping"] = {
        key: mapping.get(key)
        for key in ("State", "FunctionArn", "BatchSize", "MaximumBatchingWindowInSeconds")
    }
    found["mappings"] = len(
        functions.list_event_source_mappings(FunctionName=f"{tutorial.stack}-jobsWorker")[
            "EventSourceMappings"
        ]
    )
    role = f"{tutorial.stack}-ap-northeast-2-lambdaRole"
    iam = tutorial.session.iam()
    found["role"] = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    return found


def test_several_at_once_are_healed_in_any_order(tutorial: Tutorial, lab_state: LabState) -> None:
    before = settings_of(tutorial)
    names = ["import-module-missing", "event-shape", "dlq-missing", "max-receive-count-low"]
    for name in names:
        incidents.get(name).break_(tutorial.session)
    assert incidents.active(lab_state, tutorial.stack) == tuple(names)
    assert deployed_code(tutorial) == source("event_shape", "python")
    assert "RedrivePolicy" not in tutorial.attributes(tutorial.queue)
    incidents.get("event-shape").heal(tutorial.session)
    assert deployed_code(tutorial) == source("import_module_missing", "python")
    incidents.get("dlq-missing").heal(tutorial.session)
    policy = json.loads(tutorial.attributes(tutorial.queue)["RedrivePolicy"])
    assert policy["maxReceiveCount"] == 1
    assert incidents.heal_all(tutorial.session) == (
        "max-receive-count-low",
        "import-module-missing",
    )
    assert settings_of(tutorial) == before


def deployed_code(tutorial: Tutorial) -> str:
    with zipfile.ZipFile(io.BytesIO(Bench(tutorial.session).code("consumer"))) as archive:
        return archive.read("index.py").decode()


def test_a_failure_in_between_can_be_healed(
    tutorial: Tutorial, lab_state: LabState, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settings_of(tutorial)
    incident = incidents.get("visibility-below-timeout")
    changed: list[str] = []
    for change in incident.changes:
        write = type(change).write

        def failing(self: Any, bench: Any, value: Any, write: Any = write) -> None:
            if len(changed) == 2:
                raise SqsctlError("the network went away")
            changed.append(self.key)
            write(self, bench, value)

        monkeypatch.setattr(type(change), "write", failing)
    with pytest.raises(SqsctlError, match="went away"):
        incident.break_(tutorial.session)
    monkeypatch.undo()
    assert incidents.active(lab_state, tutorial.stack) == (incident.name,)
    assert settings_of(tutorial) != before
    assert incident.heal(tutorial.session)
    assert settings_of(tutorial) == before


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("import-module-missing", "Cannot find module 'axios'"),
        ("event-shape", "SyntaxError"),
        ("function-timeout", "Task timed out after 1.00 seconds"),
        ("out-of-memory", "Runtime.OutOfMemory"),
        ("handler-not-found", "index.consumer is undefined or not exported"),
        ("payload-not-json", "SyntaxError"),
    ],
)
def test_the_tutorials_own_language(node_tutorial: Tutorial, name: str, text: str) -> None:
    incident = incidents.get(name)
    incident.break_(node_tutorial.session)
    quick(node_tutorial)
    node_tutorial.produce(1)
    logged(node_tutorial, text)
    incident.heal(node_tutorial.session)
    node_tutorial.produce(1001)
    until(lambda: 1001 in node_tutorial.results())


def test_each_says_what_it_is() -> None:
    assert len(set(NAMES)) == len(NAMES) == 21
    for each in incidents.incidents():
        assert isinstance(each, Incident)
        assert each.expects == each.name
        assert 0 < len(each.breaks) <= 100
        assert each.step
    assert [each.name for each in incidents.incidents() if each.account_wide] == [
        "account-concurrency"
    ]


@pytest.mark.parametrize("language", ["python", "nodejs"])
def test_every_code_exists_in_both_languages(language: str) -> None:
    for each in incidents.incidents():
        for change in each.changes:
            name = getattr(change, "source", None)
            if name and getattr(change, "language", "") in {"", language}:
                assert source(name, language)


def test_an_unknown_name() -> None:
    with pytest.raises(NotFoundError, match="no incident 'nope'"):
        incidents.get("nope")


def test_nothing_but_a_lab_is_broken() -> None:
    for endpoint in (None, "http://127.0.0.1:1", "https://sqs.eu-central-1.amazonaws.com"):
        session = Session(Target("aws", "eu-central-1", endpoint=endpoint))
        with pytest.raises(RefusedError, match="incidents are for the lab only"):
            incidents.get("dlq-missing").break_(session)


def test_a_torn_journal_counts_as_none(tutorial: Tutorial, lab_state: LabState) -> None:
    with Journal.of(lab_state) as journal:
        assert journal.active(tutorial.stack) == ()
    path = Path(lab_state.folder) / "torn.json"
    path.write_text("{", encoding="utf-8")
    assert Journal(path).active("x") == ()
