"""What Python functions log and answer: as Lambda's own runtime does, to the letter."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sqsctl.aws.lab_state import LabState
from tests.lab.conftest import Functions, until, zipped

pytestmark = pytest.mark.lab

RID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
INIT_START = (
    r"INIT_START Runtime Version: python:3\.13\.v\d+\t"
    r"Runtime Version ARN: arn:aws:lambda:ap-northeast-2::runtime:[0-9a-f]{64}\n"
)
START = rf"START RequestId: {RID} Version: \$LATEST\n"
END = rf"END RequestId: {RID}\n"
WARNING = rf"\[WARNING\]\t{TS}\t\tLAMBDA_WARNING: Unhandled exception\. .*\n"


SYNTAX_TRACE = (
    '\n\u00a0\u00a0File "/var/task/index.py" Line 1\n\u00a0\u00a0\u00a0\u00a0def handler(e, c: pass'
)


def report(memory: int = 128, *, init: bool = True, rest: str = "") -> str:
    began = r"Init Duration: \d+\.\d\d ms\t" if init else ""
    return (
        rf"REPORT RequestId: {RID}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        rf"Memory Size: {memory} MB\tMax Memory Used: \d+ MB\t"
        rf"{began}{rest}\n"
    )


def init_report(phase: str, error: str) -> str:
    return (
        rf"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: {phase}\tStatus: error\t"
        rf"Error Type: {re.escape(error)}\n"
    )


def assert_log(messages: list[str], *patterns: str) -> None:
    for message, pattern in zip(messages, patterns, strict=False):
        assert re.fullmatch(pattern, message, re.DOTALL), (message, pattern)
    assert len(messages) == len(patterns), messages[len(patterns) :]


def test_a_plain_invocation(functions: Functions) -> None:
    seen = functions.run(
        "def handler(event, context):\n    print('hi')\n    return {'a': [1, None]}"
    )
    assert seen.payload == {"a": [1, None]}
    assert not seen.failed
    assert_log(seen.messages, INIT_START, START, "hi\n", END, report())


def test_a_warm_environment_keeps_its_stream_and_its_state(functions: Functions) -> None:
    name = functions.make(
        "import os\nn = 0\ndef handler(e, c):\n    global n; n += 1\n"
        "    return [n, os.environ['AWS_LAMBDA_LOG_STREAM_NAME'], c.log_stream_name]"
    )
    assert functions.call(name).payload[0] == 1
    seen = functions.call(name)
    assert seen.payload[0] == 2
    assert set(seen.streams) == {seen.payload[1]} == {seen.payload[2]}
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", seen.streams[0])
    assert_log(seen.messages, INIT_START, START, END, report(), START, END, report(init=False))


def test_concurrent_invocations_have_environments_of_their_own(functions: Functions) -> None:
    name = functions.make("import time\ndef handler(e, c):\n    time.sleep(0.5)")
    for _ in range(2):
        functions.session.functions().invoke(FunctionName=name, InvocationType="Event")
    until(lambda: sum("REPORT" in each["message"] for each in functions.events(name)) == 2)
    assert len({each["logStreamName"] for each in functions.events(name)}) == 2


def test_prints_are_an_event_a_line_and_logging_one_a_record(functions: Functions) -> None:
    code = """
import logging, sys
log = logging.getLogger()
log.setLevel("INFO")
def handler(event, context):
    print("one\\ntwo")
    log.info("a\\nb")
    log.debug("unseen")
    print("err", file=sys.stderr)
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("caught")
    print("unfinished", end="")
"""
    assert_log(
        functions.run(code).messages,
        INIT_START,
        START,
        "one\n",
        "two\n",
        rf"\[INFO\]\t{TS}\t{RID}\ta\nb\n",
        "err\n",
        rf"\[ERROR\]\t{TS}\t{RID}\tcaught\nTraceback \(most recent call last\):\n"
        r'  File "/var/task/index\.py", line 11, in handler\n.*ZeroDivisionError: division by zero',
        "unfinished",
        END,
        report(),
    )


def test_what_a_child_process_prints_is_logged_too(functions: Functions) -> None:
    seen = functions.run("import os\ndef handler(e, c): os.system('echo one; echo two >&2')")
    assert [each for each in seen.messages if each in {"one\n", "two\n"}] == ["one\n", "two\n"]


def test_an_error_of_the_handler(functions: Functions) -> None:
    name = functions.make(
        "def inner(e):\n    return e['body']\ndef handler(e, c):\n    return inner(e)"
    )
    seen = functions.call(name, {"Records": []})
    assert seen.failed
    request_id = seen.payload.pop("requestId")
    assert re.fullmatch(RID, request_id)
    assert seen.payload == {
        "errorMessage": "'body'",
        "errorType": "KeyError",
        "stackTrace": [
            '  File "/var/task/index.py", line 4, in handler\n    return inner(e)\n',
            "  File \"/var/task/index.py\", line 2, in inner\n    return e['body']\n",
        ],
    }
    error = (
        "[ERROR] KeyError: 'body'\nTraceback (most recent call last):\n"
        '\u00a0\u00a0File "/var/task/index.py", line 4, in handler\n'
        "\u00a0\u00a0\u00a0\u00a0return inner(e)\n"
        '\u00a0\u00a0File "/var/task/index.py", line 2, in inner\n'
        "\u00a0\u00a0\u00a0\u00a0return e['body']"
    )
    assert_log(seen.messages, INIT_START, START, re.escape(error), END, report())
    # The environment lives on.
    assert_log(functions.call(name, {}).messages[-2:], END, report(init=False))


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message", "trace"),
    [
        (
            "import nope",
            "index.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'index': No module named 'nope'",
            "",
        ),
        (
            "def other(e, c): pass",
            "index.handler",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on module 'index'",
            "",
        ),
        (
            "def handler(e, c): pass",
            "other.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'other': No module named 'other'",
            "",
        ),
        (
            "def handler(e, c: pass",
            "index.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'index': invalid syntax (index.py, line 1)",
            SYNTAX_TRACE,
        ),
        (
            "def handler(e, c): pass",
            "bad",
            "Runtime.MalformedHandlerName",
            "Bad handler 'bad': not enough values to unpack (expected 2, got 1)",
            "",
        ),
        (
            "def handler(e, c): pass",
            "sys.handler",
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module sys as a handler module",
            "",
        ),
    ],
)
def test_an_init_that_fails_is_logged_twice(
    functions: Functions, code: str, handler: str, kind: str, message: str, trace: str
) -> None:
    name = functions.make(code, handler=handler)
    seen = functions.call(name)
    assert seen.failed
    assert (seen.payload["errorType"], seen.payload["errorMessage"]) == (kind, message)
    line = re.escape(f"[ERROR] {kind}: {message}\nTraceback (most recent call last):{trace}")
    failed = rf"Status: error\tError Type: {re.escape(kind)}"
    assert_log(
        seen.messages,
        INIT_START,
        WARNING,
        line,
        init_report("init", kind),
        WARNING,
        line,
        init_report("invoke", kind),
        START,
        END,
        report(init=False, rest=failed),
    )
    # The next invocation tries once more, in the same environment.
    again = functions.call(name)
    assert len(set(again.streams)) == 1
    assert_log(
        again.messages[len(seen.messages) :],
        WARNING,
        line,
        init_report("invoke", kind),
        START,
        END,
        report(init=False, rest=failed),
    )


def test_what_the_module_itself_raises_shows_how_it_was_imported(functions: Functions) -> None:
    seen = functions.run("import os\nURL = os.environ['QUEUE_URL']")
    error = next(each for each in seen.messages if each.startswith("[ERROR]"))
    assert error.startswith("[ERROR] KeyError: 'QUEUE_URL'\nTraceback (most recent call last):\n")
    assert '\u00a0\u00a0File "/var/lang/lib/python3.13/importlib/__init__.py", line ' in error
    assert '\u00a0\u00a0File "/var/task/index.py", line 2, in <module>' in error


def test_a_timeout_kills_and_the_environment_starts_anew(functions: Functions) -> None:
    name = functions.make(
        "import time\nn = 0\ndef handler(e, c):\n    global n; n += 1\n    print(n, end='')\n"
        "    time.sleep(30 if e else 0)\n    return n",
        Timeout=1,
    )
    seen = functions.call(name, {"slow": True})
    assert seen.failed
    said = re.escape("Task timed out after 1.00 seconds")
    assert seen.payload["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(rf"RequestId: {RID} Error: {said}", seen.payload["errorMessage"])
    assert_log(
        seen.messages,
        INIT_START,
        START,
        "1",
        rf"{TS} {RID} {said}\n\n",
        END,
        report(rest="Status: timeout"),
    )
    again = functions.call(name)
    assert again.payload == 1
    assert len(set(again.streams)) == 1
    assert_log(again.messages[len(seen.messages) :], START, "1", END, report(init=False))


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit(1)", "Runtime exited with error: exit status 1"),
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_runtime_that_exits(functions: Functions, act: str, why: str) -> None:
    seen = functions.run(f"import os, sys\ndef handler(e, c):\n    {act}")
    assert seen.failed
    assert seen.payload["errorType"] == "Runtime.ExitError"
    assert seen.payload["errorMessage"].endswith(f" Error: {why}")
    assert_log(
        seen.messages,
        INIT_START,
        START,
        rf"RequestId: {RID} Error: {re.escape(why)}\nRuntime\.ExitError\n",
        END,
        report(rest=r"Status: error\tError Type: Runtime\.ExitError"),
    )


def test_an_exit_during_init(functions: Functions) -> None:
    seen = functions.run("import sys\nsys.exit(2)")
    assert_log(
        seen.messages,
        INIT_START,
        init_report("init", "Runtime.ExitError"),
        init_report("invoke", "Runtime.ExitError"),
        START,
        rf"RequestId: {RID} Error: Runtime exited with error: exit status 2\nRuntime\.ExitError\n",
        END,
        report(init=False, rest=r"Status: error\tError Type: Runtime\.ExitError"),
    )


def test_too_much_memory_is_killed_and_the_report_shows_the_limit(functions: Functions) -> None:
    seen = functions.run(
        "def handler(e, c):\n    held = []\n    while True: held.append(b'x' * 1_000_000 + b'y')",
        MemorySize=128,
    )
    assert seen.payload["errorType"] == "Runtime.OutOfMemory"
    assert "Max Memory Used: 128 MB\t" in seen.messages[-1]
    assert seen.messages[-1].endswith("Status: error\tError Type: Runtime.OutOfMemory\n")
    assert seen.messages[-3].endswith("signal: killed\nRuntime.OutOfMemory\n")


def test_memory_is_measured(functions: Functions) -> None:
    def used(code: str) -> int:
        line = functions.run(code, MemorySize=512).messages[-1]
        match = re.search(r"Max Memory Used: (\d+) MB", line)
        assert match
        return int(match[1])

    small = used("def handler(e, c): pass")
    large = used("def handler(e, c):\n    len(b'x' * 100_000_000)")
    assert 90 <= large - small <= 110


def test_json_format(functions: Functions) -> None:
    code = (
        "import logging\nlog = logging.getLogger('app')\ndef handler(e, c):\n"
        "    log.warning('w', extra={'order': 7})\n    log.info('i')\n    log.debug('d')\n"
        "    print('plain')\n    raise KeyError('body')"
    )
    seen = functions.run(code, LoggingConfig={"LogFormat": "JSON"})
    events: list[Any] = [
        json.loads(each) if each.startswith("{") else each for each in seen.messages
    ]
    kinds = [each.get("type") if isinstance(each, dict) else each for each in events]
    assert kinds == [
        "platform.initStart",
        "platform.start",
        None,
        None,
        "plain\n",
        None,
        "platform.report",
    ]
    request_id = events[1]["record"]["requestId"]
    assert events[1] == {
        "time": events[1]["time"],
        "type": "platform.start",
        "record": {"requestId": request_id, "version": "$LATEST"},
    }
    assert {**events[2], "timestamp": ""} == {
        "timestamp": "",
        "level": "WARNING",
        "message": "w",
        "logger": "app",
        "requestId": request_id,
        "order": 7,
    }
    assert (events[3]["level"], events[3]["message"]) == ("INFO", "i")
    error = events[5]
    assert (error["log_level"], error["errorType"], error["errorMessage"]) == (
        "ERROR",
        "KeyError",
        "'body'",
    )
    metrics = events[6]["record"]["metrics"]
    assert set(metrics) == {
        "durationMs",
        "billedDurationMs",
        "memorySizeMB",
        "maxMemoryUsedMB",
        "initDurationMs",
    }


def test_json_format_of_failures(functions: Functions) -> None:
    seen = functions.run("import nope", LoggingConfig={"LogFormat": "JSON"})
    events = [json.loads(each) for each in seen.messages]
    assert [each.get("type") for each in events if "type" in each] == [
        "platform.initStart",
        "platform.initReport",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    assert sum(each.get("errorType") == "Runtime.ImportModuleError" for each in events) == 2
    assert events[-1]["record"]["status"] == "error"
    late = functions.run(
        "import time\ndef handler(e, c): time.sleep(9)",
        Timeout=1,
        LoggingConfig={"LogFormat": "JSON"},
    )
    done = [json.loads(each) for each in late.messages]
    assert any("Task timed out after 1.00 seconds" in str(each.get("message")) for each in done)
    assert done[-1]["record"]["status"] == "timeout"


def test_system_log_level_filters_platform_events(functions: Functions) -> None:
    settings: dict[str, Any] = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    seen = functions.run("def handler(e, c): print('x')", LoggingConfig=settings)
    assert seen.messages == ["x\n"]


def test_a_log_group_of_ones_own(functions: Functions) -> None:
    name = functions.make("def handler(e, c): pass", LoggingConfig={"LogGroup": "shared"})
    functions.session.functions().invoke(FunctionName=name)
    found = functions.session.logs().filter_log_events(logGroupName="shared", startTime=0)
    assert [each["message"][:5] for each in found["events"]][-3:] == ["START", "END R", "REPOR"]


def test_what_a_function_sees_of_the_world(functions: Functions) -> None:
    code = """
import os
def handler(event, context):
    import boto3, botocore, urllib3, dateutil, six, jmespath, s3transfer
    seen = []
    for name in ("yaml", "typer", "rich", "pytest", "sqsctl", "ministack", "pip"):
        try:
            __import__(name)
            seen.append(name)
        except ImportError:
            pass
    return {
        "modules": seen,
        "env": {k: v for k, v in os.environ.items() if k.startswith(("AWS_", "_", "LAMBDA", "TZ"))},
        "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "task": os.listdir(os.environ["LAMBDA_TASK_ROOT"]),
    }
"""
    name = functions.make(code, Environment={"Variables": {"MINE": "x", "TZ": "Asia/Seoul"}})
    payload = functions.call(name).payload
    assert payload["modules"] == []
    assert payload["memory"] == "128"
    assert 0 < payload["left"] <= 5000
    assert payload["arn"].endswith(f":function:{name}")
    assert "index.py" in payload["task"]
    env = payload["env"]
    assert env["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert env["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert env["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert env["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert env["AWS_REGION"] == env["AWS_DEFAULT_REGION"] == "ap-northeast-2"
    assert env["_HANDLER"] == "index.handler"
    assert env["AWS_ACCESS_KEY_ID"].startswith("ASIA")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        (
            "def handler(e, c): return {1}",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        ("def handler(e, c): raise ValueError", "ValueError", ""),
        ("def handler(e, c): raise ValueError('a\\nb')", "ValueError", "a\nb"),
    ],
)
def test_odd_errors(functions: Functions, code: str, kind: str, message: str) -> None:
    seen = functions.run(code)
    assert (seen.payload["errorType"], seen.payload["errorMessage"]) == (kind, message)
    head = f"[ERROR] {kind}: {message}\n" if message else f"[ERROR] {kind}\n"
    assert any(each.startswith(head) for each in seen.messages)


def test_large_events_and_answers_pass(functions: Functions) -> None:
    text = "메" * 1_500_000
    seen = functions.run(
        "def handler(e, c):\n    print('x' * 300_000)\n    return e['text']", {"text": text}
    )
    assert seen.payload == text
    assert len(seen.messages[2]) == 300_001


def test_changed_code_and_settings_are_in_effect_at_once(functions: Functions) -> None:
    name = functions.make("def handler(e, c): return 'old'")
    client = functions.session.functions()
    assert functions.call(name).payload == "old"
    client.update_function_code(
        FunctionName=name,
        ZipFile=zipped(
            {"index.py": "import os\ndef handler(e, c): return os.environ.get('A', 'new')"}
        ),
    )
    assert functions.call(name).payload == "new"
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"A": "b"}})
    seen = functions.call(name)
    assert seen.payload == "b"
    assert len(set(seen.streams)) == 3


def test_versions_run_their_own_code(functions: Functions) -> None:
    name = functions.make("def handler(e, c): return [1, c.function_version]")
    client = functions.session.functions()
    version = client.publish_version(FunctionName=name)["Version"]
    client.update_function_code(
        FunctionName=name, ZipFile=zipped({"index.py": "def handler(e, c): return 2"})
    )
    answer = client.invoke(FunctionName=name, Qualifier=version)
    assert json.loads(answer["Payload"].read()) == [1, version]
    assert functions.call(name).payload == 2


def test_the_tail_of_the_log_comes_with_the_answer(functions: Functions) -> None:
    name = functions.make("def handler(e, c): print('hi')")
    answer = functions.session.functions().invoke(FunctionName=name, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert re.fullmatch(rf"{INIT_START}{START}hi\n{END}{report()}", tail)


def test_without_permission_nothing_is_logged(functions: Functions, lab_state: LabState) -> None:
    iam = functions.session.iam()
    trust = {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="mute", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    mute = Functions(functions.session, role["Arn"])
    name = mute.make("def handler(e, c): print('hi')")
    functions.session.functions().invoke(FunctionName=name)
    with pytest.raises(ClientError, match="The specified log group does not exist"):
        mute.events(name)
    iam.attach_role_policy(
        RoleName="mute",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )
    assert "hi\n" in mute.call(name).messages
    functions.session.functions().delete_function(FunctionName=name)
