"""A variable that is missing: the one that is set and may be meant is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sqsctl.checks.base import examine
from sqsctl.checks.registry import by_id
from sqsctl.model.finding import Finding
from sqsctl.model.stack import Group, MadeBy, Stack
from tests.checks.build import (
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    ago,
    function,
    invocation,
    of_events,
    queue,
    stack,
)
from tests.checks.zoo_logs import python_error
from tests.remedies.wording import everything

READ = (
    "KeyError: '{}'\nTraceback (most recent call last):\n"
    '  File "/var/task/worker.py", line 5, in handler\n    table = os.environ["{}"]\n'
)


def reading(variable: str, known: list[str]) -> Stack:
    """A consumer that reads a variable which is not among those that are set."""
    text = python_error(READ.format(variable, variable))
    main = queue(dead_letter_target_arn=f"{PREFIX}:{DLQ}", logical_id="jobsQueueCEDBAE3E")
    return stack(
        queues=(main, queue(DLQ)),
        functions=(function(environment=dict.fromkeys(known)), function(PRODUCER)),
        logs=(of_events(invocation(7, text, at=ago(60))),),
    )


def told(where: Stack) -> Finding:
    (found,) = examine(by_id()["env-var-missing"], where)[1]
    return found


@pytest.mark.parametrize(
    ("read", "known", "said"),
    [
        ("LEDGER_TABLE_NAME", ["LEDGER_TABLE"], "LEDGER_TABLE"),
        ("QUEUE", ["JOBS_QUEUE", "STAGE"], "JOBS_QUEUE"),
        ("JOBS_QUEU_URL", ["JOBS_QUEUE_URL"], "JOBS_QUEUE_URL"),
        ("URL", ["API_URL", "QUEUE_URL"], ""),  # either may be meant
        ("TABLE", ["STAGE", "LOG_LEVEL"], ""),
        ("TABLE", [], ""),
    ],
)
def test_one_that_is_like_it_is_named(read: str, known: list[str], said: str) -> None:
    found = told(reading(read, known))
    other = f", or let the code read {said}, which is set," if said else ""
    assert found.fix.summary == f"set {read} in the function's environment{other} and deploy"


@pytest.mark.parametrize(
    ("tool", "value"),
    [
        ("lift", '"${construct:jobs.queueUrl}"'),
        ("serverless", "!Ref jobsQueueCEDBAE3E"),
        ("", f"https://sqs.ap-northeast-2.amazonaws.com/111122223333/{JOBS}"),
    ],
)
def test_a_variable_for_the_only_queue_gets_its_url(tool: MadeBy, value: str) -> None:
    where = replace(reading("QUEUE_URL", []), made_by=tool)
    fix = told(where).fix
    if tool:
        assert fix.serverless_yml[-1].strip() == f"QUEUE_URL: {value}"
    assert any(value.strip('"') in each or f"/{JOBS}" in each for each in everything(fix))
    two = (*where.queues, queue("shop-dev-mails"))
    for other in (
        replace(where, queues=Group(two)),
        reading("TABLE", []),
        reading("QUEUE_ARN", []),
    ):
        said = everything(told(replace(other, made_by=tool)).fix)
        assert any("VALUE" in each for each in said)
