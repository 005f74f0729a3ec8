"""A finding of a package is told at the line of the file that a person wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sqsctl.operations.packaged import find
from sqsctl.operations.packaged.own_files.places import place
from sqsctl.operations.packaged.packaged_stack import PackagedStack
from sqsctl.operations.packaged.terraform_plan import read
from tests.operations.stacks.packaged import FOLDER, named
from tests.operations.stacks.projects import project

TERRAFORM = Path(__file__).parent / "terraform"


def shown(stack: PackagedStack, logical_id: str, *facts: str) -> str | None:
    """The text of the line, without what is around it."""
    found = place(stack, logical_id, facts)
    return found[0].read_text().splitlines()[found[1] - 1].strip() if found else None


@pytest.mark.parametrize(
    ("case", "logical_id", "fact", "line"),
    [
        ("sqs-events", "Orders", "VisibilityTimeout", "VisibilityTimeout: 60"),
        ("sqs-events", "Orders", "RedrivePolicy.maxReceiveCount", "maxReceiveCount: 5"),
        ("sqs-events", "Buried", "VisibilityTimeout", "Buried:"),
        ("sqs-events", "BookLambdaFunction", "Handler", "handler: handler.consumer"),
        ("sqs-events", "BookEventSourceMappingSQSOrders", "BatchSize", "batchSize: 10"),
        ("sqs-events", "ApiLambdaFunction", "Environment REFUNDS_URL", "REFUNDS_URL: !Ref Refunds"),
        ("lift-many", "mailsQueueD6A96E4B", "QueueName", "mails:"),
        ("lift-many", "MailerLambdaFunction", "Timeout", "timeout: 15"),
        ("lift-many", "EventsWorkerLambdaFunction", "Timeout", "timeout: 30"),
        ("lift-many", "mailsQueueD6A96E4B", "RedrivePolicy.maxReceiveCount", "maxRetries: 5"),
        ("sqs-events", "NobodyKnows", "Handler", None),
    ],
)
def test_a_line_of_serverless_yml(
    tmp_path: Path, case: str, logical_id: str, fact: str, line: str | None
) -> None:
    (stack,) = find.packaged_stacks(project(named(f"serverless-{case}"), tmp_path / case))
    assert shown(stack, logical_id, fact) == line


def test_a_worker_of_lift_is_told_at_its_construct(tmp_path: Path) -> None:
    (stack,) = find.packaged_stacks(project(named("serverless-lift-tutorial"), tmp_path / "x"))
    assert shown(stack, "JobsWorkerLambdaFunction", "Handler") == "handler: handler.consumer"
    assert shown(stack, "jobsQueueCEDBAE3E", "QueueName") == "jobs:"


def test_a_line_of_the_template_that_sam_built_from(tmp_path: Path) -> None:
    folder = project(named("sam-thumbnails"), tmp_path / "x")
    built = folder / ".aws-sam" / "build"
    built.mkdir(parents=True)
    text = (folder / "template.yaml").read_text()
    (built / "template.yaml").write_text(text.replace("# A bucket", "# Built\n# A bucket"))
    (stack,) = find.packaged_stacks(folder)
    found = place(stack, "ResizeUploads", ["BatchSize"])
    assert found is not None
    assert found[0] == folder / "template.yaml"
    assert shown(stack, "ResizeUploads", "BatchSize") == "BatchSize: 5"
    assert shown(stack, "Uploads", "MaximumMessageSize") == "Uploads:"


MAIN = """\
module "mails" {
  source = "./queues"
}

resource "aws_lambda_function" "worker" {
  function_name = "worker"
  timeout       = 30
}
"""
QUEUES = """\
resource "aws_sqs_queue" "dead" {
}

resource "aws_sqs_queue" "this" {
  name                       = "mails"
  visibility_timeout_seconds = 60
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 3
  })
}
"""


def test_a_line_of_a_terraform_file_and_of_a_modules(tmp_path: Path) -> None:
    shutil.copy(TERRAFORM / "plan.json", tmp_path)
    (tmp_path / "main.tf").write_text(MAIN)
    (tmp_path / "queues").mkdir()
    (tmp_path / "queues" / "main.tf").write_text(QUEUES)
    plan = tmp_path / "plan.json"
    stack = read(plan, json.loads(plan.read_text()))
    queue = "ModuleMailsSqsQueueThis"
    assert shown(stack, queue, "VisibilityTimeout") == "visibility_timeout_seconds = 60"
    assert shown(stack, queue, "RedrivePolicy.maxReceiveCount") == "maxReceiveCount     = 3"
    assert shown(stack, queue, "MessageRetentionPeriod") == 'resource "aws_sqs_queue" "this" {'
    assert shown(stack, "LambdaFunctionWorker", "Timeout") == "timeout       = 30"
    assert shown(stack, "IamRoleWorker", "Policies") is None
    (tmp_path / "main.tf").write_text(MAIN.replace("./queues", "../elsewhere"))
    assert shown(stack, queue, "VisibilityTimeout") is None


def assembly(folder: Path, logical_id: str, path: str, trace: list[str] | None = None) -> None:
    """What synth leaves beside the templates."""
    entry: dict[str, object] = {"type": "aws:cdk:logicalId", "data": logical_id}
    metadata = {path: [entry | ({"trace": trace} if trace else {})]}
    manifest = folder / "cdk.out" / "manifest.json"
    document = json.loads(manifest.read_text())
    for each in document["artifacts"].values():
        each["metadata"] = metadata
    manifest.write_text(json.dumps(document))


def test_a_line_of_cdk_code_by_the_trace_or_by_the_only_mention(tmp_path: Path) -> None:
    folder = project(named("cdk-TopicStack"), tmp_path / "x")
    (stack,) = find.packaged_stacks(folder)
    shutil.copy(FOLDER / "cdk_python" / "app.py", folder)
    front = "Front0087DB4F"
    assembly(folder, front, "/TopicStack/Front/Resource")
    assert shown(stack, front, "Timeout") == (
        'front = function(stack, "Front", "producer", environment={"TOPIC_ARN": topic.topic_arn})'
    )
    again = folder / "other.py"
    again.write_text('function(stack, "Front", "producer")\n')
    assert shown(stack, front, "Timeout") is None  # either could be meant
    again.unlink()
    assembly(
        folder,
        front,
        "/TopicStack/Front/Resource",
        [
            f"new Function ({folder}/node_modules/aws-cdk-lib/aws-lambda/lib/function.js:1:2)",
            f"new Front ({folder / 'app.py'}:3:5)",
            "node:internal (node:internal/modules/cjs/loader:1:1)",
        ],
    )
    found = place(stack, front, ["Timeout"])
    assert found == (folder / "app.py", 3)
    assembly(folder, front, "/TopicStack/Front/Resource", ["x (/etc/passwd:1:1)"])
    assert (place(stack, front, ["Timeout"]) or (None, 0))[0] == folder / "app.py"


def test_what_cannot_be_read_tells_no_line(tmp_path: Path) -> None:
    folder = project(named("serverless-sqs-events"), tmp_path / "x")
    (stack,) = find.packaged_stacks(folder)
    (folder / "serverless.yml").write_text("a: [")
    assert place(stack, "Orders", ["VisibilityTimeout"]) is None
