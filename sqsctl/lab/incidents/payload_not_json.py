"""Poison: messages whose bodies are no JSON, sent past the producer.

The consumer fails on each of them until they are dead-lettered; everything else works.
Healing removes them from wherever they are by then.
"""

from __future__ import annotations

import time

from sqsctl.aws.translate import translated
from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.bench import Bench

BODIES = ("hello", "{input: 1}")
_LONGEST_S = 60.0


class PayloadNotJson(Incident):
    name = "payload-not-json"
    step = "step 2, item 5"
    breaks = "two messages whose bodies are not JSON are in the queue"

    def check(self, bench: Bench) -> None:
        bench.queue("queue")

    def provoke(self, bench: Bench) -> None:
        bench.send(BODIES)

    def clean_up(self, bench: Bench) -> None:
        attributes = bench.attributes("queue")
        patience = 4 * int(attributes.get("VisibilityTimeout", 30)) + 5.0
        deadline = time.monotonic() + min(patience, _LONGEST_S)
        left = set(BODIES)
        while left and time.monotonic() < deadline:
            for queue in ("dlq", "queue") if bench.parts.dlq else ("queue",):
                left -= _removed(bench, queue, left)
            if left:
                time.sleep(0.25)


def _removed(bench: Bench, queue: str, bodies: set[str]) -> set[str]:
    """Delete what has one of these bodies among the messages that can be received now."""
    client, url = bench.aws.sqs_unretried(), bench.queue(queue)
    found: set[str] = set()
    others: list[str] = []
    with translated(f"queue {queue}"):
        for _ in range(20):
            answer = client.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=10, WaitTimeSeconds=0
            )
            messages = answer.get("Messages", [])
            for message in messages:
                if message["Body"] in bodies:
                    client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    found.add(message["Body"])
                else:
                    others.append(message["ReceiptHandle"])
            if not messages or found == bodies:
                break
        for receipt in others:
            client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0
            )
    return found
