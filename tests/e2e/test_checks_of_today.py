"""On the lab: loops that are allowed, filters that are counted, noisy groups, hidden failures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sqsctl.aws.mappings import MappingClient
from tests.e2e.stacks import DeployedLab
from tests.e2e.test_typed_remedies import by_hand, no_aws_cli, type_all
from tests.e2e.waiting import until
from tests.lab.conftest import zipped
from tests.program import Sqsctl

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

__all__ = ["no_aws_cli"]  # the fixture


def asked(sqsctl: Sqsctl, check: str) -> list[dict[str, Any]]:
    return list(sqsctl("doctor", check, "-o", "json").data["findings"])


def send(lab: DeployedLab, *groups: str, body: str = "{}") -> None:
    for group in groups:
        named: Any = {"MessageGroupId": group} if group else {}
        lab.session.sqs().send_message(QueueUrl=lab.queue.url, MessageBody=body, **named)


def test_a_loop_that_is_allowed_is_stopped_by_what_is_printed(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    functions = on_lab.session.functions()
    worker = f"{on_lab.name}-jobsWorker"
    assert asked(sqsctl, "recursion-allowed") == []
    functions.update_function_configuration(
        FunctionName=worker, Environment={"Variables": {"AGAIN": on_lab.queue.url}}
    )
    functions.put_function_recursion_config(FunctionName=worker, RecursiveLoop="Allow")
    code = (
        "import os, boto3\n\n\ndef handler(event, context):\n"
        "    boto3.client('sqs').send_message(QueueUrl=os.environ['AGAIN'], MessageBody='{}')\n"
    )
    functions.update_function_code(FunctionName=worker, ZipFile=zipped({"index.py": code}))
    (finding,) = asked(sqsctl, "recursion-allowed")
    assert finding["confidence"] == "medium"
    assert f"nothing stops a loop: {worker} to {on_lab.queue.name} and back" in finding["title"]
    assert type_all(sqsctl, by_hand(finding)["steps"])
    assert asked(sqsctl, "recursion-allowed") == []
    told = functions.get_function_recursion_config(FunctionName=worker)
    assert told["RecursiveLoop"] == "Terminate"


def test_what_a_filter_deletes_is_counted_once_asked_for(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    (mapping,) = MappingClient(on_lab.session).of_queue(on_lab.queue.arn)
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    on_lab.session.functions().update_event_source_mapping(
        UUID=mapping.uuid, FilterCriteria={"Filters": [{"Pattern": pattern}]}
    )
    (silent,) = asked(sqsctl, "filter-drops")
    (count,) = [
        each
        for each in silent["fix"]["ways"]
        if "MetricsConfig" in json.dumps(each) or "metrics-config" in json.dumps(each)
    ][:1]
    assert type_all(sqsctl, count["steps"])
    assert MappingClient(on_lab.session).get(mapping.uuid).counts_events
    send(on_lab, "", "", body='{"kind": "other"}')
    send(on_lab, "", body='{"kind": "wanted", "input": 1}')

    def told() -> str:
        return str(asked(sqsctl, "filter-drops")[0]["title"])

    until(told, lambda title: "deleted 2 of 3 messages" in title)


def test_a_noisy_group_and_messages_that_the_age_leaves_out(
    on_lab: DeployedLab, sqsctl: Sqsctl
) -> None:
    (mapping,) = MappingClient(on_lab.session).of_queue(on_lab.queue.arn)
    on_lab.session.functions().update_event_source_mapping(UUID=mapping.uuid, Enabled=False)
    sqs = on_lab.session.sqs()
    policy = {"deadLetterTargetArn": on_lab.dead_letters.ref.arn, "maxReceiveCount": 1000}
    sqs.set_queue_attributes(
        QueueUrl=on_lab.queue.url, Attributes={"RedrivePolicy": json.dumps(policy)}
    )
    send(on_lab, *["loud"] * 6, "quiet")
    for _ in range(4):  # failed at once, each time
        taken = sqs.receive_message(QueueUrl=on_lab.queue.url, MaxNumberOfMessages=10)["Messages"]
        for each in taken:
            sqs.change_message_visibility(
                QueueUrl=on_lab.queue.url, ReceiptHandle=each["ReceiptHandle"], VisibilityTimeout=0
            )
    (hidden,) = until(lambda: asked(sqsctl, "poison-hidden"), bool)
    assert "7 messages" in hidden["title"]
    assert "failed about 4 times each" in hidden["title"]
    assert type_all(sqsctl, by_hand(hidden)["steps"])
    sqs.receive_message(QueueUrl=on_lab.queue.url, MaxNumberOfMessages=4)
    (noisy,) = until(lambda: asked(sqsctl, "noisy-groups"), bool)
    assert noisy["severity"] == "info"
    assert "1 message group" in noisy["title"]
