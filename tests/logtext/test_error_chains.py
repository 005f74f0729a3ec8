"""The chain of an error's causes, as each runtime writes it, and which of them is told."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.checks.rank import diagnose
from sqsctl.logtext.error_chains import causes_in
from tests.checks.build import ago, invocation, of_events, stack

PYTHON = """\
Traceback (most recent call last):
  File "/var/task/app.py", line 9, in send
    url = os.environ["QUEUE_URL"]
KeyError: 'QUEUE_URL'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/var/task/app.py", line 11, in send
    raise SendError("could not send") from error
app.SendError: could not send

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/var/task/app.py", line 20, in handler
    raise RuntimeError("gave up")
RuntimeError: gave up
"""
NODE = """\
Error: could not handle the order
    at handler (/var/task/index.js:2:41)
    ... 4 lines matching cause stack trace ...
    at node:internal/main/run_main_module:28:49 {
  [cause]: OrderError: middle
      at handle (/var/task/index.js:2:196) {
    [cause]: Error: Cannot find module 'pg'
    Require stack:
    - /var/task/index.js
        at Module._load (node:internal/modules/cjs/loader:1091:12) {
      code: 'MODULE_NOT_FOUND'
    }
  }
}"""
JAVA = """\
could not send: java.lang.RuntimeException
java.lang.RuntimeException: could not send
\tat example.Handler.handleRequest(Handler.java:20)
Caused by: java.io.IOException: no way through
\tat example.Client.post(Client.java:7)
\t... 1 more
Caused by: java.net.UnknownHostException: sqs.eu-west-1.amazonaws.com
\t... 2 more"""
DOTNET = """\
could not send: Exception
System.Exception: could not send
 ---> Amazon.SQS.AmazonSQSException: The specified queue does not exist.
 ---> Amazon.Runtime.Internal.HttpErrorResponseException: Exception of type 'X' was thrown.
   at Amazon.Runtime.HttpWebRequestMessage.GetResponseAsync()
   --- End of inner exception stack trace ---
   at Worker.Function.Handler()"""
RECORD = (
    '{"level":"ERROR","message":"failed","error":{"name":"Error","message":"could not send",'
    '"stack":"Error: could not send\\n    at x","cause":{"name":"OrderError","message":"middle",'
    '"cause":{"name":"TypeError","message":"no url"}}}}'
)


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        (PYTHON, [("app.SendError", "could not send"), ("KeyError", "'QUEUE_URL'")]),
        (
            NODE,
            [
                ("OrderError", "middle"),
                ("Error", "Cannot find module 'pg'\nRequire stack:\n- /var/task/index.js"),
            ],
        ),
        (
            JAVA,
            [
                ("java.io.IOException", "no way through"),
                ("java.net.UnknownHostException", "sqs.eu-west-1.amazonaws.com"),
            ],
        ),
        (
            DOTNET,
            [
                ("Amazon.SQS.AmazonSQSException", "The specified queue does not exist."),
                (
                    "Amazon.Runtime.Internal.HttpErrorResponseException",
                    "Exception of type 'X' was thrown.",
                ),
            ],
        ),
        (RECORD, [("OrderError", "middle"), ("TypeError", "no url")]),
        ("Error: x (Caused by NewConnectionError('y'))", []),
        ("KeyError: 'a'", []),
        ("[cause]: what it came of is not known", []),
    ],
    ids=["python", "node", "java", "dotnet", "record", "in brackets", "none", "no type"],
)
def test_causes(text: str, causes: list[tuple[str, str]]) -> None:
    assert [(each.type, each.message) for each in causes_in(text)] == causes


def test_python_writes_it_so() -> None:
    source = (
        "import logging\n"
        "try:\n    try:\n        {}['a']\n"
        "    except KeyError as error:\n        raise ValueError('b') from error\n"
        "except ValueError:\n    logging.exception('failed')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert [(each.type, each.message) for each in causes_in(done.stderr)] == [("KeyError", "'a'")]


@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    for form in ("{}", "[cause]: {}", "Error: x\n ---> {}", '{{"cause": "{}"}}', PYTHON + "{}"):
        causes_in(form.format(text))


def first(*lines: str, report: str = "Status: error\tError Type: RuntimeError\t") -> str:
    events = invocation(1, *lines, at=ago(60), report=report)
    findings = diagnose(stack(logs=(of_events(events),))).findings
    return next((each.id for each in findings if each.severity.name != "INFO"), "")


RETHROWN = (
    "[ERROR] RuntimeError: gave up\nTraceback (most recent call last):\n"
    '  File "/var/task/app.py", line 20, in handler\n    raise RuntimeError("gave up")'
)

_SAYS = (
    "An error occurred (AccessDenied) when calling the SendMessage operation: User: "
    "arn:aws:sts::1:x is not authorized to perform: sqs:sendmessage on resource: "
    "arn:aws:sqs:eu-west-1:1:q because no identity-based policy allows the sqs:sendmessage action"
)
DENIED = (
    f"[ERROR]\t2026-11-23T10:00:00.000Z\tRID\t{_SAYS}\nTraceback (most recent call last):\n"
    f'  File "/var/task/app.py", line 8, in handler\n    send()\n'
    f"botocore.exceptions.ClientError: {_SAYS}"
)
PASSED = (
    "[ERROR]\t2026-11-23T10:00:00.000Z\tRID\tKeyError: 'QUEUE_URL', falling back to the default"
)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (
            (f"[ERROR]\t2026-11-23T10:00:00.000Z\tRID\tfailed\n{PYTHON}", RETHROWN),
            "env-var-missing",
        ),
        (
            (
                DENIED,
                RETHROWN,
            ),
            "access-denied",
        ),
        (
            (
                PASSED,
                RETHROWN,
            ),
            "unhandled-error",
        ),
        ((RETHROWN,), "unhandled-error"),
        (
            (f"[ERROR]\t2026-11-23T10:00:00.000Z\tRID\tcould not save 7: {_SAYS}", RETHROWN),
            "access-denied",
        ),
        (
            (
                (
                    "2026-11-23T10:00:00.000Z\tRID\tERROR\tDB connection failed Error: connect "
                    "ECONNREFUSED 10.0.3.7:5432\n    at TCPConnectWrap.afterConnect "
                    "[as oncomplete] (node:net:1611:16) {\n  errno: -111,\n  "
                    "code: 'ECONNREFUSED',\n  syscall: "
                    "'connect',\n  address: '10.0.3.7',\n  port: 5432\n}"
                ),
                RETHROWN,
            ),
            "network-unreachable",
        ),
        (
            ("[ERROR]\t2026-11-23T10:00:00.000Z\tRID\tno error of a kind", RETHROWN),
            "unhandled-error",
        ),
    ],
    ids=[
        "logged with its causes",
        "logged and thrown as another",
        "got past",
        "alone",
        "behind words, of AWS",
        "behind words, of Node.js",
        "words only",
    ],
)
def test_what_was_logged_before_another_error_is_the_cause(
    lines: tuple[str, ...], cause: str
) -> None:
    assert first(*lines) == cause


def test_an_error_that_is_known_itself_keeps_its_name() -> None:
    """What ended the invocation is known by its own sign: what it handled is no better."""
    denied = PYTHON.replace("KeyError: 'QUEUE_URL'", "ValueError: no").replace(
        "RuntimeError: gave up", "KeyError: 'QUEUE_URL'"
    )
    ended = "[ERROR] KeyError: 'QUEUE_URL'\n" + denied
    assert first(ended) == "env-var-missing"


def test_an_error_of_its_own_tells_what_it_came_of() -> None:
    text = "[ERROR]\t2026-11-23T10:00:00.000Z\tRID\tfailed\n" + PYTHON.replace(
        "KeyError: 'QUEUE_URL'", "app.Odd: no even number"
    )
    events = invocation(1, text, at=ago(60), report="Status: error\tError Type: RuntimeError\t")
    findings = diagnose(stack(logs=(of_events(events),))).findings
    (found,) = [each for each in findings if each.id == "unhandled-error"]
    assert "which came of app.Odd: no even number" in found.title
