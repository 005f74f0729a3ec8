"""Consumers are put back whatever happens; canaries are judged; purges wait once."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from sqsctl.errors import Exit, NotFoundError, SqsctlError
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.paused import PausedMapping
from sqsctl.model.queues import QueueRef
from sqsctl.operations.moving.canary import watch
from sqsctl.operations.moving.pause import PutBack, forsaken, put_back
from sqsctl.operations.moving.pause import paused as pausing
from sqsctl.operations.moving.purge import purge
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.paused_notes import noted, notes, where_of
from tests.operations.fakes import FakeSqs, arn_of

ARN = arn_of("jobs")


class FakeMappings:
    """Mappings that take a look to settle. ``failures`` break the next calls."""

    def __init__(self, *mappings: EventSourceMapping) -> None:
        self.known = {each.uuid: each for each in mappings}
        self.failures: list[SqsctlError] = []
        self.switched: list[tuple[str, bool]] = []

    def of_queue(self, queue_arn: str) -> tuple[EventSourceMapping, ...]:
        return tuple(each for each in self.known.values() if each.queue_arn == queue_arn)

    def get(self, uuid: str) -> EventSourceMapping:
        now = self.known[uuid]
        if now.state in {"Disabling", "Enabling"}:
            self.known[uuid] = replace(now, state=now.state.replace("ing", "ed"))
        return self.known[uuid]

    def set_enabled(self, uuid: str, *, enabled: bool) -> EventSourceMapping:
        if enabled and self.failures:
            raise self.failures.pop(0)
        if uuid not in self.known:
            raise NotFoundError("gone")
        self.switched.append((uuid, enabled))
        state = "Enabling" if enabled else "Disabling"
        self.known[uuid] = replace(self.known[uuid], state=state)
        return self.known[uuid]


def a_mapping(uuid: str = "u1", state: str = "Enabled", arn: str = ARN) -> EventSourceMapping:
    return EventSourceMapping(uuid, arn, "arn:fn", f"fn-{uuid}", state=state)


paused = partial(pausing, place="fake")


def test_consumers_are_off_inside_and_on_after(tmp_path: Path) -> None:
    mappings = FakeMappings(a_mapping("u1"), a_mapping("u2"), a_mapping("x", arn="arn:other"))
    with paused(mappings, [ARN], folder=tmp_path, poll_s=0.001) as names:
        assert names == ("fn-u1", "fn-u2")
        assert mappings.known["u1"].state == "Disabled"
        assert mappings.known["x"].state == "Enabled"
        assert len(list(tmp_path.glob("paused-*.json"))) == 1
    assert mappings.known["u1"].state == "Enabling"
    assert list(tmp_path.iterdir()) == []


def test_what_was_off_before_stays_off(tmp_path: Path) -> None:
    mappings = FakeMappings(a_mapping(state="Disabled"))
    with paused(mappings, [ARN], folder=tmp_path, poll_s=0.001) as names:
        assert names == ()
    assert mappings.switched == []


@pytest.mark.parametrize("error", [SqsctlError("boom"), KeyboardInterrupt(), SystemExit(1)])
def test_whatever_happens_inside(tmp_path: Path, error: BaseException) -> None:
    mappings = FakeMappings(a_mapping())
    with pytest.raises(type(error)), paused(mappings, [ARN], folder=tmp_path, poll_s=0.001):
        raise error
    assert mappings.known["u1"].state == "Enabling"


def test_putting_back_tries_hard(tmp_path: Path) -> None:
    mappings = FakeMappings(a_mapping())
    mappings.failures = [SqsctlError("busy")] * 4
    with paused(mappings, [ARN], folder=tmp_path, poll_s=0.001):
        pass
    assert mappings.known["u1"].state == "Enabling"


def killed_while_pausing(folder: Path, *mappings: EventSourceMapping, place: str = "fake") -> None:
    """A note whose run is gone: its lock went with it."""
    with noted(folder, where_of(place, ARN), mappings):
        pass


def recovered(mappings: FakeMappings, folder: Path, place: str = "fake") -> PutBack:
    mine, _ = forsaken(folder, where_of(place, ARN))
    return put_back(mappings, mine, poll_s=0.001)


def uuids(found: tuple[PausedMapping, ...]) -> list[str]:
    return [each.uuid for each in found]


def test_what_cannot_be_put_back_is_told_and_remembered(tmp_path: Path) -> None:
    mappings = FakeMappings(a_mapping())
    mappings.failures = [SqsctlError("busy")] * 5
    told: list[str] = []
    with paused(mappings, [ARN], folder=tmp_path, poll_s=0.001, notice=told.append):
        pass
    assert "aws lambda update-event-source-mapping --uuid u1 --enabled" in told[0]
    assert uuids(recovered(mappings, tmp_path).enabled) == ["u1"]
    assert mappings.known["u1"].state == "Enabling"
    assert list(tmp_path.iterdir()) == []


def test_a_killed_runs_consumers_are_put_back(tmp_path: Path) -> None:
    mappings = FakeMappings(a_mapping(state="Disabled"))
    killed_while_pausing(tmp_path, a_mapping())
    assert uuids(recovered(mappings, tmp_path).enabled) == ["u1"]
    assert mappings.known["u1"].state == "Enabling"
    assert list(tmp_path.iterdir()) == []


def test_a_live_runs_consumers_are_left_alone(tmp_path: Path) -> None:
    mappings = FakeMappings(a_mapping())
    with paused(mappings, [ARN], folder=tmp_path, poll_s=0.001):
        assert notes(tmp_path)[0].running
        assert recovered(mappings, tmp_path) == PutBack()
        assert mappings.known["u1"].state == "Disabled"


@pytest.mark.parametrize(
    "place", ["aws", "endpoint 127.0.0.1:9", "endpoint localhost:4566"], ids=str
)
def test_another_server_leaves_a_note_alone(tmp_path: Path, place: str) -> None:
    """Its 404 is none of the server that the note is about."""
    killed_while_pausing(tmp_path, a_mapping())
    elsewhere = FakeMappings()
    assert recovered(elsewhere, tmp_path, place) == PutBack()
    _, others = forsaken(tmp_path, where_of(place, ARN))
    assert [uuids(each.mappings) for each in others] == [["u1"]]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "arn",
    ["arn:aws:sqs:eu-west-1:000000000000:jobs", "arn:aws:sqs:ap-northeast-2:111122223333:jobs"],
)
def test_another_account_or_region_leaves_a_note_alone(tmp_path: Path, arn: str) -> None:
    killed_while_pausing(tmp_path, a_mapping())
    mine, others = forsaken(tmp_path, where_of("fake", arn))
    assert (mine, len(others)) == ((), 1)


def test_a_note_holds_the_whole_target_and_what_was_changed(tmp_path: Path) -> None:
    killed_while_pausing(tmp_path, a_mapping(), place="aws")
    document = json.loads(next(tmp_path.iterdir()).read_text())
    assert (document["place"], document["account"]) == ("aws", "000000000000")
    assert document["region"] == "ap-northeast-2"
    assert document["mappings"] == [
        {"uuid": "u1", "function": "fn-u1", "queue_arn": ARN, "was": "Enabled"}
    ]


def test_what_is_not_there_any_more_is_not_put_back(tmp_path: Path) -> None:
    killed_while_pausing(tmp_path, a_mapping())
    found = recovered(FakeMappings(), tmp_path)
    assert (found.enabled, uuids(found.missing)) == ((), ["u1"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"mappings": 5}',
        '{"pid": 1, "mappings": ["u1"]}',
        "[" * 9999,
        '{"place": "fake", "mappings": [{"uuid": 5}, 6]}',
    ],
)
def test_a_foreign_note_harms_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "paused-x.json").write_text(text)
    assert recovered(FakeMappings(), tmp_path) == PutBack()
    assert (tmp_path / "paused-x.json").exists()


def test_without_room_for_the_note_nothing_is_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sqsctl.operations.shared.paused_notes.os.fsync", full)
    mappings = FakeMappings(a_mapping())
    with pytest.raises(SqsctlError), paused(mappings, [ARN], folder=tmp_path):
        pass
    assert mappings.switched == []
    assert list(tmp_path.iterdir()) == []


def test_a_mapping_deleted_meanwhile_is_no_error(tmp_path: Path) -> None:
    mappings = FakeMappings(a_mapping())
    with paused(mappings, [ARN], folder=tmp_path, poll_s=0.001):
        del mappings.known["u1"]
    assert list(tmp_path.iterdir()) == []


def test_a_mapping_that_does_not_settle_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mappings = FakeMappings(a_mapping())
    monkeypatch.setattr(FakeMappings, "get", lambda self, uuid: self.known[uuid])
    monkeypatch.setattr("sqsctl.operations.moving.pause._SETTLES_WITHIN_S", 0.01)
    with pytest.raises(SqsctlError), paused(mappings, [ARN], folder=tmp_path, poll_s=0.005):
        pass
    assert mappings.known["u1"].state == "Enabling"


# Canaries.


@pytest.fixture
def sqs() -> FakeSqs:
    sqs = FakeSqs()
    sqs.create("jobs-dlq")
    sqs.create("jobs", dead_letters="jobs-dlq")
    return sqs


def test_a_canary_that_is_gone_was_processed(sqs: FakeSqs) -> None:
    verdict = watch(
        sqs,
        sqs.facts("jobs-dlq"),
        [sqs.facts("jobs")],
        ["c1"],
        poll_s=0.001,
        clock=sqs.clock,
    )
    assert verdict.processed == ("c1",)
    assert verdict.good


def test_a_canary_among_the_dead_letters_came_back(sqs: FakeSqs) -> None:
    (copy,) = sqs.queues["jobs-dlq"].put("again", origin=ARN)
    sqs.queues["jobs-dlq"].put("another")
    verdict = watch(
        sqs, sqs.facts("jobs-dlq"), [sqs.facts("jobs")], [copy], poll_s=0.001, clock=sqs.clock
    )
    assert verdict.returned == (copy,)
    assert not verdict.good
    assert sqs.facts("jobs-dlq").visible == 2, "the look hands back what it saw"


def test_a_canary_that_waits_is_undecided(sqs: FakeSqs) -> None:
    (copy,) = sqs.queues["jobs"].put("waiting")
    verdict = watch(
        sqs,
        sqs.facts("jobs-dlq"),
        [sqs.facts("jobs")],
        [copy],
        timeout_s=5,
        poll_s=0.001,
        progress=lambda _: sqs.clock.advance(1),
        clock=sqs.clock,
    )
    assert verdict.undecided == (copy,)
    assert not verdict.good


def test_a_stop_ends_the_watch(sqs: FakeSqs) -> None:
    sqs.queues["jobs"].put("waiting")
    control = Control()
    control.stop()
    verdict = watch(
        sqs,
        sqs.facts("jobs-dlq"),
        [sqs.facts("jobs")],
        ["c"],
        control=control,
        clock=sqs.clock,
    )
    assert verdict.undecided == ("c",)


# Purging.


class FakePurger:
    def __init__(self, *errors: SqsctlError) -> None:
        self.errors = list(errors)
        self.purged: list[str] = []

    def purge(self, queue: QueueRef) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.purged.append(queue.name)


class Patient(Control):
    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def pause(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return not self.stopping


def busy() -> SqsctlError:
    return SqsctlError("too soon", exit=Exit.UNAVAILABLE, code="purge_in_progress")


def test_a_purge_tells_how_many_there_were(sqs: FakeSqs) -> None:
    sqs.queues["jobs"].put("a", "b")
    purger = FakePurger()
    assert purge(purger, sqs.facts("jobs")).messages == 2
    assert purger.purged == ["jobs"]


def test_a_second_purge_waits_a_minute_once(sqs: FakeSqs) -> None:
    control = Patient()
    assert purge(FakePurger(busy()), sqs.facts("jobs"), control=control).waited_s == 60
    assert control.waited == [60]
    with pytest.raises(SqsctlError):
        purge(FakePurger(busy(), busy()), sqs.facts("jobs"), control=Patient())


def test_a_stop_while_waiting_purges_nothing(sqs: FakeSqs) -> None:
    control = Patient()
    control.stop()
    purger = FakePurger(busy())
    with pytest.raises(SqsctlError):
        purge(purger, sqs.facts("jobs"), control=control)
    assert purger.purged == []
