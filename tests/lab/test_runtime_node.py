"""What Node.js functions log and answer, and which SDK each runtime bundles."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest

from sqsctl.lab.fidelity.functions import node_sdk
from tests.lab.conftest import Functions
from tests.lab.test_runtime_python import END, RID, START, TS, assert_log, init_report, report

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH"),
]

INIT_START = (
    r"INIT_START Runtime Version: nodejs:\d+\.v\d+\t"
    r"Runtime Version ARN: arn:aws:lambda:ap-northeast-2::runtime:[0-9a-f]{64}\n"
)
HANDLER = "module.exports.handler = async (event, context) => "


def run(functions: Functions, code: str | dict[str, str], **settings: Any) -> Any:
    return functions.run(code, **({"runtime": "nodejs24.x"} | settings))


def logged(line: str, kind: str) -> dict[str, Any]:
    """The JSON of an error line, after checking what stands before it."""
    found = re.fullmatch(rf"{TS}\t({RID}|undefined)\tERROR\t{kind} \t(\{{.*\}})\n", line, re.DOTALL)
    assert found, line
    parsed: dict[str, Any] = json.loads(found[2])
    return parsed | {"rid": found[1]}


def test_a_plain_invocation(functions: Functions) -> None:
    seen = run(
        functions,
        HANDLER + "{ console.log('hi', {a: 1}, 'x\\ny'); console.warn('w');"
        " process.stdout.write('raw\\n'); return {a: [1, null]} }",
    )
    assert seen.payload == {"a": [1, None]}
    assert_log(
        seen.messages,
        INIT_START,
        START,
        rf"{TS}\t{RID}\tINFO\thi \{{ a: 1 \}} x\ny\n",
        rf"{TS}\t{RID}\tWARN\tw\n",
        "raw\n",
        END,
        report(),
    )


def test_a_missing_module_is_logged_twice(functions: Functions) -> None:
    seen = run(functions, "const axios = require('axios');\n" + HANDLER + "1")
    errors = [each for each in seen.messages if "Uncaught Exception" in each]
    assert len(errors) == 2
    error = logged(errors[0], "Uncaught Exception")
    assert error["rid"] == "undefined"
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert error["errorMessage"] == (
        "Error: Cannot find module 'axios'\nRequire stack:\n- /var/task/index.js\n"
        "- /var/runtime/index.mjs"
    )
    assert error["stack"][:4] == [
        "Runtime.ImportModuleError: Error: Cannot find module 'axios'",
        "Require stack:",
        "- /var/task/index.js",
        "- /var/runtime/index.mjs",
    ]
    assert error["stack"][4].startswith("    at _loadUserApp (file:///var/runtime/index.mjs:")
    line = rf"{TS}\tundefined\tERROR\tUncaught Exception \t.*"
    assert_log(
        seen.messages,
        INIT_START,
        line,
        init_report("init", "Runtime.ImportModuleError"),
        line,
        init_report("invoke", "Runtime.ImportModuleError"),
        START,
        END,
        report(init=False, rest=r"Status: error\tError Type: Runtime\.ImportModuleError"),
    )
    assert set(seen.payload) == {"errorType", "errorMessage", "trace"}


def test_the_tutorials_issue_log(functions: Functions) -> None:
    code = 'const { SQSClient } = require("@aws-sdk/client-sqs");\n' + HANDLER + "1"
    seen = run(functions, {"handler.js": code}, runtime="nodejs14.x", handler="handler.handler")
    assert seen.payload["errorType"] == "Runtime.ImportModuleError"
    assert seen.payload["errorMessage"] == (
        "Error: Cannot find module '@aws-sdk/client-sqs'\nRequire stack:\n"
        "- /var/task/handler.js\n- /var/runtime/UserFunction.js\n- /var/runtime/Runtime.js\n"
        "- /var/runtime/index.js"
    )


@pytest.mark.parametrize(
    ("code", "settings", "kind", "message"),
    [
        (
            {"other.js": "1"},
            {},
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'index'\nRequire stack:\n- /var/runtime/index.mjs",
        ),
        (
            {"index.mjs": "import x from 'axios';\nexport const handler = async () => {};"},
            {},
            "Error",
            "Cannot find package 'axios' imported from /var/task/index.mjs",
        ),
        (
            {"index.mjs": "import './util';\nexport const handler = async () => {};"},
            {},
            "Error",
            "Cannot find module '/var/task/util' imported from /var/task/index.mjs",
        ),
        (
            "module.exports.other = 1",
            {},
            "Runtime.HandlerNotFound",
            "index.handler is undefined or not exported",
        ),
        (
            "module.exports.handler = 1",
            {},
            "Runtime.HandlerNotFound",
            "index.handler is not a function",
        ),
        (HANDLER + "1", {"handler": "bad"}, "Runtime.MalformedHandlerName", "Bad handler"),
        ("const x = ;", {}, "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token ';'"),
        (
            "import x from 'y';",
            {"runtime": "nodejs18.x"},
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Cannot use import statement outside a module",
        ),
        (
            {"index.mjs": "const x = require('fs');\nexport const handler = async () => {};"},
            {},
            "ReferenceError",
            "require is not defined in ES module scope, you can use import instead",
        ),
    ],
)
def test_what_cannot_be_loaded(
    functions: Functions, code: Any, settings: Any, kind: str, message: str
) -> None:
    seen = run(functions, code, **settings)
    assert (seen.payload["errorType"], seen.payload["errorMessage"]) == (kind, message)
    assert sum(each.startswith("INIT_REPORT") for each in seen.messages) == 2


def test_an_error_of_the_handler(functions: Functions) -> None:
    name = functions.make(HANDLER + "{ return JSON.parse(event.body) }", runtime="nodejs24.x")
    seen = functions.call(name, {"Records": []})
    assert seen.failed
    assert seen.payload["errorType"] == "SyntaxError"
    assert seen.payload["trace"][0].startswith("SyntaxError: ")
    line = next(each for each in seen.messages if "Invoke Error" in each)
    error = logged(line, "Invoke Error")
    assert error["errorType"] == "SyntaxError"
    assert re.fullmatch(RID, error["rid"])
    assert any("(/var/task/index.js:1:" in each for each in error["stack"])
    assert_log(functions.call(name, {"body": "1"}).messages[-2:], END, report(init=False))


def test_a_promise_that_never_settles(functions: Functions) -> None:
    seen = run(functions, HANDLER + "{ await new Promise(() => {}) }")
    assert seen.payload["errorType"] == "Runtime.NodeJsExit"
    assert seen.payload["errorMessage"].startswith(
        "The Lambda runtime client detected an unexpected Node.js exit code."
    )


@pytest.mark.parametrize(
    ("body", "kind", "error_type"),
    [
        (
            "{ Promise.reject(new Error('lost')); await new Promise(r => setTimeout(r, 99)) }",
            "Unhandled Promise Rejection",
            "Runtime.UnhandledPromiseRejection",
        ),
        (
            "{ setTimeout(() => { throw new TypeError('late') }, 1); await new Promise(() => {}) }",
            "Uncaught Exception",
            "TypeError",
        ),
    ],
)
def test_what_nobody_catches_ends_the_runtime(
    functions: Functions, body: str, kind: str, error_type: str
) -> None:
    name = functions.make(f"let n = 0; {HANDLER}{body}", runtime="nodejs24.x")
    seen = functions.call(name)
    assert seen.payload["errorType"] == error_type
    line = next(each for each in seen.messages if kind in each)
    assert logged(line, kind)["errorType"] == error_type
    assert seen.messages[-1].endswith(f"Status: error\tError Type: {error_type}\n")
    assert functions.call(name).failed


def test_timeouts_exits_and_memory(functions: Functions) -> None:
    wait = HANDLER + "{ await new Promise(r => setTimeout(r, 9000)) }"
    late = run(functions, wait, Timeout=1)
    assert any(each.endswith(" Task timed out after 1.00 seconds\n\n") for each in late.messages)
    left = run(functions, HANDLER + "{ process.exit(0) }")
    assert left.payload["errorMessage"].endswith("Error: Runtime exited without providing a reason")
    grows = (
        HANDLER + "{ const held = []; for (;;) { held.push(Buffer.alloc(1e6, 1));"
        " await new Promise(r => setImmediate(r)) } }"
    )
    full = run(functions, grows, MemorySize=128)
    assert full.payload["errorType"] == "Runtime.OutOfMemory"
    assert "Max Memory Used: 128 MB\t" in full.messages[-1]


def test_json_format(functions: Functions) -> None:
    seen = run(
        functions,
        HANDLER + "{ console.log('n', 1); console.debug('no'); console.error({a: 1});"
        " throw new TypeError('bad') }",
        LoggingConfig={"LogFormat": "JSON"},
    )
    events = [json.loads(each) for each in seen.messages]
    lines = [each for each in events if "type" not in each]
    assert [(each["level"], each["message"]) for each in lines[:2]] == [
        ("INFO", "n 1"),
        ("ERROR", {"a": 1}),
    ]
    assert lines[2]["message"]["errorType"] == "TypeError"
    missing = run(functions, "require('axios')", LoggingConfig={"LogFormat": "JSON"})
    crash = next(json.loads(each) for each in missing.messages if '"message":' in each)
    assert crash["message"]["errorType"] == "ImportModuleError"  # no Runtime. here, as on AWS
    assert "requestId" not in crash


def test_callbacks_until_nodejs22(functions: Functions) -> None:
    code = "module.exports.handler = (e, c, done) => { setTimeout(() => done(null, 'x'), 5) }"
    assert run(functions, code, runtime="nodejs22.x").payload == "x"
    assert run(functions, code).payload["errorType"] == "Runtime.CallbackHandlerDeprecated"


@pytest.mark.parametrize(
    ("runtime", "generation"),
    [
        ("nodejs12.x", 2),
        ("nodejs14.x", 2),
        ("nodejs16.x", 2),
        ("nodejs18.x", 3),
        ("nodejs20.x", 3),
        ("nodejs24.x", 3),
    ],
)
def test_each_runtime_sees_the_sdk_that_aws_bundles(
    functions: Functions, runtime: str, generation: int
) -> None:
    assert node_sdk.major(runtime) == generation
    packages = {2: "aws-sdk", 3: "@aws-sdk/client-sqs"}
    for each, package in packages.items():
        seen = run(functions, f"require('{package}'); {HANDLER}1", runtime=runtime)
        if each == generation:
            assert seen.payload == 1
        else:
            assert seen.payload["errorType"] == "Runtime.ImportModuleError"
            assert f"Cannot find module '{package}'" in seen.payload["errorMessage"]


def test_a_package_of_ones_own_comes_first(functions: Functions) -> None:
    files = {
        "index.js": "const x = require('@aws-sdk/client-sqs'); " + HANDLER + "x.own",
        "node_modules/@aws-sdk/client-sqs/index.js": "module.exports = {own: true}",
    }
    assert run(functions, files, runtime="nodejs14.x").payload is True


@pytest.mark.parametrize("runtime", ["nodejs16.x", "nodejs24.x"])
def test_the_sdks_errors_are_worded_as_theirs(functions: Functions, runtime: str) -> None:
    calls = {
        "nodejs16.x": "const AWS = require('aws-sdk'); const sqs = new AWS.SQS();"
        "const send = (p) => sqs.sendMessage(p).promise();",
        "nodejs24.x": "const m = require('@aws-sdk/client-sqs'); const sqs = new m.SQSClient();"
        "const send = (p) => sqs.send(new m.SendMessageCommand(p));",
    }
    code = (
        calls[runtime]
        + HANDLER
        + "{ try { return await send(event) } catch (e) { return [e.code || e.name, e.message] } }"
    )
    name = functions.make(code, runtime=runtime)
    functions.session.sqs().create_queue(QueueName="sdk")
    url = functions.session.sqs().get_queue_url(QueueName="sdk")["QueueUrl"]
    denied = functions.call(name, {"QueueUrl": url, "MessageBody": "x"}).payload
    old = runtime == "nodejs16.x"
    assert denied[0] == ("AccessDeniedException" if old else "AccessDenied")
    assert "is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:" in denied[1]
    missing = functions.call(name, {"MessageBody": "x"}).payload
    assert missing == (
        ["MissingRequiredParameter", "Missing required key 'QueueUrl' in params"]
        if old
        else ["MissingParameter", "The request must contain the parameter QueueUrl."]
    )
    functions.session.sqs().delete_queue(QueueUrl=url)
