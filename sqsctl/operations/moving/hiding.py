"""Hide chosen messages of a queue for a while, and show them again.

SQS changes a message's visibility by the receipt handle of its last receive alone. Hiding
receives the messages, so the handles are kept in a file of the user's own; without it nobody
could show them again before their time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqsctl import private_files
from sqsctl.errors import SqsctlError
from sqsctl.model.message import Message
from sqsctl.model.queues import Queue
from sqsctl.model.transfer import FailedMove
from sqsctl.operations.dead_letters.handle_file import HandleFile
from sqsctl.operations.dead_letters.queue_end import QueueEnd
from sqsctl.operations.dead_letters.survey import EMPTY_POLLS, Look, refuse_to_look
from sqsctl.operations.dead_letters.visibility_hold import BATCH, steady
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.id_set import IdSet
from sqsctl.operations.shared.interfaces import HandsOutMessages
from sqsctl.operations.shared.retrying import received

MAX_HIDDEN_S = 43_200  # SQS: twelve hours from the receive
_HOLD_S = 120


@dataclass(frozen=True, slots=True)
class Hidden:
    """What was hidden. ``until`` is seconds since 1970, ``looked_at`` the receive counts raised."""

    message_ids: tuple[str, ...]
    missing: tuple[str, ...]
    until: float
    looked_at: int
    unreleased: int
    failures: tuple[FailedMove, ...] = ()


def hide_messages(
    queue: HandsOutMessages,
    facts: Queue,
    ids: Collection[str],
    seconds: int,
    *,
    handles: Path,
    force: bool = False,
    control: Control | None = None,
) -> Hidden:
    """Keep these messages from every consumer for ``seconds`` (1 to MAX_HIDDEN_S).

    The others are handed back. A message in a consumer's hands cannot be met: it is among the
    missing. Raises RefusedError where a look could dead-letter and ``force`` is not given.
    """
    refuse_to_look(facts, Look(force=force))
    control = control or Control()
    wanted, seen = set(ids), IdSet()
    kept: dict[str, str] = {}
    failures: list[FailedMove] = []
    with HandleFile(queue, _HOLD_S) as others:
        try:
            end = QueueEnd(EMPTY_POLLS)
            while wanted - kept.keys() and not control.stopping:
                until = steady() + _HOLD_S
                batch = received(
                    partial(queue.receive, BATCH, wait_s=1, visibility_s=_HOLD_S), control
                )
                others.tend()
                new = sum(seen.add(each.message_id) for each in batch)
                met = [each for each in batch if each.message_id in wanted]
                others.add([each for each in batch if each not in met], until)
                for each in met:
                    result = queue.hide([each], seconds)
                    if result.accepted:
                        kept[each.message_id] = each.receipt_handle
                    else:
                        why = next((one.message for one in result.rejected), result.unknown_reason)
                        failures.append(FailedMove(each.message_id, why))
                        wanted.discard(each.message_id)
                if end.reached(len(batch), new, len(seen)):
                    break
        finally:
            unreleased = others.release()
    ends = time.time() + seconds
    remember(handles, facts.url, kept, ends)
    missing = tuple(sorted(wanted - kept.keys()))
    return Hidden(tuple(kept), missing, ends, len(seen), unreleased, tuple(failures))


def show_messages(
    queue: HandsOutMessages, url: str, ids: Sequence[str], *, handles: Path
) -> tuple[tuple[str, ...], tuple[FailedMove, ...]]:
    """Make messages that were hidden by ``hide_messages`` visible at once: shown, and failed."""
    known = remembered(handles).get(url, {})
    shown: list[str] = []
    failures: list[FailedMove] = []
    for each in ids:
        handle = known.get(each)
        if handle is None:
            why = "not hidden from here: only who received it can show it before its time"
            failures.append(FailedMove(each, why))
            continue
        result = queue.hide([Message(each, "", handle)], 0)
        if result.accepted:
            shown.append(each)
        else:
            why = next((one.message for one in result.rejected), result.unknown_reason)
            failures.append(FailedMove(each, f"it may be visible already: {why}"))
    forget(handles, url, shown)
    return tuple(shown), tuple(failures)


# -- the file of handles --------------------------------------------------------------------


def remembered(path: Path) -> dict[str, dict[str, str]]:
    """Queue URL to message id to receipt handle, of what is still hidden."""
    return {
        url: {key: str(each["handle"]) for key, each in held.items()}
        for url, held in _read(path).items()
    }


def remember(path: Path, url: str, handles: Mapping[str, str], until: float) -> None:
    """Add handles; what is over is dropped."""
    if not handles:
        return
    known = _read(path)
    known.setdefault(url, {}).update(
        {key: {"handle": handle, "until": until} for key, handle in handles.items()}
    )
    _write(path, known)


def forget(path: Path, url: str, ids: Collection[str]) -> None:
    """Drop handles that are of no use any more."""
    known = _read(path)
    left = {key: each for key, each in known.get(url, {}).items() if key not in ids}
    if left != known.get(url, {}):
        _write(path, {**known, url: left})


def _read(path: Path) -> dict[str, dict[str, dict[str, object]]]:
    """The file, less what is over; a file that cannot be read holds nothing."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    now = time.time()
    found: dict[str, dict[str, dict[str, object]]] = {}
    for url, held in told.items() if isinstance(told, dict) else ():
        if isinstance(held, dict):
            found[str(url)] = {
                str(key): each
                for key, each in held.items()
                if isinstance(each, dict)
                and isinstance(each.get("until"), int | float)
                and isinstance(each.get("handle"), str)
                and each["until"] > now
            }
    return found


def _write(path: Path, known: Mapping[str, Mapping[str, object]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        private_files.write(path, json.dumps({url: held for url, held in known.items() if held}))
    except OSError as error:
        raise SqsctlError(
            f"cannot write {path}: {error.strerror or error}; the messages are hidden, and come "
            "back by themselves",
            code="handles_not_kept",
        ) from error
