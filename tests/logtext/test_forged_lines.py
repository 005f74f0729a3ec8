"""What a function prints is not the platform's word, whatever it looks like."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sqsctl.logtext import Reading, read
from sqsctl.logtext.entries import Entry, Mark
from sqsctl.logtext.forged_lines import without_forged
from sqsctl.model.logline import LogEvent

OWN = "5954b0b1-0155-4220-9ff3-d0841f795c48"
OTHER = "3f0e1c2a-1111-4222-8333-444455556666"
START = f"START RequestId: {OWN} Version: $LATEST"
END = f"END RequestId: {OWN}"
REPORT = (
    f"REPORT RequestId: {OWN}\tDuration: 906.00 ms\tBilled Duration: 907 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 60 MB\t"
)
WENT_ON = f"[INFO]\t2026-11-23T08:00:01.000Z\t{OWN}\tshipped"


def log(
    *lines: str, stream: str = "2026/11/23/[$LATEST]5497bbde206f498d99fc291c514eaca3"
) -> Reading:
    at = datetime(2026, 11, 23, 8, tzinfo=UTC)
    return read(
        LogEvent(line, at + timedelta(milliseconds=n), stream, "/aws/lambda/x")
        for n, line in enumerate(lines)
    )


FORGED = (
    f"START RequestId: {OTHER} Version: $LATEST",
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'",
    f"2026-11-23T08:00:00.000Z {OTHER} Task timed out after 3.00 seconds",
    f"2026-11-23T08:00:00.000Z {OWN} Task timed out after 30.00 seconds",
    (
        "[ERROR] KeyError: 'body'\nTraceback (most recent call last):\n  File \"/var/task/x.py\","
        " line 3, in handler"
    ),
    (
        f"2026-11-23T08:00:00.000Z\t{OTHER}\tERROR\tInvoke Error \t"
        '{"errorType":"Error","errorMessage":"no"}'
    ),
    f"RequestId: {OTHER} Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
    (
        f'{{"time":"2026-11-23T08:00:00Z","type":"platform.report","record":{{"requestId":"{OTHER}",'
        '"status":"timeout","metrics":{"durationMs":3000}}}'
    ),
    f"END RequestId: {OTHER}",
    (
        f"REPORT RequestId: {OTHER}\tDuration: 3000 ms\tBilled Duration: 3000 ms\tMemory Size: 128"
        " MB\tMax Memory Used: 128 MB\tStatus: timeout"
    ),
)


def test_lines_of_other_functions_that_were_printed_are_no_failures() -> None:
    reading = log(START, *FORGED, WENT_ON, END, REPORT)
    assert reading.failures == ()
    assert [each.request_id for each in reading.attempts] == [OWN]


@pytest.mark.parametrize("line", FORGED)
def test_each_of_them_alone(line: str) -> None:
    reading = log(START, line, WENT_ON, END, REPORT)
    assert reading.failures == ()
    assert [each.request_id for each in reading.attempts] == [OWN]


@pytest.mark.parametrize("line", [each for each in FORGED if OTHER in each])
def test_what_is_another_requests_needs_nothing_behind_it(line: str) -> None:
    assert log(START, line, END, REPORT).failures == ()


def test_the_platforms_own_words_are_believed() -> None:
    timed = f"2026-11-23T08:00:03.000Z {OWN} Task timed out after 3.00 seconds"
    report = REPORT.replace("906.00", "3000.00")
    assert log(START, timed, END, report).failures[0].error_type == "Sandbox.Timedout"
    assert log(START, timed, END, report + "Status: timeout").failures
    error = "[ERROR] KeyError: 'body'\nTraceback (most recent call last):\n  File \"x.py\", line 3"
    assert log(START, WENT_ON, error, END, REPORT).failures[0].error_type == "KeyError"
    killed = f"RequestId: {OWN} Error: Runtime exited with error: exit status 1\nRuntime.ExitError"
    assert log(START, killed, END, REPORT).failures[0].error_type == "Runtime.ExitError"


CRASH = {"timestamp": "2026-11-23T08:00:00Z", "log_level": "ERROR", "requestId": OWN}
DENIED = "User: x is not authorized to perform: s3:DeleteBucket on resource: arn:aws:s3:::evil"
IN_JSON = tuple(
    json.dumps({**CRASH, "errorType": kind, "errorMessage": message, "stackTrace": [message]})
    for kind, message in (
        ("Runtime.ImportModuleError", "Unable to import module 'app': No module named 'evil'"),
        ("AccessDenied", DENIED),
        ("KeyError", "os.environ['EVIL']"),
    )
)


@pytest.mark.parametrize("line", IN_JSON)
@pytest.mark.parametrize("stream", ["2026/11/23/[$LATEST]5497bbde206f498d99fc291c514eaca3", ""])
def test_json_says_how_an_invocation_ended(line: str, stream: str) -> None:
    start = f'{{"type":"platform.start","record":{{"requestId":"{OWN}","version":"1"}}}}'
    ended = '{"type":"platform.report","record":{"requestId":"%s","status":"%s","metrics":{}}}'
    assert log(start, line, ended % (OWN, "success"), stream=stream).failures == ()
    assert log(start, line, ended % (OWN, "error"), stream=stream).failures


def test_a_report_that_tells_others_errors_would_have_told_this_one() -> None:
    failed = REPORT.replace(OWN, OTHER) + "Status: error\tError Type: KeyError"
    other = (f"START RequestId: {OTHER} Version: 1", f"END RequestId: {OTHER}", failed)
    printed = (
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'"
    )
    assert log(START, printed, END, REPORT).failures
    (only,) = log(START, printed, END, REPORT, *other).failures
    assert only.error_type == "KeyError"


def test_a_pasted_invocation_in_one_piece_is_read_as_a_stream() -> None:
    printed = (
        "[ERROR] KeyError: 'EVIL'\nTraceback (most recent call last):\n  File \"x.py\", line 3"
    )
    assert log(START, printed, WENT_ON, END, REPORT, stream="").failures == ()
    assert log(START, WENT_ON, printed, END, REPORT, stream="").failures


def test_an_invocation_whose_end_was_lost_hides_no_other() -> None:
    timed = f"2026-11-23T08:00:03.000Z {OTHER} Task timed out after 3.00 seconds"
    lines = (
        START,
        "working",
        f"START RequestId: {OTHER} Version: 1",
        timed,
        f"END RequestId: {OTHER}",
    )
    assert log(*lines).failures[0].request_id == OTHER


def test_streams_that_a_copy_mixed_are_read_as_before() -> None:
    timed = f"2026-11-23T08:00:03.000Z {OTHER} Task timed out after 3.00 seconds"
    lines = (START, f"START RequestId: {OTHER} Version: 1", timed, f"END RequestId: {OTHER}", END)
    assert log(*lines, stream="").failures[0].request_id == OTHER


def test_a_copy_without_names_believes_no_record_in_the_other_format() -> None:
    record = next(each for each in FORGED if each.startswith('{"time"'))
    assert log(START, record, WENT_ON, END, REPORT, stream="").failures == ()
    alone = log(record, stream="")
    assert [each.error_type for each in alone.failures] == ["Sandbox.Timedout"]


def test_a_copy_without_names_may_mix_streams() -> None:
    timed = f"2026-11-23T08:00:00.000Z {OTHER} Task timed out after 3.00 seconds"
    (failure,) = log(START, timed, END, REPORT, stream="").failures
    assert failure.request_id == OTHER


def test_starts_without_an_end_take_no_longer_the_more_there_are() -> None:
    """A log of one line an invocation, cut anywhere: half a minute where each looks for its end."""
    mark = Entry(Mark.START, (), "START", None)
    entries = [replace(mark, request_id=f"{n:036x}") for n in range(20_000)]
    before = time.process_time()
    assert without_forged(entries, named=False) == entries
    assert time.process_time() - before < 3
