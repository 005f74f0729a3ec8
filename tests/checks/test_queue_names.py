"""Queues that environments name: where they are, and what a fix tells to write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Finding
from sqsctl.model.stack import Group, MadeBy, NamedQueue, Queue, Stack
from tests.checks.build import (
    ACCOUNT,
    JOBS,
    PRODUCER,
    REGION,
    WORKER,
    ago,
    function,
    invocation,
    of_events,
    queue,
    stack,
)
from tests.checks.zoo_logs import python_error

GONE = (
    "botocore.errorfactory.QueueDoesNotExist: An error occurred "
    "(AWS.SimpleQueueService.NonExistentQueue) when calling the SendMessage operation: The "
    "specified queue does not exist."
)


def url(name: str = JOBS, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"https://sqs.{region}.amazonaws.com/{account}/{name}"


def found(check: str, where: Stack) -> Finding:
    (told,) = diagnose(where, only=(check,)).findings
    return told


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (
            url(account="999988887777"),
            f"in account 999988887777; this stack's is in account {ACCOUNT}",
        ),
        (url(region="us-east-1"), f"in us-east-1; this stack's is in {REGION}"),
        (
            url(region="us-east-1", account="999988887777"),
            f"in us-east-1, account 999988887777; this stack's is in {REGION}, account {ACCOUNT}",
        ),
    ],
)
def test_what_differs_is_told_of_both(value: str, says: str) -> None:
    where = stack(functions=(function(), function(PRODUCER, environment={"OUT": value})))
    assert found("queue-url-mismatch", where).title.endswith(says)


def forwarding(value: str, made_by: MadeBy = "lift", **fields: str) -> Stack:
    """A consumer that forwards to a queue which does not exist; shop-dev-audit does."""
    other: Queue = replace(queue("shop-dev-audit"), **fields)  # type: ignore[arg-type]
    whole = stack(
        functions=(function(environment={"JOBS": queue().url, "AUDIT_QUEUE": value}),),
        logs=(of_events(invocation(1, python_error(GONE), at=ago(60))),),
        made_by=made_by,
    )
    return replace(whole, queues=Group((*whole.queues.items, other)))


def test_the_variable_that_names_it_and_the_queue_it_may_mean() -> None:
    told = found("queue-not-found", forwarding(url("shop-dev-audti"), "serverless"))
    assert told.subject == WORKER
    assert f"      AUDIT_QUEUE: {url('shop-dev-audit')}" in told.fix.serverless_yml
    assert "AUDIT_QUEUE name shop-dev-audit" in told.fix.summary
    assert not any("construct" in line for line in told.fix.serverless_yml)


def test_a_construct_where_lift_made_the_queue() -> None:
    where = forwarding(url("shop-dev-audti"), logical_id="auditQueueCEDBAE3E")
    lines = found("queue-not-found", where).fix.serverless_yml
    assert lines[-1].strip() == 'AUDIT_QUEUE: "${construct:audit.queueUrl}"'


def test_nothing_alike_is_no_advice() -> None:
    told = found("queue-not-found", forwarding(url("mailbox")))
    assert lines_end(told) == "AUDIT_QUEUE: QUEUE_URL"
    assert "a queue that exists" in told.fix.summary


def test_a_queue_found_missing_before_anything_fails_has_the_same_fix() -> None:
    lost = url("shop-dev-audti")
    whole = forwarding(lost)
    where = replace(whole, logs=Group(), named_queues=Group((NamedQueue(lost, exists=False),)))
    assert lines_end(found("queue-not-found", where)) == f"AUDIT_QUEUE: {url('shop-dev-audit')}"


def lines_end(told: Finding) -> str:
    return told.fix.serverless_yml[-1].strip()
