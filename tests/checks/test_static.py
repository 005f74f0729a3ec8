"""What configuration and figures tell before a log does, or where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.functions import (
    PublishedVersion,
)
from sqsctl.model.logline import LogEvent
from sqsctl.model.queues import NamedQueue
from sqsctl.model.stack import (
    FunctionLogs,
    Permission,
    Stack,
)
from tests.checks.build import (
    ACCOUNT,
    DLQ,
    JOBS,
    NOW,
    PREFIX,
    PRODUCER,
    REGION,
    WORKER,
    ago,
    api,
    function,
    mapping,
    queue,
    series,
    stack,
)

ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-dev-role"


def told(check: str, where: Stack) -> tuple[Finding, ...]:
    return diagnose(where, only=(check,)).findings


# --- queues that an environment names ----------------------------------------------------------

GONE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/shop-test-jobs"


def naming(value: str, *, exists: bool) -> Stack:
    functions = (function(), function(PRODUCER, environment={"QUEUE_URL": value}))
    return stack(functions=functions, named_queues=(NamedQueue(value, exists),), logs=())


@pytest.mark.parametrize("value", [GONE, f"{PREFIX}:shop-test-jobs"])
def test_a_queue_that_is_not_there_is_found_before_anything_is_sent(value: str) -> None:
    (found,) = told("queue-not-found", naming(value, exists=False))
    assert found.title == (
        f"QUEUE_URL of {PRODUCER} names the queue shop-test-jobs, which does not exist"
    )
    assert (found.severity, found.subject) == (Severity.ERROR, PRODUCER)
    assert [each.value for each in found.evidence] == [value, "the queue does not exist"]
    assert told("queue-not-found", naming(value, exists=True)) == ()


def test_it_explains_that_the_queue_is_none_of_the_stack() -> None:
    found = diagnose(naming(GONE, exists=False)).findings
    assert [(each.id, each.explained_by) for each in found[:2]] == [
        ("queue-not-found", ""),
        ("queue-url-mismatch", "queue-not-found"),
    ]


# --- variables that hold nothing -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "confidence"),
    [
        ("QUEUE_URL", "undefined", Confidence.HIGH),
        ("TOPIC_ARN", "null", Confidence.HIGH),
        ("SQS_QUEUE", "None", Confidence.HIGH),
        ("QUEUE_URL", "", Confidence.MEDIUM),
        ("QUEUE_URL", None, None),  # a value that is not shown
        ("CALLBACK_URL", "", None),  # empty on purpose, most likely
        ("DEBUG", "null", None),
        ("QUEUE_URL", GONE, None),
    ],
)
def test_a_variable_that_holds_nothing(
    variable: str, value: str | None, confidence: Confidence | None
) -> None:
    functions = (function(), function(PRODUCER, environment={variable: value}))
    found = told("env-var-missing", stack(functions=functions, logs=()))
    assert [each.confidence for each in found] == ([confidence] if confidence else [])
    if found:
        assert f"{variable} of {PRODUCER} is " in found[0].title
        given = queue().url if "QUEUE" in variable else "VALUE"  # the stack's only queue
        assert f"      {variable}: {given}" in found[0].fix.serverless_yml


# --- mappings, versions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"last_processing_result": "PROBLEM: Function's role does not have sqs:ReceiveMessage"},
        {"state_transition_reason": "The role is not authorized to perform: sqs:ReceiveMessage"},
    ],
)
def test_the_mapping_itself_says_that_its_role_was_refused(fields: dict[str, str]) -> None:
    (found,) = told("mapping-role", stack(mappings=(mapping(**fields),)))
    assert found.title == f"Lambda may not poll {JOBS} with the role of {WORKER}"
    assert found.evidence[0].value == next(iter(fields.values()))
    assert "put-role-policy" in found.fix.commands[0]


def test_a_mappings_usual_reasons_are_none() -> None:
    fields = {"last_processing_result": "OK", "state_transition_reason": "USER_INITIATED"}
    assert told("mapping-role", stack(mappings=(mapping(**fields),))) == ()


def test_a_route_on_an_old_version_is_told_the_very_command() -> None:
    old = PublishedVersion("3", "3", code_sha256="old")
    where = stack(
        apis=(api(qualifier="3", integration_id="int1"),),
        functions=(function(), function(PRODUCER, code_sha256="new", qualified=(old,))),
    )
    (found,) = told("stale-version", where)
    (command,) = found.fix.commands
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{PRODUCER}"
    assert command == (
        "aws apigatewayv2 update-integration --api-id a1b2c3 --integration-id int1 "
        f"--integration-uri {arn} --region {REGION}"
    )


# --- pairs of queues -----------------------------------------------------------------------------


def test_a_dead_letter_queue_of_another_kind_is_replaced_by_commands() -> None:
    main = queue("j.fifo", fifo=True, dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=4)
    (found,) = told("redrive-not-allowed", stack(queues=(main, queue(DLQ))))
    create, tell = found.fix.commands
    assert "--queue-name j-dlq2.fifo" in create
    assert "FifoQueue=true" in create
    assert f"{PREFIX}:j-dlq2.fifo" in tell
    assert '\\"maxReceiveCount\\":4' in tell
    assert all(each.endswith(f"--region {REGION}") for each in found.fix.commands)


# --- logs -----------------------------------------------------------------------------------------


def silent(runs: float, *, ended: float = 600, exists: bool = True, **fields: Any) -> Stack:
    """A worker that ran, by its figures, and whose log shows nothing."""
    logs = FunctionLogs(WORKER, f"/aws/lambda/{WORKER}", exists=exists)
    figures = (series(WORKER, "Invocations", runs, ends=ended),)
    functions = (function(**fields), function(PRODUCER))
    return stack(functions=functions, logs=(logs,), metrics=figures)


def test_a_group_with_nothing_in_it_though_the_function_ran() -> None:
    (found,) = told("logs-missing", silent(9))
    assert found.title.startswith(f"{WORKER} ran 9 times and has nothing in its log group")
    assert (found.severity, found.confidence) == (Severity.WARNING, Confidence.MEDIUM)
    assert "AWSLambdaBasicExecutionRole" in found.fix.commands[0]


@pytest.mark.parametrize(
    "where",
    [
        silent(9, ended=60),  # lines take minutes to appear
        silent(0),
        silent(9, log_format="JSON"),  # with a high level, good runs write nothing
    ],
    ids=["just now", "never ran", "levels"],
)
def test_a_quiet_log_is_no_fault(where: Stack) -> None:
    assert told("logs-missing", where) == ()


def test_a_role_that_may_not_write_is_surer() -> None:
    denied = Permission(WORKER, ROLE, "logs:PutLogEvents", "arn:x", "implicitDeny")
    where = replace(silent(9), permissions=stack(permissions=(denied,)).permissions)
    (found,) = told("logs-missing", where)
    assert found.confidence is Confidence.HIGH
    line = LogEvent("START RequestId: x", NOW)
    written = FunctionLogs(WORKER, f"/aws/lambda/{WORKER}", events=(line,))
    assert told("logs-missing", replace(where, logs=stack(logs=(written,)).logs)) == ()


def test_a_group_of_ones_own_is_named_as_configured() -> None:
    where = silent(9, exists=False)
    own = replace(where.logs.items[0], group="/shop/all")
    (found,) = told("logs-missing", replace(where, logs=stack(logs=(own,)).logs))
    assert ("LoggingConfig.LogGroup", "/shop/all") in {
        (each.fact, each.value) for each in found.evidence
    }


# --- timeouts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("longest", "errors", "found"),
    [
        ((900, 6003), (0, 2), True),
        ((6003, 900), (2, 0), False),  # it was, and is no longer
        ((900, 6003), (0, 0), False),  # long, but it ended well
        ((900, 4000), (0, 2), False),
    ],
)
def test_figures_tell_of_timeouts_where_no_log_does(
    longest: tuple[float, ...], errors: tuple[float, ...], *, found: bool
) -> None:
    figures = (
        series(WORKER, "Duration", *longest, statistic="Maximum"),
        series(WORKER, "Errors", *errors),
    )
    findings = told("function-timeout", stack(metrics=figures, logs=()))
    assert [each.confidence for each in findings] == [Confidence.MEDIUM] * found
    changed = (function(last_modified=ago(-60)), function(PRODUCER))
    assert told("function-timeout", stack(metrics=figures, logs=(), functions=changed)) == ()
