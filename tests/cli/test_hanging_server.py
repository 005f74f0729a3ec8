"""A server that takes connections and says nothing more: one Ctrl-C ends every wait."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.aws.loopback import Answer, Received, reply, serving
from tests.aws.test_queues import COUNTS

pytestmark = [
    pytest.mark.timeout(90),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
SQSCTL = Path(sys.executable).with_name("sqsctl")
PLAIN = ("GetQueueUrl", "GetQueueAttributes", "ListDeadLetterSourceQueues", "ListMessageMoveTasks")


class Server:
    """Tells of two queues, and is silent on everything else."""

    def __init__(self) -> None:
        self.url = ""
        self.hung = 0

    def __call__(self, received: Received) -> Answer:
        if received.operation not in PLAIN:
            self.hung += 1
            return Answer(delay_s=60)
        if received.operation == "GetQueueUrl":
            return reply({"QueueUrl": f"{self.url}/000000000000/{received.json['QueueName']}"})
        if received.operation == "ListDeadLetterSourceQueues":
            return reply({"queueUrls": [f"{self.url}/000000000000/jobs"]})
        if received.operation == "ListMessageMoveTasks":
            return reply({"Results": []})
        name = received.json["QueueUrl"].rpartition("/")[2]
        arn = "arn:aws:sqs:us-east-1:000000000000:"
        policy = {"deadLetterTargetArn": f"{arn}jobs-dlq", "maxReceiveCount": 3}
        more = {} if name.endswith("dlq") else {"RedrivePolicy": json.dumps(policy)}
        return reply({"Attributes": {**COUNTS, "QueueArn": arn + name, **more}})


COMMANDS = [
    ["dlq", "redrive", "--queue", "jobs-dlq", "--method", "client"],
    *(
        pytest.param(words, marks=pytest.mark.long)
        for words in (
            ["dlq", "redrive", "--queue", "jobs-dlq", "--method", "native"],
            ["dlq", "peek", "--queue", "jobs-dlq"],
            ["dlq", "export", "x.jsonl", "--queue", "jobs-dlq"],
            ["dlq", "purge", "--queue", "jobs-dlq", "--yes"],
            ["produce", "--queue", "jobs", "--count", "50", "--via", "sqs"],
            ["send", "--queue", "jobs", "text"],
            ["queue", "ls"],
            ["doctor", "--queue", "jobs"],
        )
    ),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_one_signal_ends_a_wait(words: list[str], tmp_path: Path) -> None:
    server = Server()
    with serving(server) as loopback:
        server.url = loopback.url
        environment = {key: value for key, value in os.environ.items() if key[:4] != "AWS_"}
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        with (tmp_path / "said").open("wb") as said:
            process = subprocess.Popen(
                [str(SQSCTL), *words, "--endpoint-url", loopback.url, "--region", "us-east-1"],
                env={**environment, **keys, "XDG_STATE_HOME": str(tmp_path)},
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        try:
            while not server.hung:
                assert process.poll() is None, (tmp_path / "said").read_text()
                time.sleep(0.05)
            time.sleep(0.5)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            # Two seconds of waiting; the rest is a busy machine's.
            assert time.monotonic() - began < 4
        finally:
            process.kill()
            process.wait()
