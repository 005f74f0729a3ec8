"""Event source mappings: what is refused, what is polled, what comes back."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sqsctl.lab import template
from tests.lab.conftest import Tutorial, until, zipped

pytestmark = pytest.mark.lab


def configured(tutorial: Tutorial, **settings: Any) -> None:
    tutorial.session.functions().update_function_configuration(
        FunctionName=f"{tutorial.stack}-jobsWorker", **settings
    )


def deployed(tutorial: Tutorial, code: str) -> None:
    tutorial.session.functions().update_function_code(
        FunctionName=f"{tutorial.stack}-jobsWorker", ZipFile=zipped({"index.py": code})
    )


def mapped(tutorial: Tutorial, **settings: Any) -> dict[str, Any]:
    uuid = tutorial.mapping()["UUID"]
    return dict(tutorial.session.functions().update_event_source_mapping(UUID=uuid, **settings))


def send(tutorial: Tutorial, *bodies: str) -> None:
    for start in range(0, len(bodies), 10):
        chunk = bodies[start : start + 10]
        tutorial.session.sqs().send_message_batch(
            QueueUrl=tutorial.queue,
            Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(chunk)],
        )


def set_queue(tutorial: Tutorial, **attributes: str) -> None:
    tutorial.session.sqs().set_queue_attributes(
        QueueUrl=tutorial.queue,
        Attributes=attributes,  # type: ignore[arg-type]
    )


def test_a_visibility_below_the_timeout_is_refused(tutorial: Tutorial) -> None:
    configured(tutorial, Timeout=300)
    with pytest.raises(ClientError) as caught:
        mapped(tutorial, BatchSize=5)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameterValueException"
    assert error["Message"] == (
        "Queue visibility timeout: 6 seconds is less than Function timeout: 300 seconds"
    )
    client = tutorial.session.functions()
    arn = tutorial.mapping()["EventSourceArn"]
    client.delete_event_source_mapping(UUID=tutorial.mapping()["UUID"])
    with pytest.raises(ClientError, match="is less than Function timeout: 300 seconds"):
        client.create_event_source_mapping(
            EventSourceArn=arn, FunctionName=f"{tutorial.stack}-jobsWorker"
        )


def test_lowering_it_on_the_queue_slips_through(tutorial: Tutorial) -> None:
    set_queue(tutorial, VisibilityTimeout="0")
    assert tutorial.attributes(tutorial.queue)["VisibilityTimeout"] == "0"


def test_cloudformation_refuses_it_too(tutorial: Tutorial) -> None:
    client = tutorial.session.cloudformation()
    service = f"v{time.time_ns() % 10**9}"
    parameters = template.parameters(1.0, service=service) | {"VisibilityTimeout": "5"}
    client.create_stack(
        StackName=f"{service}-dev",
        TemplateBody=template.render(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    )

    def reasons() -> list[str]:
        events = client.describe_stack_events(StackName=f"{service}-dev")["StackEvents"]
        return [
            each.get("ResourceStatusReason", "")
            for each in events
            if each["ResourceStatus"] == "CREATE_FAILED"
            and each["LogicalResourceId"].startswith("JobsWorkerEventSourceMapping")
        ]

    said = until(reasons)
    assert "Queue visibility timeout: 5 seconds is less than Function timeout: 6 seconds" in said[0]
    client.delete_stack(StackName=f"{service}-dev")


def test_above_ten_a_window_is_needed(tutorial: Tutorial) -> None:
    with pytest.raises(ClientError, match="Maximum batch window in seconds must be greater"):
        mapped(tutorial, BatchSize=100)


def test_the_same_mapping_twice_is_refused(tutorial: Tutorial) -> None:
    with pytest.raises(ClientError) as caught:
        tutorial.session.functions().create_event_source_mapping(
            EventSourceArn=tutorial.mapping()["EventSourceArn"],
            FunctionName=f"{tutorial.stack}-jobsWorker",
        )
    assert caught.value.response["Error"]["Code"] == "ResourceConflictException"


def test_a_role_that_may_not_receive(tutorial: Tutorial) -> None:
    iam, functions = tutorial.session.iam(), tutorial.session.functions()
    role = f"{tutorial.stack}-ap-northeast-2-lambdaRole"
    name = f"{tutorial.stack}-lambda"
    document: Any = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    statements = [each for each in document["Statement"] if "ReceiveMessage" not in str(each)]
    denied = json.dumps({**document, "Statement": statements})
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=denied)
    time.sleep(1.1)  # permissions are looked up once a second
    tutorial.produce(1)
    arn = tutorial.mapping()["EventSourceArn"]
    functions.delete_event_source_mapping(UUID=tutorial.mapping()["UUID"])
    with pytest.raises(ClientError) as caught:
        functions.create_event_source_mapping(
            EventSourceArn=arn, FunctionName=f"{tutorial.stack}-jobsWorker"
        )
    assert caught.value.response["Error"]["Message"] == (
        "The function execution role does not have permissions to call ReceiveMessage on SQS"
    )
    assert tutorial.attributes(tutorial.queue)["ApproximateNumberOfMessages"] == "1"
    assert tutorial.results() == set()
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=f"{tutorial.stack}-jobsWorker", BatchSize=1
    )
    until(lambda: tutorial.results() == {1})


def test_a_disabled_mapping_lets_messages_lie(tutorial: Tutorial) -> None:
    mapped(tutorial, Enabled=False)
    assert tutorial.mapping()["State"] == "Disabled"
    tutorial.produce(1, 2)
    assert tutorial.attributes(tutorial.queue)["ApproximateNumberOfMessages"] == "2"
    mapped(tutorial, Enabled=True)
    until(lambda: tutorial.results() == {1, 2})


def test_a_window_gathers_a_batch(tutorial: Tutorial) -> None:
    deployed(tutorial, "def handler(e, c): print('size', len(e['Records']))")
    mapped(tutorial, BatchSize=10, MaximumBatchingWindowInSeconds=1)
    for n in range(6):
        send(tutorial, str(n))
    sizes = until(lambda: [each for each in tutorial.log() if each.startswith("size")])
    assert sizes == ["size 6\n"]
    until(lambda: tutorial.count(tutorial.queue) == 0)


def test_batches_above_ten(tutorial: Tutorial) -> None:
    deployed(tutorial, "def handler(e, c): print('size', len(e['Records']))")
    mapped(tutorial, Enabled=False, BatchSize=25, MaximumBatchingWindowInSeconds=1)
    send(tutorial, *(str(n) for n in range(25)))
    mapped(tutorial, Enabled=True)
    until(lambda: [each for each in tutorial.log() if each == "size 25\n"])


def test_what_a_filter_drops_is_gone(tutorial: Tutorial) -> None:
    pattern = json.dumps({"body": {"input": [{"numeric": [">", 5]}]}})
    mapped(tutorial, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    tutorial.produce(1, 9)
    until(lambda: tutorial.results() == {9})
    until(lambda: tutorial.count(tutorial.queue) == 0)
    assert tutorial.count(tutorial.dead_letters) == 0


def test_failed_messages_come_back_until_they_are_dead(tutorial: Tutorial) -> None:
    set_queue(tutorial, VisibilityTimeout="1")
    send(tutorial, "hello")
    until(lambda: tutorial.count(tutorial.dead_letters) == 1)
    starts = [each for each in tutorial.log() if each.startswith("START")]
    assert len(starts) == 3


def test_without_report_batch_item_failures_a_listed_failure_is_lost(tutorial: Tutorial) -> None:
    mapped(tutorial, FunctionResponseTypes=[])
    deployed(
        tutorial,
        "def handler(e, c):\n    return {'batchItemFailures': [{'itemIdentifier': "
        "e['Records'][0]['messageId']}]}",
    )
    send(tutorial, "x")
    until(lambda: any(each.startswith("END") for each in tutorial.log()))
    until(lambda: tutorial.count(tutorial.queue) == 0)
    assert tutorial.count(tutorial.dead_letters) == 0


def test_the_poller_scales_beyond_five(tutorial: Tutorial) -> None:
    deployed(tutorial, "import time\ndef handler(e, c): time.sleep(0.9)")
    configured(tutorial, Timeout=5)
    send(tutorial, *(str(n) for n in range(40)))

    def busiest() -> int:
        now = highest = 0
        events = [each for each in tutorial.log() if each.startswith(("START", "END"))]
        for each in events:
            now += 1 if each.startswith("START") else -1
            highest = max(highest, now)
        return highest

    until(lambda: busiest() > 5)


def test_maximum_concurrency_is_kept(tutorial: Tutorial) -> None:
    deployed(tutorial, "import time\ndef handler(e, c): time.sleep(0.3)")
    mapped(tutorial, ScalingConfig={"MaximumConcurrency": 2})
    send(tutorial, *(str(n) for n in range(8)))
    until(lambda: tutorial.count(tutorial.queue) == 0)
    now = highest = 0
    for each in tutorial.log():
        now += each.startswith("START") - each.startswith("END")
        highest = max(highest, now)
    assert highest == 2


def test_a_throttled_batch_is_retried_until_its_visibility_ends(tutorial: Tutorial) -> None:
    name = f"{tutorial.stack}-jobsWorker"
    functions = tutorial.session.functions()
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    tutorial.produce(1)
    until(
        lambda: tutorial.attributes(tutorial.queue)["ApproximateNumberOfMessagesNotVisible"] == "1"
    )
    functions.delete_function_concurrency(FunctionName=name)
    until(lambda: tutorial.results() == {1}, 5)  # within the first visibility timeout of 6 s
    messages = [each for each in tutorial.log() if each.startswith("START")]
    assert len(messages) == 1


def test_throttling_alone_fills_the_dead_letter_queue(tutorial: Tutorial) -> None:
    set_queue(tutorial, VisibilityTimeout="1")
    tutorial.session.functions().put_function_concurrency(
        FunctionName=f"{tutorial.stack}-jobsWorker", ReservedConcurrentExecutions=0
    )
    tutorial.produce(1)
    until(lambda: tutorial.count(tutorial.dead_letters) == 1)
    assert tutorial.log() == []


def test_fifo_groups_are_worked_on_side_by_side_each_in_order(tutorial: Tutorial) -> None:
    sqs, functions, iam = (
        tutorial.session.sqs(),
        tutorial.session.functions(),
        tutorial.session.iam(),
    )
    url = sqs.create_queue(
        QueueName=f"{tutorial.stack}-side.fifo",
        Attributes={
            "FifoQueue": "true",
            "ContentBasedDeduplication": "true",
            "VisibilityTimeout": "30",
        },
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": arn}
    iam.put_role_policy(
        RoleName=f"{tutorial.stack}-ap-northeast-2-lambdaRole",
        PolicyName="side",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    deployed(
        tutorial,
        "import time\ndef handler(e, c):\n    for r in e['Records']:\n        print('got', "
        "r['attributes']['MessageGroupId'], r['body'])\n        time.sleep(0.2)",
    )
    for n in range(4):
        for group in "ab":
            sqs.send_message(QueueUrl=url, MessageBody=f"{group}{n}", MessageGroupId=group)
    mapping = functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=f"{tutorial.stack}-jobsWorker", BatchSize=1
    )
    until(lambda: sum(each.startswith("got") for each in tutorial.log()) == 8)
    log = tutorial.log()
    for group in "ab":
        assert [each.split()[2] for each in log if each.startswith(f"got {group}")] == [
            f"{group}{n}" for n in range(4)
        ]
    now = highest = 0
    for each in log:
        now += each.startswith("START") - each.startswith("END")
        highest = max(highest, now)
    assert highest == 2
    functions.delete_event_source_mapping(UUID=mapping["UUID"])
    sqs.delete_queue(QueueUrl=url)
    iam.delete_role_policy(
        RoleName=f"{tutorial.stack}-ap-northeast-2-lambdaRole", PolicyName="side"
    )
