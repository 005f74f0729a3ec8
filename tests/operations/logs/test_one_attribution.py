"""doctor, dlq groups, peek, explain, watch and tail name one cause for one thing.

Over generated histories: two consumers with a queue and a dead-letter queue each, causes that come,
go and overlap, errors that are only printed, errors that are caught and reported, settings that
change, messages that are redriven.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqsctl.aws.session import Session
from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.failures.attribution import FailedRun, failed_runs, match
from sqsctl.checks.support.failures.disproved import believed
from sqsctl.model.deployed import StackRef
from sqsctl.model.finding import Finding
from sqsctl.model.logline import LogEvent
from sqsctl.model.message import Message
from sqsctl.model.stack import DeadLetters, Group, Series, Stack
from sqsctl.operations.dead_letters import causes
from sqsctl.operations.dead_letters.causes import CauseFinder
from sqsctl.operations.live.snapshot import Board
from sqsctl.operations.logs.annotation import Annotated, annotate
from sqsctl.operations.logs.tail import Tailed
from tests.checks.build import (
    PREFIX,
    ago,
    function,
    invocation,
    mapping,
    of_events,
    queue,
    series,
    stack,
)

TRACE = 'Traceback (most recent call last):\n  File "/var/task/worker.py", line 3, in handler'
ERRORS = {
    "import-module-missing": "[ERROR] Runtime.ImportModuleError: Unable to import module 'worker': "
    "No module named 'yaml'\nTraceback (most recent call last):",
    "unhandled-error": f"[ERROR] RuntimeError: no stock\n{TRACE}",
    "access-denied": "[ERROR] ClientError: An error occurred (AccessDenied) when calling the "
    f"PutItem operation: User: x is not authorized to perform: dynamodb:PutItem\n{TRACE}",
    "function-timeout": "2026-11-23T11:50:00.000Z RID Task timed out after 6.00 seconds",
    "env-var-missing": f"[ERROR] KeyError: 'QUEUE_URL'\n{TRACE}\n    url = os.environ['QUEUE_URL']",
}
NAMES = ("shop-dev-worker", "shop-dev-mailer")
SPAN = 7_200
ENDED = 3_600  # all is over an hour before it is looked at: figures are complete


@dataclass(frozen=True)
class Run:
    """A run of a consumer: ``error`` is in its log, ``how`` says what came of it."""

    at: int
    who: int
    error: str
    how: str  # failed, printed, caught, well
    message: int


RUNS = st.lists(
    st.builds(
        Run,
        at=st.integers(0, SPAN - 60),
        who=st.integers(0, 1),
        error=st.sampled_from(sorted(ERRORS)),
        how=st.sampled_from(("failed", "printed", "caught", "well")),
        message=st.integers(0, 5),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda each: (each.who, each.at // 10),  # a message is in one run at a time
)


@dataclass(frozen=True)
class History:
    runs: tuple[Run, ...]
    names_ids: bool
    changed: int | None  # when the first consumer's code was changed
    hidden: int
    dead: frozenset[int]

    def lives(self, who: int) -> Iterator[tuple[str, list[Run]]]:
        """Messages that died in this consumer's queue, by their number, with their runs."""
        for number in sorted(self.dead):
            own = [each for each in self.runs if each.who == who and each.message == number]
            if any(each.how in {"failed", "caught"} for each in own):
                yield _id(who, number), own


HISTORIES = st.builds(
    History,
    runs=RUNS.map(lambda found: tuple(sorted(found, key=lambda each: each.at))),
    names_ids=st.booleans(),
    changed=st.none() | st.integers(0, SPAN),
    hidden=st.sampled_from((20, 60, 300)),
    dead=st.frozensets(st.integers(0, 5), min_size=1),
)


def _id(who: int, number: int) -> str:
    return f"{number:08x}-aaaa-4000-8000-{who:012d}"


def _moment(at: int) -> datetime:
    return ago(SPAN + ENDED) + timedelta(seconds=at)


def _lines(run: Run, *, names_ids: bool) -> list[str]:
    said = [f"message {_id(run.who, run.message)}"] if names_ids else []
    if run.how == "caught":
        words = ERRORS[run.error].split("\n")[0].removeprefix("[ERROR] ")
        return [f"[ERROR]\tT\tRID\t{_id(run.who, run.message)} not stored: {words}"]
    if run.how in {"failed", "printed"}:
        said.append(ERRORS[run.error])
    return said or ["done"]


def told(history: History) -> Stack:
    """The stack as it is when all is over."""
    logs, letters, figures = [], [], []
    queues, functions, mappings = [], [], []
    for who, name in enumerate(NAMES):
        jobs, dlq = f"jobs-{who}", f"jobs-{who}-dlq"
        events: list[LogEvent] = []
        bad: dict[int, int] = {}
        good: dict[int, int] = {}
        for number, run in enumerate(history.runs):
            if run.who != who:
                continue
            found = invocation(
                1_000 + number,
                *_lines(run, names_ids=history.names_ids),
                at=_moment(run.at),
                name=name,
            )
            events += [replace(each, stream=f"{name}-{number}") for each in found]
            minute = run.at // 60
            good[minute] = good.get(minute, 0) + 1
            bad[minute] = bad.get(minute, 0) + (run.how == "failed")
        logs.append(
            of_events(tuple(sorted(events, key=lambda each: each.timestamp or ago(0))), name)
        )
        points = {
            "Invocations": [float(good.get(each, 0)) for each in range(SPAN // 60)],
            "Errors": [float(bad.get(each, 0)) for each in range(SPAN // 60)],
        }
        figures += [_series(name, metric, values) for metric, values in points.items()]
        queues += [
            queue(
                jobs,
                dead_letter_target_arn=f"{PREFIX}:{dlq}",
                max_receive_count=3,
                visibility_timeout_s=history.hidden,
            ),
            queue(dlq, retention_s=1_209_600),
        ]
        changed = history.changed if who == 0 else None
        functions.append(
            function(name, last_modified=ago(86_400) if changed is None else _moment(changed))
        )
        mappings.append(mapping(jobs, name, uuid=f"{who}4e0db71-5d35-4eb5-b481-8945cf9d10c2"))
        dead = list(history.lives(who))
        letters.append(DeadLetters(dlq, f"{PREFIX}:{dlq}", len(dead)))
    return stack(
        queues=tuple(queues),
        functions=tuple(functions),
        mappings=tuple(mappings),
        logs=tuple(logs),
        dead_letters=tuple(letters),
        metrics=tuple(figures),
    )


def _series(name: str, metric: str, values: list[float]) -> Series:
    return replace(
        series(name, metric, *values),
        points=tuple((_moment(60 * index), value) for index, value in enumerate(values)),
    )


def followed(whole: Stack) -> list[Tailed]:
    events = [Tailed(logs.function, event) for logs in whole.logs for event in logs.events]
    return sorted(events, key=lambda each: each.event.timestamp or ago(0))


def doctors_word(whole: Stack) -> dict[str, str]:
    """Request id to the cause that doctor's attribution gives its run."""
    logs = [believed(each, whole) for each in whole.logs]
    return {each.attempt.request_id: each.cause for each in failed_runs(whole, logs)}


def consumers_finding(found: tuple[Finding, ...], name: str) -> set[str]:
    return {each.id for each in found if each.subject == name}


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(HISTORIES)
def test_all_name_the_same_cause(history: History) -> None:
    whole = told(history)
    findings = diagnose(whole).findings
    runs = doctors_word(whole)

    # tail and watch: each run that an error ended, named as doctor names it.
    lines = list(annotate(followed(whole), lambda: whole))
    told_of = [each for each in lines if each.failure is not None]
    named = {each.request_id: each.check for each in told_of}
    board = Board(whole)
    board.add(annotate(followed(whole), lambda: whole))
    watched = {each.request_id: each.check for each in board.look({}, ago(0)).failures}
    assert watched == named
    ended = {each.request_id for each in told_of if not _of_a_record(each)}
    for request in ended:
        assert runs.get(request or "") == (named[request] or "")
    for logs in whole.logs:
        own = {
            each.check
            for each in told_of
            if each.function == logs.function and each.request_id in ended
        }
        assert own - {None} <= consumers_finding(findings, logs.function)

    # A caught error is told when its message fails of it again, as doctor tells it then.
    caught = {
        each.attempt.request_id
        for logs in whole.logs
        for each in failed_runs(whole, (believed(logs, whole),))
        if _of_records(each)
    }
    assert runs.keys() - caught == ended
    for line in lines:
        if line.phase == "report" and line.request_id not in ended:
            then = caught_by_then(whole, line).get(line.request_id or "", "")
            assert (named.get(line.request_id) or "") == then

    # dlq groups, peek and explain ask one finder; doctor asks the attribution below it.
    for who, dead in enumerate(whole.dead_letters):
        messages = tuple(_letter(who, key, own) for key, own in history.lives(who))
        if not messages:
            continue
        seen = replace(dead, samples=messages)
        others = [each for each in whole.dead_letters if each is not dead]
        by_doctor = match(replace(whole, dead_letters=Group((seen, *others))), seen)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(causes, "observe", lambda *_, **__: whole)
            finder = CauseFinder(cast("Session", None), cast("StackRef", None), dead.queue_arn)
            by_groups = finder.of_all(messages)
            for each in messages:
                alone = finder.of(each)
                assert (alone.cause if alone else "") == (
                    by_groups[each.message_id].cause if each.message_id in by_groups else ""
                )
        assert {each.message_id: each.cause for each in by_doctor if each.cause} == {
            key: each.cause for key, each in by_groups.items()
        }


def _of_records(run: FailedRun) -> bool:
    return run.attempt.failure is not None and run.attempt.failure.led_to == "records"


def _of_a_record(line: Annotated) -> bool:
    return line.failure is not None and line.failure.led_to == "records"


def caught_by_then(whole: Stack, line: Annotated) -> dict[str, str]:
    """Request id to cause of what doctor tells as caught, where nothing behind this line is seen.

    Nor is a dead-letter message, which comes later.
    """
    end = line.event.timestamp or ago(0)
    found: dict[str, str] = {}
    for logs in whole.logs:
        seen = tuple(each for each in logs.events if (each.timestamp or ago(0)) <= end)
        then = replace(whole, logs=Group((of_events(seen, logs.function),)), dead_letters=Group(()))
        for run in failed_runs(then, (believed(then.logs.items[0], then),)):
            if _of_records(run):
                found[run.attempt.request_id] = run.cause
    return found


def _letter(who: int, key: str, own: list[Run]) -> Message:
    first = str(int(_moment(own[0].at).timestamp() * 1000))
    system = {
        "SentTimestamp": first,
        "ApproximateFirstReceiveTimestamp": first,
        "DeadLetterQueueSourceArn": f"{PREFIX}:jobs-{who}",
    }
    return Message(key, "{}", system=system)


def _caught_twice(*runs: Run) -> list[Annotated]:
    whole = told(History(runs, names_ids=True, changed=None, hidden=60, dead=frozenset()))
    return list(annotate(followed(whole), lambda: whole))


FIRST = Run(at=0, who=0, error="access-denied", how="caught", message=1)


def test_a_caught_error_is_told_when_its_message_fails_of_it_again() -> None:
    lines = _caught_twice(FIRST, replace(FIRST, at=120), replace(FIRST, at=240, how="well"))
    (only,) = [each for each in lines if each.failure is not None]
    assert (only.phase, only.check) == ("report", "access-denied")
    assert (only.event.timestamp or ago(0)) < _moment(240)
    board = Board(stack(functions=(function(NAMES[0]),)))
    board.add(lines)
    picture = board.look({}, _moment(125))
    assert [each.check for each in picture.failures] == ["access-denied"]
    assert [each.failures for each in picture.activity] == [0]  # the invocation went well


@pytest.mark.parametrize(
    "second",
    [
        replace(FIRST, at=120, how="well"),  # the message was got through
        replace(FIRST, at=120, message=2),  # another message, which may be got through
        replace(FIRST, at=120, error="env-var-missing"),  # another error
    ],
    ids=["well", "another message", "another error"],
)
def test_a_caught_error_that_does_not_come_again_is_not_told(second: Run) -> None:
    assert [each.check for each in _caught_twice(FIRST, second) if each.failure] == []
