"""How long a command takes from the shell's point of view, against the AWS CLI."""

from __future__ import annotations

import pytest

from tests.benchmarks.peers import in_turn, peer, sqsctl
from tests.e2e.stacks import DeployedLab

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]


def test_help_takes_at_most_half_of_aws_version() -> None:
    assert in_turn([sqsctl(), "--help"], [peer("awscli", "aws"), "--version"]) <= 0.5


def test_queue_inspect_takes_at_most_as_long_as_aws(lab: DeployedLab) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": lab.state.access_key_id,
        "AWS_SECRET_ACCESS_KEY": lab.state.secret_access_key,
        "AWS_DEFAULT_REGION": lab.state.region,
        "AWS_ENDPOINT_URL": lab.state.endpoint,
    }
    ratio = in_turn(
        [sqsctl(), "queue", "inspect", lab.queue.url],
        [
            peer("awscli", "aws"),
            "--endpoint-url",
            lab.state.endpoint,
            "sqs",
            "get-queue-attributes",
            "--queue-url",
            lab.queue.url,
            "--attribute-names",
            "All",
        ],
        environment=environment,
    )
    assert ratio <= 1.0
