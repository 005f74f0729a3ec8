"""Commands that a person is told to type reach the AWS that was looked at."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sqsctl.cli.main import PROGRAM
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.globals import Globals
from sqsctl.cli.screen.command_lines import again, as_typed, command_here, here, own_options
from sqsctl.cli.screen.output import Output
from sqsctl.model.finding import Confidence, Diagnosis, Finding, Kind, Severity
from sqsctl.model.remedy import Command, Edit, Fix, Step, Way
from sqsctl.model.target import Target
from tests.cli.aws_line import called
from tests.e2e.test_tutorial import parse

ENDPOINT = "http://127.0.0.1:4566"
CALL = "aws lambda get-function --function-name f --region eu-west-1"
ROLE = "aws iam get-role --role-name r"


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    config = tmp_path / "config"
    config.write_text('[profile "shop prod"]\nregion = eu-west-1\n[profile other]\n')
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    return "other"


def run_with(**given: object) -> Run:
    run = Run(Output(), PROGRAM)
    run.adopt(Globals(**given))  # type: ignore[arg-type]
    return run


def test_what_stood_on_the_command_line_goes_along(profile: str) -> None:
    run = run_with(profile=profile, region="eu-west-1", lab=False)
    assert own_options(run) == ("--profile", "other", "--region", "eu-west-1", "--no-lab")
    line = command_here("sqsctl dlq groups --queue jobs-dlq", run)
    assert line == (
        "sqsctl dlq groups --queue jobs-dlq --profile other --region eu-west-1 --no-lab"
    )
    assert parse(line) == "sqsctl dlq groups"


def test_what_stands_in_the_environment_is_there_for_the_next_command_too(
    monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    monkeypatch.setenv("SQSCTL_PROFILE", profile)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    run = run_with()
    assert own_options(run) == ()
    assert command_here("sqsctl doctor", run) == "sqsctl doctor"
    # The AWS CLI does not read SQSCTL_PROFILE.
    _, given, own = called(command_here(CALL, run))
    assert own == {"--profile": "other", "--region": "eu-west-1"}
    assert given == {"FunctionName": "f"}


def test_an_endpoint_wants_a_region_for_every_service() -> None:
    run = run_with(endpoint_url=ENDPOINT, region="eu-west-1")
    for line in (CALL, ROLE):
        _, _, own = called(command_here(line, run))
        assert own == {"--endpoint-url": ENDPOINT, "--region": "eu-west-1"}


def test_of_aws_itself_nothing_more_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    run = run_with(region="eu-west-1")
    assert command_here(CALL, run) == CALL
    assert command_here(ROLE, run) == ROLE


@pytest.mark.parametrize(
    "line",
    [
        "aws configure get region",
        "serverless deploy",
        "npm install --save @aws-sdk/client-sqs",
        "echo aws >> requirements.txt",
    ],
)
def test_other_commands_stay_as_they_are(line: str) -> None:
    assert command_here(line, run_with(endpoint_url=ENDPOINT, region="eu-west-1")) == line


def test_names_with_blanks_are_quoted(profile: str) -> None:
    run = run_with(profile="shop prod", region="eu-west-1")
    assert "--profile 'shop prod'" in command_here("sqsctl doctor", run)
    assert called(command_here(CALL, run))[2]["--profile"] == "shop prod"


def test_every_fix_of_a_diagnosis_is_made_so() -> None:
    fix = Fix("", commands=("sqsctl doctor", CALL))
    found = Finding("x", Severity.INFO, Kind.RISK, "", (), fix, Confidence.LOW)
    run = run_with(endpoint_url=ENDPOINT, region="eu-west-1")
    (made,) = as_typed(Diagnosis("s", (found,), ()), run).findings
    assert made.fix.commands == tuple(command_here(each, run) for each in fix.commands)
    assert all(ENDPOINT in each for each in made.fix.commands)


# The same command line once more.


def typed(*words: str, **given: object) -> Run:
    run = run_with(**given)
    run.words = words
    return run


def test_once_more_is_every_word_as_it_was_typed(profile: str) -> None:
    words = ("dlq", "redrive", "--queue", "jobs", "--match", "input > `5` && a == 'b c'", "--to")
    run = typed(*words, "other queue", "--profile", profile, queue="jobs", profile=profile)
    line = again(run, "jobs-dlq")
    assert shlex.split(line) == ["sqsctl", *words, "other queue", "--profile", profile]


def test_once_more_names_what_was_found_by_itself() -> None:
    run = typed("dlq", "redrive", "--limit", "5", lab=False)
    assert again(run, "jobs-dlq") == "sqsctl dlq redrive --limit 5 --queue jobs-dlq --no-lab"
    run.target = Target("aws", "eu-west-1", stack="shop")
    assert "--stack shop" in again(run, "jobs-dlq")


def test_once_more_goes_on_and_does_something() -> None:
    run = typed("dlq", "redrive", "--no-resume", "--dry-run", "--queue", "q", queue="q")
    assert again(run, "q") == "sqsctl dlq redrive --queue q"


def test_once_more_keeps_what_is_no_option() -> None:
    run = typed("dlq", "restore", "--", "-odd.jsonl")
    assert again(run, "q") == "sqsctl dlq restore --queue q -- -odd.jsonl"


def test_another_command_works_on_the_same(profile: str) -> None:
    run = run_with(profile=profile)
    assert here(run, "jobs-dlq", "dlq", "tasks") == (
        "sqsctl dlq tasks --queue jobs-dlq --profile other"
    )


def test_on_the_lab_what_was_broken_on_purpose_can_be_healed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = run_with(lab=True)
    at = Target("lab", "eu-west-1", "000000000000", "s", "http://127.0.0.1:9")
    resolved = type("Resolved", (), {"target": at})()
    monkeypatch.setattr(run, "resolved", lambda: resolved)
    words = {"dlq-missing": ("lab", "heal", "dlq-missing")}
    monkeypatch.setattr(type(run.program), "healing", lambda *_: words)
    way = Way("", (Command(("aws", "sqs", "list-queues")),))
    found = [
        Finding(each, Severity.ERROR, Kind.CAUSE, "", (), Fix("", ways=(way,)))
        for each in ("dlq-missing", "dlq-retention")
    ]
    mended, other = as_typed(Diagnosis("s", tuple(found), ()), run).findings
    lines = [each.line for way in mended.fix.ways for each in way.commands]
    assert lines == ["sqsctl lab aws sqs list-queues", "sqsctl lab heal dlq-missing"]
    assert len(other.fix.ways) == 1


SERVERLESS = Command(("serverless", "deploy"), deploys=True)
BUILT = (Command(("sam", "build"), deploys=True), Command(("sam", "deploy"), deploys=True))
REQUIRED = Edit("requirements.txt", "text", ("requests",))
REWRITTEN = Edit("app.py", "python", ("continue",), 3, ("return",))


@pytest.mark.parametrize(
    ("files", "steps", "lines"),
    [
        ([".serverless/x"], (REQUIRED, SERVERLESS), ["sqsctl lab deploy --package"]),
        (["template.yaml"], (REWRITTEN, SERVERLESS), ["sqsctl lab deploy"]),
        (["template.yaml"], (REWRITTEN, *BUILT), ["sqsctl lab deploy"]),
        (
            ["template.yaml"],
            (Edit("template.yaml", "yaml", ("a: 1",)), *BUILT),
            ["sqsctl lab deploy"],
        ),
        # Nothing installs what requirements.txt asks for: the way without a tool is what is left.
        (["template.yaml"], (REQUIRED, SERVERLESS), []),
    ],
)
def test_on_the_lab_a_project_is_deployed_onto_it(
    files: list[str], steps: tuple[Step, ...], lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in files:
        Path(each).parent.mkdir(exist_ok=True)
        Path(each).touch()
    run = run_with(lab=True)
    at = Target("lab", "eu-west-1", "000000000000", "s", "http://127.0.0.1:9")
    resolved = type("Resolved", (), {"target": at})()
    monkeypatch.setattr(run, "resolved", lambda: resolved)
    monkeypatch.setattr(type(run.program), "healing", lambda *_: {})
    by_hand = Way("", (Command(("zip", "-q", "f.zip", ".")),))
    fix = Fix("", ways=(Way("with a tool", steps), by_hand))
    found = Finding("x", Severity.ERROR, Kind.CAUSE, "", (), fix)
    (made,) = as_typed(Diagnosis("s", (found,), ()), run).findings
    *told, last = [each.line for way in made.fix.ways for each in way.commands]
    assert (told, last) == (lines, "zip -q f.zip .")
