"""Export, the file, restore: what comes back is what was there, and damage is told."""

from __future__ import annotations

import hashlib
import json
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqsctl.errors import NotFoundError, RefusedError, SqsctlError, UsageError
from sqsctl.model.dead_letters import ExportSummary, RestoreSummary
from sqsctl.model.message import Message, MessageAttribute, Outgoing
from sqsctl.operations.dead_letters.survey import Look
from sqsctl.operations.moving import archive
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.restore import Restore, restore, restored_before
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import RetryPolicy
from tests.operations.fakes import (
    FakeQueue,
    FakeSqs,
    entry_fails,
    expired,
    lost_answer,
    raises,
    throttled,
    unavailable,
)

QUICK = RetryPolicy(attempts=3, base_s=0.0005, cap_s=0.001)


def exported(queue: FakeQueue, path: Path, **more: Any) -> ExportSummary:
    return export(queue, queue.sqs.facts(queue.name), path, clock=queue.sqs.clock, **more)


def restored(path: Path, queue: FakeQueue, **more: Any) -> RestoreSummary:
    return restore(
        path,
        queue,
        queue.sqs.facts(queue.name),
        journal_folder=path.parent / "journals",
        policy=QUICK,
        **more,
    )


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


@pytest.fixture
def dead(sqs: FakeSqs) -> FakeQueue:
    return sqs.create("dlq")


# The round trip.

sqs_text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]).filter(
        lambda c: c in "\t\n\r" or (ord(c) >= 0x20 and ord(c) not in {0xFFFE, 0xFFFF})
    ),
    min_size=1,
    max_size=40,
)
values = st.one_of(
    st.builds(MessageAttribute, st.sampled_from(["String", "String.x"]), sqs_text),
    st.builds(
        MessageAttribute,
        st.sampled_from(["Number", "Number.int"]),
        st.sampled_from(["1.10", "1e400", "-0", "123456789012345678901234567890"]),
    ),
    st.builds(MessageAttribute, st.just("Binary.png"), st.binary(min_size=1, max_size=40)),
)
messages = st.builds(
    Outgoing,
    sqs_text,
    attributes=st.dictionaries(st.text("abcXYZ09_", min_size=1, max_size=6), values, max_size=4),
    group_id=st.none() | st.sampled_from(["g1", "g2"]),
    trace_header=st.none() | st.just("Root=1-5759e988-bd862e3fe1be46a994272793"),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(messages, max_size=25))
def test_restoring_an_export_gives_the_same_queue(tmp_path: Path, given: list[Outgoing]) -> None:
    sqs = FakeSqs()
    dead, other = sqs.create("dlq"), sqs.create("other")
    dead.put(*given)
    path = tmp_path / "dead.jsonl"
    summary = exported(dead, path, overwrite=True)
    assert (summary.messages, summary.exhausted) == (len(given), True)
    result = restored(path, other, options=Restore(concurrency=1, resume=False))
    assert result.sent == len(given)
    assert [each.sent for each in other.stored] == given
    assert len(dead.stored) == len(given), "an export takes nothing away"


def test_fifo_order_and_groups_come_back(sqs: FakeSqs, tmp_path: Path) -> None:
    dead, other = sqs.create("dlq.fifo"), sqs.create("other.fifo")
    dead.put(*(Outgoing(f"{g}{n}", group_id=g) for n in range(5) for g in "ab"))
    assert exported(dead, tmp_path / "f").exhausted
    other.fail("send", entry_fails(other, 0), throttled)
    assert restored(tmp_path / "f", other).sent == 10
    for group in "ab":
        arrived = [body for body in other.bodies if body.startswith(group)]
        assert arrived == [f"{group}{n}" for n in range(5)]


def test_a_fifo_group_shows_its_first_messages_only_and_that_is_told(
    sqs: FakeSqs, tmp_path: Path
) -> None:
    dead = sqs.create("dlq.fifo")
    dead.put(*(Outgoing(str(n), group_id="g") for n in range(25)))
    summary = exported(dead, tmp_path / "f")
    assert (summary.messages, summary.exhausted) == (10, False)
    assert summary.groups_locked == ("g",)


def test_equal_messages_are_all_restored_on_fifo(sqs: FakeSqs, tmp_path: Path) -> None:
    dead, other = sqs.create("dlq.fifo"), sqs.create("other.fifo")
    dead.put(*[Outgoing("same", group_id="g")] * 3)
    exported(dead, tmp_path / "f")
    restored(tmp_path / "f", other)
    assert other.bodies == ["same"] * 3


# Exporting.


def test_everything_is_handed_back(dead: FakeQueue, tmp_path: Path) -> None:
    dead.put(*(f"m{n}" for n in range(35)))
    summary = exported(dead, tmp_path / "f")
    assert (summary.messages, summary.looked_at, summary.unreleased) == (35, 35, 0)
    assert dead.sqs.facts("dlq").visible == 35


def test_the_file_is_its_owners_alone_and_nothing_else_is_left(
    dead: FakeQueue, tmp_path: Path
) -> None:
    dead.put("a")
    exported(dead, tmp_path / "f")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_numbers_stay_text_and_bytes_are_base64(dead: FakeQueue, tmp_path: Path) -> None:
    attributes = {
        "n": MessageAttribute("Number", "1.10"),
        "b": MessageAttribute("Binary", b"\xff"),
    }
    dead.put(Outgoing("본문", attributes))
    exported(dead, tmp_path / "f")
    document = json.loads((tmp_path / "f").read_text().splitlines()[1])
    assert document["attributes"]["n"] == {"type": "Number", "value": "1.10"}
    assert document["attributes"]["b"] == {"type": "Binary", "base64": "/w=="}
    assert document["body"] == "본문"
    assert "receipt" not in json.dumps(document).lower()


def test_an_existing_file_is_not_overwritten(dead: FakeQueue, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("precious")
    with pytest.raises(RefusedError):
        exported(dead, tmp_path / "f")
    assert (tmp_path / "f").read_text() == "precious"
    assert dead.calls == []


def test_a_source_queue_is_refused(sqs: FakeSqs, dead: FakeQueue, tmp_path: Path) -> None:
    source = sqs.create("jobs", dead_letters="dlq")
    with pytest.raises(RefusedError):
        exported(source, tmp_path / "f")


def test_a_selection_and_a_limit(dead: FakeQueue, tmp_path: Path) -> None:
    dead.put(*(f"m{n}" for n in range(30)))
    assert exported(dead, tmp_path / "a", look=Look(limit=12)).messages == 12
    summary = exported(
        dead, tmp_path / "b", look=Look(limit=2), select=lambda each: each.body.endswith("7")
    )
    assert summary.messages == 2
    assert dead.sqs.facts("dlq").visible == 30


def test_an_error_leaves_no_file_and_hands_back(dead: FakeQueue, tmp_path: Path) -> None:
    dead.put(*(f"m{n}" for n in range(30)))
    dead.fail("receive", None, None, raises(expired()))
    with pytest.raises(SqsctlError):
        exported(dead, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []
    assert dead.sqs.facts("dlq").visible == 30


def test_a_stop_leaves_a_whole_file_of_what_was_seen(dead: FakeQueue, tmp_path: Path) -> None:
    dead.put(*(f"m{n}" for n in range(30)))
    control = Control()
    summary = exported(dead, tmp_path / "f", control=control, progress=lambda *_: control.stop())
    assert (summary.interrupted, summary.messages, summary.exhausted) == (True, 10, False)
    assert archive.check(tmp_path / "f").problem == ""


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_full_disk_leaves_no_file_and_hands_back(
    dead: FakeQueue, tmp_path: Path, full_disk: None, overwrite: bool
) -> None:
    dead.put("x" * 10_000)
    if overwrite:
        (tmp_path / "a.jsonl").write_text("before")
    with pytest.raises(SqsctlError, match="cannot write"):
        exported(dead, tmp_path / "a.jsonl", overwrite=overwrite)
    assert [each.name for each in tmp_path.iterdir()] == (["a.jsonl"] if overwrite else [])
    assert not overwrite or (tmp_path / "a.jsonl").read_text() == "before"


def test_an_export_is_not_written_through_a_link(dead: FakeQueue, tmp_path: Path) -> None:
    link = tmp_path / "a.jsonl"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError) as refused:
        exported(dead, link)
    assert refused.value.code == "file_exists"
    assert [each.name for each in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_folder_that_cannot_be_written_is_an_error(dead: FakeQueue, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SqsctlError, match="cannot write"):
        exported(dead, tmp_path / "file" / "f")


def test_sqss_limit_of_messages_in_flight_ends_the_look_and_is_told(
    dead: FakeQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqsctl.operations.dead_letters.survey.IN_FLIGHT_LIMIT", 20)
    dead.put(*(f"m{n}" for n in range(30)))
    limit = SqsctlError("too many in flight", code="AWS.SimpleQueueService.OverLimit")
    dead.fail("receive", None, None, *[raises(limit)] * 3)
    summary = exported(dead, tmp_path / "f")
    assert (summary.messages, summary.exhausted) == (20, False)
    assert dead.sqs.facts("dlq").visible == 30


def test_a_long_export_keeps_its_holds(dead: FakeQueue, tmp_path: Path) -> None:
    dead.put("a", "b")
    exported(dead, tmp_path / "f", look=Look(limit=0, wait_s=20, hold_s=30))
    assert [each.receives for each in dead.stored] == [1, 1]


# The file.


def write_archive(path: Path, queue: FakeQueue) -> None:
    """All of a queue, as a FIFO queue would never show it at once."""
    lines = [archive.header(queue.sqs.facts(queue.name))]
    lines += [archive.message_line(queue._message(each)) for each in queue.stored]
    raw = b"".join(lines)
    footer = archive.footer(len(queue.stored), hashlib.sha256(raw).hexdigest())
    path.write_bytes(raw + footer)


@pytest.fixture
def file(dead: FakeQueue, tmp_path: Path) -> Path:
    dead.put(*(f"m{n}" for n in range(5)))
    exported(dead, tmp_path / "f")
    return tmp_path / "f"


def test_a_whole_file_has_no_problem(file: Path) -> None:
    verdict = archive.check(file)
    assert (verdict.queue, verdict.messages, verdict.problem) == ("dlq", 5, "")


@pytest.mark.parametrize(
    ("damage", "left", "word"),
    [
        (lambda raw: raw[:-10], 5, "cannot be read"),
        (lambda raw: b"\n".join(raw.split(b"\n")[:4]) + b"\n", 3, "no footer"),
        (lambda raw: raw.replace(b'"body":"m2"', b'"body":"mX"'), 5, "checksum"),
        (lambda raw: raw.replace(b'"body":"m2"', b'"body":5'), 2, "line 4"),
        (lambda raw: b"\n".join(raw.split(b"\n")[:1] + raw.split(b"\n")[2:]), 4, "counts"),
    ],
    ids=["torn", "no footer", "changed", "unreadable", "a line less"],
)
def test_damage_is_told_and_what_is_readable_stays(
    file: Path, damage: Callable[[bytes], bytes], left: int, word: str
) -> None:
    file.write_bytes(damage(file.read_bytes()))
    assert word in archive.check(file).problem
    assert len(list(archive.entries(file))) == left


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(cut=st.integers(min_value=0))
def test_cut_off_anywhere_it_is_never_taken_for_whole(file: Path, cut: int) -> None:
    whole = file.read_bytes()
    torn = file.with_name("torn")
    torn.write_bytes(whole[: cut % len(whole)])
    try:
        verdict = archive.check(torn)
    except UsageError:
        return
    assert verdict.problem
    assert len(list(archive.entries(torn))) == verdict.messages <= 5


@pytest.mark.parametrize("text", ["", "x", "[]\n", "{}\n", '{"sqsctl_export": 99}\n', "\n\n"])
def test_what_is_no_archive_is_a_usage_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "f").write_text(text)
    with pytest.raises(UsageError):
        archive.check(tmp_path / "f")


def test_no_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        archive.check(tmp_path / "none")


@pytest.mark.parametrize(
    "line",
    [
        '{"message_id": 5, "body": "x"}',
        '{"message_id": "m"}',
        '{"message_id": "m", "body": "x", "attributes": []}',
        '{"message_id": "m", "body": "x", "attributes": {"a": 5}}',
        '{"message_id": "m", "body": "x", "attributes": {"a": {"type": "Number", "value": 1}}}',
        '{"message_id": "m", "body": "x", "attributes": {"a": {"type": "Binary", "base64": "!"}}}',
        '{"message_id": "m", "body": "x", "system": {"a": 5}}',
        "[" * 10_000,
    ],
)
def test_a_line_of_another_shape_is_a_problem_not_a_crash(file: Path, line: str) -> None:
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], line, *lines[1:]]) + "\n")
    assert archive.check(file).problem == "line 2 cannot be read"


# Restoring.


def test_a_partial_file_is_refused_unless_allowed(file: Path, sqs: FakeSqs) -> None:
    file.write_bytes(file.read_bytes()[:-10])
    other = sqs.create("other")
    with pytest.raises(RefusedError) as caught:
        restored(file, other)
    assert caught.value.code == "partial_archive"
    assert other.calls == []
    result = restored(file, other, options=Restore(allow_partial=True))
    assert (result.sent, result.partial) == (5, True)


def test_types_do_not_mix(file: Path, sqs: FakeSqs) -> None:
    with pytest.raises(RefusedError):
        restored(file, sqs.create("other.fifo"))


def test_an_interrupted_restore_goes_on_where_it_stopped(sqs: FakeSqs, tmp_path: Path) -> None:
    dead, other = sqs.create("dlq"), sqs.create("other")
    dead.put(*(f"m{n}" for n in range(120)))
    exported(dead, tmp_path / "f")
    control = Control()
    other.on_send = lambda _: control.stop() if len(other.stored) == 60 else None
    first = restored(tmp_path / "f", other, control=control, options=Restore(concurrency=1))
    assert first.interrupted
    assert 60 <= first.sent < 120
    second = restored(tmp_path / "f", other)
    assert second.skipped == first.sent
    assert Counter(other.bodies) == Counter(f"m{n}" for n in range(120))
    third = restored(tmp_path / "f", sqs.create("third"))
    assert third.sent == 120, "another queue is another restore"


def test_a_finished_restore_is_repeated_on_demand_alone(file: Path, sqs: FakeSqs) -> None:
    other = sqs.create("other")
    restored(file, other)
    again = restored(file, other)
    assert (again.sent, again.restored_before, len(other.stored)) == (0, 5, 5)
    assert restored(file, other, options=Restore(resume=False)).sent == 5
    assert len(other.stored) == 10


def test_what_another_file_gave_back_is_left_out_and_told(file: Path, sqs: FakeSqs) -> None:
    other = sqs.create("other")
    cut = file.with_name("cut")
    lines = file.read_bytes().splitlines(keepends=True)
    cut.write_bytes(b"".join(lines[:4]))
    assert restored(cut, other, options=Restore(allow_partial=True)).sent == 3
    facts, folder = sqs.facts("other"), file.parent / "journals"
    assert restored_before(file, facts, journal_folder=folder) == 3
    whole = restored(file, other)
    assert (whole.sent, whole.restored_before, whole.skipped) == (2, 3, 0)
    assert len(whole.restored_by) == 1
    assert whole.restored_by[0].startswith(str(cut))
    assert len(other.bodies) == len(set(other.bodies)) == 5
    assert restored(file, sqs.create("third")).sent == 5, "another queue was given nothing"
    elsewhere = restored(file, other, options=Restore(place="https://another.server"))
    assert elsewhere.sent == 5, "another server was given nothing"


def test_what_another_file_left_in_doubt_is_sent_and_told(file: Path, sqs: FakeSqs) -> None:
    other = sqs.create("other")
    cut = file.with_name("cut")
    cut.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:4]))
    other.fail("send", *[lost_answer] * 2)
    restored(cut, other, options=Restore(allow_partial=True))
    whole = restored(file, other)
    assert (whole.sent, whole.restored_before, len(whole.possible_duplicates)) == (5, 0, 3)
    third = restored(file, other)
    assert (third.sent, third.restored_before, third.possible_duplicates) == (0, 5, ())


def test_what_nobody_knows_is_sent_again_and_told(file: Path, sqs: FakeSqs) -> None:
    other = sqs.create("other")
    other.fail("send", *[lost_answer] * 3)
    first = restored(file, other)
    assert (first.sent, first.failed, len(first.possible_duplicates)) == (0, 5, 5)
    second = restored(file, other)
    assert (second.sent, len(second.possible_duplicates)) == (5, 5)


def test_killed_after_a_send_what_may_be_there_twice_is_told(file: Path, sqs: FakeSqs) -> None:
    class KilledError(BaseException):
        """The process is gone, as far as its code can tell."""

    def arrives(call: Callable[[], object], _size: int) -> object:
        call()
        raise KilledError

    other = sqs.create("other")
    other.fail("send", arrives)
    with pytest.raises(KilledError):
        restored(file, other)
    second = restored(file, other)
    assert max(Counter(other.bodies).values()) == 2
    assert len(second.possible_duplicates) == 5


def test_a_message_that_was_damaged_on_its_way_is_named_and_not_written(
    dead: FakeQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_out = FakeQueue.receive

    def damaging(queue: FakeQueue, *given: Any, **more: Any) -> tuple[Message, ...]:
        batch = handed_out(queue, *given, **more)
        return tuple(replace(each, damaged=each.message_id == "dlq-2") for each in batch)

    monkeypatch.setattr(FakeQueue, "receive", damaging)
    dead.put("a", "b", "c")
    done = exported(dead, tmp_path / "f")
    assert done.damaged == ("dlq-2",)
    assert "dlq-2" not in {each.message.message_id for each in archive.entries(tmp_path / "f")}


def test_expired_credentials_stop_it_and_the_next_run_goes_on(sqs: FakeSqs, tmp_path: Path) -> None:
    dead, other = sqs.create("dlq"), sqs.create("other")
    dead.put(*(f"m{n}" for n in range(30)))
    exported(dead, tmp_path / "f")
    other.fail("send", None, raises(expired()))
    with pytest.raises(SqsctlError) as caught:
        restored(tmp_path / "f", other, options=Restore(concurrency=1))
    assert caught.value.code == "credentials_expired"
    assert "go on with: sqsctl dlq restore" in (caught.value.hint or "")
    assert restored(tmp_path / "f", other).sent == 20
    assert Counter(other.bodies) == Counter(f"m{n}" for n in range(30))


def test_a_line_that_sqs_refuses_is_named(file: Path, sqs: FakeSqs) -> None:
    other = sqs.create("other")
    other.fail("send", entry_fails(other, 2, sender_fault=True))
    result = restored(file, other)
    assert (result.sent, result.failed) == (4, 1)
    assert result.failures == ((4, "InternalError: injected"),)


def test_a_group_stops_behind_a_line_that_was_not_sent(sqs: FakeSqs, tmp_path: Path) -> None:
    dead, other = sqs.create("dlq.fifo"), sqs.create("other.fifo")
    dead.put(*(Outgoing(f"{g}{n}", group_id=g) for n in range(60) for g in "ab"))
    write_archive(tmp_path / "f", dead)
    other.fail("send", entry_fails(other, 0, sender_fault=True))
    result = restored(tmp_path / "f", other)
    assert other.bodies == [f"b{n}" for n in range(60)]
    assert (result.sent, result.failed) == (60, 60)


def test_a_selection_restores_some(file: Path, sqs: FakeSqs) -> None:
    other = sqs.create("other")
    restored(file, other, select=lambda each: each.body == "m3")
    assert other.bodies == ["m3"]


def test_progress_reaches_the_end(file: Path, sqs: FakeSqs) -> None:
    seen: list[tuple[int, int]] = []
    restored(file, sqs.create("other"), progress=lambda *each: seen.append(each))
    assert seen[-1] == (5, 5)


def test_an_endpoint_that_is_away_is_waited_for(file: Path, sqs: FakeSqs) -> None:
    dead = sqs.queues["dlq"]
    dead.fail("receive", raises(unavailable()))
    assert exported(dead, file.with_name("again")).messages == 5


# What could not be seen.


def test_what_is_in_flight_or_delayed_is_told(sqs: FakeSqs, tmp_path: Path) -> None:
    dead = sqs.create("dlq")
    dead.put("a", "b", "c", Outgoing("late", delay_s=900))
    dead.receive(1, visibility_s=600)
    summary = exported(dead, tmp_path / "f")
    assert summary.messages == 2
    assert (summary.in_flight, summary.delayed, summary.behind, summary.unseen) == (1, 1, 0, 2)


def test_what_stands_behind_others_of_its_group_is_told(sqs: FakeSqs, tmp_path: Path) -> None:
    dead = sqs.create("dlq.fifo")
    dead.put(*(Outgoing(f"m{n}", group_id="g") for n in range(3)))
    dead.receive(1, visibility_s=600)
    summary = exported(dead, tmp_path / "f")
    assert (summary.messages, summary.unseen) == (0, 3)


def test_what_was_not_wanted_is_not_unseen(sqs: FakeSqs, tmp_path: Path) -> None:
    dead = sqs.create("dlq")
    dead.put(*(f"m{n}" for n in range(9)))
    assert exported(dead, tmp_path / "f", select=lambda each: each.body == "m1").unseen == 0
    assert exported(dead, tmp_path / "g", look=Look(limit=2)).unseen == 0


def test_what_comes_back_in_time_is_not_unseen(sqs: FakeSqs, tmp_path: Path) -> None:
    dead = sqs.create("dlq")
    dead.put("a", "b")
    dead.receive(1, visibility_s=1)
    facts = sqs.facts("dlq")
    sqs.clock.advance(2)
    summary = export(dead, facts, tmp_path / "f", clock=sqs.clock)
    assert (summary.messages, summary.unseen) == (2, 0)
