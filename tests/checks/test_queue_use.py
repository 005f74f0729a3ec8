"""A queue's address in an environment is no intention: the code tells, or the role, or nobody."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.queue_use import Use, queue_use
from sqsctl.cli.screen.picture import picture
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.stack import Permission, Queue, Stack
from tests.checks.build import (
    ACCOUNT,
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    WORKER,
    function,
    mapping,
    package,
    queue,
    series,
    stack,
)

ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-dev-role"
ARN = f"{PREFIX}:{JOBS}"
CALL = (
    "import boto3, os\nsqs = boto3.client('sqs')\ndef handler(event, context):\n"
    "    for record in event['Records']:\n        print(record['body'])\n"
    "        sqs.{}(QueueUrl=os.environ['QUEUE_URL'], {})\n"
)
DELETES = CALL.format("delete_message", "ReceiptHandle=record['receiptHandle']")
SENDS = CALL.format("send_message", "MessageBody=record['body']")
RECEIVES = CALL.format("receive_message", "MaxNumberOfMessages=10")
READS = "import os\ndef handler(event, context):\n    print(os.environ['QUEUE_URL'], event)\n"
GIVES = (
    "import os, own\ndef handler(event, context):\n    own.publish(os.environ['QUEUE_URL'], 1)\n"
)


def permissions(name: str, *allowed: str) -> tuple[Permission, ...]:
    def decision(action: str) -> Literal["allowed", "implicitDeny"]:
        return "allowed" if action in allowed else "implicitDeny"

    actions = ("SendMessage", "ReceiveMessage", "DeleteMessage")
    return tuple(
        Permission(name, ROLE, f"sqs:{each}", ARN, decision(f"sqs:{each}")) for each in actions
    )


def where(source: str = "", name: str = WORKER, value: str = "", **groups: Any) -> Stack:
    """A function that knows the queue, with this code."""
    variables = {"QUEUE_NAME" if value == JOBS else "QUEUE_URL": value or queue().url}
    groups.setdefault("functions", (function(name, environment=variables),))
    packages = (package(name, worker_py=source),) if source else ()
    return stack(packages=packages, **groups)


def told(checks: tuple[str, ...], at: Stack) -> list[Finding]:
    return list(diagnose(at, only=checks).findings)


@pytest.mark.parametrize(
    ("source", "may", "expected"),
    [
        (DELETES, (), Use(False, False, True, "code", "worker.py:6")),
        (SENDS, (), Use(True, False, False, "code", "worker.py:6")),
        (READS, ("sqs:SendMessage",), Use(False, False, False, "code")),
        (GIVES, ("sqs:SendMessage",), Use(True, False, False, "role")),
        ("", ("sqs:DeleteMessage",), Use(False, False, True, "role")),
        ("", None, Use()),
    ],
    ids=["deletes", "sends", "only reads it", "gives it away", "no code", "nothing read"],
)
def test_who_tells_what_is_done(source: str, may: tuple[str, ...] | None, expected: Use) -> None:
    at = where(source, permissions=permissions(WORKER, *may) if may is not None else ())
    assert queue_use(at, at.functions.items[0], queue()) == expected


@pytest.mark.parametrize("value", [queue().url, ARN, JOBS])
def test_a_queue_is_named_by_url_arn_or_name(value: str) -> None:
    at = where(SENDS.replace("URL'", "NAME'") if value == JOBS else SENDS, value=value)
    assert queue_use(at, at.functions.items[0], queue()).sends


def test_a_layer_may_use_a_variable_that_the_package_does_not_read() -> None:
    source = "def handler(event, context):\n    for r in event['Records']:\n        print(r)\n"
    for layers, sends in (((), False), (("arn:aws:lambda:r:1:layer:own:1",), None)):
        worker = function(environment={"QUEUE_URL": queue().url}, layers=layers)
        at = where(source, functions=(worker,))
        assert queue_use(at, worker, queue()).sends is sends


@pytest.mark.parametrize(
    ("source", "may", "severities"),
    [
        (DELETES, ("sqs:ReceiveMessage", "sqs:DeleteMessage"), []),
        (SENDS, ("sqs:ReceiveMessage", "sqs:DeleteMessage"), [Severity.ERROR]),
        (SENDS, ("sqs:SendMessage",), []),
        ("", ("sqs:ReceiveMessage", "sqs:DeleteMessage"), []),
        ("", (), []),
    ],
)
def test_only_who_sends_is_refused(
    source: str, may: tuple[str, ...], severities: list[Severity]
) -> None:
    at = where(source, permissions=permissions(WORKER, *may))
    found = [each for each in told(("access-denied",), at) if "SendMessage" in each.title]
    assert [each.severity for each in found] == severities


def test_without_code_and_any_permission_it_is_told_in_passing() -> None:
    at = where("", PRODUCER, permissions=permissions(PRODUCER))
    (only,) = told(("access-denied",), at)
    assert only.severity is Severity.INFO
    assert "was not read" in only.title


@pytest.mark.parametrize(
    ("source", "number", "says"),
    [(DELETES, 0, ""), (SENDS, 1, "sends to the queue"), ("", 1, "knows the queue")],
)
def test_only_who_sends_can_feed_itself(source: str, number: int, says: str) -> None:
    found = told(("recursion-dropped",), where(source))
    assert len(found) == number
    assert all(says in each.title for each in found)


def lonely(*functions: Any, source: str = "") -> Stack:
    main = queue(visible=3, dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=5)
    packages = (package("shop-dev-sweeper", worker_py=source),) if source else ()
    return stack(
        queues=(main, queue(DLQ)), mappings=(), functions=functions, packages=packages, apis=()
    )


@pytest.mark.parametrize(("source", "severities"), [(RECEIVES, []), (SENDS, [Severity.ERROR])])
def test_a_queue_that_a_function_receives_from_has_a_consumer(
    source: str, severities: list[Severity]
) -> None:
    sweeper = function("shop-dev-sweeper", environment={"QUEUE_URL": queue().url})
    found = told(("mapping-missing",), lonely(sweeper, source=source))
    assert [each.severity for each in found] == severities


def drawn(at: Stack) -> str:
    return "\n".join(line.plain for line in picture(at))


@pytest.mark.parametrize(("source", "sure"), [(SENDS, True), ("", False), (READS, None)])
def test_the_picture_shows_who_sends(source: str, sure: bool | None) -> None:
    mailer = function("shop-dev-mailer", environment={"QUEUE_URL": queue().url})
    packages = (package("shop-dev-mailer", worker_py=source),) if source else ()
    picture_of = drawn(stack(functions=(function(), mailer), packages=packages))
    assert ("λ mailer" in picture_of) is (sure is not None)
    assert ("perhaps sends to it" in picture_of) is (sure is False)


def test_the_picture_shows_who_receives_by_itself() -> None:
    sweeper = function("shop-dev-sweeper", environment={"QUEUE_URL": queue().url})
    assert re.search(
        r"─> . λ sweeper +\(receives by itself\)", drawn(lonely(sweeper, source=RECEIVES))
    )
    assert "nothing consumes it" in drawn(lonely(sweeper, source=SENDS))


def test_a_consumer_that_sends_to_its_own_queue_is_drawn_so() -> None:
    assert drawn(where(SENDS)).count("λ jobsWorker") == 2
    assert drawn(where(DELETES)).count("λ jobsWorker") == 1


@pytest.mark.parametrize(("source", "number"), [(READS, 0), (SENDS, 1), ("", 1)])
def test_another_place_matters_where_the_variable_is_used(source: str, number: int) -> None:
    other = queue().url.replace(ACCOUNT, "999988887777")
    assert len(told(("queue-url-mismatch",), where(source, value=other))) == number


@pytest.mark.parametrize(("source", "number"), [(RECEIVES, 0), (SENDS, 1)])
def test_who_takes_dead_letters_out_may_name_their_queue(source: str, number: int) -> None:
    sweeper = function("shop-dev-sweeper", environment={"QUEUE_URL": queue(DLQ).url})
    at = where(functions=(function(), sweeper))
    at = stack(
        functions=at.functions.items,
        packages=(package("shop-dev-sweeper", worker_py=source),),
    )
    assert len(told(("queue-url-mismatch",), at)) == number


def test_a_consumer_is_no_sender_for_its_queues_key_and_figures() -> None:
    at = where(
        DELETES,
        metrics=(
            series(WORKER, "Invocations", 2000),
            series(JOBS, "NumberOfMessagesSent", 2000),
            series(WORKER, "ConcurrentExecutions", 1),
        ),
    )
    assert told(("recursion-dropped",), at) == []


def test_a_mapping_of_another_queue_is_not_asked_to_poll_this_one() -> None:
    other: Queue = queue("shop-dev-other")
    at = stack(
        queues=(*stack().queues.items, other),
        mappings=(mapping("shop-dev-other"),),
        permissions=permissions(WORKER, "sqs:SendMessage"),
    )
    assert told(("mapping-role",), at) == []
