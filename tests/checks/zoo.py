"""Every check's stack, broken and mended: the least difference that matters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqsctl.model.finding import Severity
from sqsctl.model.stack import (
    Concurrency,
    DeadLetters,
    Declared,
    ErrorText,
    FunctionLogs,
    Package,
    PackageMember,
    Permission,
    PublishedVersion,
    Queue,
    Stack,
)
from tests.checks.build import (
    ACCOUNT,
    API,
    DLQ,
    JOBS,
    NOW,
    PREFIX,
    PRODUCER,
    REGION,
    WORKER,
    ago,
    api,
    function,
    invocation,
    logs,
    mapping,
    of_events,
    package,
    policy,
    queue,
    series,
    stack,
)

ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-dev-role"


@dataclass(frozen=True)
class Pair:
    """A stack with the fault and one without; what the title must say."""

    id: str
    broken: Stack
    mended: Stack
    says: str
    severity: Severity = Severity.ERROR
    subject: str = WORKER


def _log(
    check: str, *lines: str, says: str, name: str = WORKER, severity: Severity = Severity.ERROR
) -> Pair:
    """A failing invocation, and the same followed by a good one."""
    bad = invocation(7, *lines, at=ago(120), name=name)
    good = invocation(8, "done", at=ago(30), name=name)
    return Pair(
        check,
        stack(logs=(of_events(bad, name),)),
        stack(logs=(of_events((*bad, *good), name),)),
        says,
        severity,
        name,
    )


def _python(error: str, *frames: str) -> str:
    trace = frames or ('  File "/var/task/worker.py", line 3, in handler',)
    return "\n".join((f"[ERROR] {error}", "Traceback (most recent call last):", *trace))


def _node(kind: str, message: str, phase: str = "Invoke Error") -> str:
    rid = "RID" if phase == "Invoke Error" else "undefined"
    return (
        f"2026-11-23T11:58:00.000Z\t{rid}\tERROR\t{phase} \t"
        f'{{"errorType":"{kind}","errorMessage":"{message}","stack":[]}}'
    )


def _queues(**main: Any) -> tuple[Queue, Queue]:
    fields: dict[str, Any] = {"dead_letter_target_arn": f"{PREFIX}:{DLQ}", "max_receive_count": 5}
    fields |= main
    return queue(**fields), queue(DLQ, retention_s=1_209_600)


FIFO = (
    queue(
        "j.fifo",
        fifo=True,
        visible=3,
        in_flight=1,
        dead_letter_target_arn=f"{PREFIX}:j-dlq.fifo",
        max_receive_count=5,
    ),
    queue("j-dlq.fifo", fifo=True),
)
LOOP = "def handler(event, context):\n    for record in event['Records']:\n        {}\n"

PAIRS = (
    _log(
        "import-module-missing",
        _python(
            "Runtime.ImportModuleError: Unable to import module 'worker': No module named 'yaml'"
        ),
        says="module yaml",
    ),
    Pair(
        "import-sdk-not-in-runtime",
        stack(
            functions=(function(runtime="nodejs14.x", handler="worker.handler"),),
            logs=(
                of_events(
                    invocation(
                        7,
                        _node(
                            "Runtime.ImportModuleError",
                            "Error: Cannot find module '@aws-sdk/client-sqs'\\nRequire stack:\\n"
                            "- /var/task/worker.js",
                            "Uncaught Exception",
                        ),
                        at=ago(60),
                    )
                ),
            ),
            packages=(),
        ),
        stack(
            functions=(function(runtime="nodejs22.x", handler="worker.handler"),),
            packages=(package(worker_js="const x = require('@aws-sdk/client-sqs')"),),
        ),
        "nodejs14.x bundles only the SDK v2",
    ),
    _log(
        "import-local-file-missing",
        _python(
            "Runtime.ImportModuleError: Unable to import module 'src.app': No module named 'src.db'"
        ),
        says="src.db",
    ),
    _log(
        "import-native-mismatch",
        _python(
            "Runtime.ImportModuleError: Unable to import module 'worker': "
            "/var/task/_cffi.so: invalid ELF header"
        ),
        says="another platform",
    ),
    _log(
        "module-system-mismatch",
        _node(
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Cannot use import statement outside a module",
            "Uncaught Exception",
        ),
        says="CommonJS",
    ),
    _log(
        "syntax-error",
        _python(
            "Runtime.UserCodeSyntaxError: Syntax error in module 'worker': invalid syntax "
            "(worker.py, line 3)"
        ),
        says="invalid syntax",
    ),
    _log(
        "handler-not-found",
        _python("Runtime.HandlerNotFound: Handler 'main' missing on module 'worker'"),
        says="Handler 'main'",
    ),
    _log(
        "function-timeout",
        "2026-11-23T11:58:06.000Z RID Task timed out after 6.00 seconds",
        says="timeout of 6 s",
    ),
    _log(
        "out-of-memory",
        _python("MemoryError"),
        says="memory of 128 MB",
    ),
    _log(
        "runtime-exit",
        "RequestId: RID Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
        says="exit status 1",
    ),
    _log(
        "access-denied",
        _python(
            "ClientError: An error occurred (AccessDenied) when calling the PutItem operation: "
            "User: x is not "
            "authorized to perform: dynamodb:PutItem on resource: "
            f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
        ),
        says="dynamodb:PutItem",
    ),
    _log(
        "kms-access-denied",
        _python(
            "ClientError: An error occurred (KMS.AccessDeniedException) when calling the "
            "SendMessage operation: "
            "User: x is not authorized to perform: kms:Decrypt on resource: "
            f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
        ),
        says="kms:Decrypt",
    ),
    _log(
        "queue-not-found",
        _python(
            "QueueDoesNotExist: An error occurred (AWS.SimpleQueueService.NonExistentQueue) when "
            "calling the "
            "SendMessage operation: The specified queue does not exist."
        ),
        says="does not exist",
    ),
    _log(
        "wrong-region",
        _python("NoRegionError: You must specify a region."),
        says="no region is set",
    ),
    _log(
        "env-var-missing",
        _python("KeyError: 'QUEUE_URL'"),
        says="QUEUE_URL",
    ),
    _log(
        "event-shape",
        _python(
            "KeyError: 'body'",
            '  File "/var/task/worker.py", line 3, in handler',
            "    event['body']",
        ),
        says="body is not where it looks",
    ),
    _log(
        "payload-not-json",
        _python("JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        says="not JSON",
    ),
    _log(
        "throttled",
        _python(
            "ClientError: An error occurred (ThrottlingException) when calling the PutItem "
            "operation: Rate exceeded"
        ),
        says="dynamodb:PutItem",
        severity=Severity.WARNING,
    ),
    _log(
        "message-too-large",
        _python(
            "ClientError: An error occurred (InvalidParameterValue) when calling the SendMessage "
            "operation: "
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 "
            "bytes."
        ),
        says="1048576 bytes",
    ),
    _log(
        "network-unreachable",
        _python(
            'ConnectTimeoutError: Connect timeout on endpoint URL: "https://sqs.eu-west-1.amazonaws.com/"'
        ),
        says="sqs.eu-west-1.amazonaws.com",
    ),
    _log(
        "downstream-error",
        _python(
            "HTTPError: 503 Server Error: Service Unavailable for url: https://partner.example/"
        ),
        says="503 Server Error",
        severity=Severity.WARNING,
    ),
    _log(
        "unhandled-error",
        _python("ValueError: negative amount"),
        says="ValueError: negative amount",
    ),
    Pair(
        "visibility-below-timeout",
        stack(queues=_queues(visibility_timeout_s=5)),
        stack(queues=_queues(visibility_timeout_s=36)),
        "5 s, but shop-dev-jobsWorker may run 6 s",
        subject=JOBS,
    ),
    Pair(
        "visibility-below-six-times",
        stack(queues=_queues(visibility_timeout_s=35)),
        stack(queues=_queues(visibility_timeout_s=36)),
        "AWS advises 36 s",
        Severity.INFO,
        JOBS,
    ),
    Pair(
        "mapping-disabled",
        stack(mappings=(mapping(state="Disabled"),)),
        stack(mappings=(mapping(state="Enabled"),)),
        "nobody polls",
    ),
    Pair(
        "mapping-missing",
        stack(mappings=(), queues=_queues(visible=3), metrics=()),
        stack(queues=_queues(visible=3)),
        "3 messages wait",
        subject=JOBS,
    ),
    Pair(
        "mapping-role",
        stack(
            permissions=(
                Permission(WORKER, ROLE, "sqs:ReceiveMessage", f"{PREFIX}:{JOBS}", "implicitDeny"),
            )
        ),
        stack(
            permissions=(
                Permission(WORKER, ROLE, "sqs:ReceiveMessage", f"{PREFIX}:{JOBS}", "allowed"),
            )
        ),
        "sqs:ReceiveMessage",
    ),
    Pair(
        "dlq-missing",
        stack(queues=(queue(), queue(DLQ))),
        stack(),
        "no dead-letter queue",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "dlq-retention",
        stack(queues=(_queues()[0], queue(DLQ, retention_s=345_600))),
        stack(queues=(_queues()[0], queue(DLQ, retention_s=345_601))),
        "4 days",
        Severity.WARNING,
        DLQ,
    ),
    Pair(
        "max-receive-count-low",
        stack(queues=_queues(max_receive_count=2)),
        stack(queues=_queues(max_receive_count=5)),
        "after 2 receives",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "redrive-not-allowed",
        stack(
            queues=(
                _queues()[0],
                queue(
                    DLQ,
                    retention_s=1_209_600,
                    redrive_allow_policy='{"redrivePermission":"denyAll"}',
                ),
            )
        ),
        stack(
            queues=(
                _queues()[0],
                queue(
                    DLQ,
                    retention_s=1_209_600,
                    redrive_allow_policy=f'{{"redrivePermission":"byQueue","sourceQueueArns":["{PREFIX}:{JOBS}"]}}',
                ),
            )
        ),
        "does not allow",
        subject=DLQ,
    ),
    Pair(
        "queue-policy-deny",
        stack(
            queues=_queues(
                policy='{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}'
            )
        ),
        stack(
            queues=_queues(
                policy='{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*",'
                '"Condition":{"Bool":{"aws:SecureTransport":"false"}}}}'
            )
        ),
        "denies sqs:SendMessage",
        subject=JOBS,
    ),
    Pair(
        "queue-url-mismatch",
        stack(
            functions=(
                function(),
                function(
                    PRODUCER,
                    environment={
                        "QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/shop-prod-jobs"
                    },
                ),
            )
        ),
        stack(),
        "shop-prod-jobs",
        Severity.WARNING,
        PRODUCER,
    ),
    Pair(
        "fifo-group-blocked",
        stack(
            queues=FIFO,
            mappings=(mapping("j.fifo"),),
            functions=(function(),),
            metrics=(
                series("j.fifo", "ApproximateAgeOfOldestMessage", 100, 290, statistic="Maximum"),
            ),
        ),
        stack(
            queues=FIFO,
            mappings=(mapping("j.fifo"),),
            functions=(function(),),
            logs=(of_events(invocation(1, at=ago(2))[:1]),),
            metrics=(series("j.fifo", "ApproximateAgeOfOldestMessage", 1, 2, statistic="Maximum"),),
        ),
        "3 messages of j.fifo wait behind 1",
        Severity.WARNING,
        "j.fifo",
    ),
    Pair(
        "consumers-compete",
        stack(mappings=(mapping(), mapping(function_name="other"))),
        stack(mappings=(mapping(), mapping(function_name="other", state="Disabled"))),
        "each message reaches one",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "filter-drops",
        stack(
            mappings=(mapping(filters=('{"body":{"kind":["x"]}}',)),),
            metrics=(
                series(JOBS, "NumberOfMessagesReceived", 5),
                series(JOBS, "NumberOfMessagesDeleted", 5),
            ),
        ),
        stack(mappings=(mapping(),)),
        "deleted all 5 messages",
    ),
    Pair(
        "batch-silent-loss",
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=LOOP.format("return {'statusCode': 400}")),),
        ),
        stack(
            mappings=(mapping(batch_size=10),),
            packages=(package(worker_py=LOOP.format("print(record)")),),
        ),
        "all but the first are deleted unseen",
    ),
    Pair(
        "partial-batch-ignored",
        stack(
            mappings=(mapping(response_types=()),),
            packages=(
                package(worker_py=LOOP.format("pass") + "    return {'batchItemFailures': []}"),
            ),
        ),
        stack(
            packages=(
                package(worker_py=LOOP.format("pass") + "    return {'batchItemFailures': []}"),
            )
        ),
        "does not listen",
    ),
    Pair(
        "reserved-concurrency",
        stack(concurrency=(Concurrency(WORKER, 0),)),
        stack(concurrency=(Concurrency(WORKER, 5),)),
        "reserved concurrency is 0",
    ),
    Pair(
        "account-concurrency",
        stack(
            concurrency=(Concurrency(None, 10, 10),),
            metrics=(
                series(PRODUCER, "Throttles", 0, 24),
                series(PRODUCER, "Invocations", 10, 76),
                series(WORKER, "ConcurrentExecutions", 5, 10, statistic="Maximum"),
            ),
        ),
        stack(
            concurrency=(Concurrency(None, 10, 10),),
            metrics=(series(PRODUCER, "Throttles", 0, 0),),
        ),
        "10 concurrent executions are used up",
        subject="",
    ),
    Pair(
        "recursion-dropped",
        stack(metrics=(series(WORKER, "RecursiveInvocationsDropped", 3),)),
        stack(metrics=(series(WORKER, "RecursiveInvocationsDropped", 0),)),
        "3 recursive invocations",
    ),
    Pair(
        "api-permission",
        stack(policies=(policy(allows=False),)),
        stack(policies=(policy(allows=True),)),
        "may not invoke shop-dev-producer",
        subject=PRODUCER,
    ),
    Pair(
        "integration-timeout",
        stack(
            functions=(function(), function(PRODUCER, timeout_s=60)),
            metrics=(
                series(API, "IntegrationLatency", 29_900, statistic="Maximum"),
                series(API, "5xx", 2),
            ),
        ),
        stack(functions=(function(), function(PRODUCER, timeout_s=29))),
        "may run 60 s",
        Severity.WARNING,
        PRODUCER,
    ),
    Pair(
        "function-not-active",
        stack(
            functions=(function(last_update_status="Failed", last_update_reason="no such subnet"),)
        ),
        stack(),
        "no such subnet",
    ),
    Pair(
        "runtime-deprecated",
        stack(functions=(function(runtime="nodejs20.x"),)),
        stack(functions=(function(runtime="nodejs24.x"),)),
        "deprecated since 2026-04-30",
        Severity.WARNING,
    ),
    Pair(
        "runtime-mismatch",
        stack(project=(Declared("runtime", "python3.14", "serverless.yml:6"),)),
        stack(project=(Declared("runtime", "python3.13", "serverless.yml:6"),)),
        "edited, not deployed",
        Severity.WARNING,
    ),
    Pair(
        "stale-version",
        stack(
            mappings=(mapping(qualifier="1"),),
            functions=(
                function(
                    code_sha256="new", qualified=(PublishedVersion("1", "1", "old", ago(9000)),)
                ),
            ),
        ),
        stack(
            mappings=(mapping(qualifier="live"),),
            functions=(
                function(code_sha256="new", qualified=(PublishedVersion("live", "2", "new"),)),
            ),
        ),
        "shop-dev-jobsWorker:1",
        Severity.WARNING,
    ),
    Pair(
        "logs-missing",
        stack(
            logs=(FunctionLogs(WORKER, "/aws/lambda/x", exists=False),),
            metrics=(series(WORKER, "Invocations", 4),),
        ),
        stack(),
        "ran 4 times",
        Severity.WARNING,
    ),
    Pair(
        "dead-letters",
        stack(dead_letters=(DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 3),)),
        stack(),
        "3 messages lie in",
        Severity.WARNING,
        DLQ,
    ),
    Pair(
        "backlog-growing",
        stack(
            queues=_queues(visible=500),
            metrics=(
                series(
                    JOBS,
                    "ApproximateNumberOfMessagesVisible",
                    10,
                    90,
                    200,
                    300,
                    500,
                    statistic="Maximum",
                ),
            ),
        ),
        stack(
            queues=_queues(visible=500),
            metrics=(
                series(
                    JOBS,
                    "ApproximateNumberOfMessagesVisible",
                    10,
                    900,
                    700,
                    600,
                    500,
                    statistic="Maximum",
                ),
            ),
        ),
        "500 messages wait",
        Severity.WARNING,
        JOBS,
    ),
    Pair(
        "http-5xx",
        stack(metrics=(series(API, "5xx", 0, 24), series(API, "Count", 10, 100))),
        stack(metrics=(series(API, "5xx", 24, 0), series(API, "Count", 100, 10))),
        "24 of 110 requests",
        Severity.WARNING,
        "dev-shop",
    ),
)

# What broken and mended stacks leave out: other ways into the same checks.
OTHERS = (
    stack(
        errors=(
            ErrorText(
                "Queue visibility timeout: 5 seconds is less than Function timeout: 6 seconds"
            ),
            ErrorText('{"EventSourceArn": "arn:aws:sqs:r:1:q", "State": "Disabled"}'),
        )
    ),
    stack(
        functions=(function(runtime="nodejs16.x"),),
        packages=(
            replace(
                package(worker_js="require('@aws-sdk/client-sqs')"),
                members=(PackageMember("worker.js", 9),),
            ),
        ),
    ),
    stack(
        packages=(
            Package(
                WORKER, members=(PackageMember("pydantic_core.cpython-312-x86_64-linux-gnu.so", 9),)
            ),
        ),
        project=(
            Declared("engine", "node >=22", ".nvmrc:1"),
            Declared("architecture", "arm64", "serverless.yml:7"),
        ),
    ),
    stack(
        logs=(
            logs(
                "An error occurred (AccessDenied) when calling the SendMessage operation: User: "
                "x is not "
                "authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:r:1:q",
                PRODUCER,
                at=NOW,
            ),
        ),
        metrics=(series(API, "5xx", 3), series(API, "Count", 3)),
        permissions=(
            Permission(PRODUCER, ROLE, "sqs:SendMessage", f"{PREFIX}:{JOBS}", "implicitDeny"),
            Permission(PRODUCER, ROLE, "logs:PutLogEvents", "*", "implicitDeny"),
        ),
    ),
    stack(
        dead_letters=(DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 2),),
        logs=(of_events(invocation(7, _python("ValueError: no"), at=ago(60))),),
    ),
    stack(apis=(api(qualifier="live"),), functions=(function(), function(PRODUCER))),
)
