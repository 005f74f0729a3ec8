"""Every kind of remedy once, and the places where one is carried out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqsctl.model.intents import (
    REMOVED,
    Bundle,
    ChangeCode,
    ChangeRuntime,
    Create,
    Deploy,
    Do,
    Grant,
    Intent,
    Kind,
    Look,
    Option,
    Package,
    Principal,
    QueueArn,
    Quota,
    Redrive,
    Remedy,
    Set,
    SetVariable,
    TakeDenyAway,
    Tell,
    Wait,
    call,
    remedy,
)
from sqsctl.model.stack import DeadLetters, Declared, Group, MadeBy, Stack
from tests.checks.build import (
    API,
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    REGION,
    WORKER,
    api,
    function,
    mapping,
    queue,
    stack,
)

MAPPING = "0b1c2d3e-aaaa-4bbb-8ccc-1234567890ab"
URL = queue().url
ROLE = Principal("role", "shop-dev-role", "111122223333")
USER = Principal("user", "deployer", "111122223333")
SNS = Principal("service", "sns.amazonaws.com")
STRANGER = Principal("role", "partner", "999988887777")
TOPIC = f"arn:aws:sns:{REGION}:111122223333:news"
KEY = f"arn:aws:kms:{REGION}:111122223333:key/11112222-aaaa-4bbb-8ccc-123456789012"
LAYER = f"arn:aws:lambda:{REGION}:999988887777:layer:tools"
ALARM = {
    "AlarmName": "shop-dev-jobs-dlq-not-empty",
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Dimensions": [{"Name": "QueueName", "Value": DLQ}],
    "Statistic": "Maximum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
INVOKE = {
    "StatementId": "sqsctl-api",
    "Action": "lambda:InvokeFunction",
    "Principal": "apigateway.amazonaws.com",
    "SourceArn": f"arn:aws:execute-api:{REGION}:111122223333:{API}/*/POST/produce",
}
JSON_LOGS = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
# Of each kind of resource: properties to set, and what they were, so far as that is known.
PROPERTIES: Mapping[Kind, tuple[tuple[Mapping[str, object], Mapping[str, object]], ...]] = {
    "queue": (
        ({"VisibilityTimeout": 360}, {"VisibilityTimeout": 30}),
        ({"MessageRetentionPeriod": 1_209_600}, {"MessageRetentionPeriod": 345_600}),
        ({"MessageRetentionPeriod": 90_000, "DelaySeconds": 0}, {"DelaySeconds": 900}),
        ({"ReceiveMessageWaitTimeSeconds": 20, "KmsDataKeyReusePeriodSeconds": 300}, {}),
        ({"MaximumMessageSize": 1_048_576}, {}),
        ({"RedrivePolicy": {"deadLetterTargetArn": f"{PREFIX}:{DLQ}", "maxReceiveCount": 5}}, {}),
        (
            {
                "RedriveAllowPolicy": {
                    "redrivePermission": "byQueue",
                    "sourceQueueArns": [f"{PREFIX}:{JOBS}", f"{PREFIX}:other"],
                }
            },
            {},
        ),
        ({"KmsMasterKeyId": REMOVED, "SqsManagedSseEnabled": True}, {}),
        ({"RedrivePolicy": REMOVED}, {}),
    ),
    "function": (
        ({"Timeout": 60}, {"Timeout": 6}),
        ({"MemorySize": 512, "EphemeralStorage": {"Size": 1_024}}, {"MemorySize": 256}),
        ({"Handler": "app.run", "Runtime": "python3.14"}, {}),
        ({"ReservedConcurrentExecutions": 5}, {"ReservedConcurrentExecutions": REMOVED}),
        ({"ReservedConcurrentExecutions": REMOVED}, {"ReservedConcurrentExecutions": 0}),
        ({"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}}, {}),
        ({"VpcConfig": {"SubnetIds": ["subnet-a"], "SecurityGroupIds": ["sg-own"]}}, {}),
        ({"LoggingConfig": JSON_LOGS}, {}),
        ({"RecursiveLoop": "Terminate"}, {"RecursiveLoop": "Allow"}),
    ),
    "mapping": (
        ({"Enabled": True}, {"Enabled": False}),
        ({"FunctionResponseTypes": ["ReportBatchItemFailures"]}, {"FunctionResponseTypes": []}),
        ({"ScalingConfig": {"MaximumConcurrency": 5}}, {"ScalingConfig": REMOVED}),
        ({"ScalingConfig": REMOVED}, {"ScalingConfig": {"MaximumConcurrency": 2}}),
        ({"BatchSize": 100, "MaximumBatchingWindowInSeconds": 5}, {"BatchSize": 10}),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"body":{"kind":["a"]}}'}]}}, {}),
        ({"FilterCriteria": {}}, {}),
        ({"MetricsConfig": {"Metrics": ["EventCount"]}}, {}),
    ),
    "permission": (
        (INVOKE, {}),
        ({**INVOKE, "Qualifier": "live", "SourceArn": f"{INVOKE['SourceArn']}/else"}, {}),
        (
            {
                "StatementId": "sqsctl-url",
                "Action": "lambda:InvokeFunctionUrl",
                "Principal": "*",
                "FunctionUrlAuthType": "NONE",
            },
            {},
        ),
        ({"StatementId": "s", "Action": "a", "Principal": "*", "InvokedViaFunctionUrl": True}, {}),
    ),
}
# What is mended in a template alone.
OF_TEMPLATES: tuple[tuple[Kind, Mapping[str, object]], ...] = (
    ("queue", {"QueueName": REMOVED}),
    ("queue", {"QueueName": "shop-orders.fifo"}),
    ("function", {"FunctionName": REMOVED}),
    ("function", {"Environment": {"Variables": {"AWS_REGION": REMOVED}}}),
    ("mapping", {"ScalingConfig": {"MaximumConcurrency": REMOVED}}),
    ("mapping", {"EventSourceArn": QueueArn(f"{PREFIX}:{JOBS}")}),
)
NAMED: Mapping[Kind, str] = {
    "queue": URL,
    "function": WORKER,
    "mapping": MAPPING,
    "permission": PRODUCER,
}
REDRIVE_POLICY = {"deadLetterTargetArn": f"{PREFIX}:new", "maxReceiveCount": 3}
SEVERAL: Mapping[str, Remedy] = {
    "a new dead-letter queue": remedy(
        "", Create("queue", "new", {}), Set("queue", URL, {"RedrivePolicy": REDRIVE_POLICY})
    ),
    "a new dead-letter queue in order": remedy(
        "",
        Create("queue", "new.fifo", {"FifoQueue": True, "KmsMasterKeyId": REMOVED}),
        Set("queue", URL, {"RedrivePolicy": REDRIVE_POLICY}),
    ),
    "longer, and hidden as long": remedy(
        "",
        Set("queue", URL, {"VisibilityTimeout": 360}, {"VisibilityTimeout": 36}),
        Set("function", WORKER, {"Timeout": 60}, {"Timeout": 6}),
        disposition="safe",
        afterwards=Redrive(),
    ),
    "an alarm and its topic": remedy(
        "",
        Do(call("sns", "create_topic", Name="shop-alarms")),
        Do(call("cloudwatch", "put_metric_alarm", **ALARM, AlarmActions=[f"{TOPIC}-alarms"])),
        Tell("subscribe somebody"),
    ),
    "an alarm": remedy(
        "", Do(call("cloudwatch", "put_metric_alarm", **ALARM, AlarmActions=[TOPIC]))
    ),
    "safe, but told alone": remedy("", Tell("decide"), disposition="safe"),
    "unsafe, with a look and a wait": remedy(
        "",
        Look(call("sqs", "get_queue_attributes", QueueUrl=URL), query="Attributes.Policy"),
        Quota("lambda", "L-B99A9384", 1_000),
        Wait("AWS has granted it"),
        disposition="unsafe",
        afterwards=Redrive(edit=True, queue="kept-dlq"),
    ),
    "alternatives": remedy(
        "",
        Tell("think first"),
        Look(words=("dlq", "peek"), queue=DLQ),
        when="where it is rare",
        other=(
            Option((Tell("send less"),), "where it is often"),
            Option((Set("function", WORKER, {"Timeout": 7}, {"Timeout": 6}),), "else"),
        ),
    ),
    "seen by a look of one's own": replace(
        remedy("", Deploy()), verify=(Look(words=("dlq", "groups"), queue=DLQ), Tell("see"))
    ),
}
CODE: Mapping[str, tuple[Intent, ...]] = {
    "deployed again": (Deploy(),),
    "everything again": (Package("again"),),
    "a dependency": (Package("dependency", "left-pad"),),
    "a dependency of a version, by a log": (
        Package("dependency", "left-pad", pin="@1.3.0", from_log=True),
    ),
    "native": (Package("native", "psycopg2", from_log=True),),
    "all that is native": (Package("native"),),
    "a file": (Package("file", "src/rates.json"),),
    "bundled": (Bundle("esm"),),
    "code, where a trace tells it": (
        ChangeCode("close what was opened", "/var/task/src/work.py", 12),
    ),
    "code by its pattern": (ChangeCode("report each", pattern="partial-batch"),),
    "code in the place of other code": (
        ChangeCode("read", "app.rb", 3, "ruby", ("b = 2",), replaces=("a = 1",)),
    ),
    "a newer runtime": (ChangeRuntime(WORKER, "nodejs24.x", "nodejs16.x"),),
    "another runtime": (ChangeRuntime("", "python3.14"),),
    "a variable that names a queue": (SetVariable(WORKER, "QUEUE_URL", queue=f"{PREFIX}:{JOBS}"),),
    "a variable that names a dead-letter queue": (
        SetVariable(WORKER, "DLQ_URL", queue=f"{PREFIX}:{DLQ}"),
    ),
    "a variable of an environment that was read": (SetVariable(PRODUCER, "STAGE", "dev"),),
    "a variable of nothing": (SetVariable("", ""),),
}
RUNTIMES = (
    "nodejs22.x",
    "python3.13",
    "ruby3.4",
    "java21",
    "dotnet8",
    "go1.x",
    "provided.al2023",
)


def _grants() -> Iterator[tuple[str, Intent]]:
    send, queue_arn = ("sqs:SendMessage",), f"{PREFIX}:{JOBS}"
    for principal in (ROLE, USER, SNS, STRANGER, Principal()):
        who = f"{principal.kind} {principal.name}".strip()
        yield f"{who}: its own policy", Grant(send, queue_arn, principal)
        yield f"{who}: no resource told", Grant(("s3:*", "s3:Get"), "", principal, from_log=True)
        yield f"{who}: no action told", Grant((), queue_arn, principal, from_log=True)
        yield f"{who}: the queue's", Grant(send, queue_arn, principal, "resource", TOPIC)
        yield f"{who}: the key's", Grant(("kms:Decrypt",), KEY, principal, "resource")
        yield f"{who}: its deny", TakeDenyAway(send, queue_arn, principal)
    for arn, action in (
        (f"{PREFIX}:elsewhere", "sqs:SendMessage"),
        (TOPIC, "sns:Publish"),
        (f"arn:aws:lambda:{REGION}:111122223333:function:f", "lambda:InvokeFunction"),
        ("", "lambda:InvokeFunction"),
        (f"{LAYER}:3", "lambda:GetLayerVersion"),
        (LAYER, "lambda:GetLayerVersion"),
        (f"999988887777.dkr.ecr.{REGION}.amazonaws.com/app:latest", "ecr:BatchGetImage"),
        ("an image", "ecr:BatchGetImage"),
        ("arn:aws:s3:::shop-orders/a", "s3:GetObject"),
        (f"arn:aws:secretsmanager:{REGION}:111122223333:secret:db", "secretsmanager:Get"),
        (KEY, "kms:Decrypt"),
        ("arn:aws:dynamodb:short", "dynamodb:Query"),
    ):
        yield f"{action} on {arn or 'nothing'}", Grant((action,), arn, Principal(), "resource")
        yield (
            f"a deny of {action} on {arn or 'nothing'}",
            TakeDenyAway((action,), arn, by="resource"),
        )
    for above in ("boundary", "session", "organization", "endpoint"):
        yield f"the {above}", Grant(send, queue_arn, ROLE, above)
        yield f"the {above}, by nobody", Grant((), queue_arn, by=above)
        yield f"a deny of the {above}", TakeDenyAway((), queue_arn, ROLE, above)


GRANTS: Mapping[str, Intent] = dict(_grants())


def for_tools() -> Iterator[tuple[str, Remedy]]:
    """What is worded differently by each tool."""
    for kind, every in PROPERTIES.items():
        for properties, present in every:
            name = f"{kind}: {', '.join(f'{key} {value}' for key, value in properties.items())}"
            setting = Set(kind, NAMED[kind], properties, present)
            yield name[:90], remedy("", setting, disposition="safe")
    yield from SEVERAL.items()
    for code, intents in CODE.items():
        yield code, remedy("", *intents)
    allowed = Grant(("sqs:SendMessage", "sqs:GetQueueUrl"), f"{PREFIX}:{JOBS}", ROLE)
    yield "a grant", remedy("", allowed, disposition="unsafe")
    yield "a grant to nobody known", remedy("", Grant(("s3:GetObject",), ""), disposition="unsafe")


def of_texts() -> Iterator[tuple[str, Remedy]]:
    """What a refused deploy is told to change, where it names the resource and where not."""
    usual = ((kind, each) for kind, every in PROPERTIES.items() for each, _ in every)
    for kind, properties in (*usual, *OF_TEMPLATES):
        for resource in ("", "Jobs"):
            setting = Set(kind, "", properties, resource=resource)
            name = f"{kind} {resource}: {', '.join(properties)}"
            yield name, replace(remedy("", setting), phase="deploy")


def built_by(made_by: MadeBy = "", *said: str, runtime: str = "python3.13") -> Stack:
    """A stack whose tool is known, with names of its own for everything, and dead letters."""
    key = "JobsWorkerLambdaFunction" if made_by in {"serverless", "lift"} else "Worker1A2B3C4D"
    dead = f"{PREFIX}:{DLQ}"
    seen = stack(
        queues=(
            queue(logical_id="Jobs", dead_letter_target_arn=dead),
            queue(DLQ, logical_id="JobsDlq"),
        ),
        functions=(
            function(logical_id=key, runtime=runtime, environment={"SECRET": None}),
            function(PRODUCER, logical_id="Producer", environment={"STAGE": "prod", "A": "b c"}),
        ),
        mappings=(mapping(uuid=MAPPING, logical_id=f"{key}JobsEvent"),),
        apis=(replace(api(), logical_id="Api"),),
        dead_letters=(DeadLetters(DLQ, dead, 2),),
        project=tuple(Declared("tool", each, "a file") for each in said),
    )
    return replace(seen, made_by=made_by)


_HCL = (
    Declared("tool", "terraform", "main.tf"),
    Declared("terraform-address", "aws_sqs_queue.jobs", "main.tf:3", JOBS),
    Declared("terraform-address", "module.app.aws_lambda_function.worker", "app/f.tf:9", WORKER),
)
PLACES: Mapping[str, Stack] = {
    "lift": built_by("lift", "serverless 4"),
    "serverless": built_by("serverless", "serverless 3"),
    "sam": built_by("sam"),
    "cdk typescript": built_by("cdk"),
    "cloudformation": built_by("cloudformation"),
    "terraform": replace(built_by(), stack_name=None, project=Group(_HCL), apis=Group((api(),))),
    "pulumi": replace(built_by("", "pulumi"), stack_name=None),
}
