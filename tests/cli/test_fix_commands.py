"""What fixes tell to type can be typed, and works on the stack that was looked at."""

from __future__ import annotations

import shlex
from dataclasses import replace
from itertools import pairwise

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.stack import Group, Stack
from tests.checks.build import DLQ, ago, invocation, of_events, stack
from tests.checks.zoo import OTHERS, PAIRS
from tests.checks.zoo_logs import python_error
from tests.e2e.test_tutorial import parse

ZOO = [
    *(pytest.param(pair.broken, id=pair.id) for pair in PAIRS),
    *(pytest.param(each, id=f"other-{number}") for number, each in enumerate(OTHERS)),
]
FAILED = of_events(invocation(7, python_error("ValueError: no"), at=ago(60)))


def typed(seen: Stack) -> list[str]:
    """Every sqsctl command of a diagnosis, also where the prose of a fix holds one."""
    fixes = [each.fix for each in diagnose(seen).findings]
    assert not any("sqsctl " in each.summary for each in fixes)
    return [line for fix in fixes for line in fix.commands if line.startswith("sqsctl ")]


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
    assert typed(stack(logs=(FAILED,))) == [
        f"sqsctl dlq groups --queue {DLQ}",
        f"sqsctl dlq redrive --canary 1 --queue {DLQ}",
    ]


def test_without_a_dead_letter_queue_there_is_nothing_to_redrive() -> None:
    whole = stack(logs=(FAILED,))
    queues = tuple(replace(each, dead_letter_target_arn=None) for each in whole.queues)
    bare = replace(whole, queues=Group(queues), dead_letters=Group())
    assert [each for each in typed(bare) if " dlq " in each] == []
