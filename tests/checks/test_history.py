"""What was mended is history, what a producer caught counts, dead letters know their cause."""

from __future__ import annotations

from sqsctl.checks.rank import diagnose
from sqsctl.model.finding import Diagnosis, Severity
from sqsctl.model.message import Message
from sqsctl.model.stack import (
    Concurrency,
    DeadLetters,
    Permission,
)
from tests.checks.build import (
    ACCOUNT,
    API,
    DLQ,
    JOBS,
    PREFIX,
    PRODUCER,
    WORKER,
    ago,
    function,
    invocation,
    of_events,
    series,
    stack,
)

ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-dev-role"

TRACE = 'Traceback (most recent call last):\n  File "/var/task/worker.py", line 3, in handler'
IMPORT = (
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'worker': No module named 'yaml'\n"
    "Traceback (most recent call last):"
)
DEAD = (DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 3),)


def ids(diagnosis: Diagnosis) -> list[str]:
    return [each.id for each in diagnosis.findings]


# --- history ---------------------------------------------------------------------------------


def test_mended_and_redriven_is_healthy() -> None:
    """The log of the last hour still holds the import errors; the code works again."""
    events = (*invocation(7, IMPORT, at=ago(600)), *invocation(8, "done", at=ago(60)))
    found = diagnose(stack(logs=(of_events(events),)))
    assert found.verdict == "healthy"
    (past,) = found.findings
    assert (past.id, past.severity, past.past) == ("import-module-missing", Severity.INFO, True)
    assert "1 invocation succeeded" in past.title


def test_mended_by_a_deployment_is_healthy_before_anything_ran() -> None:
    fixed = function(last_modified=ago(30))
    found = diagnose(
        stack(
            functions=(fixed, function(PRODUCER)),
            logs=(of_events(invocation(7, IMPORT, at=ago(600))),),
        )
    )
    assert found.verdict == "healthy"


def test_dead_letters_that_remain_are_told_with_their_cause() -> None:
    events = (*invocation(7, IMPORT, at=ago(600)), *invocation(8, "done", at=ago(60)))
    found = diagnose(stack(logs=(of_events(events),), dead_letters=DEAD))
    assert found.verdict == "findings"
    assert [(each.id, each.past) for each in found.findings] == [
        ("import-module-missing", True),
        ("dead-letters", False),
    ]
    assert found.findings[1].explained_by == "import-module-missing"


def test_old_dead_letters_are_not_laid_to_a_newer_fault_that_dropped_none() -> None:
    """The consumer was mended and redriven nothing; then somebody switched it off."""
    events = (*invocation(7, IMPORT, at=ago(600)), *invocation(8, "done", at=ago(60)))
    off = (Concurrency(WORKER, 0),)
    quiet = (series(WORKER, "Throttles", 0, 0),)
    found = diagnose(
        stack(logs=(of_events(events),), dead_letters=DEAD, concurrency=off, metrics=quiet)
    ).findings
    letters = next(each for each in found if each.id == "dead-letters")
    assert found[0].id == "reserved-concurrency"
    assert letters.explained_by == "import-module-missing"
    # Without a trace in the log nobody knows what they died of, but not of throttling.
    found = diagnose(stack(dead_letters=DEAD, concurrency=off, metrics=quiet)).findings
    assert next(each for each in found if each.id == "dead-letters").explained_by == ""
    # What was throttled may well have been dead-lettered: nothing in the log points elsewhere.
    throttled = (series(WORKER, "Throttles", 9),)
    found = diagnose(stack(dead_letters=DEAD, concurrency=off, metrics=throttled)).findings
    letters = next(each for each in found if each.id == "dead-letters")
    assert letters.explained_by == "reserved-concurrency"


def test_what_the_log_points_at_comes_before_what_is_wrong_now() -> None:
    events = (*invocation(7, IMPORT, at=ago(600)), *invocation(8, "done", at=ago(60)))
    refused = Permission(WORKER, ROLE, "sqs:ReceiveMessage", f"{PREFIX}:{JOBS}", "implicitDeny")
    found = diagnose(
        stack(logs=(of_events(events),), dead_letters=DEAD, permissions=(refused,))
    ).findings
    assert found[0].id == "mapping-role"
    letters = next(each for each in found if each.id == "dead-letters")
    assert letters.explained_by == "import-module-missing"


def test_what_an_api_answered_is_over_with_its_cause() -> None:
    """The role may send again; no request came since, so the figures still show the old ones."""
    denied = (
        "An error occurred (AccessDenied) when calling the SendMessage operation: User: x is not "
        f"authorized to perform: sqs:sendmessage on resource: {PREFIX}:{JOBS} because no "
        "identity-based policy allows it"
    )
    log = of_events(invocation(7, denied, at=ago(300), name=PRODUCER), PRODUCER)
    figures = (series(API, "5xx", 5, ends=240), series(API, "Count", 25, ends=240))
    for decision, verdict in (("allowed", "healthy"), ("implicitDeny", "findings")):
        may = Permission(PRODUCER, ROLE, "sqs:SendMessage", f"{PREFIX}:{JOBS}", decision)  # type: ignore[arg-type]
        found = diagnose(stack(logs=(log,), metrics=figures, permissions=(may,)))
        assert found.verdict == verdict
        answered = next(each for each in found.findings if each.id == "http-5xx")
        assert answered.explained_by == "access-denied"
        assert answered.past is (verdict == "healthy")


def test_a_poison_pill_is_not_mended_by_good_messages() -> None:
    """Others succeed all the while: what counts is whether such a message is left."""
    bad = f"[ERROR] JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n{TRACE}"
    events = (*invocation(7, bad, at=ago(600)), *invocation(8, "done", at=ago(60)))
    left = diagnose(stack(logs=(of_events(events),), dead_letters=DEAD))
    assert left.findings[0].id == "payload-not-json"
    assert (left.findings[0].past, left.findings[0].severity) == (False, Severity.ERROR)
    gone = diagnose(stack(logs=(of_events(events),)))
    assert gone.verdict == "healthy"


def test_failures_that_come_and_go_are_not_mended_by_one_success() -> None:
    late = "2026-11-23T11:50:00.000Z RID Task timed out after 6.00 seconds"
    events = tuple(
        event
        for number, line in enumerate((late, "ok", "ok", late, "ok", "ok", late, "ok"))
        for event in invocation(number + 1, line, at=ago(600 - 60 * number))
    )
    assert diagnose(stack(logs=(of_events(events),))).findings[0].past is False


def test_two_outages_are_no_alternation() -> None:
    lines = (IMPORT, IMPORT, IMPORT, "ok", "ok", "ok", "ok", IMPORT, IMPORT, "ok", "ok")
    events = tuple(
        event
        for number, line in enumerate(lines)
        for event in invocation(number + 1, line, at=ago(900 - 60 * number))
    )
    assert diagnose(stack(logs=(of_events(events),))).verdict == "healthy"


def test_a_newer_failure_is_not_history() -> None:
    events = (*invocation(7, "done", at=ago(600)), *invocation(8, IMPORT, at=ago(60)))
    assert diagnose(stack(logs=(of_events(events),))).verdict == "findings"


NO_SDK = (
    "2026-11-23T11:50:00.000Z\tundefined\tERROR\tUncaught Exception \t"
    '{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module '
    "'@aws-sdk/client-sqs'\\nRequire stack:\\n- /var/task/producer.js\","
    '"stack":["Runtime.ImportModuleError: Error: Cannot find module \'@aws-sdk/client-sqs\'"]}'
)
INIT = "INIT_START Runtime Version: nodejs:14.v60\tRuntime Version ARN: arn:aws:lambda:x::runtime:1"


def moved_on(*lines: str, runtime: str = "python3.13", changed: float = 300) -> Diagnosis:
    """A producer whose log tells of lines on its old runtime, ten minutes ago."""
    log = of_events(invocation(7, *lines, at=ago(600), name=PRODUCER), PRODUCER)
    now = function(PRODUCER, runtime=runtime, last_modified=ago(changed))
    return diagnose(stack(functions=(function(), now), logs=(log,)))


def test_an_old_failure_is_told_with_the_runtime_that_its_log_names() -> None:
    (past,) = moved_on(INIT, NO_SDK).findings
    assert (past.id, past.past) == ("import-sdk-not-in-runtime", True)
    assert "nodejs14.x bundles only the SDK v2" in past.title
    assert "python" not in past.title
    (runtime,) = (each for each in past.evidence if "INIT_START" in each.fact)
    assert runtime.value == "nodejs14.x"


def test_without_its_word_the_new_runtime_is_not_taken_for_the_old_one() -> None:
    (past,) = moved_on(NO_SDK).findings
    assert (past.id, past.past) == ("import-sdk-not-in-runtime", True)
    assert "which runtimes up to nodejs16.x do not bundle" in past.title
    assert not any("Runtime" in each.fact for each in past.evidence)


def test_what_failed_after_the_last_change_failed_on_what_is_deployed() -> None:
    (found,) = moved_on(NO_SDK, runtime="nodejs16.x", changed=900).findings[:1]
    assert (found.past, "nodejs16.x bundles only" in found.title) == (False, True)
    sources = [each.source for each in found.evidence]
    assert any(each.startswith("lambda GetFunctionConfiguration") for each in sources)


# --- what a producer caught ------------------------------------------------------------------

DENIED = (
    "An error occurred (AccessDenied) when calling the SendMessage operation: User: x is not "
    "authorized "
    f"to perform: sqs:sendmessage on resource: {PREFIX}:{JOBS} because no identity-based policy "
    "allows it"
)


def producer(*events: tuple[object, ...]) -> object:
    return of_events(tuple(each for group in events for each in group), PRODUCER)  # type: ignore[misc]


def test_a_producer_that_answers_with_its_error_is_found() -> None:
    found = diagnose(stack(logs=(producer(invocation(7, DENIED, at=ago(60), name=PRODUCER)),)))
    assert ids(found) == ["access-denied"]
    assert "sqs:SendMessage" in found.findings[0].title
    assert found.findings[0].subject == PRODUCER


def test_only_the_newest_request_counts() -> None:
    logs = producer(
        invocation(7, DENIED, at=ago(60), name=PRODUCER),
        invocation(8, "sent", at=ago(30), name=PRODUCER),
    )
    assert ids(diagnose(stack(logs=(logs,)))) == []


def test_a_consumers_survived_error_never_counts() -> None:
    assert ids(diagnose(stack(logs=(of_events(invocation(7, DENIED, at=ago(60))),)))) == []


# --- dead letters and their causes --------------------------------------------------------------


def test_dead_letters_are_matched_by_message_id() -> None:
    ours, other = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
    events = (
        *invocation(
            7,
            f"message {ours}",
            f"[ERROR] KeyError: 'body'\n{TRACE}\n    event['body']",
            at=ago(90),
        ),
        *invocation(8, f"message {other}", f"[ERROR] ValueError: no\n{TRACE}", at=ago(60)),
    )
    dead = DeadLetters(
        DLQ, f"{PREFIX}:{DLQ}", 2, samples=(Message(ours, "{}"), Message(other, "{}"))
    )
    found = diagnose(stack(logs=(of_events(events),), dead_letters=(dead,))).findings
    letters = next(each for each in found if each.id == "dead-letters")
    told = {
        each.source: each.value for each in letters.evidence if each.source.startswith("message ")
    }
    assert told == {f"message {ours}": "event-shape", f"message {other}": "unhandled-error"}


# --- what the figures contradict -----------------------------------------------------------------


def test_a_printed_error_that_no_figure_counts_is_none() -> None:
    """The text format says nothing of how a run ended; AWS counted no error then."""
    printed = of_events(invocation(11, IMPORT, at=ago(1_800)))
    good = (series(WORKER, "Errors", *[0] * 60), series(WORKER, "Invocations", *[1] * 60))
    assert ids(diagnose(stack(logs=(printed,), metrics=good))) == []
    bad = (series(WORKER, "Errors", *[1] * 60), series(WORKER, "Invocations", *[1] * 60))
    assert "import-module-missing" in ids(diagnose(stack(logs=(printed,), metrics=bad)))
    # Without figures of that time, or where they are not complete yet, the log is believed.
    assert "import-module-missing" in ids(diagnose(stack(logs=(printed,))))
    fresh = of_events(invocation(11, IMPORT, at=ago(120)))
    assert "import-module-missing" in ids(diagnose(stack(logs=(fresh,), metrics=good)))
