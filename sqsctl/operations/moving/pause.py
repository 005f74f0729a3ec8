"""Keep a queue's consumers from it for a while, and put them back, whatever happens.

What was switched off is written down before it is switched off. Should the program be
killed, the next run puts it back (``recover``); until then ``doctor`` finds a disabled
mapping.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.operations.shared.control import Control

_ON = frozenset({"Enabled", "Enabling", "Creating", "Updating"})
_TRIES = 5
_SETTLES_WITHIN_S = 120.0
_POLL_S = 1.0


class SwitchesMappings(Protocol):
    def of_queue(self, queue_arn: str) -> tuple[EventSourceMapping, ...]: ...

    def get(self, uuid: str) -> EventSourceMapping: ...

    def set_enabled(self, uuid: str, *, enabled: bool) -> EventSourceMapping: ...


@contextmanager
def paused(
    mappings: SwitchesMappings,
    queue_arns: Sequence[str],
    *,
    folder: Path,
    control: Control | None = None,
    notice: Callable[[str], None] | None = None,
    poll_s: float = _POLL_S,
) -> Iterator[tuple[str, ...]]:
    """Disable every enabled mapping on these queues; enable those again at the end.

    Yields the names of the functions that were paused, once AWS says that they are. A
    mapping that was disabled before stays so. ``folder`` is where the note lies meanwhile.
    """
    control = control or Control()
    tell = notice or (lambda _: None)
    mine = [each for arn in queue_arns for each in mappings.of_queue(arn) if each.state in _ON]
    note = _note(folder, [each.uuid for each in mine])
    try:
        for each in mine:
            mappings.set_enabled(each.uuid, enabled=False)
        for each in mine:
            _settled(mappings, each.uuid, control, poll_s)
        yield tuple(dict.fromkeys(each.function_name for each in mine))
    finally:
        left = _enabled_again(mappings, [each.uuid for each in mine], tell, poll_s)
        if not left:
            note.unlink(missing_ok=True)


def recover(mappings: SwitchesMappings, folder: Path) -> tuple[str, ...]:
    """Enable what a killed run left disabled; returns the mappings' UUIDs.

    Notes of runs that still live are left alone.
    """
    recovered: list[str] = []
    for note in sorted(folder.glob("paused-*.json")):
        document = _read(note)
        if document is None or _alive(document.get("pid")):
            continue
        listed = document.get("mappings")
        ids = [str(each) for each in listed] if isinstance(listed, list) else []
        if not _enabled_again(mappings, ids, lambda _: None, 0.1):
            note.unlink(missing_ok=True)
            recovered += ids
    return tuple(recovered)


def _note(folder: Path, uuids: list[str]) -> Path:
    """Write down what will be disabled; on disk when this returns."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = hashlib.sha256("".join(uuids).encode()).hexdigest()[:12]
    path = folder / f"paused-{key}-{os.getpid()}.json"
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "mappings": uuids}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return path


def _enabled_again(
    mappings: SwitchesMappings, uuids: Sequence[str], tell: Callable[[str], None], pause_s: float
) -> list[str]:
    """Enable each, trying hard; returns those that would not. A stop does not end this."""
    patience = Control()
    left: list[str] = []
    for uuid in uuids:
        for attempt in range(1, _TRIES + 1):
            try:
                mappings.set_enabled(uuid, enabled=True)
            except SqsctlError as error:
                if error.exit is Exit.NOT_FOUND:
                    break  # deleted meanwhile: there is nothing to put back
                if attempt == _TRIES:
                    left.append(uuid)
                    tell(
                        f"could not enable {uuid} again: {error.message}; type: "
                        f"aws lambda update-event-source-mapping --uuid {uuid} --enabled"
                    )
                patience.pause(pause_s)
            else:
                break
    return left


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


def _read(note: Path) -> dict[str, object] | None:
    try:
        document = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _alive(pid: object) -> bool:
    if not isinstance(pid, int) or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
