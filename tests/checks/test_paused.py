"""A mapping that a redrive of one's own has paused is told as that."""

from __future__ import annotations

import pytest

from sqsctl.checks.rank import diagnose
from sqsctl.model.paused import PausedMapping
from tests.checks.build import mapping, stack

AT = "2026-11-30T12:00:00Z"


def paused(uuid: str, *, running: bool = False) -> PausedMapping:
    return PausedMapping(uuid, "consumer", "arn:aws:sqs:r:1:jobs", AT, running)


def finding(*notes: PausedMapping):  # type: ignore[no-untyped-def]
    off = mapping(state="Disabled")
    (found,) = diagnose(stack(mappings=(off,), paused=notes), only=("mapping-disabled",)).findings
    return found


def test_a_killed_redrive_is_named_and_the_way_back_is_offered() -> None:
    found = finding(paused(mapping().uuid))
    assert "killed before it could enable it again" in found.title
    assert AT in str(found.evidence)
    assert any("--resume-consumer" in str(way) for way in found.fix.ways)
    assert found.fix.disposition == "safe"


def test_a_running_redrive_is_waited_for() -> None:
    found = finding(paused(mapping().uuid, running=True))
    assert "a redrive that is running" in found.title
    assert found.fix.disposition != "safe"


@pytest.mark.parametrize("notes", [(), (paused("another"),)])
def test_without_a_note_about_it_nothing_is_said_of_redrives(
    notes: tuple[PausedMapping, ...],
) -> None:
    assert "redrive" not in finding(*notes).title
