"""Fixes in the words of the tool that deploys the stack."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from sqsctl.checks.base import examine
from sqsctl.checks.registry import by_id
from sqsctl.model.remedy import Call, Fix
from sqsctl.model.stack import Declared, Group, MadeBy, Stack
from sqsctl.remedies.shell import queue_variable, step, yml_function, yml_worker
from sqsctl.remedies.tools import TERRAFORM, for_tool
from tests.checks.build import JOBS, PRODUCER, WORKER, api, function, mapping, queue, stack
from tests.checks.zoo import OTHERS, PAIRS

URL = f"https://sqs.eu-west-1.amazonaws.com/111122223333/{JOBS}"
POLICY = {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111122223333:dead", "maxReceiveCount": 5}
HIDE = Fix(
    "hide it longer",
    commands=("aws sqs set-queue-attributes", "serverless deploy"),
    serverless_yml=("constructs:", "  jobs:", "    maxRetries: 5"),
    calls=(
        step(
            "sqs",
            "set_queue_attributes",
            QueueUrl=URL,
            Attributes={"VisibilityTimeout": "12", "RedrivePolicy": json.dumps(POLICY)},
        ),
        step("lambda", "update_event_source_mapping", UUID="m", Enabled=True),
    ),
)
OTHER_TOOLS: tuple[MadeBy, ...] = ("sam", "cdk", "cloudformation")


class _Loader(yaml.SafeLoader):
    """CloudFormation's short forms, as their words."""


_Loader.add_multi_constructor(
    "!",
    lambda loader, suffix, node: f"{suffix} {loader.construct_scalar(node)}",
)


def where(made_by: MadeBy, **ids: str) -> Stack:
    """A queue, its consumer and the mapping, by the logical ids that the tool gives."""
    known = {"queue": "Jobs", "worker": "Worker", "mapping": "WorkerJobsEvent", **ids}
    return replace(
        stack(
            queues=(queue(logical_id=known["queue"]),),
            functions=(function(logical_id=known["worker"]), function(PRODUCER)),
            mappings=(mapping(uuid="m", logical_id=known["mapping"]),),
        ),
        made_by=made_by,
    )


def resources(lines: tuple[str, ...]) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load("\n".join(lines), _Loader)  # noqa: S506 - safe base
    return loaded


def kept(*steps: Call) -> Fix:
    return Fix("", keeps=steps)


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
    assert fix.summary == HIDE.summary
    assert fix.calls == HIDE.calls


def test_a_template_has_the_properties_of_its_own_resources() -> None:
    fix = for_tool(HIDE, where("cloudformation"))
    assert fix.template_of == "the template"
    assert resources(fix.template) == {
        # The target stands there already, as a reference: no ARN is put in its place.
        "Jobs": {"Properties": {"VisibilityTimeout": 12, "RedrivePolicy": {"maxReceiveCount": 5}}},
        "WorkerJobsEvent": {"Properties": {"Enabled": True}},
    }


def test_in_sam_a_mapping_is_an_event_of_its_function() -> None:
    fix = for_tool(HIDE, where("sam"))
    assert fix.template_of == "template.yaml"
    events = resources(fix.template)["Worker"]["Properties"]["Events"]
    assert events == {"JobsEvent": {"Properties": {"Enabled": True}}}
    by_hand = for_tool(HIDE, where("sam", mapping="Feeds"))
    assert resources(by_hand.template)["Feeds"] == {"Properties": {"Enabled": True}}


def test_two_settings_of_one_resource_are_one_block() -> None:
    steps = (
        step(
            "lambda",
            "put_function_concurrency",
            FunctionName=WORKER,
            ReservedConcurrentExecutions=2,
        ),
        step(
            "lambda",
            "update_event_source_mapping",
            UUID="m",
            ScalingConfig={"MaximumConcurrency": 2},
        ),
    )
    lines = for_tool(kept(*steps), where("sam")).template
    assert [each for each in lines if not each.startswith(" ")] == ["Worker:"]
    properties = resources(lines)["Worker"]["Properties"]
    assert properties["ReservedConcurrentExecutions"] == 2
    assert properties["Events"]["JobsEvent"]["Properties"]["ScalingConfig"] == {
        "MaximumConcurrency": 2
    }


def test_a_construct_of_lift_whose_queue_has_a_name_of_its_own() -> None:
    named = queue("ledger-dev", logical_id="auditQueue8AB5FDF2")
    assert yml_worker(named, "maxRetries: 5")[1] == "  audit:"
    dashed = queue("shop-dev-audit-log", logical_id="auditlogQueue8AB5FDF2")
    assert yml_worker(dashed, "maxRetries: 5")[1] == "  audit-log:"


@pytest.mark.parametrize(
    ("name", "logical_id", "lines"),
    [
        ("shop-dev-book", "BookLambdaFunction", ("functions:", "  book:", "    timeout: 9")),
        (
            "billing-process-invoice",
            "ProcessDashinvoiceLambdaFunction",
            ("functions:", "  process-invoice:", "    timeout: 9"),
        ),
        (
            "my_reader",
            "MyUnderscorereaderLambdaFunction",
            ("functions:", "  my_reader:", "    timeout: 9"),
        ),
        ("shop-Book", "BookLambdaFunction", ("functions:", "  Book:", "    timeout: 9")),
        ("made-by-hand", "Reader", ("functions:", "  hand:", "    timeout: 9")),
    ],
)
def test_a_functions_key_is_told_by_its_logical_id(
    name: str, logical_id: str, lines: tuple[str, ...]
) -> None:
    seen = replace(where("serverless"), functions=Group((function(name, logical_id=logical_id),)))
    fix = Fix("", serverless_yml=yml_function(name, "timeout: 9"))
    assert for_tool(fix, seen).serverless_yml == lines


def test_a_worker_of_lift_with_a_name_of_its_own_is_its_constructs() -> None:
    own = function("shop-event-writer", logical_id="EventsWorkerLambdaFunction")
    seen = replace(where("lift"), functions=Group((own,)))
    fix = Fix("", serverless_yml=yml_function(own, "timeout: 9"))
    worker = ("  events:", "    worker:", "      timeout: 9")
    assert for_tool(fix, seen).serverless_yml[1:] == worker
    known = replace(seen, queues=Group((queue(logical_id="eventsQueueCEDBAE3E"),)))
    assert for_tool(fix, known).serverless_yml == ("constructs:", *worker)
    # A function of the stack that only ends as a worker of Lift does.
    other = replace(seen, queues=Group((queue(logical_id="mailsQueueCEDBAE3E"),)))
    assert for_tool(fix, other).serverless_yml == (
        "functions:",
        "  eventsWorker:",
        "    timeout: 9",
    )


def test_two_functions_that_look_alike_keep_what_was_guessed() -> None:
    both = (
        function("a-worker", logical_id="FirstLambdaFunction"),
        function("b-worker", logical_id="SecondLambdaFunction"),
    )
    seen = replace(where("serverless"), functions=Group(both))
    fix = Fix("", serverless_yml=yml_function("a-worker", "timeout: 9"))
    assert for_tool(fix, seen).serverless_yml == fix.serverless_yml


def test_several_functions_have_each_its_own_key() -> None:
    both = (
        function("x-one", logical_id="FirstLambdaFunction"),
        function("x-two", logical_id="SecondLambdaFunction"),
    )
    seen = replace(where("serverless"), functions=Group(both))
    lines = ("functions:", "  one:", "    timeout: 9", "  two:", "    timeout: 9")
    assert for_tool(Fix("", serverless_yml=lines), seen).serverless_yml == (
        "functions:",
        "  first:",
        "    timeout: 9",
        "  second:",
        "    timeout: 9",
    )


def test_the_cdk_has_constructs_and_durations() -> None:
    fix = for_tool(HIDE, where("cdk", queue="Jobs5B1E77AB", worker="Worker0FA1C3B2"))
    assert fix.template_of == "the CDK app"
    assert fix.template == (
        "// sqs.Queue Jobs",
        "visibilityTimeout: Duration.seconds(12),",
        "deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },",
        "// SqsEventSource of Worker",
        "enabled: true,",
    )


def test_of_what_no_stack_holds_terraform_has_words() -> None:
    seen = replace(where(""), stack_name=None)
    fix = for_tool(HIDE, seen)
    assert fix.template_of == TERRAFORM
    assert fix.commands == HIDE.commands[:1]
    assert fix.template == (
        f"# aws_sqs_queue of {JOBS}",
        "  visibility_timeout_seconds = 12",
        "  redrive_policy = jsonencode({ deadLetterTargetArn = …, maxReceiveCount = 5 })",
        f"# aws_lambda_event_source_mapping of {JOBS} to {WORKER}",
        "  enabled = true",
    )
    declared = Declared("runtime", "python3.13", "serverless.yml:4")
    own = for_tool(HIDE, replace(seen, project=Group((declared,))))
    assert own.commands[1] == "serverless deploy  # with the Serverless Framework"


def test_serverless_without_lift_has_no_constructs_but_its_own_resources() -> None:
    fix = for_tool(HIDE, where("serverless"))
    assert resources(fix.serverless_yml)["resources"]["Resources"]["Jobs"]["Properties"] == {
        "VisibilityTimeout": 12,
        "RedrivePolicy": {"maxReceiveCount": 5},
    }
    worker = Fix("", serverless_yml=yml_function("shop-dev-jobsWorker", "timeout: 9"))
    assert for_tool(worker, where("serverless")).serverless_yml == (
        "functions:",
        "  jobsWorker:",
        "    timeout: 9",
    )


def test_a_worker_of_lift_has_no_events() -> None:
    sqs = ("events:", "  - sqs:", "      enabled: true")
    fix = replace(HIDE, serverless_yml=yml_function(WORKER, *sqs))
    lifted = for_tool(fix, where("lift", queue="jobsQueueCEDBAE3E"))
    assert resources(lifted.serverless_yml) == {
        "resources": {"extensions": {"WorkerJobsEvent": {"Properties": {"Enabled": True}}}}
    }
    assert for_tool(fix, where("lift")).serverless_yml == fix.serverless_yml
    api = Fix("", serverless_yml=yml_function(PRODUCER, "events:", "  - httpApi: 'POST /produce'"))
    assert for_tool(api, where("lift", queue="jobsQueueCEDBAE3E")) == api


def test_where_the_tool_is_unknown_the_lines_say_whose_they_are() -> None:
    fix = for_tool(replace(HIDE, serverless_yml=("functions:", "  a:")), where(""))
    assert fix.serverless_yml[0] == "# with the Serverless Framework"
    assert fix.commands[1] == "serverless deploy  # with the Serverless Framework"


def test_a_queue_in_the_environment_is_a_reference() -> None:
    fix = kept(queue_variable(WORKER, "NEXT_URL", queue(logical_id="Jobs5B1E77AB")))
    assert resources(for_tool(fix, where("sam")).template)["Worker"]["Properties"] == {
        "Environment": {"Variables": {"NEXT_URL": "Ref Jobs5B1E77AB"}}
    }
    app = for_tool(fix, where("cdk")).template
    assert app[1] == "environment: { NEXT_URL: jobs.queueUrl },"


@pytest.mark.parametrize("fifo", [False, True])
def test_a_dead_letter_queue_that_is_to_be_made(fifo: bool) -> None:
    name = "jobs-dlq.fifo" if fifo else "jobs-dlq"
    arn = f"arn:aws:sqs:eu-west-1:111122223333:{name}"
    fix = kept(
        step("sqs", "create_queue", QueueName=name, Attributes={}),
        step(
            "sqs",
            "set_queue_attributes",
            QueueUrl=URL,
            Attributes={
                "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
            },
        ),
    )
    made = resources(for_tool(fix, where("cloudformation")).template)
    kind = {"FifoQueue": True} if fifo else {}
    assert made["JobsDlq"] == {
        "Type": "AWS::SQS::Queue",
        "Properties": {**kind, "MessageRetentionPeriod": 1_209_600},
    }
    policy = made["Jobs"]["Properties"]["RedrivePolicy"]
    assert policy == {"deadLetterTargetArn": "GetAtt JobsDlq.Arn", "maxReceiveCount": 5}
    said = for_tool(fix, where("cdk")).template[1]
    assert f'new sqs.Queue(this, "{name}"' in said
    assert ("fifo: true" in said) is fifo


def test_a_permission_names_the_api_of_the_template() -> None:
    arn = "arn:aws:execute-api:ap-northeast-2:111122223333:a1b2c3/*"
    fix = kept(
        step(
            "lambda",
            "add_permission",
            FunctionName=WORKER,
            StatementId="s",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=arn,
        )
    )
    own = replace(where("sam"), apis=Group((replace(api(), logical_id="HttpApi"),)))
    (made,) = resources(for_tool(fix, own).template).values()
    assert made["Properties"]["SourceArn"] == (
        "Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*"
    )
    assert "StatementId" not in made["Properties"]
    assert (
        "sourceArn: api.arnForExecuteApi()," in for_tool(fix, replace(own, made_by="cdk")).template
    )
    (other,) = resources(for_tool(fix, where("sam")).template).values()
    assert other["Properties"]["SourceArn"] == arn


def test_two_permissions_of_a_function_are_two_resources() -> None:
    steps = [
        step("lambda", "add_permission", FunctionName=WORKER, Action=action, Principal="*", **tied)
        for action, tied in (
            ("lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
            ("lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
        )
    ]
    made = resources(for_tool(kept(*steps), where("sam")).template)
    assert [each["Properties"]["FunctionName"] for each in made.values()] == ["Ref Worker"] * 2
    assert made["WorkerInvokeFunctionPermission"]["Properties"]["InvokedViaFunctionUrl"] is True


@pytest.mark.parametrize("text", ["no", "12", "a: b", "*", "", "{}", "it's", "#", "x:"])
def test_texts_stay_texts(text: str) -> None:
    given = {"Variables": {"NAME": text}}
    fix = kept(
        step("lambda", "update_function_configuration", FunctionName=WORKER, Environment=given)
    )
    made = resources(for_tool(fix, where("sam")).template)
    assert made["Worker"]["Properties"]["Environment"] == given


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs22.x"])
def test_a_runtime_is_a_constant_of_the_cdk(runtime: str) -> None:
    fix = kept(
        step("lambda", "update_function_configuration", FunctionName=WORKER, Runtime=runtime)
    )
    said = for_tool(fix, where("cdk")).template[1]
    constant = {"python3.13": "PYTHON_3_13", "nodejs22.x": "NODEJS_22_X"}[runtime]
    assert said == f"runtime: Runtime.{constant},"


def test_what_no_template_names_has_no_lines() -> None:
    bare = replace(stack(), made_by="sam")
    assert for_tool(HIDE, bare).template == ()
    assert for_tool(HIDE, bare).template_of == ""


@pytest.mark.parametrize("tool", OTHER_TOOLS)
def test_no_check_speaks_of_serverless_to_others(tool: MadeBy) -> None:
    for seen in (*(pair.broken for pair in PAIRS), *OTHERS):
        for check in by_id().values():
            for finding in examine(check, replace(seen, made_by=tool))[1]:
                assert finding.fix.serverless_yml == ()
                told = " ".join((finding.fix.summary, *finding.fix.commands))
                assert "serverless" not in told.lower(), (finding.id, told)
