"""Keep a queue's consumers from it for a while, and put them back, whatever happens.

What will be switched off is written down before (``shared.paused_notes``). Should the program be
killed, ``put_back`` enables it again, at the same AWS and nowhere else; until then ``doctor``
knows why the mapping is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqsctl.aws.requests import patience
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.functions import EventSourceMapping
from sqsctl.model.paused import PausedMapping
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.paused_notes import Note, Where, noted, notes, where_of

_ON = frozenset({"Enabled", "Enabling", "Creating", "Updating"})
_TRIES = 5
_SETTLES_WITHIN_S = 120.0
_POLL_S = 1.0


class SwitchesMappings(Protocol):
    def of_queue(self, queue_arn: str) -> tuple[EventSourceMapping, ...]: ...

    def get(self, uuid: str) -> EventSourceMapping: ...

    def set_enabled(self, uuid: str, *, enabled: bool) -> EventSourceMapping: ...


@dataclass(frozen=True, slots=True)
class PutBack:
    """Mappings by what became of them: ``missing`` are not there any more, ``left`` stay off."""

    enabled: tuple[PausedMapping, ...] = ()
    missing: tuple[PausedMapping, ...] = ()
    left: tuple[PausedMapping, ...] = ()
    why_left: str = ""


@contextmanager
def paused(
    mappings: SwitchesMappings,
    queue_arns: Sequence[str],
    *,
    place: str,
    folder: Path,
    control: Control | None = None,
    notice: Callable[[str], None] | None = None,
    poll_s: float = _POLL_S,
) -> Iterator[tuple[str, ...]]:
    """Disable every enabled mapping on these queues; enable those again at the end.

    Yields the names of the functions that were paused, once AWS says that they are. A
    mapping that was disabled before stays so. ``folder`` is where the note lies meanwhile,
    ``place`` the server that is talked to.
    """
    control = control or Control()
    tell = notice or (lambda _: None)
    mine = [each for arn in queue_arns for each in mappings.of_queue(arn) if each.state in _ON]
    if not mine:
        yield ()
        return
    uuids = [each.uuid for each in mine]
    with noted(folder, where_of(place, queue_arns[0]), mine) as note:
        try:
            for uuid in uuids:
                mappings.set_enabled(uuid, enabled=False)
            for uuid in uuids:
                _settled(mappings, uuid, control, poll_s)
            yield tuple(dict.fromkeys(each.function_name for each in mine))
        finally:
            left, missing, why = _enabled_again(mappings, uuids, poll_s)
            for uuid in missing:
                tell(f"the mapping {uuid} was deleted meanwhile: nothing to enable again")
            for uuid in left:
                tell(
                    f"could not enable {uuid} again: {why}; type: "
                    f"`aws lambda update-event-source-mapping --uuid {uuid} --enabled`"
                )
            if not left:
                note.unlink(missing_ok=True)


def forsaken(folder: Path, where: Where) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
    """Notes of runs that are gone: those about this AWS, and those about others."""
    left = [each for each in notes(folder) if not each.running]
    mine = tuple(each for each in left if each.where == where)
    return mine, tuple(each for each in left if each.where != where)


def put_back(
    mappings: SwitchesMappings, found: Sequence[Note], *, poll_s: float = _POLL_S
) -> PutBack:
    """Enable what killed runs left disabled. The notes have to be about the AWS of ``mappings``.

    A note is gone once nothing of it is left to enable.
    """
    enabled: list[PausedMapping] = []
    missing: list[PausedMapping] = []
    left: list[PausedMapping] = []
    why = ""
    for note in found:
        failed, absent, reason = _enabled_again(
            mappings, [each.uuid for each in note.mappings], poll_s
        )
        why = why or reason
        for each in note.mappings:
            (left if each.uuid in failed else missing if each.uuid in absent else enabled).append(
                each
            )
        if not failed:
            note.path.unlink(missing_ok=True)
    return PutBack(tuple(enabled), tuple(missing), tuple(left), why)


def _enabled_again(
    mappings: SwitchesMappings, uuids: Sequence[str], pause_s: float
) -> tuple[list[str], list[str], str]:
    """Enable each, trying hard: those that would not, those that are not there, and why.

    A stop does not end this, but a server that is silent after one does.
    """
    if patience.hurried():
        patience.hurry()  # whoever was silent before, this is asked once more
    rest = Control()
    left: list[str] = []
    missing: list[str] = []
    why = ""
    for uuid in uuids:
        for attempt in range(1, _TRIES + 1):
            try:
                mappings.set_enabled(uuid, enabled=True)
            except SqsctlError as error:
                if error.exit is Exit.NOT_FOUND:
                    missing.append(uuid)
                    break
                if attempt == _TRIES or patience.given_up():
                    left.append(uuid)
                    why = error.message
                    break
                rest.pause(pause_s)
            else:
                break
    return left, missing, why


def _settled(mappings: SwitchesMappings, uuid: str, control: Control, poll_s: float) -> None:
    """Wait until AWS says that it is disabled: until then it still polls."""
    waited = 0.0
    while mappings.get(uuid).state != "Disabled":
        if not control.pause(poll_s):
            return
        waited += poll_s
        if waited >= _SETTLES_WITHIN_S:
            raise SqsctlError(
                f"the mapping {uuid} was not disabled within {_SETTLES_WITHIN_S:.0f} s",
                exit=Exit.UNAVAILABLE,
                code="mapping_not_settled",
            )
