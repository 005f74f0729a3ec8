"""Causes that log text alone establishes: a failing invocation, and a good one after it."""

from __future__ import annotations

from sqsctl.model.finding import Severity
from sqsctl.model.stack import ErrorText
from tests.checks.build import (
    ACCOUNT,
    REGION,
    WORKER,
    ago,
    function,
    invocation,
    of_events,
    package,
    stack,
)
from tests.checks.zoo_pair import Pair


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


def python_error(error: str, *frames: str) -> str:
    trace = frames or ('  File "/var/task/worker.py", line 3, in handler',)
    return "\n".join((f"[ERROR] {error}", "Traceback (most recent call last):", *trace))


def _node(kind: str, message: str, phase: str = "Invoke Error") -> str:
    rid = "RID" if phase == "Invoke Error" else "undefined"
    return (
        f"2026-11-23T11:58:00.000Z\t{rid}\tERROR\t{phase} \t"
        f'{{"errorType":"{kind}","errorMessage":"{message}","stack":[]}}'
    )


_WINDOW = (
    "CREATE_FAILED AWS::Lambda::EventSourceMapping JobsMapping Resource handler returned message: "
    '"Invalid request provided: Maximum batch window in seconds must be greater than 0 if maximum '
    'batch size is greater than 10 (Service: Lambda, Status Code: 400, Request ID: 0)"'
)

PAIRS = (
    _log(
        "sandbox-limit",
        _node("Error", "connect EMFILE 10.0.3.17:5432"),
        says="ran out of open files and sockets",
    ),
    Pair(
        "deploy-rejected",
        stack(errors=(ErrorText(_WINDOW),)),
        stack(errors=(ErrorText("CREATE_COMPLETE AWS::Lambda::EventSourceMapping JobsMapping"),)),
        "JobsMapping: the mapping has a batch size above 10 and no batching window",
        Severity.ERROR,
        "",
    ),
    _log(
        "import-module-missing",
        python_error(
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
        python_error(
            "Runtime.ImportModuleError: Unable to import module 'src.app': No module named 'src.db'"
        ),
        says="src.db",
    ),
    _log(
        "import-native-mismatch",
        python_error(
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
        python_error(
            "Runtime.UserCodeSyntaxError: Syntax error in module 'worker': invalid syntax "
            "(worker.py, line 3)"
        ),
        says="invalid syntax",
    ),
    _log(
        "handler-not-found",
        python_error("Runtime.HandlerNotFound: Handler 'main' missing on module 'worker'"),
        says="Handler 'main'",
    ),
    _log(
        "function-timeout",
        "2026-11-23T11:58:06.000Z RID Task timed out after 6.00 seconds",
        says="timeout of 6 s",
    ),
    _log(
        "out-of-memory",
        python_error("MemoryError"),
        says="memory of 128 MB",
    ),
    _log(
        "runtime-exit",
        "RequestId: RID Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
        says="exit status 1",
    ),
    _log(
        "access-denied",
        python_error(
            "ClientError: An error occurred (AccessDenied) when calling the PutItem operation: "
            "User: x is not "
            "authorized to perform: dynamodb:PutItem on resource: "
            f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
        ),
        says="dynamodb:PutItem",
    ),
    _log(
        "kms-access-denied",
        python_error(
            "ClientError: An error occurred (KMS.AccessDeniedException) when calling the "
            "SendMessage operation: "
            "User: x is not authorized to perform: kms:Decrypt on resource: "
            f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
        ),
        says="kms:Decrypt",
    ),
    _log(
        "queue-not-found",
        python_error(
            "QueueDoesNotExist: An error occurred (AWS.SimpleQueueService.NonExistentQueue) when "
            "calling the "
            "SendMessage operation: The specified queue does not exist."
        ),
        says="does not exist",
    ),
    _log(
        "wrong-region",
        python_error("NoRegionError: You must specify a region."),
        says="no region is set",
    ),
    _log(
        "env-var-missing",
        python_error("KeyError: 'QUEUE_URL'"),
        says="QUEUE_URL",
    ),
    _log(
        "event-shape",
        python_error(
            "KeyError: 'body'",
            '  File "/var/task/worker.py", line 3, in handler',
            "    event['body']",
        ),
        says="body is not where it looks",
    ),
    _log(
        "payload-not-json",
        python_error("JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        says="not JSON",
    ),
    _log(
        "throttled",
        python_error(
            "ClientError: An error occurred (ThrottlingException) when calling the PutItem "
            "operation: Rate exceeded"
        ),
        says="dynamodb:PutItem",
        severity=Severity.WARNING,
    ),
    _log(
        "message-too-large",
        python_error(
            "ClientError: An error occurred (InvalidParameterValue) when calling the SendMessage "
            "operation: "
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 "
            "bytes."
        ),
        says="1048576 bytes",
    ),
    _log(
        "network-unreachable",
        python_error(
            'ConnectTimeoutError: Connect timeout on endpoint URL: "https://sqs.eu-west-1.amazonaws.com/"'
        ),
        says="sqs.eu-west-1.amazonaws.com",
    ),
    _log(
        "downstream-error",
        python_error(
            "HTTPError: 503 Server Error: Service Unavailable for url: https://partner.example/"
        ),
        says="503 Server Error",
        severity=Severity.WARNING,
    ),
    _log(
        "unhandled-error",
        python_error("ValueError: negative amount"),
        says="ValueError: negative amount",
    ),
)
