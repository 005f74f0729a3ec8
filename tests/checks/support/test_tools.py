"""Fixes in the words of the tool that deploys the stack."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sqsctl.checks.base import examine
from sqsctl.checks.registry import by_id
from sqsctl.checks.support.shell import step, yml_function
from sqsctl.checks.support.tools import for_tool
from sqsctl.model.finding import Fix
from sqsctl.model.stack import MadeBy, Stack
from tests.checks.build import stack
from tests.checks.zoo import OTHERS, PAIRS

URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/mailer"
HIDE = Fix(
    "hide it longer",
    commands=("aws sqs set-queue-attributes", "serverless deploy"),
    serverless_yml=("constructs:", "  mailer:", "    maxRetries: 5"),
    steps=(
        step("sqs", "set_queue_attributes", QueueUrl=URL, Attributes={"VisibilityTimeout": "12"}),
        step("lambda", "update_event_source_mapping", UUID="u", FunctionResponseTypes=["R"]),
    ),
)
OTHER_TOOLS: tuple[MadeBy, ...] = ("sam", "cdk", "cloudformation")


def where(made_by: MadeBy) -> Stack:
    return replace(stack(), made_by=made_by)


def test_lift_keeps_its_constructs() -> None:
    assert for_tool(HIDE, where("lift")) == HIDE


@pytest.mark.parametrize(
    ("tool", "deploy"),
    [
        ("sam", ["sam build && sam deploy"]),
        ("cdk", ["cdk deploy shop-dev"]),
        ("cloudformation", []),
    ],
)
def test_another_tool_has_its_own_command_and_no_serverless_yml(
    tool: MadeBy, deploy: list[str]
) -> None:
    fix = for_tool(HIDE, where(tool))
    assert list(fix.commands[1:]) == deploy
    assert fix.serverless_yml == ()
    assert "VisibilityTimeout 12 of mailer" in fix.summary
    assert "FunctionResponseTypes R of the event source mapping" in fix.summary
    assert fix.steps == HIDE.steps


def test_serverless_without_lift_has_no_constructs() -> None:
    assert for_tool(HIDE, where("serverless")).serverless_yml == ()
    worker = Fix("", serverless_yml=yml_function("shop-dev-jobsWorker", "timeout: 9"))
    assert for_tool(worker, where("serverless")).serverless_yml == (
        "functions:",
        "  jobsWorker:",
        "    timeout: 9",
    )


def test_where_the_tool_is_unknown_the_lines_say_whose_they_are() -> None:
    fix = for_tool(replace(HIDE, serverless_yml=("functions:", "  a:")), where(""))
    assert fix.serverless_yml[0] == "# with the Serverless Framework"
    assert fix.commands[1] == "serverless deploy  # with the Serverless Framework"


@pytest.mark.parametrize("tool", OTHER_TOOLS)
def test_no_check_speaks_of_serverless_to_others(tool: MadeBy) -> None:
    for seen in (*(pair.broken for pair in PAIRS), *OTHERS):
        for check in by_id().values():
            for finding in examine(check, replace(seen, made_by=tool))[1]:
                assert finding.fix.serverless_yml == ()
                told = " ".join((finding.fix.summary, *finding.fix.commands))
                assert "serverless" not in told.lower(), (finding.id, told)
