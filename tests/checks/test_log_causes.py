"""Causes from log text: the engines' own words, and what must be told apart."""

from __future__ import annotations

from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.failures.line_checks import explain_line
from sqsctl.logtext import events_from_text, read
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.logline import Failure, LogEvent
from sqsctl.model.stack import (
    ErrorText,
    FunctionLogs,
    Group,
    Stack,
)
from sqsctl.operations.diagnosis.explain import explain as explain_text
from tests.checks.build import WORKER, mapping
from tests.remedies.wording import everything


def explain(
    text: str, *, functions: tuple[Function, ...] = (), **groups: Any
) -> tuple[Finding, ...]:
    reading = read(events_from_text(text))
    logs = FunctionLogs("", "", attempts=reading.attempts, failures=reading.failures)
    stack = Stack("text", "", functions=Group(functions), logs=Group((logs,)), **groups)
    return diagnose(stack).findings


def of(failure: Failure, *, consumer: bool | None = None, **function: Any) -> Finding:
    """The finding for a failure of a function."""
    name = WORKER
    stack = Stack(
        "s",
        "eu-west-1",
        functions=Group((Function(name, "arn:x", **function),)),
        mappings=Group((mapping(),) if consumer else ()),
        logs=Group((FunctionLogs(name, "/aws/lambda/x", failures=(failure,)),)),
    )
    return next(each for each in diagnose(stack).findings if not each.explained_by)


UNDEFINED, OBJECT, WORD, SINGLE, EMPTY = "undefined", "object", "hello", "{input: 1}", "empty"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        # https://nodejs.org: V8 of Node.js 14 to 18, then 20, then 22 and 24.
        (UNDEFINED, "Unexpected token u in JSON at position 0"),
        (UNDEFINED, '"undefined" is not valid JSON'),
        (OBJECT, "Unexpected token o in JSON at position 1"),
        (OBJECT, '"[object Object]" is not valid JSON'),
        (WORD, "Unexpected token h in JSON at position 0"),
        (WORD, "Unexpected token 'h', \"hello\" is not valid JSON"),
        (SINGLE, "Unexpected token i in JSON at position 1"),
        (SINGLE, "Expected property name or '}' in JSON at position 1"),
        (SINGLE, "Expected property name or '}' in JSON at position 1 (line 1 column 2)"),
        (EMPTY, "Unexpected end of JSON input"),
    ],
)
def test_json_parse_by_engine(given: str, message: str) -> None:
    found = of(Failure("SyntaxError", message, trace=("    at JSON.parse (<anonymous>)",)))
    assert found.id == ("event-shape" if given in {UNDEFINED, OBJECT} else "payload-not-json")


@pytest.mark.parametrize(
    "message",
    [
        "Cannot read property 'body' of undefined",
        "Cannot read properties of undefined (reading 'body')",
    ],
)
def test_undefined_body_by_engine(message: str) -> None:
    assert of(Failure("TypeError", message)).id == "event-shape"


def test_a_consumer_is_told_where_the_text_of_a_message_is() -> None:
    found = of(Failure("SyntaxError", '"undefined" is not valid JSON'), consumer=True)
    assert "event.Records[n].body" in found.title
    assert "event.Records" in found.fix.summary


@pytest.mark.parametrize(
    ("module", "runtime", "expected"),
    [
        ("@aws-sdk/client-sqs", "nodejs14.x", "import-sdk-not-in-runtime"),
        ("@aws-sdk/client-sqs", "nodejs16.x", "import-sdk-not-in-runtime"),
        ("@aws-sdk/client-sqs", "nodejs18.x", "import-module-missing"),
        ("@aws-sdk/client-sqs", None, "import-sdk-not-in-runtime"),
        ("aws-sdk", "nodejs16.x", "import-module-missing"),
        ("aws-sdk", "nodejs18.x", "import-sdk-not-in-runtime"),
        ("aws-sdk/clients/s3", "nodejs24.x", "import-sdk-not-in-runtime"),
        ("aws-sdk-mock", "nodejs24.x", "import-module-missing"),
        ("axios", "nodejs14.x", "import-module-missing"),
    ],
)
def test_which_sdk_a_runtime_bundles(module: str, runtime: str | None, expected: str) -> None:
    text = f"Error: Cannot find module '{module}'\nRequire stack:\n- /var/task/handler.js"
    assert of(Failure("Runtime.ImportModuleError", text), runtime=runtime).id == expected


def test_the_tutorials_error_is_explained_rightly() -> None:
    """It says that the SDK v3 needs a newer Node.js. It runs there; the image lacks it."""
    text = "Error: Cannot find module '@aws-sdk/client-sqs'\nRequire stack:\n- /var/task/handler.js"
    found = of(Failure("Runtime.ImportModuleError", text), runtime="nodejs14.x")
    assert "bundles only the SDK v2" in found.title
    assert found.fix.disposition == "safe"
    assert "--runtime nodejs24.x" in found.fix.commands[0]
    assert "npm install --save @aws-sdk/client-sqs" in everything(found.fix)


@pytest.mark.parametrize(
    ("message", "package"),
    [
        ("Unable to import module 'app': No module named 'yaml'", "PyYAML"),
        ("Unable to import module 'app': No module named 'PIL'", "Pillow"),
        ("Unable to import module 'app': No module named 'google.cloud.storage'", "google-cloud"),
        (
            "Error: Cannot find module '@acme/tools/lib/x'\nRequire stack:\n- /var/task/a.js",
            "@acme/tools",
        ),
        ("Error: Cannot find module 'lodash/fp'\nRequire stack:\n- /var/task/a.js", "lodash"),
    ],
)
def test_the_package_to_install(message: str, package: str) -> None:
    found = of(Failure("Runtime.ImportModuleError", message))
    assert found.id == "import-module-missing"
    assert any(package in each for each in everything(found.fix)[1:])


@pytest.mark.parametrize(
    ("text", "action", "resource"),
    [
        (
            (
                "User: arn:aws:sts::1:assumed-role/r/f is not authorized to perform: "
                "sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:111122223333:jobs "
                "because no identity-based policy allows the "
                "action"
            ),
            "sqs:SendMessage",
            "arn:aws:sqs:eu-west-1:111122223333:jobs",
        ),
        (
            "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied",
            "s3:GetObject",
            "",
        ),
        (
            "An error occurred (403) when calling the HeadObject operation: Forbidden",
            "s3:GetObject",
            "",
        ),
        (
            (
                "An error occurred (AccessDeniedException) when calling the Invoke operation: "
                "User: "
                "x is not authorized "
                "to perform: lambda:InvokeFunction on resource: "
                "arn:aws:lambda:eu-west-1:1:function:f"
            ),
            "lambda:InvokeFunction",
            "arn:aws:lambda:eu-west-1:1:function:f",
        ),
    ],
)
def test_denials_name_action_and_resource(text: str, action: str, resource: str) -> None:
    found = of(Failure("ClientError", text))
    assert found.id == "access-denied"
    assert f"may not {action}" in found.title
    assert resource in found.title
    assert action in " ".join(found.fix.commands) or " " in action


def test_an_explicit_deny_is_not_mended_by_an_allow() -> None:
    text = (
        "User: x is not authorized to perform: sqs:sendmessage on resource: "
        "arn:aws:sqs:r:111122223333:q "
        "with an explicit deny in a resource-based policy"
    )
    found = of(Failure("AccessDenied", text))
    assert "explicit deny in a resource-based policy" in found.title
    assert "cannot win" in found.fix.summary
    assert not any(each.changes for way in found.fix.ways for each in way.commands)


def test_an_applications_own_denial_is_none_of_awss() -> None:
    found = of(Failure("AccessDenied", "user bob may not read invoice 7"))
    assert found.id == "unhandled-error"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KeyError: 'QUEUE_URL'", "env-var-missing"),
        ("KeyError: 'body'", "event-shape"),
        ("KeyError: 'customer'", "unhandled-error"),
    ],
)
def test_key_errors_are_told_apart(text: str, expected: str) -> None:
    kind, _, message = text.partition(": ")
    assert of(Failure(kind, message, trace=("line",))).id == expected


def test_memory_figures_decide_a_kill() -> None:
    killed = "RequestId: x Error: Runtime exited with error: signal: killed"

    def told(used: int | None) -> str:
        return of(
            Failure(
                "Runtime.ExitError",
                killed,
                memory_size_mb=128 if used else None,
                max_memory_used_mb=used,
            )
        ).id

    assert (told(128), told(127), told(60), told(None)) == (
        "out-of-memory",
        "out-of-memory",
        "runtime-exit",
        "out-of-memory",
    )


def test_a_timeout_names_the_configured_one_and_raises_visibility_with_it() -> None:
    from tests.checks.build import ago, invocation, of_events, stack

    events = invocation(
        7, "2026-11-23T11:59:06.000Z RID Task timed out after 6.00 seconds", at=ago(60)
    )
    found = diagnose(stack(logs=(of_events(events),))).findings[0]
    assert found.id == "function-timeout"
    assert "timeout of 6 s" in found.title
    assert [each.operation for each in found.fix.calls] == [
        "set_queue_attributes",
        "update_function_configuration",
    ]
    assert dict(found.fix.calls[0].parameters)["Attributes"] == {"VisibilityTimeout": "180"}
    assert dict(found.fix.calls[1].parameters)["Timeout"] == 30


def test_the_timeout_given_beside_the_text() -> None:
    found = explain("Task timed out after 6.00 seconds", functions=(Function("", "", timeout_s=6),))
    assert "timeout of 6 s" in found[0].title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Queue visibility timeout: 5 seconds is less than Function timeout: 6 seconds",
            "visibility-below-timeout",
        ),
        (
            "The runtime parameter of nodejs14.x is no longer supported for creating",
            "runtime-deprecated",
        ),
        (
            "The provided execution role does not have permissions to call ReceiveMessage on SQS",
            "mapping-role",
        ),
        ('{"EventSourceArn": "arn:aws:sqs:r:1:q", "State": "Disabled"}', "mapping-disabled"),
        (
            (
                "Specified ReservedConcurrentExecutions for function decreases account's "
                "UnreservedConcurrentExecution below its minimum value of [10]."
            ),
            "account-concurrency",
        ),
    ],
)
def test_deploy_errors(text: str, expected: str) -> None:
    stack = Stack("text", "", errors=Group((ErrorText(f"Error: {text} (Service: Lambda)"),)))
    assert [each.id for each in diagnose(stack).findings] == [expected]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (("REPORT RequestId: x\tDuration: 6000.00 ms\tBilled Duration: 6000 ms\t"
         "Memory Size: 128 MB\tMax Memory Used: 30 MB\tStatus: timeout"), "function-timeout"),
        ("[ERROR] Runtime.HandlerNotFound: Handler 'f' missing on module 'm'", "handler-not-found"),
        ("2024-01-01T00:00:00.000Z\t00000000-0000-4000-8000-000000000001\tINFO\tall is well", None),
        ("2024-01-01T00:00:00.000Z\t00000000-0000-4000-8000-000000000001\tINFO\t0 errors", None),
        ("", None),
    ],
)  # fmt: skip
def test_explain_line(line: str, expected: str | None) -> None:
    assert explain_line(LogEvent(line)) == expected


def test_explain_line_of_an_api_event() -> None:
    """Events of a log group are read as they come, one by one."""
    event = LogEvent(
        "2024-01-29T16:41:15.998Z x Task timed out after 45.05 seconds", group="/aws/lambda/f"
    )
    assert explain_line(event) is None
    event = LogEvent(
        "2024-01-29T16:41:15.998Z 3f5a7b9c-1d2e-4f30-8142-536475869708 Task timed out after "
        "45.05 seconds",
        group="/aws/lambda/f",
    )
    assert explain_line(event) == "function-timeout"


def test_a_function_without_a_name_is_the_function() -> None:
    for runtime in ("nodejs14.x", "nodejs99.x"):
        told = explain("START", functions=(Function("", "", runtime=runtime),))
        (old,) = (each for each in told if each.id == "runtime-deprecated")
        assert old.title.startswith(f"the function runs on {runtime}")


# --- what an invocation's last words and figures say ----------------------------------------------

RID = "20000000-0000-4000-8000-0000000000ff"
REPORT = (
    f"REPORT RequestId: {RID}\tDuration: 5.00 ms\tBilled Duration: 5 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: {} MB\t\n"
)


def test_a_timeout_stands_below_what_led_to_it() -> None:
    text = (
        f"START RequestId: {RID} Version: $LATEST\nError: Cannot find module 'express'\n"
        f"2024-01-01T00:00:06.000Z {RID} Task timed out after 6.00 seconds\n"
        f"END RequestId: {RID}\n"
    )
    first, second = explain(text)
    assert (first.id, first.confidence.label) == ("import-module-missing", "medium")
    assert (second.id, second.explained_by) == ("function-timeout", "import-module-missing")


def test_a_report_alone_that_shows_all_memory_used_is_a_warning_of_low_confidence() -> None:
    (found,) = explain(REPORT.format(128))
    assert (found.id, found.severity, found.kind) == ("out-of-memory", Severity.WARNING, Kind.RISK)
    assert found.confidence is Confidence.LOW
    assert explain(REPORT.format(127)) == ()


@pytest.mark.parametrize(
    "around",
    [
        f"START RequestId: {RID} Version: $LATEST\n",
        f"2024-01-01T00:00:01.000Z\t{RID}\tINFO\tdone\n",
    ],
    ids=["its start", "a line"],
)
def test_all_memory_used_and_lived_through_is_no_warning(around: str) -> None:
    assert explain(around + REPORT.format(128)) == ()


def test_a_success_in_a_text_proves_nothing_of_what_followed() -> None:
    text = (
        f"START RequestId: {RID[:-1]}e Version: $LATEST\n"
        f"2024-01-01T00:00:06.000Z {RID[:-1]}e Task timed out after 6.00 seconds\n"
        f"2024-01-01T00:10:00.000Z START RequestId: {RID} Version: $LATEST\n"
        f"2024-01-01T00:10:01.000Z END RequestId: {RID}\n"
    )
    (found,) = explain_text(text).findings
    assert (found.id, found.past) == ("function-timeout", False)


def test_api_gateways_words_name_its_permission() -> None:
    (found,) = explain(
        "Execution failed due to configuration error: Invalid permissions on Lambda function\n"
        "Method completed with status: 500"
    )
    assert found.id == "api-permission"
    assert "add-permission" in " ".join(found.fix.commands)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ConditionalCheckFailedException: The conditional request failed [aws-sdk]", None),
        ("An error occurred (QueueAlreadyExists) when calling the CreateQueue operation: x", None),
        ("ValidationException: no (Service: DynamoDb, Status Code: 400)", "downstream-error"),
    ],
)
def test_an_answer_that_a_condition_asks_for_is_no_fault_of_the_service(
    line: str, expected: str | None
) -> None:
    assert next((each.id for each in explain(line)), None) == expected
