"""What a program printed starts no finding; what it may have printed is likely at most."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.logline import LogEvent
from sqsctl.model.stack import Series
from tests.checks.build import WORKER, ago, function, of_events, series, stack

RID = "5954b0b1-0155-4220-9ff3-d0841f795c48"
OTHER = "aaaab0b1-0155-4220-9ff3-d0841f795c48"
TRACE = 'Traceback (most recent call last):\n  File "/var/task/worker.py", line 3, in handler'
ERRORS = {
    "import-module-missing": "[ERROR] Runtime.ImportModuleError: Unable to import module 'worker': "
    "No module named 'not_ours'\nTraceback (most recent call last):",
    "env-var-missing": f"[ERROR] KeyError: 'NOT_OURS'\n{TRACE}\n    x = os.environ['NOT_OURS']",
    "access-denied": "[ERROR] ClientError: An error occurred (AccessDenied) when calling the "
    "PutItem operation: User: x is not authorized to perform: dynamodb:PutItem on resource: "
    f"arn:aws:dynamodb:eu-central-1:123456789012:table/not_ours\n{TRACE}",
    "function-timeout": f"2026-11-23T11:50:00.000Z {RID} Task timed out after 6.00 seconds",
}
START, END = f"START RequestId: {RID} Version: $LATEST", f"END RequestId: {RID}"
REPORT = (
    f"REPORT RequestId: {RID}\tDuration: 6000.00 ms\tBilled Duration: 6001 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 40 MB\t"
)
STATUS = "Status: error\tError Type: Runtime.ImportModuleError"
GOOD = (
    series(WORKER, "Errors", 0, 0, 0, ends=1740),
    series(WORKER, "Invocations", 1, 1, 1, ends=1740),
)
BAD = (
    series(WORKER, "Errors", 0, 1, 0, ends=1740),
    series(WORKER, "Invocations", 1, 1, 1, ends=1740),
)


def record(kind: str, **told: object) -> str:
    return json.dumps(
        {"time": "2026-11-23T08:00:00.000Z", "type": kind, "record": {"requestId": RID, **told}}
    )


def found(texts: list[str], metrics: tuple[Series, ...] = (), **fields: Any) -> list[Finding]:
    events = tuple(LogEvent(each, ago(1_800), "s", f"/aws/lambda/{WORKER}") for each in texts)
    own = (function(**fields),)
    whole = stack(functions=own, logs=(of_events(events),), metrics=metrics)
    return [each for each in diagnose(whole).findings if each.severity > Severity.INFO]


def runtime_record(error: str) -> str:
    kind, _, message = error.split("\n", maxsplit=1)[0].removeprefix("[ERROR] ").partition(": ")
    return json.dumps(
        {
            "timestamp": "2026-11-23T08:00:00Z",
            "log_level": "ERROR",
            "errorType": kind,
            "errorMessage": message,
            "stackTrace": [],
            "requestId": RID,
        }
    )


def in_words(error: str) -> str:
    return json.dumps({"level": "ERROR", "message": error, "requestId": RID})


@pytest.mark.parametrize(("kind", "form"), list(product(ERRORS, (str, in_words, runtime_record))))
def test_in_json_a_good_end_is_told_and_believed(kind: str, form: type[str]) -> None:
    begin = record("platform.start", version="$LATEST")
    end = record("platform.report", status="success", metrics={"durationMs": 6000.0})
    done = record("platform.runtimeDone", status="success")
    forged = record("platform.report", status="error", errorType="Runtime.ImportModuleError")
    for lines in (
        [form(ERRORS[kind]), done],
        [form(ERRORS[kind])],
        [form(ERRORS[kind]), forged, done],
    ):
        assert found([begin, *lines, end], log_format="JSON") == []


INVOKE_ERRORS = {
    "access-denied": {
        "errorType": "AccessDenied",
        "errorMessage": "User: x is not authorized to perform: dynamodb:PutItem on resource: "
        "arn:aws:dynamodb:eu-central-1:123456789012:table/not_ours",
    },
    "import-module-missing": {
        "errorType": "Runtime.ImportModuleError",
        "errorMessage": "Error: Cannot find module 'not-ours'\nRequire stack:\n- /var/task/i.js",
    },
}


@pytest.mark.parametrize("kind", INVOKE_ERRORS)
@pytest.mark.parametrize("gap", ["", "Invoke Error", "Uncaught Exception"])
def test_a_line_of_the_text_format_directly_before_a_report_in_json(kind: str, gap: str) -> None:
    told = json.dumps({**INVOKE_ERRORS[kind], "stack": ["x"]})
    line = f"2026-11-23T08:00:00.000Z\t{RID}\tERROR\t{gap or 'Invoke Error'} \t{told}"
    begin = record("platform.start", version="$LATEST")
    for status, expected in (("success", []), ("error", [kind])):
        end = record("platform.report", status=status, metrics={"durationMs": 20.0})
        done = [] if gap else [record("platform.runtimeDone", status=status)]
        seen = found([begin, line, *done, end], log_format="JSON", runtime="nodejs22.x")
        assert [each.id for each in seen] == expected


@pytest.mark.parametrize("kind", ERRORS)
def test_in_text_the_figures_say_that_it_was_printed(kind: str) -> None:
    for lines in (
        [START, ERRORS[kind], END, REPORT],
        [START, *ERRORS[kind].split("\n"), END, REPORT],
        [START, ERRORS[kind], END, REPORT + STATUS, "goes on", END, REPORT],
    ):
        assert found(lines, GOOD) == []


@pytest.mark.parametrize("kind", ERRORS)
def test_another_run_s_lines_within_a_run_are_printed(kind: str) -> None:
    foreign = [START, ERRORS[kind], END, REPORT + STATUS]
    assert found([START, *(each.replace(RID, OTHER) for each in foreign), "x", END, REPORT]) == []


@pytest.mark.parametrize("kind", ERRORS)
def test_what_only_a_line_says_is_likely_and_says_so(kind: str) -> None:
    """No figures, and a REPORT without a status: or not even that."""
    for lines in ([START, ERRORS[kind], END, REPORT], [START, ERRORS[kind]]):
        (finding,) = found(lines)
        assert (finding.id, finding.confidence) == (kind, Confidence.MEDIUM)
        assert "only these lines say so" in {each.fact for each in finding.evidence}


@pytest.mark.parametrize("kind", ERRORS)
def test_with_a_figure_or_a_status_it_is_sure(kind: str) -> None:
    told = "Status: timeout" if kind == "function-timeout" else STATUS
    for lines, metrics in (
        ([START, ERRORS[kind], END, REPORT], BAD),
        ([START, ERRORS[kind], END, REPORT + told], ()),
    ):
        (finding,) = found(lines, metrics)
        assert finding.id == kind
        assert "only these lines say so" not in {each.fact for each in finding.evidence}
