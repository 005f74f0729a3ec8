"""What ended an invocation, what was survived, and what is the same failure again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sqsctl.logtext import Reading, events_from_text, read
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import LogEvent, Phase
from tests.checks.build import NOW, ago, invocation

RID = "00000000-0000-4000-8000-000000000001"
REPORT = (
    f"REPORT RequestId: {RID}\tDuration: 5.00 ms\tBilled Duration: 5 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 40 MB\t"
)
EXIT_1 = f"RequestId: {RID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError"
PAYLOAD = (
    '{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: x Error: Task timed out after '
    '6.00 seconds"}'
)
THROTTLED = "ThrottlingException: Rate exceeded"
NODE_INIT = (
    '2024-01-01T00:00:00.000Z\tundefined\tERROR\tUncaught Exception \t{"errorType":'
    '"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module '
    '\'x\'","stack":["a","b"]}'
)
TRACE = 'Traceback (most recent call last):\n  File "/var/task/a.py", line 1, in handler'


def of(*lines: str) -> Reading:
    return read(events_from_text("\n".join(lines)))


def attempt(*lines: str, report: str = REPORT) -> Reading:
    return of(f"START RequestId: {RID} Version: $LATEST", *lines, f"END RequestId: {RID}", report)


def test_a_good_invocation() -> None:
    reading = attempt("hello", report=REPORT + "Init Duration: 160.02 ms\t")
    (one,) = reading.attempts
    assert (one.request_id, one.version, one.failure) == (RID, "$LATEST", None)
    assert (one.duration_ms, one.memory_size_mb, one.max_memory_used_mb, one.init_ms) == (
        5,
        128,
        40,
        160.02,
    )
    assert (reading.failures, reading.survived) == ((), ())


def test_init_errors_that_are_logged_twice_are_one() -> None:
    reading = of(
        "INIT_START Runtime Version: nodejs:20.v31\tRuntime Version ARN: arn:x",
        NODE_INIT,
        "INIT_REPORT Init Duration: 1.0 ms\tPhase: init\tStatus: error\tError Type: "
        "Runtime.ImportModuleError",
        NODE_INIT,
        "INIT_REPORT Init Duration: 1.0 ms\tPhase: invoke\tStatus: error\tError Type: "
        "Runtime.ImportModuleError",
        f"START RequestId: {RID} Version: $LATEST",
        f"END RequestId: {RID}",
        REPORT + "Status: error\tError Type: Runtime.ImportModuleError",
    )
    (failure,) = reading.failures
    assert failure.occurrences == 1
    assert failure.phase is Phase.INIT
    assert failure.request_id == RID
    assert failure.runtime == "nodejs20.x"
    assert failure.confidence is Confidence.HIGH
    assert failure.trace == ("a", "b")
    assert reading.attempts[0].failure == failure


def test_init_errors_without_an_invocation_are_one_too() -> None:
    (failure,) = of(NODE_INIT, NODE_INIT).failures
    assert (failure.occurrences, failure.phase, failure.confidence) == (
        1,
        Phase.INIT,
        Confidence.MEDIUM,
    )


def test_the_same_error_again_is_counted() -> None:
    events = [
        event
        for number in range(3)
        for event in invocation(number + 1, f"[ERROR] KeyError: 'a'\n{TRACE}", at=ago(60 - number))
    ]
    reading = read(events)
    (failure,) = reading.failures
    assert failure.occurrences == 3
    assert failure.first_at == ago(60) + timedelta(seconds=1)
    assert failure.timestamp == ago(58) + timedelta(seconds=1)
    assert [each.failure is not None for each in reading.attempts] == [True] * 3


def test_errors_that_code_logged_and_survived() -> None:
    reading = attempt(
        f"2024-01-01T00:00:00.000Z\t{RID}\tERROR\tAccessDenied: User: x is not authorized to "
        "perform: s3:GetObject",
        "and on",
    )
    assert reading.failures == ()
    (survived,) = reading.survived
    assert (survived.error_type, survived.logged, survived.request_id) == (
        "AccessDenied",
        True,
        RID,
    )


def test_an_error_line_that_nothing_tells_the_end_of_counts_at_medium() -> None:
    (failure,) = of(
        f"2024-01-01T00:00:00.000Z\t{RID}\tERROR\tThrottlingException: Rate exceeded"
    ).failures
    assert (failure.logged, failure.confidence) == (True, Confidence.MEDIUM)


@pytest.mark.parametrize(
    "line",
    [
        f"2024-01-01T00:00:00.000Z\t{RID}\tWARN\tThrottlingException: Rate exceeded",
        f"2024-01-01T00:00:00.000Z\t{RID}\tERROR\tThrottlingException: Rate exceeded, retrying",
        (
            f"2024-01-01T00:00:00.000Z\t{RID}\tERROR\t{THROTTLED}\n"
            f"2024-01-01T00:00:01.000Z\t{RID}\tINFO\tsucceeded at the second attempt"
        ),
    ],
    ids=["a warning", "it says so", "the next line says so"],
)
def test_an_error_line_that_code_dealt_with_does_not_count(line: str) -> None:
    reading = of(line)
    assert reading.failures == ()
    assert reading.survived


def test_events_of_a_log_group_are_no_excerpt() -> None:
    """Of an invocation that still runs nobody knows the end."""
    text = f"2024-01-01T00:00:00.000Z\t{RID}\tERROR\tThrottlingException: Rate exceeded"
    assert read([LogEvent(text, group="/aws/lambda/f")]).failures == ()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"2024-01-01T00:00:00.000Z {RID} Task timed out after 6.00 seconds", "Sandbox.Timedout"),
        (f"RequestId: {RID} Error: Task timed out after 6.00 seconds", "Sandbox.Timedout"),
        (EXIT_1, "Runtime.ExitError"),
        (f"RequestId: {RID} Process exited before completing request", "Runtime.ExitError"),
        (f"[ERROR] ValueError: no\n{TRACE}", "ValueError"),
        (PAYLOAD, "Sandbox.Timedout"),
    ],
)  # fmt: skip
def test_what_ends_an_invocation(line: str, kind: str) -> None:
    (failure,) = attempt(line).failures
    assert failure.error_type == kind
    assert failure.confidence is Confidence.HIGH


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("Status: timeout", "Sandbox.Timedout"),
        ("Status: error\tError Type: Runtime.OutOfMemory", "Runtime.OutOfMemory"),
        ("Status: error\tError Type: Runtime.ExitError", "Runtime.ExitError"),
    ],
)
def test_report_alone_tells(status: str, kind: str) -> None:
    (failure,) = attempt("working", report=REPORT + status).failures
    assert failure.error_type == kind
    assert failure.max_memory_used_mb == 40


def test_report_makes_a_logged_error_the_failure() -> None:
    (failure,) = attempt(
        f"2024-01-01T00:00:00.000Z\t{RID}\tfail\tSystem.InvalidOperationException: no\n   at "
        "RedriveContext.Worker.Handle()",
        report=REPORT + "Status: error\tError Type: Runtime.Unknown",
    ).failures
    assert failure.error_type == "System.InvalidOperationException"
    assert failure.logged is False


def test_json_status_decides() -> None:
    """console.error(e) and the runtime write the same line: platform.report knows which it was."""

    def told(status: str) -> Reading:
        return of(
            f'{{"time":"2025-01-01T00:00:00Z","type":"platform.start","record":{{"requestId":"{RID}"}}}}',
            f'{{"timestamp":"2025-01-01T00:00:00Z","level":"ERROR","requestId":"{RID}","message":'
            '{"errorType":"TypeError","errorMessage":"x","stackTrace":["TypeError: x"]}}',
            f'{{"time":"2025-01-01T00:00:01Z","type":"platform.report","record":{{"requestId":"{RID}",'
            f'"status":"{status}","metrics":{{"durationMs":1.0,"memorySizeMB":128,"maxMemoryUsedMB":40}}}}}}',
        )

    assert told("success").failures == ()
    assert [each.error_type for each in told("success").survived] == ["TypeError"]
    assert [each.error_type for each in told("error").failures] == ["TypeError"]


def test_killed_with_all_memory_used_is_memory() -> None:
    line = f"RequestId: {RID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError"
    full = REPORT.replace("Used: 40", "Used: 128")
    assert attempt(line, report=full).failures[0].error_type == "Runtime.OutOfMemory"
    assert attempt(line).failures[0].error_type == "Runtime.ExitError"


def test_a_crash_takes_what_the_process_said_last() -> None:
    (failure,) = attempt(
        "thread 'main' panicked at src/main.rs:1:1:",
        "Error: connect ECONNREFUSED 10.0.0.1:6379",
        f"RequestId: {RID} Error: Runtime exited with error: exit status 101",
    ).failures
    assert "ECONNREFUSED" in failure.message
    assert "exit status 101" in "".join(failure.context)


def test_an_event_a_line() -> None:
    """Emulators and plain prints tear a trace into an event a line."""
    lines = ["[ERROR] KeyError: 'a'", *TRACE.split("\n"), "    event['a']"]
    events = [LogEvent(each, timestamp=NOW, stream="s", group="g") for each in lines]
    (failure,) = read(events).failures
    assert failure.error_type == "KeyError"
    assert failure.trace[-1] == "    event['a']"


def test_a_bare_trace_from_outside_of_the_code_ended_it() -> None:
    bare = [
        "Traceback (most recent call last):",
        '  File "/tmp/emulator/worker.py", line 99, in run',
        "    result = handler_fn(event, context)",
        '  File "/tmp/code/worker.py", line 3, in handler',
        "KeyError: 'body'",
    ]
    assert [each.error_type for each in attempt(*bare).failures] == ["KeyError"]
    assert attempt(*bare, "and on").failures == ()


def test_streams_are_read_apart() -> None:
    first, second = invocation(1, at=ago(9)), invocation(2, f"[ERROR] E: x\n{TRACE}", at=ago(9))
    mixed = [
        LogEvent(each.message, each.timestamp, stream=stream, group="g")
        for pair in zip(first, second[: len(first)], strict=False)
        for each, stream in zip(pair, ("a", "b"), strict=True)
    ] + [
        LogEvent(each.message, each.timestamp, stream="b", group="g")
        for each in second[len(first) :]
    ]
    reading = read(mixed)
    assert {each.stream: each.failure is not None for each in reading.attempts} == {
        "a": False,
        "b": True,
    }


def test_message_ids_of_an_attempt() -> None:
    message = "1f0e5b3a-7c6d-4e2f-9a81-b2c3d4e5f607"
    (one,) = attempt(f'{{"messageId": "{message}"}}', f"request {RID}").attempts
    assert one.message_ids == (message,)


def test_init_that_timed_out_once_is_no_failure() -> None:
    reading = of(
        "INIT_REPORT Init Duration: 9999.53 ms\tPhase: init\tStatus: timeout",
        f"START RequestId: {RID} Version: $LATEST",
        f"END RequestId: {RID}",
        REPORT,
    )
    assert reading.failures == ()
    assert reading.attempts[0].failure is None


def test_a_message_is_not_a_timeout() -> None:
    assert attempt('Message Body: {"text": "Task timed out after 3.00 seconds"}').failures == ()


# --- what stands near an error -----------------------------------------------------------------

DENIED = (
    "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/r/f is not authorized to perform: "
    "sqs:sendmessage"
)
WELL = (f"START RequestId: {RID[:-1]}9 Version: $LATEST", f"END RequestId: {RID[:-1]}9")


@pytest.mark.parametrize(
    "line",
    [
        f"2024-01-01T00:00:00.000Z\t{RID}\tERROR\t{DENIED}, retrying",
        f"2024-01-01T00:00:00.000Z\t{RID}\tWARN\t{DENIED}. Will retry in 5 s",
        f"caught {DENIED}",
    ],
    ids=["error", "warning", "caught"],
)
def test_what_the_next_attempt_meets_again_is_not_dealt_with(line: str) -> None:
    (failure,) = of(line).failures
    assert failure.logged
    assert failure.confidence is (Confidence.LOW if "WARN" in line else Confidence.MEDIUM)


@pytest.mark.parametrize(
    "after",
    [
        f"2024-01-01T00:00:01.000Z\t{RID}\tINFO\tsucceeded with the second role",
        "send succeeded",
    ],
)
def test_a_success_after_it_deals_with_anything(after: str) -> None:
    reading = of(f"2024-01-01T00:00:00.000Z\t{RID}\tERROR\t{DENIED}, retrying", after)
    assert (reading.failures, len(reading.survived)) == ((), 1)


@pytest.mark.parametrize(
    "after",
    [
        f"2024-01-01T00:00:01.000Z\t{RID[:-1]}9\tINFO\tsucceeded",
        "completed with 3 errors",
        "Method completed with status: 500",
        "not successful",
    ],
    ids=["of another request", "with errors", "with a status", "not"],
)
def test_what_is_no_success_deals_with_nothing(after: str) -> None:
    assert of(f"2024-01-01T00:00:00.000Z\t{RID}\tERROR\t{DENIED}", after).failures


def test_a_good_invocation_says_nothing_of_another() -> None:
    line = f"ERROR {DENIED}"
    assert len(of(*WELL, line).failures) == 1
    assert len(of(line, *WELL).failures) == 1


def test_lines_of_a_cold_start_belong_to_the_invocation_behind_it() -> None:
    cold = "INIT_START Runtime Version: nodejs:22.v1\tRuntime Version ARN: x"
    assert of(cold, f"ERROR {DENIED}", *WELL).failures == ()
    assert len(of(f"ERROR {DENIED}", cold, *WELL).failures) == 1


def test_what_invoke_returned_counts_beside_a_log_that_goes_on() -> None:
    answer = '{"errorType":"TypeError","errorMessage":"x","trace":["TypeError: x"]}'
    line = f"2024-01-01T00:00:00.000Z\t{RID}\tINFO\tdone"
    (failure,) = of(answer, f"START RequestId: {RID} Version: $LATEST", line).failures
    assert (failure.error_type, failure.confidence) == ("TypeError", Confidence.MEDIUM)


def test_what_invoke_returned_and_the_log_told_is_one() -> None:
    answer = '{"errorType":"KeyError","errorMessage":"\'a\'","stackTrace":["x"]}'
    reading = of(
        answer, f"START RequestId: {RID} Version: $LATEST", f"[ERROR] KeyError: 'a'\n{TRACE}"
    )
    assert [each.occurrences for each in reading.failures] == [1]


def test_the_last_word_before_a_timeout_is_told_with_it() -> None:
    timed = f"2024-01-01T00:00:06.000Z {RID} Task timed out after 6.00 seconds"
    reading = attempt("Error: Cannot find module 'express'", timed)
    assert [(each.error_type, each.led_to) for each in reading.failures] == [
        ("Sandbox.Timedout", ""),
        ("Error", "timeout"),
    ]
    on = f"2024-01-01T00:00:01.000Z\t{RID}\tINFO\tand on"
    assert [each.led_to for each in attempt("Error: no", on, timed).failures] == [""]


def test_the_last_word_before_a_crash_is_told_with_it() -> None:
    line = "bootstrap: failed to load the settings"
    assert [each.led_to for each in attempt(line, EXIT_1).failures] == ["", "exit"]
    assert [each.led_to for each in attempt("reading the settings", EXIT_1).failures] == [""]


@pytest.mark.parametrize(
    "blank", ["XXXXXXXX", "********", "<request-id>", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"]
)
def test_ids_that_were_blanked_out_group_nothing(blank: str) -> None:
    reading = of(
        f"START RequestId: {blank} Version: $LATEST",
        f"2024-01-01T00:00:06.000Z {blank} Task timed out after 6.00 seconds",
        f"END RequestId: {blank}",
        f"START RequestId: {blank} Version: $LATEST",
        f"2024-01-01T00:00:07.000Z\t{blank}\tINFO\thello",
        f"END RequestId: {blank}",
    )
    assert [each.failure is not None for each in reading.attempts] == [True, False]


def test_made_up_ids_still_tell_invocations_apart() -> None:
    made_up = "abcd1234-ef56-gh78-ij90-klmnopqrstuv"
    reading = of(
        f"START RequestId: {made_up} Version: $LATEST",
        *WELL,
        f"2024-01-01T00:00:06.000Z {made_up} Task timed out after 6.00 seconds",
    )
    assert [each.failure is not None for each in reading.attempts] == [True, False]


def test_an_init_that_only_the_platform_tells_of() -> None:
    line = "INIT_REPORT Init Duration: 1.0 ms\tStatus: error\tError Type: Runtime.ExitError"
    (failure,) = of(line).failures
    assert (failure.error_type, failure.phase) == ("Runtime.ExitError", Phase.INIT)


def test_a_text_that_teaches_errors_has_none() -> None:
    line = f"Error: {DENIED}"
    assert len(of("It stops with", line).failures) == 1
    assert of("You may see this:", line).failures == ()
    assert len(of("You may see this:", "a", "b", "c", line).failures) == 1
    assert (
        len(attempt("If you see this, call Bob", f"[ERROR] ValueError: no\n{TRACE}").failures) == 1
    )


def test_a_log_that_was_read_in_full_can_be_read_as_an_excerpt() -> None:
    event = LogEvent(f"ERROR {DENIED}", group="/aws/lambda/f")
    assert read([event]).failures == ()
    assert len(read([event], excerpt=True).failures) == 1


def test_many_errors_take_time_in_line_with_their_number() -> None:
    """Each error looks at what follows: once for all of them."""
    lines = [f"ERROR {DENIED} ({number})" for number in range(4_000)]
    assert len(of(*lines).failures) == 4_000
    assert len(of(*lines, "send succeeded").survived) == 4_000


def test_prose_may_quote_the_timeout_with_an_indentation() -> None:
    (failure,) = of(
        "what we see is always this:", "    Task timed out after 30.00 seconds"
    ).failures
    assert failure.error_type == "Sandbox.Timedout"


@pytest.mark.parametrize(("took", "its_own"), [("3110.90", True), ("20.00", False)])
def test_a_timeout_without_its_id_belongs_to_the_report_that_took_as_long(
    took: str, its_own: bool
) -> None:
    reading = of(
        "START RequestId: <id> Version: $LATEST",
        "2026-11-23T08:00:00.000Z\t<id>\tERROR\tCannot find module './build/x.node'",
        "END RequestId: <id>",
        f"REPORT RequestId: <id>\tDuration: {took} ms\tBilled Duration: 3000 ms\t",
        "2026-11-23T08:00:03.000Z <id> Task timed out after 3.11 seconds",
    )
    found = [each.error_type for each in reading.failures if each.led_to == "timeout"]
    assert bool(found) is its_own
    assert "Sandbox.Timedout" in [each.error_type for each in reading.failures]
