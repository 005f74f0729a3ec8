"""Errors that a consumer caught and reported as failed records: when they count, and when not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.failures.attribution import consumers_logs, match
from sqsctl.checks.support.failures.caught_errors import with_caught
from sqsctl.model.finding import Confidence, Finding
from sqsctl.model.logline import LogEvent
from sqsctl.model.message import Message
from sqsctl.model.stack import DeadLetters, FunctionLogs, Stack
from tests.checks.build import (
    DLQ,
    JOBS,
    PREFIX,
    WORKER,
    ago,
    function,
    invocation,
    mapping,
    of_events,
    queue,
    stack,
)

_DENIED = (
    "An error occurred (AccessDeniedException) when calling the PutItem operation: User: "
    "arn:aws:sts::111122223333:assumed-role/shop-dev-role/w is not authorized to perform: "
    "dynamodb:PutItem on resource: arn:aws:dynamodb:ap-northeast-2:111122223333:table/orders "
    "because no identity-based policy allows the dynamodb:PutItem action"
)
_TRACE = (
    'Traceback (most recent call last):\n  File "/var/task/worker.py", line 9, in handler\n'
    f"    table.put_item(Item=order)\nbotocore.exceptions.ClientError: {_DENIED}"
)
MESSAGE = "3f1d2c6a-8f0e-4a55-9d5a-2f6f3f5b7a10"


def powertools(message: str = "could not store the order", level: str = "ERROR") -> str:
    return json.dumps(
        {
            "level": level,
            "location": "handler:12",
            "message": message,
            "service": "orders",
            "function_request_id": "RID",
            "exception": _TRACE,
            "exception_name": "ClientError",
        }
    )


PLAIN = f"[ERROR]\t2026-11-23T11:50:00.000Z\tRID\tcould not store the order\n{_TRACE}"
NODE = (
    "2026-11-23T11:50:00.000Z\tRID\tERROR\tcould not store the order AccessDeniedException: "
    f"{_DENIED.partition('operation: ')[2]}\n    at throwDefaultError (/var/task/index.js:7:9)"
)


def log(*lines: str, count: int = 4, **more: Any) -> FunctionLogs:
    events: tuple[LogEvent, ...] = ()
    for number in range(11, count + 11):
        events += invocation(number, *lines, at=ago(930 - 30 * number), **more)
    return of_events(events)


def place(logs: FunctionLogs, dead: int = 2, **changes: Any) -> Stack:
    main = queue(dead_letter_target_arn=f"{PREFIX}:{DLQ}", max_receive_count=2)
    groups: dict[str, Any] = {
        "queues": (main, queue(DLQ, retention_s=1_209_600)),
        "logs": (logs,),
        "dead_letters": (
            DeadLetters(DLQ, f"{PREFIX}:{DLQ}", dead, first_arrived_at=ago(500) if dead else None),
        ),
    }
    return stack(**{**groups, **changes})


def causes(where: Stack) -> list[Finding]:
    known = {"dead-letters", "max-receive-count-low"}
    return [each for each in diagnose(where).findings if each.id not in known]


@pytest.mark.parametrize("line", [powertools(), PLAIN, NODE])
def test_what_code_caught_is_why_messages_were_dead_lettered(line: str) -> None:
    where = place(log(line))
    (found,) = causes(where)
    assert (found.id, found.confidence) == ("access-denied", Confidence.MEDIUM)
    assert "dynamodb:PutItem" in found.title
    assert found.title.endswith("logged by the code, which reported the records as failed")
    (dead,) = [each for each in diagnose(where).findings if each.id == "dead-letters"]
    assert dead.explained_by == "access-denied"


def test_an_error_of_the_codes_own_counts_as_well() -> None:
    line = powertools().replace("botocore.exceptions.ClientError", "orders.NoStock")
    line = line.replace(_DENIED, "nothing left of 12").replace('"ClientError"', '"NoStock"')
    (found,) = causes(place(log(line)))
    assert found.id == "unhandled-error"
    assert "NoStock: nothing left of 12" in found.title
    assert found.title.startswith(f"{WORKER} caught ")


def test_without_dead_letters_it_was_handled() -> None:
    assert causes(place(log(powertools()), dead=0)) == []


def test_without_reported_failures_nothing_comes_back() -> None:
    where = place(log(powertools()), mappings=(mapping(response_types=()),))
    assert [each.id for each in causes(where)] == []


@pytest.mark.parametrize(
    "line",
    [
        powertools(level="WARNING"),
        powertools(level="INFO"),
        powertools("metrics not sent, ignoring"),
        powertools("falling back to the replica"),
    ],
)
def test_what_code_says_it_went_on_from_is_none(line: str) -> None:
    assert causes(place(log(line))) == []


def test_more_invocations_than_receives_got_past_it() -> None:
    assert causes(place(log(powertools(), count=5))) == []
    assert causes(place(log(powertools(), count=4)))


def test_what_ended_invocations_explains_dead_letters_better() -> None:
    raised = "[ERROR] KeyError: 'total'\nTraceback (most recent call last):\n"
    raised += '  File "/var/task/worker.py", line 3, in handler'
    events = tuple(log(powertools(), count=2).events)
    events += invocation(9, raised, at=ago(300))
    assert "access-denied" not in {each.id for each in causes(place(of_events(events)))}


def test_the_same_message_failing_again_needs_no_dead_letter() -> None:
    line = powertools(f"could not store {MESSAGE}")
    (found,) = causes(place(log(line, count=2), dead=0))
    assert found.id == "access-denied"


def test_a_message_that_a_retry_got_through_is_none() -> None:
    line = powertools(f"could not store {MESSAGE}")
    events = tuple(log(line, count=2).events)
    events += invocation(7, f"[INFO]\tT\tRID\tstored {MESSAGE}", at=ago(300))
    assert causes(place(of_events(events), dead=0)) == []


def test_it_is_over_once_the_function_was_changed() -> None:
    changed = function(last_modified=ago(10))
    (found,) = causes(place(log(powertools()), functions=(changed,)))
    assert found.past


def test_it_is_over_once_other_records_went_well() -> None:
    events = tuple(log(powertools()).events)
    events += invocation(7, at=ago(100))
    (found,) = causes(place(of_events(events)))
    assert found.past
    assert "1 invocation succeeded after" in found.title


# --- single dead letters -----------------------------------------------------------------------


def letter(first: datetime, message_id: str = MESSAGE) -> Message:
    moment = str(int(first.timestamp() * 1000))
    system = {"SentTimestamp": moment, "ApproximateFirstReceiveTimestamp": moment}
    return Message(message_id, "{}", system={**system, "ApproximateReceiveCount": "2"})


def matched(where: Stack, message: Message) -> tuple[str, Confidence]:
    dead = replace(where.dead_letters.items[0], samples=(message,))
    (found,) = match(replace(where, dead_letters=replace(where.dead_letters, items=(dead,))), dead)
    return found.cause, found.confidence


def test_a_dead_letter_is_matched_by_the_id_in_the_line() -> None:
    where = place(log(powertools(f"could not store {MESSAGE}")))
    assert matched(where, letter(ago(9000))) == ("access-denied", Confidence.HIGH)


def test_a_dead_letter_is_matched_by_time() -> None:
    where = place(log(powertools()))
    assert matched(where, letter(ago(601))) == ("access-denied", Confidence.MEDIUM)


def test_a_dead_letter_that_waited_has_what_failed_while_it_lived() -> None:
    where = place(log(powertools()))
    assert matched(where, letter(ago(1000))) == ("access-denied", Confidence.LOW)


def test_what_failed_after_its_death_did_not_kill_it() -> None:
    """By its queue's limit of receives it was dead long before."""
    where = place(log(powertools()))
    assert matched(where, letter(ago(9000))) == ("", Confidence.LOW)


def test_attempts_that_failed_for_a_record_have_its_error() -> None:
    where = place(log(powertools(), count=2))
    (logs,) = consumers_logs(where, f"{PREFIX}:{DLQ}")
    failures = [each.failure for each in with_caught(where, logs)]
    assert [each and each.led_to for each in failures] == ["records", "records"]
    healthy = place(log(powertools(), count=2), dead=0)
    assert [each.failure for each in with_caught(healthy, logs)] == [None, None]
    assert JOBS in where.queues.items[0].arn
