"""A cause is the same wherever it stands: in a logger's key, a rejection, a query's answer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sqsctl.model.finding import Kind
from sqsctl.operations.diagnosis.explain import explain

RID = "5e1f0c1a-7d2b-4c3e-9f4a-1b2c3d4e5f60"
AT = "2026-11-30T10:00:00.123Z"
ROLE = "arn:aws:sts::111122223333:assumed-role/relay-role/relay"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:next"

CORES = {
    "access-denied": (
        "AccessDenied",
        (
            f"User: {ROLE} is not authorized to perform: sqs:sendmessage on resource: {QUEUE} "
            "because no identity-based policy allows the sqs:sendmessage action"
        ),
    ),
    "queue-not-found": ("QueueDoesNotExist", "The specified queue does not exist."),
    "sandbox-limit": ("Error", "EMFILE: too many open files, open '/tmp/a'"),
    "network-unreachable": ("Error", "getaddrinfo ENOTFOUND sqs.eu-west-1.amazonaws.com"),
    "env-var-missing": ("Error", "Missing required environment variable: QUEUE_URL"),
    "import-native-mismatch": (
        "Error",
        "/var/task/node_modules/bcrypt/lib/binding/napi-v3/bcrypt_lib.node: invalid ELF header",
    ),
}


def _stack(kind: str, message: str) -> str:
    return f"{kind}: {message}\n    at send (/var/task/index.js:12:9)"


def _runtime(kind: str, message: str) -> str:
    error = {"errorType": kind, "errorMessage": message, "stack": [_stack(kind, message)]}
    return f"{AT}\t{RID}\tERROR\tInvoke Error \t{json.dumps(error)}"


WRAPPINGS: dict[str, Callable[[str, str], str]] = {
    "the runtime": _runtime,
    "a rejection": lambda kind, message: json.dumps(
        {
            "errorType": "Runtime.UnhandledPromiseRejection",
            "errorMessage": f"{kind}: {message}",
            "reason": {"errorType": kind, "errorMessage": message},
            "stack": [f"Runtime.UnhandledPromiseRejection: {kind}: {message}"],
        }
    ),
    "pino": lambda kind, message: json.dumps(
        {
            "level": 50,
            "time": 1772001000000,
            "err": {"type": kind, "message": message, "stack": _stack(kind, message)},
            "msg": message,
        }
    ),
    "bunyan": lambda kind, message: json.dumps(
        {
            "name": "relay",
            "level": 50,
            "err": {"message": message, "name": kind, "stack": _stack(kind, message)},
            "msg": message,
            "v": 0,
        }
    ),
    "zap": lambda kind, message: json.dumps(
        {"level": "error", "ts": 1772001000.1, "msg": f"{kind}: {message}"}
    ),
    "winston": lambda kind, message: json.dumps(
        {"level": "error", "message": "unhandled", "stack": _stack(kind, message)}
    ),
    "Powertools": lambda kind, message: json.dumps(
        {
            "level": "ERROR",
            "message": "failed",
            "timestamp": AT,
            "service": "relay",
            "error": {"name": kind, "message": message, "stack": _stack(kind, message)},
        }
    ),
    "log4j": lambda kind, message: json.dumps(
        {
            "level": "ERROR",
            "loggerName": "relay",
            "message": "failed",
            "thrown": {
                "name": kind,
                "message": message,
                "extendedStackTrace": "at a.B.c(B.java:1)",
            },
        }
    ),
    "fields of Logs Insights": lambda kind, message: (
        f"Field\tValue\n@ingestionTime\t1772001007000\n@log\t111122223333:/aws/lambda/relay\n"
        f"@message\t{_runtime(kind, message)}\n@timestamp\t1772001003004"
    ),
    "a table of Logs Insights": lambda kind, message: (
        f"| @timestamp | @message |\n|---|---|\n"
        f"| 2026-11-30 10:00:00.123 | {AT} {RID} ERROR {kind}: {message} |"
    ),
    "rows of Logs Insights": lambda kind, message: json.dumps(
        {"results": [[{"field": "@message", "value": _runtime(kind, message)}]]}
    ),
    "aws logs tail": lambda kind, message: (
        f"{AT} 2026/11/30/[$LATEST]0a1b2c3d4e5f60718293a4b5c6d7e8f9 {_runtime(kind, message)}"
    ),
    "before START": lambda kind, message: "\n".join(
        (
            _runtime(kind, message)
            .replace(RID, "undefined")
            .replace("Invoke Error", "Uncaught Exception"),
            f"START RequestId: {RID} Version: 1",
            f"END RequestId: {RID}",
            f"REPORT RequestId: {RID}\tDuration: 3.00 ms\tMemory Size: 128 MB\tStatus: error",
        )
    ),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("cause", CORES)
def test_a_cause_is_found_in_each_wrapping(cause: str, wrapping: str) -> None:
    found = explain(WRAPPINGS[wrapping](*CORES[cause])).findings
    assert next((each.id for each in found if each.kind is Kind.CAUSE), None) == cause
