"""What fixes tell to type can be typed, and works on the stack that was looked at."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from itertools import pairwise

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Finding
from sqsctl.model.stack import DeadLetters, Group, MadeBy, Stack
from tests.checks.build import DLQ, PREFIX, ago, invocation, of_events, stack
from tests.checks.zoo import OTHERS, PAIRS
from tests.checks.zoo_logs import python_error
from tests.cli.aws_line import called
from tests.e2e.test_tutorial import parse
from tests.remedies.wording import commands

TOOLS: tuple[MadeBy, ...] = ("lift", "serverless", "sam", "cdk", "cloudformation", "")
# What stands for a name that nobody told, in text without a stack for example.
UNKNOWN = "00000000-0000-0000-0000-000000000000"
UNTOLD = frozenset({"FUNCTION_NAME", "QUEUE_URL", "ROLE_NAME", UNKNOWN})
WORLDWIDE = frozenset({"iam"})
ZOO = [
    *(pytest.param(pair.broken, id=pair.id) for pair in PAIRS),
    *(pytest.param(each, id=f"other-{number}") for number, each in enumerate(OTHERS)),
]
FAILED = of_events(invocation(7, python_error("ValueError: no"), at=ago(60)))


def typed(seen: Stack) -> list[str]:
    """Every sqsctl command of a diagnosis, also where the prose of a fix holds one."""
    fixes = [each.fix for each in diagnose(seen).findings]
    assert not any("sqsctl " in each.summary for each in fixes)
    lines = [each.line for fix in fixes for each in commands(fix)]
    return [each for each in lines if each.startswith("sqsctl ")]


def aimed(line: str, seen: Stack) -> bool:
    """Whether the line names the stack, one of its queues or one of its functions."""
    words = shlex.split(line)
    queues = {each.name for each in seen.queues}
    queues |= {each.queue_arn.rpartition(":")[2] for each in seen.mappings}
    names: dict[str, set[str | None]] = {
        "--stack": {seen.stack_name},
        "--queue": {*queues, *(each.queue_name for each in seen.dead_letters)},
        "--function": {each.name for each in seen.functions},
    }
    return any(option in names and value in names[option] for option, value in pairwise(words))


@pytest.mark.parametrize("seen", ZOO)
def test_every_command_parses_and_names_its_target(seen: Stack) -> None:
    for line in typed(seen):
        parse(line)
        assert aimed(line, seen), line


@pytest.mark.parametrize("seen", ZOO)
def test_where_there_is_no_stack_a_queue_or_a_function_is_named(seen: Stack) -> None:
    alone = replace(seen, name="jobs", stack_name=None)
    for line in typed(alone):
        parse(line)
        assert "--stack" not in line
        assert aimed(line, alone) or not alone.queues.items, line


def test_letters_are_looked_at_where_they_lie() -> None:
    seen = stack(logs=(FAILED,), dead_letters=(DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 1),))
    assert f"sqsctl dlq redrive --canary 1 --queue {DLQ}" in typed(seen)
    assert not any(" dlq " in each for each in typed(stack(logs=(FAILED,))))


def test_without_a_dead_letter_queue_there_is_nothing_to_redrive() -> None:
    whole = stack(logs=(FAILED,))
    queues = tuple(replace(each, dead_letter_target_arn=None) for each in whole.queues)
    bare = replace(whole, queues=Group(queues), dead_letters=Group())
    assert [each for each in typed(bare) if " dlq " in each] == []


def calls_of(finding: Finding) -> list[str]:
    """Calls of AWS among the commands; the CLI's own settings are none."""
    return [
        line.replace(" UUID ", f" {UNKNOWN} ")
        for line in finding.fix.commands
        if line.startswith("aws ") and not line.startswith("aws configure ")
    ]


def names(seen: Stack) -> dict[str, set[str]]:
    """What a call may name, by the parameter that names it."""
    queues = seen.queues.items
    roles = {each.role_arn or "" for each in seen.functions}
    roles |= {each.role_arn for each in seen.permissions}
    functions = {each.name for each in seen.functions}
    functions |= {each.function_name for each in seen.mappings}
    functions |= {each.function for each in (*seen.logs, *seen.packages)}
    functions |= {each.function_name or "" for api in seen.apis for each in api.routes}
    return {
        "QueueUrl": {each.url for each in queues},
        "EventSourceArn": {each.arn for each in queues},
        "FunctionName": functions,
        "UUID": {each.uuid for each in seen.mappings},
        "RoleName": {each.rpartition("/")[2] for each in roles},
    }


@pytest.mark.parametrize("seen", ZOO)
@pytest.mark.parametrize("tool", TOOLS)
def test_every_call_of_aws_is_one_on_what_there_is(seen: Stack, tool: MadeBy) -> None:
    known = names(seen)
    texts = " ".join(each.text for each in seen.errors)
    for finding in diagnose(replace(seen, made_by=tool)).findings:
        for line in calls_of(finding):
            operation, given, own = called(line)
            service = operation.partition(":")[0]
            assert own.get("--region") == (None if service in WORLDWIDE else seen.region), line
            for key in known.keys() & given.keys():
                if given[key] not in UNTOLD:
                    assert given[key] in known[key] or given[key] in texts, line
                else:
                    assert finding.fix.disposition == "manual", line


@pytest.mark.parametrize("seen", ZOO)
@pytest.mark.parametrize("tool", TOOLS)
def test_a_step_is_the_call_that_its_command_says(seen: Stack, tool: MadeBy) -> None:
    """What --fix does is what a person would have typed, in the same order."""
    for finding in diagnose(replace(seen, made_by=tool)).findings:
        said = map(called, calls_of(finding))
        calls = [(operation.partition(":")[2], given) for operation, given, _ in said]
        for step in finding.fix.calls:
            operation = "".join(each.title() for each in step.operation.split("_"))
            assert (operation, _told(dict(step.parameters))) in calls, finding.id


def _told(parameters: dict[str, object]) -> dict[str, object]:
    return {
        key: list(each) if isinstance(each, tuple) else each for key, each in parameters.items()
    }


@pytest.mark.parametrize(
    "line",
    [
        "aws lambda update-function-configuration --timeout 5",  # of which function?
        "aws lambda update-function-configuration --function-name f --timeout soon",
        "aws lambda update-event-source-mapping --uuid u --scaling-config MaximumConcurency=2",
        "aws lambda put-concurrency --function-name f",
        "aws sqs set-queue-attributes --queue-url u --attribute VisibilityTimeout=1",
        "aws sqs purge-queue",
    ],
)
def test_a_call_that_aws_would_refuse_is_noticed(line: str) -> None:
    with pytest.raises((AssertionError, KeyError, ValueError)):
        called(line)


@pytest.mark.parametrize("seen", ZOO)
def test_nothing_is_said_of_dead_letters_where_there_can_be_none(seen: Stack) -> None:
    """A queue without a dead-letter queue: the fix of no cause speaks of redriving."""
    queues = tuple(
        replace(each, dead_letter_target_arn=None, max_receive_count=None) for each in seen.queues
    )
    kept = tuple(each for each in queues if "dlq" not in each.name)
    bare = replace(seen, queues=Group(kept), dead_letters=Group())
    for finding in diagnose(bare).findings:
        if finding.id in {"dlq-missing", "fifo-group-blocked", "poison-hidden"}:
            continue  # they say to make one
        told = " ".join((finding.title, finding.fix.summary, *finding.fix.commands))
        assert not re.search(r"redriv|dead.letter|sqsctl dlq", told), (finding.id, told)
