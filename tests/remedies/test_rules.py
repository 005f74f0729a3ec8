"""The rules that every remedy keeps, over all that the zoo and the corpus make checks say."""

from __future__ import annotations

import json
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
from sqsctl.remedies.context import language_of
from tests.checks.corpus_cases import explained
from tests.checks.test_corpus import REMEDIES, SICK
from tests.checks.zoo import OTHERS, PAIRS
from tests.cli.aws_line import called
from tests.remedies.wording import commands, everything, words

# One worker: all of these diagnoses are made once.
pytestmark = pytest.mark.xdist_group("remedies of the zoo")

TOOLS: tuple[MadeBy, ...] = ("lift", "serverless", "sam", "cdk", "cloudformation", "")
# What a tool's own command begins with, by the tool that it is of.
DEPLOYERS = {"serverless": {"lift", "serverless"}, "sam": {"sam"}, "cdk": {"cdk"}}
# Every text of a failure: those whose cause alone is known, and those with a remedy.
TEXTS = (*SICK, *(each for each in REMEDIES if not each.healthy))
# What a text has in it that the tool printed, and nothing else does.
IN_TEXTS = {
    "serverless": r"(?i)serverless|_FAILED: \w+ \(AWS::|failed to deploy",
    "sam": r"create/update the stack",
    "cdk": r"❌|\| +\d+/\d+ +\|",
    "terraform": r"\.tf line \d|aws_\w+\.\w|RespMetadata|Error: (?:\w+ )?(?:creat|updat)ing",
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
    return tuple(finding for excerpt in TEXTS for finding in explained(excerpt))


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


def test_every_call_of_aws_is_one_that_the_aws_cli_takes() -> None:
    """Of every way, and of what verifies it, follows it and takes it back."""
    lines = {
        each.line
        for finding in everywhere()
        for each in commands(finding.fix)
        if each.argv[0] == "aws"
    }
    assert len(lines) > 150
    wrong = []
    for line in sorted(lines):
        if line.split()[1] in {"configure", "ecr-public"} or " s3 " in line:
            continue  # the CLI's own commands: no model says what they take
        try:
            called(line)
        except (AssertionError, ValueError) as error:
            # A number or an id that nothing tells stands as a word in capitals; what a step
            # before wrote into a file is not here.
            told = f"{error} {line}"
            if not re.search(r"base 10: '[A-Z_]+'|--uuid UUID |ment file://|butes file://", told):
                wrong.append(f"{error}: {line}")
    assert not wrong, "\n".join(wrong)


def test_each_remedy_says_how_to_see_that_it_worked() -> None:
    assert [each.id for each in remedied() if not each.fix.verify] == []
    for each in of_texts():  # nothing was looked at that doctor could look at again
        looks = [step for step in each.fix.verify if isinstance(step, Command)]
        assert not [step for step in looks if step.argv[:2] == ("sqsctl", "doctor")], each.id


def test_no_way_is_empty_and_none_is_told_twice() -> None:
    for each in remedied():
        assert all(way.steps for way in each.fix.ways), each.id
        assert len({way.steps for way in each.fix.ways}) == len(each.fix.ways), each.id


def test_a_look_never_stands_where_a_mending_command_is_known() -> None:
    """On a stack the first way mends where any way does, of a text it tells what mends."""
    for tool in TOOLS:
        for _, each in of_the_zoo(tool):
            mends = [any(_mends(step) for step in way.steps) for way in each.fix.ways]
            assert not any(mends) or mends[0] or each.past, (each.id, each.fix.ways)
    for each in of_texts():
        for way in each.fix.ways[:1]:
            told = [not isinstance(step, Command) or step.changes for step in way.steps]
            assert any(told), (each.id, way)


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
    for excerpt in TEXTS:
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


MOST = {"Timeout": 900, "MemorySize": 10_240, "VisibilityTimeout": 43_200}
# Where a figure stands in what is typed or written, by the tools' names for it.
FIGURES = {
    "Timeout": re.compile(r"(?:--timeout |\b[Tt]imeout(?:: |=| = )(?:Duration\.seconds\()?)(\d+)"),
    "MemorySize": re.compile(r"(?:--memory-size |\b[Mm]emory_?[Ss]ize(?:: |=| = ))(\d+)"),
    "VisibilityTimeout": re.compile(
        r"\b[Vv]isibility_?[Tt]imeout(?:_seconds)?(?:: |=| = )(?:Duration\.seconds\()?(\d+)"
    ),
}
RAISED = {"function-timeout": "Timeout", "out-of-memory": "MemorySize"}


def test_no_figure_exceeds_what_aws_takes() -> None:
    for finding in remedied():
        for line in everything(finding.fix):
            for name, pattern in FIGURES.items():
                for figure in pattern.findall(line):
                    assert int(figure) <= MOST[name], (finding.id, line)


def test_no_figure_falls_below_the_present() -> None:
    for tool in TOOLS:
        for stack, finding in of_the_zoo(tool):
            name = RAISED.get(finding.id, "")
            function = stack.function(finding.subject)
            if not name or function is None or not finding.fix.ways or finding.past:
                continue
            before = function.timeout_s if name == "Timeout" else function.memory_mb
            figures = [
                int(each)
                for way in finding.fix.ways
                for line in words(way.steps)
                for each in FIGURES[name].findall(line)
            ]
            assert all(each > before for each in figures), (finding.id, before, figures)


def test_no_timeout_without_the_visibility_that_belongs_to_it() -> None:
    """Once the calls are made, each queue hides a message for longer than the function may run."""
    seen = 0
    for tool in TOOLS:
        for stack, finding in of_the_zoo(tool):
            runs, hides = _set_by(finding)
            for mapping in stack.mappings:
                queue = stack.queue(mapping.queue_arn)
                if mapping.function_name not in runs or queue is None:
                    continue
                seen += 1
                hidden = hides.get(queue.url, queue.visibility_timeout_s)
                assert hidden >= runs[mapping.function_name], (finding.id, finding.fix.calls)
    assert seen > 5


def _set_by(finding: Finding) -> tuple[dict[str, int], dict[str, int]]:
    """Timeouts by function, and visibility timeouts by queue, that a fix's calls set."""
    runs: dict[str, int] = {}
    hides: dict[str, int] = {}
    for call in finding.fix.calls:
        given = dict(call.parameters)
        attributes = given.get("Attributes")
        if "Timeout" in given:
            runs[str(given["FunctionName"])] = int(str(given["Timeout"]))
        if isinstance(attributes, dict) and "VisibilityTimeout" in attributes:
            hides[str(given["QueueUrl"])] = int(attributes["VisibilityTimeout"])
    return runs, hides


# What installs or builds for one language alone.
OF_LANGUAGE = {"npm": "node", "pip": "python", "bundle": "ruby", "dotnet": "dotnet", "go": "go"}
CODE = {"python": "python", "javascript": "node", "ruby": "ruby", "go": "go", "java": "java"}


@pytest.mark.parametrize("tool", [each for each in TOOLS if each != "cdk"])
def test_code_and_its_tools_are_in_the_language_of_the_function(tool: MadeBy) -> None:
    """A CDK app may be in another language than its functions."""
    for stack, finding in of_the_zoo(tool):
        function = stack.function(finding.subject)
        spoken = language_of(function.runtime) if function else ""
        if not spoken:
            continue
        for step in steps(finding):
            used = (
                OF_LANGUAGE.get(step.argv[0], spoken)
                if isinstance(step, Command)
                else CODE.get(step.language, spoken)
                if isinstance(step, Edit)
                else spoken
            )
            assert used == spoken, (finding.id, step)


def test_an_explicit_deny_is_never_out_allowed() -> None:
    denied = 0
    for excerpt in TEXTS:
        for finding in explained(excerpt):
            own = " ".join(each.value for each in finding.evidence)
            if finding.id != "access-denied" or "explicit deny" not in own:
                continue
            denied += 1
            allows = [each for each in commands(finding.fix) if "put-role-policy" in each.argv]
            assert not allows, (excerpt.name, allows)
    assert denied


def test_nothing_wider_is_allowed_than_what_was_refused() -> None:
    """A statement names actions, none by a star."""
    for finding in remedied():
        for each in commands(finding.fix):
            for word in each.argv:
                if word.startswith("{") and '"Action"' in word:
                    for statement in json.loads(word)["Statement"]:
                        actions = statement["Action"]
                        listed = [actions] if isinstance(actions, str) else actions
                        kept = statement.get("Sid") or finding.id == "queue-policy-deny"
                        assert kept or not any("*" in one for one in listed), (finding.id, word)


def test_an_error_of_a_deploy_changes_no_function_and_has_no_dead_letters() -> None:
    deploys = 0
    for excerpt in TEXTS:
        for finding in explained(excerpt):
            if finding.id != "deploy-rejected":
                continue
            deploys += 1
            assert finding.fix.afterwards == (), excerpt.name
            for each in commands(finding.fix):
                assert not {"update-function-code", "update-function-configuration"} & {*each.argv}
    assert deploys > 20


def test_no_placeholder_for_what_a_text_names_in_quotes() -> None:
    named = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:([\w-]+)")
    for excerpt in TEXTS:
        functions = set(named.findall(excerpt.text))
        for finding in explained(excerpt):
            if finding.subject and finding.subject in functions:
                told = " ".join(everything(finding.fix))
                assert "FUNCTION_NAME" not in told, (excerpt.name, told)


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
            assert not uploads or programs & {"zip", "docker", "dotnet", "cargo"}, (finding.id, way)


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
