"""What a queue's own policy and name mean on the lab as on AWS."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError

from sqsctl.aws.lab_state import LabState
from tests.lab.conftest import session_on

pytestmark = pytest.mark.lab


def test_a_policy_that_wants_tls_lets_the_lab_in(lab_state: LabState) -> None:
    sqs = session_on(lab_state).sqs()
    url = sqs.create_queue(QueueName=f"tls-{time.time_ns()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert sqs.send_message(QueueUrl=url, MessageBody="over TLS")["MessageId"]


@pytest.mark.parametrize("name", ["a" * 81, "a" * 76 + ".fifo", "a.b", "a b"])
def test_names_that_sqs_does_not_take(lab_state: LabState, name: str) -> None:
    attributes: dict[str, str] = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    with pytest.raises(ClientError, match="1 to 80 in length"):
        session_on(lab_state).sqs().create_queue(
            QueueName=name,
            Attributes=attributes,  # type: ignore[arg-type]
        )


def test_the_longest_names_are_taken(lab_state: LabState) -> None:
    sqs = session_on(lab_state).sqs()
    for name, attributes in (("a" * 80, {}), ("a" * 75 + ".fifo", {"FifoQueue": "true"})):
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
        sqs.delete_queue(QueueUrl=url)
