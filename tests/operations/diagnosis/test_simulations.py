"""Which permissions are worth asking about."""

from __future__ import annotations

from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.stack import (
    Key,
    Queue,
)
from sqsctl.operations.diagnosis.simulations import CONSUME, LOG, simulations

QUEUE = Queue("jobs", "https://q/jobs", "arn:aws:sqs:r:1:jobs")
ROLE = "arn:aws:iam::1:role/r"


def function(name: str, **values: str) -> Function:
    return Function(
        name,
        f"arn:aws:lambda:r:1:function:{name}",
        role_arn=ROLE,
        log_group=f"/aws/lambda/{name}",
        environment=dict(values),
    )


def test_a_shared_role_is_asked_once_for_each_resource_and_told_apart_by_function() -> None:
    producer, worker = function("producer", QUEUE_URL=QUEUE.url), function("worker")
    mapping = EventSourceMapping("u", QUEUE.arn, worker.arn, "worker")
    found = {each.resource: each for each in simulations([producer, worker], [QUEUE], [mapping])}
    assert set(found[QUEUE.arn].wanted) == {
        *(("worker", action) for action in CONSUME),
        # Whether it sends or receives, its role tells where its code was not read.
        ("producer", "sqs:SendMessage"),
        ("producer", "sqs:ReceiveMessage"),
        ("producer", "sqs:DeleteMessage"),
    }
    assert len(found[QUEUE.arn].actions) == 4
    log = "arn:aws:logs:r:1:log-group:/aws/lambda/worker:log-stream:*"
    assert found[log].wanted == tuple(("worker", action) for action in LOG)


def keys_asked(*keys: Key) -> set[str]:
    queue = Queue("jobs", "u", "arn:aws:sqs:r:1:jobs", kms_key_id="alias/own")
    worker = function("worker")
    mapping = EventSourceMapping("u", queue.arn, worker.arn, "worker")
    resources = {each.resource for each in simulations([worker], [queue], [mapping], keys)}
    return {each for each in resources if ":kms:" in each}


def test_an_encrypted_queue_wants_its_key_too() -> None:
    key = "arn:aws:kms:r:1:key/1234"
    assert keys_asked(Key(("alias/own",), key)) == {key}


def test_a_key_that_is_awss_own_gone_or_unread_is_not_asked_about() -> None:
    assert keys_asked(Key(("alias/own",), "arn:aws:kms:r:1:key/1", manager="AWS")) == set()
    assert keys_asked(Key(("alias/own",), state="Missing")) == set()
    assert keys_asked() == set()


def test_a_function_that_could_not_be_read_is_not_asked_about() -> None:
    mapping = EventSourceMapping("u", QUEUE.arn, "arn:aws:lambda:r:1:function:gone", "gone")
    assert simulations([], [QUEUE], [mapping]) == ()
