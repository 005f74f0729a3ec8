"""The rules that every remedy keeps, over all that the zoo and the corpus make checks say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.remedy import Command, Edit, Sentence, Step
from sqsctl.model.stack import MadeBy, Stack
from tests.checks.corpus_cases import explained
from tests.checks.test_corpus import SICK
from tests.checks.zoo import OTHERS, PAIRS
from tests.remedies.wording import commands, everything

# One worker: all of these diagnoses are made once.
pytestmark = pytest.mark.xdist_group("remedies of the zoo")

TOOLS: tuple[MadeBy, ...] = ("lift", "serverless", "sam", "cdk", "cloudformation", "")
# What a tool's own command begins with, by the tool that it is of.
DEPLOYERS = {"serverless": {"lift", "serverless"}, "sam": {"sam"}, "cdk": {"cdk"}}
# What a text has in it that the tool printed, and nothing else does.
IN_TEXTS = {
    "serverless": r"(?i)serverless|_FAILED: \w+ \(AWS::|failed to deploy",
    "sam": r"create/update the stack",
    "cdk": r"❌|\| +\d+/\d+ +\|",
    "terraform": r"\.tf line \d|aws_\w+\.\w|RespMetadata|Error: \w* ?creating",
}
# Programs that a printed command may begin with.
PROGRAMS = frozenset(
    {
        *("aws", "sqsctl", "serverless", "sam", "cdk", "terraform", "npm", "npx", "pip", "zip"),
        *("unzip", "bundle", "docker", "dotnet", "cargo", "go", "env", "mvn", "gradle", "node"),
        *("python", "chmod", "curl"),
    }
)
PLACES = re.compile(r"\b(?:FUNCTION_NAME|QUEUE_URL|ROLE_NAME|FILE\.FUNCTION|SERVICE:ACTION)\b")


@cache
def of_the_zoo(tool: MadeBy) -> tuple[tuple[Stack, Finding], ...]:
    seen = [pair.broken for pair in PAIRS] + list(OTHERS)
    stacks = [replace(each, made_by=tool) for each in seen]
    return tuple((stack, each) for stack in stacks for each in diagnose(stack).findings)


@cache
def of_texts() -> tuple[Finding, ...]:
    return tuple(finding for excerpt in SICK for finding in explained(excerpt))


def everywhere() -> Iterator[Finding]:
    for tool in TOOLS:
        yield from (finding for _, finding in of_the_zoo(tool))
    yield from of_texts()


def remedied() -> Iterator[Finding]:
    """Findings that ask for something to be done."""
    for each in everywhere():
        if each.fix.ways and not each.past:
            yield each


def steps(finding: Finding) -> Iterator[Step]:
    for way in finding.fix.ways:
        yield from way.steps


def test_there_is_enough_to_look_at() -> None:
    assert sum(1 for _ in remedied()) > 700


def test_each_remedy_says_how_to_see_that_it_worked() -> None:
    assert [each.id for each in remedied() if not each.fix.verify] == []


def test_no_way_is_empty_and_none_is_told_twice() -> None:
    for each in remedied():
        assert all(way.steps for way in each.fix.ways), each.id
        assert len({way.steps for way in each.fix.ways}) == len(each.fix.ways), each.id


def test_a_look_never_stands_where_a_mending_command_is_known() -> None:
    """The first way mends where any way does; a look before it only tells what it needs."""
    for each in remedied():
        mends = [any(_mends(step) for step in way.steps) for way in each.fix.ways]
        assert not any(mends) or mends[0], (each.id, each.fix.ways)


def _mends(step: Step) -> bool:
    if isinstance(step, Sentence):
        return step.text.startswith(("update the stack", "deploy the project again"))
    return isinstance(step, Edit) or step.changes


@pytest.mark.parametrize("tool", TOOLS)
def test_no_tools_command_without_that_tool(tool: MadeBy) -> None:
    for stack, finding in of_the_zoo(tool):
        for each in commands(finding.fix):
            users = DEPLOYERS.get(each.argv[0])
            declared = any("serverless" in said.source for said in stack.project)
            assert users is None or tool in users or declared, (finding.id, each.line)


def test_no_tools_command_for_a_text_without_that_tools_words() -> None:
    for excerpt in SICK:
        for finding in explained(excerpt):
            for each in commands(finding.fix):
                words = IN_TEXTS.get(each.argv[0])
                assert words is None or re.search(words, excerpt.text), (finding.id, each.line)


def test_every_command_can_be_typed() -> None:
    for finding in remedied():
        for each in commands(finding.fix):
            assert each.argv[0] in PROGRAMS, (finding.id, each.line)
            assert tuple(shlex.split(each.line)) == each.argv
            assert not re.search(r"[;&|<>]", "".join(each.argv[:2])), each.line


def test_no_placeholder_for_a_function_or_queue_that_is_named() -> None:
    for tool in TOOLS:
        for stack, finding in of_the_zoo(tool):
            function = stack.function(finding.subject)
            if function is None or not function.role_arn:
                continue
            told = " ".join(everything(finding.fix))
            assert "FUNCTION_NAME" not in told, (finding.id, told)
            assert "ROLE_NAME" not in told, (finding.id, told)


def test_no_figure_falls_below_the_present_or_exceeds_what_aws_takes() -> None:
    most = {"Timeout": 900, "MemorySize": 10_240, "VisibilityTimeout": 43_200}
    for tool in TOOLS:
        for stack, finding in of_the_zoo(tool):
            for call in finding.fix.calls:
                given = dict(call.parameters)
                function = stack.function(str(given.get("FunctionName")))
                raised = finding.id in {"function-timeout", "out-of-memory"}
                for key, before in (
                    ("Timeout", function.timeout_s if function else 0),
                    ("MemorySize", function.memory_mb if function else 0),
                ):
                    if key in given:
                        assert int(str(given[key])) <= most[key]
                        assert not raised or int(str(given[key])) > before, finding.id
                attributes = given.get("Attributes")
                hidden = (
                    attributes.get("VisibilityTimeout") if isinstance(attributes, dict) else None
                )
                if hidden is not None:
                    queue = next(q for q in stack.queues if q.url == given["QueueUrl"])
                    assert queue.visibility_timeout_s < int(hidden) <= most["VisibilityTimeout"]


def test_nothing_is_redriven_before_its_cause_or_without_dead_letters() -> None:
    for tool in TOOLS:
        for stack, finding in of_the_zoo(tool):
            holding = {each.queue_name for each in stack.dead_letters if each.count > 0}
            for step in steps(finding):
                assert not isinstance(step, Command) or "redrive" not in step.argv, finding.id
            for step in finding.fix.afterwards:
                if isinstance(step, Command) and "redrive" in step.argv:
                    assert holding, finding.id
    assert not any(each.fix.afterwards for each in of_texts())


def test_what_a_log_line_alone_names_is_installed_only_with_a_word_about_it() -> None:
    for finding in of_texts():
        for way in finding.fix.ways:
            installs = [
                each
                for each in way.steps
                if isinstance(each, Command) and each.argv[:3] == ("npm", "install", "--save")
            ]
            told = [each.text for each in way.steps if isinstance(each, Sentence)]
            known = all(each.argv[3].startswith(("aws-sdk", "@aws-sdk/")) for each in installs)
            assert not installs or known or any("log alone" in each for each in told), finding.id


def test_no_command_undoes_another_of_its_way() -> None:
    for finding in remedied():
        for way in finding.fix.ways:
            programs = {each.argv[0] for each in way.commands}
            uploads = any("update-function-code" in each.argv for each in way.commands)
            deploys = bool(programs & {"serverless", "sam", "cdk", "terraform"})
            assert not (uploads and deploys), (finding.id, way)
            assert not uploads or programs & {"zip", "docker", "dotnet"}, (finding.id, way)


def test_a_safe_fix_is_made_of_calls_and_says_how_to_undo_it() -> None:
    for tool in TOOLS:
        for _, finding in of_the_zoo(tool):
            fix = finding.fix
            if fix.disposition == "safe":
                assert fix.calls, finding.id
                assert fix.undo, finding.id
                assert finding.severity >= Severity.INFO
            if fix.disposition == "manual":
                assert not fix.calls, finding.id
