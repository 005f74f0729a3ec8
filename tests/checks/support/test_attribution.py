"""Each dead letter under a cause that was active while it lived; every command the same one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sqsctl.checks.rank import diagnose
from sqsctl.checks.support.failures.attribution import match
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import LogEvent
from sqsctl.model.message import Message
from sqsctl.model.stack import DeadLetters, Group, Series, Stack
from tests.checks.build import (
    DLQ,
    JOBS,
    NOW,
    PREFIX,
    ago,
    function,
    invocation,
    of_events,
    queue,
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
}
HOURS = 7_200


@dataclass(frozen=True)
class Life:
    """A message: seconds since the history began. ``died`` None where it was handled."""

    id: str
    sent: int
    first: int
    died: int | None
    killed_by: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """What happened: causes with their times, settings that change once, messages, redrives."""

    causes: tuple[tuple[str, int, int], ...]
    changed: int
    limits: tuple[int, int]
    hidden: tuple[int, int]
    sent: tuple[int, ...]
    redriven: int | None
    names_ids: bool

    def active(self, at: int) -> str:
        """What fails a run at that time; of several causes the one that came last."""
        found = [each for each in self.causes if each[1] <= at < each[2]]
        return max(found, key=lambda each: each[1])[0] if found else ""

    def lived(self) -> Iterator[tuple[Life, list[tuple[int, str]]]]:
        """Each message with its runs: when, and what failed them (empty: it went well)."""
        for number, sent in enumerate(self.sent):
            life, runs = self._life(number, sent)
            if life.died and self.redriven is not None and life.died < self.redriven:
                yield replace(life, died=None), runs
                life, more = self._life(1_000 + number, self.redriven)
                runs = more
            yield life, runs

    def _life(self, number: int, sent: int) -> tuple[Life, list[tuple[int, str]]]:
        name = f"{number:08x}-aaaa-4000-8000-000000000000"
        at, runs = sent + 1, []
        while True:
            cause = self.active(at)
            runs.append((at, cause))
            now = int(at >= self.changed)
            if not cause:
                return Life(name, sent, sent + 1, None, ()), runs
            at += self.hidden[now]
            if len(runs) >= self.limits[int(at >= self.changed)]:
                return Life(name, sent, sent + 1, at, tuple(c for _, c in runs)), runs


HISTORIES = st.builds(
    History,
    causes=st.lists(
        st.tuples(
            st.sampled_from(sorted(ERRORS)), st.integers(0, 5_000), st.integers(60, 3_000)
        ).map(lambda each: (each[0], each[1], each[1] + each[2])),
        min_size=1,
        max_size=4,
    ).map(tuple),
    changed=st.integers(0, 5_400),
    limits=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    hidden=st.tuples(st.sampled_from((20, 60, 120)), st.sampled_from((20, 60, 120))),
    sent=st.lists(st.integers(0, 5_400), min_size=1, max_size=8, unique=True).map(tuple),
    redriven=st.none() | st.integers(600, 5_400),
    names_ids=st.booleans(),
)


def told(history: History) -> tuple[Stack, list[Life]]:
    """The stack as it is read when all is over, and the dead letters that lie there then."""
    began = ago(HOURS + 3_600)
    events: list[LogEvent] = []
    dead: list[Life] = []
    number = 10  # ids of a few characters count as blanked out
    for life, runs in history.lived():
        for at, cause in runs:
            number += 1
            lines = [f"message {life.id}"] if history.names_ids else []
            lines += [ERRORS[cause]] if cause else ["done"]
            events += [
                replace(each, stream=f"s{number}")
                for each in invocation(number, *lines, at=began + timedelta(seconds=at))
            ]
        dead += [life] if life.died else []
    main = queue(
        dead_letter_target_arn=f"{PREFIX}:{DLQ}",
        max_receive_count=history.limits[1],
        visibility_timeout_s=history.hidden[1],
        modified_at=began + timedelta(seconds=history.changed),
    )
    arrived = sorted(life.died for life in dead if life.died)
    steps = range(0, HOURS + 3_600, 60)
    points = tuple(
        (began + timedelta(seconds=at), float(sum(each < at + 60 for each in arrived)))
        for at in steps
    )
    depth = Series("AWS/SQS", "ApproximateNumberOfMessagesVisible", DLQ, "Maximum", 60, points)
    first = began + timedelta(seconds=arrived[0]) if arrived else None
    letters = DeadLetters(DLQ, f"{PREFIX}:{DLQ}", len(dead), first_arrived_at=first)
    whole = stack(
        queues=(main, queue(DLQ, retention_s=1_209_600)),
        functions=(function(timeout_s=6),),
        logs=(of_events(tuple(sorted(events, key=lambda each: each.timestamp or NOW))),),
        dead_letters=(letters,),
        metrics=(depth,),
    )
    return whole, dead


def looked_at(life: Life, began: datetime) -> Message:
    def stamp(at: int) -> str:
        return str(int((began + timedelta(seconds=at)).timestamp() * 1000))

    system = {
        "SentTimestamp": stamp(life.sent),
        "ApproximateFirstReceiveTimestamp": stamp(life.first),
        "DeadLetterQueueSourceArn": f"{PREFIX}:{JOBS}",
    }
    return Message(life.id, "{}", system=system)


# Its settings changed while the message lived: today's do not say when it was received first.
CHANGED = History(
    causes=(("access-denied", 0, 60), ("function-timeout", 0, 242)),
    changed=242,
    limits=(3, 1),
    hidden=(120, 20),
    sent=(0,),
    redriven=None,
    names_ids=False,
)


@example(CHANGED)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(HISTORIES)
def test_each_dead_letter_is_under_a_cause_of_its_lifetime(history: History) -> None:
    whole, dead = told(history)
    if not dead:
        return
    (letters,) = whole.dead_letters
    samples = tuple(looked_at(each, ago(HOURS + 3_600)) for each in dead)
    seen = replace(letters, samples=samples)
    matches = match(replace(whole, dead_letters=Group((seen,))), seen)
    for life, found in zip(dead, matches, strict=True):
        assert found.message_id == life.id
        if history.names_ids:
            assert (found.cause, found.confidence) == (life.killed_by[-1], Confidence.HIGH)
        else:
            active = {
                cause
                for cause, since, until in history.causes
                if since <= (life.died or 0) and until >= life.sent
            }
            assert found.cause in active, (life, found)

    # doctor, which looks at no message, says the same.
    finding = next(each for each in diagnose(whole).findings if each.id == "dead-letters")
    assert {each.cause for each in matches} <= set(finding.because)
    if history.redriven is None:
        lived = [(life.sent - 120, (life.died or 0) + 120) for life in dead]
        alive = {
            cause
            for cause, since, until in history.causes
            if any(since <= died and until >= sent for sent, died in lived)
        }
        assert finding.explained_by in alive


def test_a_cause_that_ended_before_explains_nothing_after() -> None:
    """An import error in the first half hour; an hour later another kills the only dead letter."""
    history = History(
        (("import-module-missing", 0, 1_800), ("unhandled-error", 5_000, 6_000)),
        changed=0,
        limits=(3, 3),
        hidden=(60, 60),
        sent=(5_100,),
        redriven=None,
        names_ids=False,
    )
    whole, (life,) = told(history)
    began = ago(HOURS + 3_600)
    early = [
        event
        for number in range(20)
        for event in invocation(
            500 + number,
            ERRORS["import-module-missing"],
            at=began + timedelta(seconds=60 * number),
        )
    ]
    (logs,) = whole.logs.items[:1]
    both = of_events((*early, *logs.events))
    whole = replace(whole, logs=Group((both,)))
    finding = next(each for each in diagnose(whole).findings if each.id == "dead-letters")
    assert finding.explained_by == "unhandled-error"
    assert "import-module-missing" not in finding.because
    assert life.killed_by == ("unhandled-error",) * 3


def test_what_was_not_mended_since_still_kills() -> None:
    """No line tells of its own runs; the last one before failed, and none went well since."""
    letter = looked_at(Life("3f1d2c6a-8f0e-4a55-9d5a-2f6f3f5b7a10", 600, 601, None, ()), ago(3_600))
    dead = DeadLetters(DLQ, f"{PREFIX}:{DLQ}", 1, samples=(letter,))
    failed = invocation(11, ERRORS["import-module-missing"], at=ago(3_500))
    for later, cause in ((), "import-module-missing"), (invocation(12, at=ago(3_400)), ""):
        whole = stack(logs=(of_events((*failed, *later)),), dead_letters=(dead,))
        (found,) = match(whole, dead)
        assert (found.cause, found.confidence) == (cause, Confidence.LOW)
