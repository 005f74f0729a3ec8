"""Remedies in the words of a case: its tool, its language, its package, what is known of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.intents import (
    ChangeRuntime,
    Grant,
    Option,
    Package,
    Principal,
    Redrive,
    Remedy,
    Set,
    TakeDenyAway,
    remedy,
)
from sqsctl.model.remedy import Command, Fix
from sqsctl.model.stack import DeadLetters, Declared, Group, MadeBy, Stack
from sqsctl.remedies.context import context_of
from sqsctl.remedies.render import render
from tests.checks.build import (
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    WORKER,
    function,
    mapping,
    package,
    queue,
    stack,
)

URL = f"https://sqs.eu-west-1.amazonaws.com/111122223333/{JOBS}"
HIDE = Set("queue", URL, {"VisibilityTimeout": 360}, {"VisibilityTimeout": 30})
RUN = Set("function", WORKER, {"Timeout": 60}, {"Timeout": 6})


def where(made_by: MadeBy = "", *said: str, **ids: str) -> Stack:
    known = {"queue": "Jobs", "worker": "Worker", "mapping": "WorkerJobsEvent", **ids}
    return replace(
        stack(
            queues=(queue(logical_id=known["queue"]), queue(DLQ)),
            functions=(function(logical_id=known["worker"]), function(PRODUCER)),
            mappings=(mapping(uuid="m", logical_id=known["mapping"]),),
        ),
        made_by=made_by,
        project=Group(tuple(Declared("tool", each, "a file") for each in said)),
    )


def fixed(asked: Remedy, seen: Stack, subject: str = WORKER) -> Fix:
    finding = Finding(
        "a-check", Severity.ERROR, Kind.CAUSE, "", (), Fix(""), subject=subject, remedy=asked
    )
    return render(asked, context_of(seen, finding))


def lines(fix: Fix, way: int = 0) -> list[str]:
    return [line for each in fix.ways[way].edits for line in each.lines]


def typed(fix: Fix, way: int = 0) -> list[str]:
    return [each.line for each in fix.ways[way].commands]


def test_the_first_way_is_typed_at_once_and_kept_the_second_goes_through_the_project() -> None:
    fix = fixed(remedy("longer", HIDE, RUN, disposition="safe"), where("sam"))
    assert [each.split(" --", 1)[0] for each in typed(fix)] == [
        "aws sqs set-queue-attributes",
        "aws lambda update-function-configuration",
    ]
    assert f"--queue-url {URL} --attributes VisibilityTimeout=360 --region" in typed(fix)[0]
    assert f"--function-name {WORKER} --timeout 60 --region " in typed(fix)[1]
    assert typed(fix, 1) == ["sam build", "sam deploy"]
    assert lines(fix) == lines(fix, 1)
    assert fix.commands == tuple(typed(fix))
    assert fix.template_of == "template.yaml"
    assert [each.operation for each in fix.calls] == [
        "set_queue_attributes",
        "update_function_configuration",
    ]
    undone = [each.line for each in fix.undo if isinstance(each, Command)]
    assert ["--timeout 6 " in undone[0], "VisibilityTimeout=30" in undone[1]] == [True, True]


@pytest.mark.parametrize(
    ("made_by", "said", "expected"),
    [
        ("serverless", (), ["functions:", "  jobsWorker:", "    timeout: 60"]),
        ("cloudformation", (), ["Worker:", "  Properties:", "    Timeout: 60"]),
        ("cdk", (), ["// lambda.Function Worker", "timeout: Duration.seconds(60),"]),
        ("cdk", ("cdk python",), ["# lambda.Function Worker", "timeout=Duration.seconds(60),"]),
    ],
)
def test_each_tool_has_its_own_words(
    made_by: MadeBy, said: tuple[str, ...], expected: list[str]
) -> None:
    worker = "JobsWorkerLambdaFunction" if made_by == "serverless" else "Worker"
    told = lines(fixed(remedy("", RUN), where(made_by, *said, worker=worker)))
    assert told[: len(expected)] == expected


def test_what_no_stack_holds_may_be_terraforms() -> None:
    alone = replace(where(), stack_name=None)
    fix = fixed(remedy("", RUN), alone)
    assert lines(fix)[0] == f"# aws_lambda_function of {WORKER}"
    assert typed(fix, 1) == ["terraform apply"]


def test_where_the_tool_is_unknown_no_tools_command_is_told() -> None:
    fix = fixed(remedy("", Package("dependency", "axios", "node")), where())
    assert len(fix.ways) == 1
    assert typed(fix)[:2] == [
        "npm install --save axios",
        "zip -qr function.zip . -x '.git/*' -x function.zip",
    ]
    assert "update-function-code" in typed(fix)[2]


@pytest.mark.parametrize(
    ("construct", "human"),
    [
        ("mail", "mailQueue"),
        ("mailQueue", "mailQueue"),
        ("mail-queue", "mailqueueQueue"),
        ("Queue", "Queue"),
    ],
)
def test_lifts_construct_is_known_by_the_hash_of_its_path(construct: str, human: str) -> None:
    digest = hashlib.md5(f"{construct}/Queue/Resource".encode(), usedforsecurity=False)
    made = queue(f"shop-dev-{construct}", logical_id=f"{human}{digest.hexdigest()[:8].upper()}")
    seen = replace(where("lift"), queues=Group((made,)))
    hide = Set("queue", made.url, {"VisibilityTimeout": 360})
    assert lines(fixed(remedy("", hide), seen))[:2] == ["constructs:", f"  {construct}:"]


def test_dead_letters_are_moved_back_only_where_some_are_known() -> None:
    asked = remedy("", RUN, afterwards=Redrive())
    assert fixed(asked, where()).afterwards == ()
    linked = tuple(
        replace(each, dead_letter_target_arn=f"{PREFIX}:{DLQ}") if each.name == JOBS else each
        for each in where().queues
    )
    seen = replace(
        where(),
        queues=Group(linked),
        dead_letters=Group((DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 2),)),
    )
    (after,) = fixed(asked, seen).afterwards
    assert isinstance(after, Command)
    assert after.argv == ("sqsctl", "dlq", "redrive", "--canary", "1", "--queue", DLQ)


def test_an_error_of_a_deploy_is_mended_in_the_template() -> None:
    fix = fixed(replace(remedy("", HIDE), phase="deploy"), where("cloudformation"))
    assert [each.commands for each in fix.ways] == [()]
    assert lines(fix) == ["Jobs:", "  Properties:", "    VisibilityTimeout: 360"]


def test_a_package_of_an_image_is_installed_in_the_image() -> None:
    seen = where("sam")
    whole = tuple(replace(each, package_type="Image") for each in seen.functions)
    fix = fixed(
        remedy("", Package("dependency", "axios", "node")), replace(seen, functions=Group(whole))
    )
    assert not any("zip" in each for each in typed(fix))
    assert [each.file for each in fix.ways[0].edits] == ["Dockerfile"]
    assert any("docker build --platform linux/" in each for each in typed(fix, 1))


def test_what_a_log_line_alone_names_is_said_to_be_its_word() -> None:
    fix = fixed(remedy("", Package("dependency", "left-pad", "node", from_log=True)), where())
    assert any("from the log alone" in getattr(each, "text", "") for each in fix.ways[0].steps)


ROLE = Principal("role", "worker-role", "111122223333")


def test_whose_policy_decides_where_a_grant_goes() -> None:
    topic = "arn:aws:sns:eu-west-1:111122223333:news"
    own = fixed(remedy("", Grant(("s3:GetObject",), "arn:aws:s3:::b/*", ROLE)), where())
    assert "put-role-policy --role-name worker-role" in typed(own)[0]
    service = Principal("service", "sns.amazonaws.com")
    to_queue = Grant(("sqs:SendMessage",), f"{PREFIX}:{JOBS}", service, "resource", topic)
    fix = fixed(remedy("", to_queue), where())
    assert "set-queue-attributes" in typed(fix)[0]
    assert topic in typed(fix)[0]
    assert "put-role-policy" not in typed(fix)[0]
    above = fixed(remedy("", replace(to_queue, by="organization")), where())
    assert typed(above) == []
    assert "organization" in getattr(above.ways[0].steps[0], "text", "")
    layer = "arn:aws:lambda:eu-west-1:999988887777:layer:tools:3"
    theirs = fixed(remedy("", Grant(("lambda:GetLayerVersion",), layer, by="resource")), where())
    assert "add-layer-version-permission" in typed(theirs)[0]
    image = "arn:aws:ecr:eu-west-1:999988887777:repository/app"
    pulled = fixed(remedy("", Grant(("ecr:BatchGetImage",), image, by="resource")), where())
    assert "set-repository-policy" in typed(pulled)[1]


def test_a_deny_is_edited_not_out_allowed() -> None:
    fix = fixed(remedy("", TakeDenyAway(("sqs:SendMessage",), f"{PREFIX}:{JOBS}", ROLE)), where())
    assert not any("put-role-policy" in each for each in typed(fix))
    assert all(not each.changes for each in fix.ways[0].commands)


def test_a_runtime_upgrade_names_what_the_package_requires_first() -> None:
    code = "const AWS = require('aws-sdk');\nexports.run = (event, context, done) => { done() }"
    seen = replace(where(), packages=Group((package(WORKER, index_js=code),)))
    change = ChangeRuntime(WORKER, "nodejs24.x", "nodejs16.x")
    said = [getattr(each, "text", "") for each in fixed(remedy("", change), seen).ways[0].steps]
    assert "which index.js requires" in said[0]
    assert "async" in said[1]
    modern = replace(seen, packages=Group((package(WORKER, index_js="1"),)))
    assert typed(fixed(remedy("", change), modern))[0].startswith("aws lambda update-function-conf")
    assert len(fixed(remedy("", change), modern).ways[0].steps) == 1


def test_options_are_alternatives() -> None:
    other = Option((Set("function", WORKER, {"MemorySize": 512}),), when="where memory is short")
    fix = fixed(remedy("", RUN, other=(other,)), where())
    assert [each.when for each in fix.ways] == ["", "where memory is short"]


def test_terraforms_resource_is_named_by_its_address_where_the_files_tell_it() -> None:
    said = (
        Declared("tool-beside", "terraform", "main.tf"),
        Declared("terraform-address", "aws_lambda_function.worker", "main.tf:3", WORKER),
    )
    alone = replace(where(), stack_name=None, project=Group(said))
    fix = fixed(remedy("", RUN), alone)
    assert lines(fix) == ["# aws_lambda_function.worker (main.tf:3)", "  timeout = 60"]
    assert [each.file for each in fix.ways[0].edits] == ["the Terraform files"]
    assert typed(fix, 1) == ["terraform apply"]


@pytest.mark.parametrize(
    ("tool", "name", "command"),
    [("pulumi", "Pulumi", "pulumi up"), ("sst", "SST", "npx sst deploy")],
)
def test_a_tool_without_words_of_ours_is_named_and_its_source_told(
    tool: str, name: str, command: str
) -> None:
    alone = replace(
        where(), stack_name=None, project=Group((Declared("tool-beside", tool, "a file"),))
    )
    fix = fixed(remedy("", RUN), alone)
    assert len(fix.ways) == 1
    assert typed(fix)[0].startswith("aws lambda update-function-configuration")
    said = getattr(fix.ways[0].steps[-1], "text", "")
    assert said.startswith(f"{name} deploys this: make the same change in its source")
    assert command in said
    built = fixed(remedy("", Package("dependency", "axios", "node")), alone)
    assert typed(built)[-1] == command


def test_amplify_and_copilot_are_no_cdk() -> None:
    told = [fixed(remedy("", RUN), where(each)) for each in ("amplify", "copilot")]
    assert [each.ways[0].edits for each in told] == [(), ()]
    assert ["Amplify deploys this" in str(each.ways) for each in told] == [True, False]


def test_the_id_of_a_mapping_is_no_functions_name() -> None:
    seen = replace(where("serverless"), mappings=Group(()))
    fix = fixed(remedy("", Set("mapping", "0b1c2d3e", {"Enabled": True})), seen)
    assert lines(fix)[:2] == ["functions:", "  FUNCTION:"]


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_arns_that_a_remedy_writes_are_of_the_cases_partition(region: str, partition: str) -> None:
    owned = f"arn:{partition}:sqs:{region}:111122223333:elsewhere"
    told = fixed(remedy("", Grant(("sqs:SendMessage",), owned, ROLE, "resource")), where())
    assert f"arn:{partition}:iam::111122223333:role/worker-role" in str(told.ways)
    layer = f"arn:{partition}:lambda:{region}:999988887777:layer:tools:3"
    theirs = fixed(remedy("", Grant(("lambda:GetLayerVersion",), layer, by="resource")), where())
    assert (
        f"--layer-name arn:{partition}:lambda:{region}:999988887777:layer:tools "
        in (typed(theirs)[0])
    )
    # Where no ARN tells it, the caller's own partition does, then the region that was looked at.
    named = replace(ROLE, partition=partition)
    by_name = fixed(remedy("", Grant(("dynamodb:Query",), "", named, "resource")), where())
    assert f'"arn:{partition}:iam::' in str(by_name.ways)
    there = replace(where(), region=region)
    asked = remedy("", Grant(("dynamodb:Query",), "", ROLE, "resource"))
    assert f'"arn:{partition}:iam::' in str(fixed(asked, there).ways)
