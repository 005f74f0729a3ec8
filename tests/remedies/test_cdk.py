"""The CDK's words in each language that an app is written in."""

# ruff: noqa: E501 - lines that a person copies stand whole

from __future__ import annotations

from dataclasses import replace

import pytest

from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.intents import (
    REMOVED,
    ChangeRuntime,
    Create,
    Do,
    Grant,
    Intent,
    Principal,
    Set,
    SetVariable,
    call,
    remedy,
)
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import Declared, Group, Stack
from sqsctl.remedies.context import context_of
from sqsctl.remedies.render import render
from tests.checks.build import DLQ, JOBS, PREFIX, WORKER, function, mapping, queue, stack

URL = f"https://sqs.eu-west-1.amazonaws.com/111122223333/{JOBS}"
LANGUAGES = ("typescript", "python", "java", "csharp", "go")

HIDE = Set("queue", URL, {"VisibilityTimeout": 360})
KEEP = Set("queue", URL, {"MessageRetentionPeriod": 1_209_600})
LARGE = Set("queue", URL, {"MaximumMessageSize": 1_048_576})
PAIR: tuple[Intent, ...] = (
    Create("queue", "shop-dlq", {}),
    Set("queue", URL, {"RedrivePolicy": {"deadLetterTargetArn": "x", "maxReceiveCount": 5}}),
)
OFTEN = Set("queue", URL, {"RedrivePolicy": {"deadLetterTargetArn": "x", "maxReceiveCount": 5}})
ALLOW = Set(
    "queue",
    URL,
    {
        "RedriveAllowPolicy": {
            "redrivePermission": "byQueue",
            "sourceQueueArns": [f"{PREFIX}:{JOBS}"],
        }
    },
)
MEMORY = Set("function", WORKER, {"MemorySize": 512})
DISK = Set("function", WORKER, {"EphemeralStorage": {"Size": 1024}})
HANDLER = Set("function", WORKER, {"Handler": "app.run"})
NEWER = ChangeRuntime(WORKER, "nodejs22.x")
FREE = Set("function", WORKER, {"ReservedConcurrentExecutions": REMOVED})
JSON = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
LEVELS = Set("function", WORKER, {"LoggingConfig": JSON})
VARIABLE = SetVariable(WORKER, "QUEUE_URL", queue=f"{PREFIX}:{JOBS}")
REPORT = Set("mapping", "m", {"FunctionResponseTypes": ["ReportBatchItemFailures"]})
AT_MOST = Set("mapping", "m", {"ScalingConfig": {"MaximumConcurrency": 5}})
INVOKE = Set(
    "permission",
    WORKER,
    {
        "StatementId": "s",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": "arn:aws:execute-api:eu-west-1:111122223333:abc/*/POST/produce",
    },
)
OPEN = Set(
    "permission",
    WORKER,
    {
        "StatementId": "s",
        "Action": "lambda:InvokeFunctionUrl",
        "Principal": "*",
        "FunctionUrlAuthType": "NONE",
    },
)
MAY = Grant(("sqs:SendMessage",), f"{PREFIX}:{JOBS}", Principal("role", "worker-role"))

# What each intent is in each language: the lines between the heading and the imports.
WORDS: tuple[tuple[tuple[Intent, ...], dict[str, list[str]]], ...] = (
    (
        (HIDE,),
        {
            "typescript": ["visibilityTimeout: Duration.seconds(360),"],
            "python": ["visibility_timeout=Duration.seconds(360),"],
            "java": [".visibilityTimeout(Duration.seconds(360))"],
            "csharp": ["VisibilityTimeout = Duration.Seconds(360),"],
            "go": ["VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(360)),"],
        },
    ),
    (
        (KEEP,),
        {
            "typescript": ["retentionPeriod: Duration.days(14),"],
            "python": ["retention_period=Duration.days(14),"],
            "java": [".retentionPeriod(Duration.days(14))"],
            "csharp": ["RetentionPeriod = Duration.Days(14),"],
            "go": ["RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),"],
        },
    ),
    (
        (LARGE,),
        {
            "typescript": ["maxMessageSizeBytes: 1048576,"],
            "python": ["max_message_size_bytes=1048576,"],
            "java": [".maxMessageSizeBytes(1048576)"],
            "csharp": ["MaxMessageSizeBytes = 1048576,"],
            "go": ["MaxMessageSizeBytes: jsii.Number(1048576),"],
        },
    ),
    (
        PAIR,
        {
            "typescript": [
                (
                    'deadLetterQueue: { queue: new sqs.Queue(this, "shop-dlq", { retentionPeriod: '
                    "Duration.days(14) }), maxReceiveCount: 5 },"
                )
            ],
            "python": [
                (
                    'dead_letter_queue=sqs.DeadLetterQueue(queue=sqs.Queue(self, "shop-dlq", '
                    "retention_period=Duration.days(14)), max_receive_count=5),"
                )
            ],
            "java": [
                (
                    ".deadLetterQueue(DeadLetterQueue.builder().queue(Queue.Builder.create(this, "
                    '"shop-dlq").retentionPeriod(Duration.days(14)).build()).maxReceiveCount(5)'
                    ".build())"
                )
            ],
            "csharp": [
                (
                    'DeadLetterQueue = new DeadLetterQueue { Queue = new Queue(this, "shop-dlq", new '
                    "QueueProps { RetentionPeriod = Duration.Days(14) }), MaxReceiveCount = 5 },"
                )
            ],
            "go": [
                (
                    "DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: awssqs.NewQueue(stack, "
                    'jsii.String("shop-dlq"), &awssqs.QueueProps{RetentionPeriod: '
                    "awscdk.Duration_Days(jsii.Number(14))}), MaxReceiveCount: jsii.Number(5)},"
                )
            ],
        },
    ),
    (
        (OFTEN,),
        {
            "typescript": ["deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },"],
            "python": [
                "dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=5),"
            ],
            "java": [
                (
                    ".deadLetterQueue(DeadLetterQueue.builder().queue(deadLetters).maxReceiveCount(5)"
                    ".build())"
                )
            ],
            "csharp": [
                (
                    "DeadLetterQueue = new DeadLetterQueue { Queue = deadLetters, MaxReceiveCount = "
                    "5 },"
                )
            ],
            "go": [
                (
                    "DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: deadLetters, MaxReceiveCount: "
                    "jsii.Number(5)},"
                )
            ],
        },
    ),
    (
        (ALLOW,),
        {
            "typescript": [
                (
                    "redriveAllowPolicy: { redrivePermission: sqs.RedrivePermission.BY_QUEUE, "
                    "sourceQueues: [mainJobs] },"
                )
            ],
            "python": [
                (
                    "redrive_allow_policy=sqs.RedriveAllowPolicy(redrive_permission="
                    "sqs.RedrivePermission.BY_QUEUE, source_queues=[main_jobs]),"
                )
            ],
            "java": [
                (
                    ".redriveAllowPolicy(RedriveAllowPolicy.builder().redrivePermission("
                    "RedrivePermission.BY_QUEUE).sourceQueues(List.of(mainJobs)).build())"
                )
            ],
            "csharp": [
                (
                    "RedriveAllowPolicy = new RedriveAllowPolicy { RedrivePermission = "
                    "RedrivePermission.BY_QUEUE, SourceQueues = new IQueue[] { mainJobs } },"
                )
            ],
            "go": [
                (
                    "RedriveAllowPolicy: &awssqs.RedriveAllowPolicy{RedrivePermission: "
                    "awssqs.RedrivePermission_BY_QUEUE, SourceQueues: "
                    "&[]awssqs.IQueue{mainJobs}},"
                )
            ],
        },
    ),
    (
        (MEMORY, DISK, HANDLER, NEWER, FREE),
        {
            "typescript": [
                "memorySize: 512,",
                "ephemeralStorageSize: Size.mebibytes(1024),",
                'handler: "app.run",',
                "runtime: lambda.Runtime.NODEJS_22_X,",
                "// remove: reservedConcurrentExecutions",
            ],
            "python": [
                "memory_size=512,",
                "ephemeral_storage_size=Size.mebibytes(1024),",
                'handler="app.run",',
                "runtime=lambda_.Runtime.NODEJS_22_X,",
                "# remove: reserved_concurrent_executions",
            ],
            "java": [
                ".memorySize(512)",
                ".ephemeralStorageSize(Size.mebibytes(1024))",
                '.handler("app.run")',
                ".runtime(Runtime.NODEJS_22_X)",
                "// remove: reservedConcurrentExecutions",
            ],
            "csharp": [
                "MemorySize = 512,",
                "EphemeralStorageSize = Size.Mebibytes(1024),",
                'Handler = "app.run",',
                "Runtime = Runtime.NODEJS_22_X,",
                "// remove: ReservedConcurrentExecutions",
            ],
            "go": [
                "MemorySize: jsii.Number(512),",
                "EphemeralStorageSize: awscdk.Size_Mebibytes(jsii.Number(1024)),",
                'Handler: jsii.String("app.run"),',
                "Runtime: awslambda.Runtime_NODEJS_22_X(),",
                "// remove: ReservedConcurrentExecutions",
            ],
        },
    ),
    (
        (LEVELS,),
        {
            "typescript": [
                "loggingFormat: lambda.LoggingFormat.JSON,",
                "applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,",
                "systemLogLevelV2: lambda.SystemLogLevel.INFO,",
            ],
            "python": [
                "logging_format=lambda_.LoggingFormat.JSON,",
                "application_log_level_v2=lambda_.ApplicationLogLevel.INFO,",
                "system_log_level_v2=lambda_.SystemLogLevel.INFO,",
            ],
            "java": [
                ".loggingFormat(LoggingFormat.JSON)",
                ".applicationLogLevelV2(ApplicationLogLevel.INFO)",
                ".systemLogLevelV2(SystemLogLevel.INFO)",
            ],
            "csharp": [
                "LoggingFormat = LoggingFormat.JSON,",
                "ApplicationLogLevelV2 = ApplicationLogLevel.INFO,",
                "SystemLogLevelV2 = SystemLogLevel.INFO,",
            ],
            "go": [
                "LoggingFormat: awslambda.LoggingFormat_JSON,",
                "ApplicationLogLevelV2: awslambda.ApplicationLogLevel_INFO,",
                "SystemLogLevelV2: awslambda.SystemLogLevel_INFO,",
            ],
        },
    ),
    (
        (VARIABLE,),
        {
            "typescript": ["environment: { QUEUE_URL: mainJobs.queueUrl },"],
            "python": ['environment={"QUEUE_URL": main_jobs.queue_url},'],
            "java": ['.environment(Map.of("QUEUE_URL", mainJobs.getQueueUrl()))'],
            "csharp": [
                (
                    'Environment = new Dictionary<string, string> { ["QUEUE_URL"] = mainJobs.QueueUrl '
                    "},"
                )
            ],
            "go": ['Environment: &map[string]*string{"QUEUE_URL": mainJobs.QueueUrl()},'],
        },
    ),
    (
        (REPORT, AT_MOST),
        {
            "typescript": ["reportBatchItemFailures: true,", "maxConcurrency: 5,"],
            "python": ["report_batch_item_failures=True,", "max_concurrency=5,"],
            "java": [".reportBatchItemFailures(true)", ".maxConcurrency(5)"],
            "csharp": ["ReportBatchItemFailures = true,", "MaxConcurrency = 5,"],
            "go": [
                "ReportBatchItemFailures: jsii.Bool(true),",
                "MaxConcurrency: jsii.Number(5),",
            ],
        },
    ),
    (
        (INVOKE,),
        {
            "typescript": [
                'action: "lambda:InvokeFunction",',
                'principal: new iam.ServicePrincipal("apigateway.amazonaws.com"),',
            ],
            "python": [
                'action="lambda:InvokeFunction",',
                'principal=iam.ServicePrincipal("apigateway.amazonaws.com"),',
            ],
            "java": [
                '.action("lambda:InvokeFunction")',
                '.principal(new ServicePrincipal("apigateway.amazonaws.com"))',
            ],
            "csharp": [
                'Action = "lambda:InvokeFunction",',
                'Principal = new ServicePrincipal("apigateway.amazonaws.com"),',
            ],
            "go": [
                'Action: jsii.String("lambda:InvokeFunction"),',
                (
                    'Principal: awsiam.NewServicePrincipal(jsii.String("apigateway.amazonaws.com"), '
                    "nil),"
                ),
            ],
        },
    ),
    (
        (OPEN,),
        {
            "typescript": [
                'action: "lambda:InvokeFunctionUrl",',
                "principal: new iam.AnyPrincipal(),",
                "functionUrlAuthType: lambda.FunctionUrlAuthType.NONE,",
            ],
            "python": [
                'action="lambda:InvokeFunctionUrl",',
                "principal=iam.AnyPrincipal(),",
                "function_url_auth_type=lambda_.FunctionUrlAuthType.NONE,",
            ],
            "java": [
                '.action("lambda:InvokeFunctionUrl")',
                ".principal(new AnyPrincipal())",
                ".functionUrlAuthType(FunctionUrlAuthType.NONE)",
            ],
            "csharp": [
                'Action = "lambda:InvokeFunctionUrl",',
                "Principal = new AnyPrincipal(),",
                "FunctionUrlAuthType = FunctionUrlAuthType.NONE,",
            ],
            "go": [
                'Action: jsii.String("lambda:InvokeFunctionUrl"),',
                "Principal: awsiam.NewAnyPrincipal(),",
                "FunctionUrlAuthType: awslambda.FunctionUrlAuthType_NONE,",
            ],
        },
    ),
    (
        (MAY,),
        {
            "typescript": [
                (
                    'worker.addToRolePolicy(new iam.PolicyStatement({ actions: ["sqs:SendMessage"], '
                    f'resources: ["{PREFIX}:{JOBS}"] }}))'
                )
            ],
            "python": [
                (
                    'worker.add_to_role_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], '
                    f'resources=["{PREFIX}:{JOBS}"]))'
                )
            ],
            "java": [
                (
                    "worker.addToRolePolicy(PolicyStatement.Builder.create().actions(List.of("
                    f'"sqs:SendMessage")).resources(List.of("{PREFIX}:{JOBS}")).build());'
                )
            ],
            "csharp": [
                (
                    "worker.AddToRolePolicy(new PolicyStatement(new PolicyStatementProps { Actions = "
                    f'new[] {{ "sqs:SendMessage" }}, Resources = new[] {{ "{PREFIX}:{JOBS}" }} }}));'
                )
            ],
            "go": [
                (
                    "worker.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{"
                    'Actions: &[]*string{jsii.String("sqs:SendMessage")}, Resources: '
                    f'&[]*string{{jsii.String("{PREFIX}:{JOBS}")}}}}))'
                )
            ],
        },
    ),
)
IMPORTS = {
    "typescript": ["import { Duration, aws_sqs as sqs } from 'aws-cdk-lib';"],
    "python": ["from aws_cdk import Duration, aws_sqs as sqs"],
    "java": [
        "import software.amazon.awscdk.Duration;",
        "import software.amazon.awscdk.services.sqs.DeadLetterQueue;",
        "import software.amazon.awscdk.services.sqs.Queue;",
    ],
    "csharp": ["using Amazon.CDK;", "using Amazon.CDK.AWS.SQS;"],
    "go": [
        "import (",
        '\t"github.com/aws/aws-cdk-go/awscdk/v2"',
        '\t"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"',
        '\t"github.com/aws/jsii-runtime-go"',
        ")",
    ],
}


def where(language: str) -> Stack:
    """A CDK app's stack, its ids with the hash of the construct's path."""
    return replace(
        stack(
            queues=(queue(logical_id="MainJobs0A1B2C3D"), queue(DLQ)),
            functions=(function(logical_id="Worker9F8E7D6C"),),
            mappings=(mapping(uuid="m", logical_id="WorkerSqs"),),
        ),
        made_by="cdk",
        project=Group((Declared("tool", f"cdk {language}", "cdk.json"),)),
    )


def fixed(language: str, *intents: Intent) -> Fix:
    asked = remedy("", *intents)
    finding = Finding(
        "a-check", Severity.ERROR, Kind.CAUSE, "", (), Fix(""), subject=WORKER, remedy=asked
    )
    return render(asked, context_of(where(language), finding))


def lines(fix: Fix) -> list[str]:
    """What is written into the app, each once, without the imports."""
    found = [line for way in fix.ways[:1] for each in way.edits for line in each.lines]
    end = next((at for at, each in enumerate(found) if "at the top" in each), len(found))
    return [each for each in found[:end] if not _heading(each)]


def _heading(line: str) -> bool:
    return line.startswith(("# ", "// ")) and "remove:" not in line


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "intents", [each for each, _ in WORDS], ids=lambda each: repr(each[-1])[:40]
)
def test_each_intent_in_each_language(intents: tuple[Intent, ...], language: str) -> None:
    expected = next(words for each, words in WORDS if each is intents)[language]
    told = lines(fixed(language, *intents))
    assert told[: len(expected)] == expected
    fix = fixed(language, *intents)
    edits = [each for way in fix.ways for each in way.edits]
    assert {each.language for each in edits} == {language}
    assert {each.file for each in edits} == {"the CDK app"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_lines_use_is_imported(language: str) -> None:
    found = [line for each in fixed(language, *PAIR).ways[0].edits for line in each.lines]
    start = next(at for at, each in enumerate(found) if "at the top" in each)
    assert found[start + 1 :] == IMPORTS[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_only_taken_out_needs_no_import(language: str) -> None:
    (edit,) = fixed(language, FREE).ways[0].edits
    assert len(edit.lines) == 2


ALARM = Do(
    call(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName="jobs-dlq-not-empty",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "jobs-dlq"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=["arn:aws:sns:eu-west-1:111122223333:alerts"],
    )
)
ALARMS = {
    "typescript": ("new cloudwatch.Alarm(this,", "new cloudwatch_actions.SnsAction(alerts))"),
    "python": ("cloudwatch.Alarm(self,", "add_alarm_action(cloudwatch_actions.SnsAction(alerts))"),
    "java": ("Alarm.Builder.create(this,", ".addAlarmAction(new SnsAction(alerts));"),
    "csharp": ("new Alarm(this,", ".AddAlarmAction(new SnsAction(alerts));"),
    "go": ("awscloudwatch.NewAlarm(stack,", "awscloudwatchactions.NewSnsAction(alerts))"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alarm_and_the_topic_that_is_made_for_it(language: str) -> None:
    (told, *_) = lines(fixed(language, ALARM))
    for each in (*ALARMS[language], '"JobsDlqNotEmpty"', "GREATER_THAN_THRESHOLD"):
        assert each in told
    topic = Do(call("sns", "create_topic", Name="alerts"))
    made = next(each for each in lines(fixed(language, topic, ALARM)) if "Alarm" in each)
    assert '"Alerts"' in made
    assert "Topic" in made


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_and_loops_are_settings_like_others(language: str) -> None:
    counted = Set("mapping", "m", {"MetricsConfig": {"Metrics": ["EventCount"]}})
    stopped = Set("function", WORKER, {"RecursiveLoop": "Terminate"})
    assert "EVENT_COUNT" in " ".join(lines(fixed(language, counted)))
    assert "TERMINATE" in " ".join(lines(fixed(language, stopped)))
