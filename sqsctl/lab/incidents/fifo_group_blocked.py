"""A message group that waits for its first message, which somebody holds and never finishes.

A FIFO queue beside the tutorial's feeds the same consumer. Somebody received the first
message of one group, with the longest visibility timeout there is, and walked off: the
group's other messages cannot be received for twelve hours, while other groups go on.
"""

from __future__ import annotations

import json
import time
from typing import Any

from sqsctl.aws.translate import translated
from sqsctl.errors import Exit, SqsctlError
from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.bench import Bench, unfit

BLOCKED, FREE = "blocked", "free"
_LONGEST_S = 43_200
_POLICY = "orders"
_LONGEST_STACK = 68  # a queue's name has 80 characters at most


class FifoGroupBlocked(Incident):
    name = "fifo-group-blocked"
    step = "beyond the tutorial"
    breaks = "a FIFO queue's group waits for a message that is held for twelve hours"

    def check(self, bench: Bench) -> None:
        """A queue of the service's own is never taken for the incident's, and deleted with it."""
        name = queue_name(bench)
        bench.function("consumer")
        listed = bench.aws.sqs().list_queues(QueueNamePrefix=name).get("QueueUrls", [])
        if any(url.endswith(f"/{name}") for url in listed):
            raise unfit(f"there is a queue {name} already")

    def prepare(self, bench: Bench) -> None:
        sqs, name = bench.aws.sqs_unretried(), queue_name(bench)
        visibility = bench.attributes("queue")["VisibilityTimeout"]
        attributes: dict[Any, str] = {
            "FifoQueue": "true",
            "ContentBasedDeduplication": "true",
            "VisibilityTimeout": visibility,
        }
        with translated(f"queue {name}"):
            url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
                "QueueArn"
            ]
            sqs.send_message(QueueUrl=url, MessageBody='{"input": 1}', MessageGroupId=BLOCKED)
            sqs.receive_message(QueueUrl=url, VisibilityTimeout=_LONGEST_S, WaitTimeSeconds=1)
            for number in range(2, 5):
                for group in (BLOCKED, FREE):
                    sqs.send_message(
                        QueueUrl=url,
                        MessageBody=json.dumps({"input": number, "group": group}),
                        MessageGroupId=group,
                    )
        self._connect(bench, arn)

    def clean_up(self, bench: Bench) -> None:
        functions, sqs = bench.aws.functions(), bench.aws.sqs()
        name = queue_name(bench)
        with translated(f"queue {name}"):
            found = functions.list_event_source_mappings(FunctionName=bench.function("consumer"))
            for mapping in found["EventSourceMappings"]:
                if mapping["EventSourceArn"].endswith(f":{name}"):
                    functions.delete_event_source_mapping(UUID=mapping["UUID"])
            sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])
            bench.aws.iam().delete_role_policy(RoleName=bench.role("consumer"), PolicyName=_POLICY)

    @staticmethod
    def _connect(bench: Bench, arn: str) -> None:
        statement = {
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "Resource": arn,
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        deadline = time.monotonic() + 10.0
        with translated("event source mapping of the FIFO queue"):
            bench.aws.iam().put_role_policy(
                RoleName=bench.role("consumer"),
                PolicyName=_POLICY,
                PolicyDocument=json.dumps(document),
            )
            mapping = bench.aws.functions().create_event_source_mapping(
                EventSourceArn=arn,
                FunctionName=bench.function("consumer"),
                BatchSize=1,
                FunctionResponseTypes=["ReportBatchItemFailures"],
            )
            while mapping["State"] != "Enabled":
                if time.monotonic() > deadline:
                    raise SqsctlError("the mapping was not enabled", exit=Exit.UNAVAILABLE)
                time.sleep(0.1)
                mapping = bench.aws.functions().get_event_source_mapping(UUID=mapping["UUID"])


def queue_name(bench: Bench) -> str:
    """The FIFO queue's name."""
    return f"{bench.stack[:_LONGEST_STACK]}-orders.fifo"
