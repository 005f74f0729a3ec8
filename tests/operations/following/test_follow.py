"""The fate of a run: counts that add up, sightings in the log, certainty."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqsctl.model.logline import LogEvent
from sqsctl.operations.following import follow as following
from sqsctl.operations.following.follow import Fate, Held, follow
from sqsctl.operations.following.log_sightings import Invocations, Sightings
from sqsctl.operations.logs.annotation import annotate
from sqsctl.operations.logs.tail import Tailed
from sqsctl.operations.shared.control import Control

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
RUN = "0123456789ab"


class Ticking(Control):
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def pause(self, seconds: float) -> bool:
        self.at += seconds
        return not self.stopping


def fate(
    held: list[Held], before: Held, accepted: int, *, timeout_s: float = 60, **more: object
) -> Fate:
    looks = iter(held)
    last = held[-1]
    control = Ticking()
    return follow(
        lambda: next(looks, last),
        before,
        accepted,
        timeout_s=timeout_s,
        control=control,
        now=lambda: control.at,
        **more,  # type: ignore[arg-type]
    )


def sightings(numbers: Iterator[int] | range) -> Sightings:
    seen = Sightings(RUN)
    seen.read(annotate(log(numbers)))
    return seen


def log(numbers: Iterator[int] | range) -> Iterator[Tailed]:
    """What the tutorial's consumer logs: sent at NOW, started 2 s later, ended after 3 s."""
    for n in numbers:
        request = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{n}"))
        sent = int(NOW.timestamp() * 1000)
        for text, seconds in (
            (f"START RequestId: {request} Version: $LATEST", 2.0),
            (f'Message Body:  {{"input": {n}, "sqsctl_run": "{RUN}.{n}.{sent}"}}', 2.5),
            (f"END RequestId: {request}", 3.0),
            (f"REPORT RequestId: {request}\tDuration: 1000.00 ms", 3.0),
        ):
            yield Tailed("f", LogEvent(text, NOW + timedelta(seconds=seconds), "s", "g"))


def test_processed_and_dead_lettered_add_up_to_what_was_accepted() -> None:
    found = fate(
        [Held(50, 2), Held(20, 4), Held(0, 7)], Held(0, 2), 50, sightings=sightings(range(1, 51))
    )
    assert (found.processed, found.dead_lettered, found.waiting) == (45, 5, 0)
    assert (found.seen, found.certain, found.timed_out) == (50, True, False)


def test_each_stage_has_its_time() -> None:
    found = fate([Held(0, 0)], Held(0, 0), 3, sightings=sightings(range(1, 4)))
    stages = {name: (each.count, each.min, each.max) for name, each in found.stages}
    assert stages == {
        "queue": (3, 2000.0, 2000.0),
        "consumer": (3, 1000.0, 1000.0),
        "end-to-end": (3, 3000.0, 3000.0),
    }


def test_one_empty_look_is_not_believed() -> None:
    """The figures of SQS are approximate: a zero between two others means nothing."""
    seen = sightings(range(1, 11))
    found = fate([Held(0, 0), Held(6, 0), Held(0, 0), Held(0, 3)], Held(0, 0), 10, sightings=seen)
    assert (found.processed, found.dead_lettered) == (7, 3)


def test_time_runs_out() -> None:
    found = fate([Held(8, 0)], Held(0, 0), 10, timeout_s=5)
    assert (found.processed, found.waiting, found.timed_out) == (2, 8, True)
    assert not found.certain


@pytest.mark.parametrize(
    ("before", "seen", "trouble", "words"),
    [
        (Held(3, 0), None, None, "held 3 before"),
        (Held(0, 0), None, None, "carry no mark"),
        (Held(0, 0), range(0), None, "does not name"),
        (Held(0, 0), range(1, 11), "access denied", "access denied"),
        (Held(0, 0), range(1, 5), None, "4 of them were seen"),
    ],
)
def test_what_is_not_certain_says_why(
    before: Held, seen: range | None, trouble: str | None, words: str
) -> None:
    found = fate(
        [Held(0, 0)],
        before,
        10,
        sightings=None if seen is None else sightings(seen),
        trouble=lambda: trouble,
    )
    assert not found.certain
    assert words in found.method
    assert found.processed == 10


def test_a_log_that_lags_is_waited_for() -> None:
    seen = Sightings(RUN)
    control = Ticking()

    def look() -> Held:
        if control.at == 6:
            seen.read(annotate(log(range(1, 11))))
        return Held(0, 0)

    found = follow(
        look, Held(0, 0), 10, timeout_s=60, sightings=seen, control=control, now=lambda: control.at
    )
    assert (found.seen, found.certain, found.waited_s) == (10, True, 6.0)


def test_poisoned_messages_carry_no_mark_and_are_not_waited_for() -> None:
    seen = sightings(range(1, 10))
    found = fate([Held(0, 1)], Held(0, 0), 10, sightings=seen, marked=9)
    assert (found.processed, found.dead_lettered, found.certain) == (9, 1, True)
    assert found.waited_s < following.LOG_GRACE_S


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=8),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 60),
)
def test_whatever_the_figures_are_the_three_add_up(
    looks: list[tuple[int, int]], queued: int, dead: int, accepted: int
) -> None:
    found = fate([Held(*each) for each in looks], Held(queued, dead), accepted, timeout_s=20)
    assert found.processed + found.dead_lettered + found.waiting == accepted
    assert min(found.processed, found.dead_lettered, found.waiting) >= 0


def failing(numbers: range, *, check_late: bool = False) -> Iterator[Tailed]:
    """Invocations that are stopped before they log anything of their message."""
    for n in numbers:
        request = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{n}"))
        lines = [
            (f"START RequestId: {request} Version: $LATEST", 2.0),
            (f"2026-11-23T05:00:03.000Z {request} Task timed out after 1.00 seconds", 3.0),
            (f"END RequestId: {request}", 3.0),
            (f"REPORT RequestId: {request}\tDuration: 1000.00 ms\tStatus: timeout", 3.0),
        ]
        order = [0, 2, 3, 1] if check_late else [0, 1, 2, 3]
        for place in order:
            text, seconds = lines[place]
            yield Tailed("f", LogEvent(text, NOW + timedelta(seconds=seconds), "s", "g"))


@pytest.mark.parametrize("check_late", [True, False])
def test_when_all_die_the_log_says_of_what(check_late: bool) -> None:
    seen = Sightings(RUN)
    seen.read(annotate(failing(range(1, 31), check_late=check_late)))
    looks = [Held(10, 1), Held(6, 1), Held(2, 5), Held(0, 11)]
    found = fate(looks, Held(0, 1), 10, sightings=seen)
    assert (found.processed, found.dead_lettered, found.certain) == (0, 10, True)
    assert found.invocations is not None
    assert (found.invocations.ended, found.invocations.failed) == (30, 30)
    assert found.invocations.checks == (("function-timeout", 30),)
    assert found.dead_after_s == (2.0, 3.0)
    assert [(name, each.count) for name, each in found.stages] == [("consumer", 30)]
    assert found.waited_s < following.LOG_GRACE_S, "nothing was processed: no log to wait for"


def test_what_failed_while_the_code_was_loaded_belongs_to_the_next_request() -> None:
    seen = Sightings(RUN)
    lines = []
    for n in range(3):
        request = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{n}"))
        lines += [
            "[ERROR] KeyError: 'QUEUE_URL'",
            f"START RequestId: {request} Version: $LATEST",
            f"END RequestId: {request}",
            f"REPORT RequestId: {request}\tDuration: 1.00 ms\tStatus: error\tError Type: KeyError",
        ]
    seen.read(annotate(Tailed("f", LogEvent(text, NOW, "s", "g")) for text in lines))
    assert seen.invocations() == Invocations(3, 3, (("env-var-missing", 3),))


def test_invocations_of_before_are_not_the_run_s() -> None:
    seen = Sightings(RUN, NOW + timedelta(seconds=2.2))
    seen.read(annotate(log(range(1, 4))))
    assert (seen.invocations().ended, seen.earlier) == (0, True)
    later = Sightings(RUN, NOW + timedelta(seconds=1))
    later.read(annotate(log(range(1, 4))))
    assert (later.invocations().ended, later.earlier) == (3, False)


def test_dead_letters_beside_other_traffic_are_not_certain() -> None:
    found = fate([Held(0, 10)], Held(3, 0), 10, sightings=Sightings(RUN))
    assert (found.dead_lettered, found.certain) == (10, False)


def test_a_queue_that_was_guessed_is_never_certain() -> None:
    found = fate(
        [Held(0, 0)], Held(0, 0), 10, sightings=sightings(range(1, 11)), doubt="a guess it is"
    )
    assert not found.certain
    assert "a guess it is" in found.method


def test_why_no_log_was_read_is_told() -> None:
    found = fate([Held(0, 0)], Held(0, 0), 10, unseen="nothing consumes it")
    assert not found.certain
    assert "nothing consumes it" in found.method


def test_functions_that_log_json_are_followed_too() -> None:
    seen = Sightings(RUN)
    request = str(uuid.uuid5(uuid.NAMESPACE_OID, "json"))
    sent = int(NOW.timestamp() * 1000)
    lines: list[tuple[dict[str, object], float]] = [
        ({"type": "platform.start", "record": {"requestId": request, "version": "$LATEST"}}, 2.0),
        ({"message": f'got {{"sqsctl_run": "{RUN}.1.{sent}"}}', "requestId": request}, 2.1),
        (
            {
                "type": "platform.report",
                "record": {
                    "requestId": request,
                    "metrics": {"durationMs": 500.0, "memorySizeMB": 128, "maxMemoryUsedMB": 40},
                    "status": "success",
                },
            },
            2.5,
        ),
    ]
    seen.read(
        annotate(
            Tailed(
                "f",
                LogEvent(
                    json.dumps({"time": f"2026-11-23T05:00:{at:06.3f}Z", **document}),
                    NOW + timedelta(seconds=at),
                    "s",
                    "g",
                ),
            )
            for document, at in lines
        )
    )
    assert seen.count == 1
    assert {name: each.max for name, each in seen.stages()} == {
        "queue": 2000.0,
        "consumer": 500.0,
        "end-to-end": 2500.0,
    }


def test_retries_and_other_runs_are_not_counted() -> None:
    seen = Sightings(RUN)
    seen.read(annotate([*log(range(1, 4)), *log(range(1, 4))]))
    other = Sightings("ffffffffffff")
    other.read(annotate(log(range(1, 4))))
    assert (seen.count, other.count) == (3, 0)
    assert dict(seen.stages())["end-to-end"].count == 3
