"""Values that a deploy was refused for: the exact edit, in the form of the tool that printed it."""

# ruff: noqa: E501 - AWS's sentences stand as they are

from __future__ import annotations

import pytest

from sqsctl.checks.support.deploys.tools import tool_shown
from sqsctl.model.remedy import Edit, Fix
from sqsctl.operations.diagnosis.explain import explain

FUNCTION = ("AWS::Lambda::Function", "aws_lambda_function", "CreateFunction", "Resize")
MAPPING = (
    "AWS::Lambda::EventSourceMapping",
    "aws_lambda_event_source_mapping",
    "CreateEventSourceMapping",
    "ResizeJobs",
)
QUEUE = ("AWS::SQS::Queue", "aws_sqs_queue", "CreateQueue", "Inbox")
Resource = tuple[str, str, str, str]


def cloudformation(said: str, of: Resource) -> str:
    return (
        f'CREATE_FAILED\t{of[0]}\t{of[3]}\tResource handler returned message: "{said} (Service: X)"'
    )


def serverless(said: str, of: Resource) -> str:
    made = {"Resize": "ResizeLambdaFunction", "ResizeJobs": "ResizeEventSourceMappingSQSJobs"}
    name = made.get(of[3], of[3])
    return (
        "Error:\n"
        f"CREATE_FAILED: {name} ({of[0]})\n"
        f'Resource handler returned message: "{said} (Service: X, Status Code: 400)"'
    )


def sam(said: str, of: Resource) -> str:
    return (
        f'CREATE_FAILED   {of[0]}   {of[3]}   Resource handler returned message: "{said} (Service: '
        'X)"\nError: Failed to create/update the stack: shop, Waiter StackCreateComplete failed'
    )


def cdk(said: str, of: Resource) -> str:
    return (
        f"Shop | 3/9 | 10:21:33 AM | CREATE_FAILED | {of[0]} | {of[3]} ({of[3]}4A5B6C7D) Resource "
        f'handler returned message: "{said} (Service: X)"\n\n ❌  Shop failed: it failed creation'
    )


def terraform(said: str, of: Resource) -> str:
    return (
        f"╷\n│ Error: creating: operation error X: {of[2]}, https response error StatusCode: 400, "
        f"RequestID: 11, ValidationException: {said}\n│ \n│   with {of[1]}.{of[3].lower()},\n│   "
        f'on main.tf line 3, in resource "{of[1]}" "{of[3].lower()}":\n│    3: resource\n╵'
    )


def command(said: str, of: Resource) -> str:
    return f"An error occurred (ValidationException) when calling the {of[2]} operation: {said}"


TOOLS = {
    "cloudformation": cloudformation,
    "serverless": serverless,
    "sam": sam,
    "cdk": cdk,
    "terraform": terraform,
    "command": command,
}
MEMORY = (
    (
        "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to "
        "3008"
    ),
    FUNCTION,
)
TIMEOUT = (
    (
        "1 validation error detected: Value '1000' at 'timeout' failed to satisfy constraint: Member "
        "must have value less than or equal to 900"
    ),
    FUNCTION,
)
RESERVED = (
    (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [10]."
    ),
    FUNCTION,
)
WINDOW = (
    (
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than "
        "10"
    ),
    MAPPING,
)
FEW = (
    (
        "1 validation error detected: Value '1' at 'scalingConfig.maximumConcurrency' failed to "
        "satisfy constraint: Member must have value greater than or equal to 2"
    ),
    MAPPING,
)
HIDDEN = (
    "Value 86400 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200",
    QUEUE,
)
VARIABLE = (
    (
        "Lambda was unable to configure your environment variables because the environment variables "
        "you have provided contains reserved keys that are currently not supported for modification. "
        "Reserved keys used in this request: AWS_REGION"
    ),
    FUNCTION,
)
# For each sentence: what is written, tool by tool.
WRITTEN = (
    (
        MEMORY,
        {
            "cloudformation": ["Resize:", "  Properties:", "    MemorySize: 3008"],
            "serverless": ["functions:", "  resize:", "    memorySize: 3008"],
            "sam": ["Resize:", "  Properties:", "    MemorySize: 3008"],
            "cdk": ["// lambda.Function Resize", "memorySize: 3008,"],
            "terraform": ["# aws_lambda_function.resize", "  memory_size = 3008"],
            "command": ["--memory-size 3008"],
        },
    ),
    (
        TIMEOUT,
        {
            "cloudformation": ["Resize:", "  Properties:", "    Timeout: 900"],
            "serverless": ["functions:", "  resize:", "    timeout: 900"],
            "sam": ["Resize:", "  Properties:", "    Timeout: 900"],
            "cdk": ["// lambda.Function Resize", "timeout: Duration.seconds(900),"],
            "terraform": ["# aws_lambda_function.resize", "  timeout = 900"],
            "command": ["--timeout 900"],
        },
    ),
    (
        RESERVED,
        {
            "cloudformation": [
                "Resize:",
                "  Properties:",
                "    # remove: ReservedConcurrentExecutions",
            ],
            "serverless": ["functions:", "  resize:", "    # remove: reservedConcurrency"],
            "sam": ["Resize:", "  Properties:", "    # remove: ReservedConcurrentExecutions"],
            "cdk": ["// lambda.Function Resize", "// remove: reservedConcurrentExecutions"],
            "terraform": [
                "# aws_lambda_function.resize",
                "  # remove: reserved_concurrent_executions",
            ],
            "command": ["# leave out: --reserved-concurrent-executions"],
        },
    ),
    (
        WINDOW,
        {
            "cloudformation": [
                "ResizeJobs:",
                "  Properties:",
                "    MaximumBatchingWindowInSeconds: 1",
            ],
            "serverless": [
                "functions:",
                "  resize:",
                "    events:",
                "      - sqs:",
                "          maximumBatchingWindow: 1",
            ],
            "sam": [
                "# the SQS event that became ResizeJobs: the function's id, then the event's",
                "Properties:",
                "  MaximumBatchingWindowInSeconds: 1",
            ],
            "cdk": ["// SqsEventSource of ResizeJobs", "maxBatchingWindow: Duration.seconds(1),"],
            "terraform": [
                "# aws_lambda_event_source_mapping.resizejobs",
                "  maximum_batching_window_in_seconds = 1",
            ],
            "command": ["--maximum-batching-window-in-seconds 1"],
        },
    ),
    (
        FEW,
        {
            "cloudformation": [
                "ResizeJobs:",
                "  Properties:",
                "    ScalingConfig:",
                "      MaximumConcurrency: 2",
            ],
            "serverless": [
                "functions:",
                "  resize:",
                "    events:",
                "      - sqs:",
                "          maximumConcurrency: 2",
            ],
            "sam": [
                "# the SQS event that became ResizeJobs: the function's id, then the event's",
                "Properties:",
                "  ScalingConfig:",
                "    MaximumConcurrency: 2",
            ],
            "cdk": ["// SqsEventSource of ResizeJobs", "maxConcurrency: 2,"],
            "terraform": [
                "# aws_lambda_event_source_mapping.resizejobs",
                "  scaling_config { maximum_concurrency = 2 }",
            ],
            "command": ["--scaling-config MaximumConcurrency=2"],
        },
    ),
    (
        HIDDEN,
        {
            "cloudformation": ["Inbox:", "  Properties:", "    VisibilityTimeout: 43200"],
            "serverless": [
                "resources:",
                "  Resources:",
                "    Inbox:",
                "      Properties:",
                "        VisibilityTimeout: 43200",
            ],
            "sam": ["Inbox:", "  Properties:", "    VisibilityTimeout: 43200"],
            "cdk": ["// sqs.Queue Inbox", "visibilityTimeout: Duration.seconds(43200),"],
            "terraform": ["# aws_sqs_queue.inbox", "  visibility_timeout_seconds = 43200"],
            "command": ["--attributes VisibilityTimeout=43200"],
        },
    ),
    (
        VARIABLE,
        {
            "cloudformation": [
                "Resize:",
                "  Properties:",
                "    Environment:",
                "      Variables:",
                "        # remove: AWS_REGION",
            ],
            "serverless": [
                "functions:",
                "  resize:",
                "    environment:",
                "      # remove: AWS_REGION",
            ],
            "sam": [
                "Resize:",
                "  Properties:",
                "    Environment:",
                "      Variables:",
                "        # remove: AWS_REGION",
            ],
            "cdk": ["// lambda.Function Resize", "// remove from environment: AWS_REGION"],
            "terraform": [
                "# aws_lambda_function.resize",
                "  # remove from environment: AWS_REGION",
            ],
            "command": ["# leave out of --environment: AWS_REGION"],
        },
    ),
)


def fix_of(text: str) -> Fix:
    (found, *_) = explain(text).findings
    return found.fix


def written(fix: Fix) -> list[str]:
    lines = [line for each in fix.ways[0].edits for line in each.lines]
    end = next((at for at, each in enumerate(lines) if "at the top" in each), len(lines))
    return lines[:end]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("said", "expected"), WRITTEN, ids=[said[0][:30] for said, _ in WRITTEN])
def test_the_exact_edit_in_the_form_of_the_tool(
    said: tuple[str, Resource], expected: dict[str, list[str]], tool: str
) -> None:
    fix = fix_of(TOOLS[tool](*said))
    assert written(fix) == expected[tool]
    commands = {each.argv[0] for each in fix.ways[0].commands}
    assert commands == {"serverless": {"serverless"}, "sam": {"sam"}, "cdk": {"cdk"}}.get(
        tool, {"terraform"} if tool == "terraform" else set()
    ), "nothing is called on what was never created"


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_is_told_by_its_own_words(tool: str) -> None:
    known = {"cloudformation": "", "cdk": "cdk-typescript"}
    assert tool_shown(TOOLS[tool](*MEMORY)) == known.get(tool, tool)


def test_where_no_resource_is_named_its_type_is() -> None:
    fix = fix_of(f'Resource handler returned message: "{TIMEOUT[0]} (Service: Lambda)" (Req: 1)')
    assert written(fix) == [
        "Function:",
        "  Type: AWS::Lambda::Function",
        "  Properties:",
        "    Timeout: 900",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("got 1200", "  timeout = 900"),
        ("got 0", "  timeout = 1"),
    ],
)
def test_terraform_refuses_a_figure_at_the_plan(text: str, line: str) -> None:
    error = (
        f"│ Error: expected timeout to be in the range (1 - 900), {text}\n│ \n│   with "
        'module.a.aws_lambda_function.this,\n│   on main.tf line 9, in resource "x" "this":'
    )
    assert written(fix_of(error)) == ["# module.a.aws_lambda_function.this", line]


def test_cloudformation_refuses_a_figure_by_its_schema() -> None:
    fix = fix_of(
        "CREATE_FAILED\tAWS::Lambda::Function\tWorker\tProperties validation failed for resource "
        "Worker with message:\n[#/Timeout: 1000 is not less or equal to 900]"
    )
    assert written(fix) == ["Worker:", "  Properties:", "    Timeout: 900"]


def test_lifts_queue_is_its_constructs() -> None:
    made = "jobsQueueA8A8A8A8"
    fix = fix_of(serverless(HIDDEN[0], (*QUEUE[:3], made)))
    assert written(fix)[:2] == ["constructs:", "  jobs:"]


ABSENT = (
    'Value {"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:inbox-dlq","maxReceiveCount":'
    '"4"} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.'
)


def test_a_dead_letter_queue_that_is_not_there_becomes_a_resource() -> None:
    assert written(fix_of(cloudformation(ABSENT, QUEUE))) == [
        "InboxDlq:",
        "  Type: AWS::SQS::Queue",
        "  Properties:",
        "    MessageRetentionPeriod: 1209600",
        "Inbox:",
        "  Properties:",
        "    RedrivePolicy:",
        "      deadLetterTargetArn: !GetAtt InboxDlq.Arn",
        "      maxReceiveCount: 4",
    ]
    told = "\n".join(written(fix_of(terraform(ABSENT, QUEUE))))
    assert "new aws_sqs_queue inbox-dlq" in told
    assert "maxReceiveCount = 4" in told


URL = (
    (
        "1 validation error detected: Value 'https://sqs.cn-north-1.amazonaws.com.cn/111122223333/jobs'"
        " at 'eventSourceArn' failed to satisfy constraint: Member must satisfy regular expression "
        "pattern: arn:"
    ),
    MAPPING,
)


@pytest.mark.parametrize(
    ("tool", "line"),
    [
        ("cloudformation", "    EventSourceArn: !GetAtt Queue.Arn"),
        ("serverless", "          arn: !GetAtt Queue.Arn"),
        ("cdk", "eventSourceArn: queue.queueArn,"),
        ("terraform", "  event_source_arn = aws_sqs_queue.QUEUE.arn"),
        ("command", "--event-source-arn arn:aws-cn:sqs:cn-north-1:111122223333:jobs"),
    ],
)
def test_a_url_in_the_place_of_an_arn(tool: str, line: str) -> None:
    assert written(fix_of(TOOLS[tool](*URL)))[-1] == line


def test_a_name_that_is_taken_is_taken_out_of_the_template() -> None:
    said = "Resource of type 'AWS::SQS::Queue' with identifier 'https://sqs/1/jobs' already exists."
    fix = fix_of(f"CREATE_FAILED\tAWS::SQS::Queue\tJobs\t{said}")
    assert written(fix)[-1] == "    # remove: QueueName"
    assert [each.when for each in fix.ways][-1] == "if nothing uses it"


def test_an_edit_is_never_of_a_file_alone() -> None:
    """What is only read of a text stands in an edit, with what to do behind it."""
    for make in TOOLS.values():
        (way, *_) = fix_of(make(*TIMEOUT)).ways
        assert [isinstance(each, Edit) for each in way.steps].index(True) < len(way.steps) - 1
