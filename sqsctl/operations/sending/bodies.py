"""What ``produce`` sends: message number n, made when its turn comes.

``template`` and ``from_lines`` make messages; ``poisoned``, ``grouped`` and ``marked``
change what another makes. All are safe to call from several threads, and none keeps
anything per message.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import BinaryIO

from sqsctl.errors import UsageError
from sqsctl.model.message import MessageAttribute, Outgoing
from sqsctl.operations.shared.validation import MAX_BYTES

Make = Callable[[int], Outgoing]
RUN_KEY = "sqsctl_run"
POISON = "poison {{n}}: this is not JSON"
_PLACE = "{{n}}"


class NoMoreBodies(Exception):  # noqa: N818 - it is no error: the file is at its end
    """The source of bodies is used up; the run ends with what it has sent."""


def template(
    body: str,
    *,
    attributes: Mapping[str, MessageAttribute] | None = None,
    group_id: str | None = None,
    deduplication_id: str | None = None,
    delay_s: int | None = None,
    fifo: bool = False,
    run: str | None = None,
) -> Make:
    """Messages from a body in which ``{{n}}`` stands for the number, counted from 1.

    ``{{n}}`` also counts in the group and deduplication id. On FIFO queues every message gets
    a deduplication id of its own (``run`` and its number) unless one is given, so that equal
    bodies are not swallowed, and a repeated send is.
    """
    parts = body.split(_PLACE)
    extra = MappingProxyType(dict(attributes or {}))
    group = _numbered(group_id)
    if deduplication_id is None and fifo:
        deduplication_id = f"{run or uuid.uuid4().hex}-{_PLACE}"
    unique = _numbered(deduplication_id)

    def make(number: int) -> Outgoing:
        text = str(number)
        return Outgoing(
            text.join(parts),
            extra,
            text.join(group) if group else None,
            text.join(unique) if unique else None,
            None,
            delay_s,
        )

    return make


def from_lines(
    stream: BinaryIO,
    name: str,
    *,
    again: bool = False,
    any_text: bool = False,
    attributes: Mapping[str, MessageAttribute] | None = None,
    group_id: str | None = None,
    delay_s: int | None = None,
    fifo: bool = False,
    run: str | None = None,
) -> Make:
    """Messages from JSON Lines: each line a body, as it stands there; blank lines are left out.

    ``again`` starts over at the end, which needs a stream that can seek; otherwise the end
    raises NoMoreBodies. Only one line is held at a time. Raises UsageError (through the
    function that it returns), which names the line, for one that is not JSON (unless
    ``any_text``), not UTF-8, or larger than SQS takes, and for a source without any line.
    """
    shell = template(
        "", attributes=attributes, group_id=group_id, delay_s=delay_s, fifo=fifo, run=run
    )
    bodies = _bodies(stream, name, again=again, any_text=any_text)
    lock = threading.Lock()

    def make(number: int) -> Outgoing:
        with lock:
            body = next(bodies, None)
        if body is None:
            raise NoMoreBodies
        return replace(shell(number), body=body)

    return make


def check_lines(stream: BinaryIO, name: str, *, any_text: bool, limit: int | None = None) -> int:
    """Read the lines through (at most ``limit``) and go back to the start; how many there are.

    Raises UsageError for the first one that ``from_lines`` would refuse.
    """
    bodies = _bodies(stream, name, again=False, any_text=any_text)
    number = sum(1 for _ in islice(bodies, limit))
    stream.seek(0)
    return number


def _bodies(stream: BinaryIO, name: str, *, again: bool, any_text: bool) -> Iterator[str]:
    found = False
    while True:
        number = 0
        while raw := stream.readline(MAX_BYTES + 3):
            number += 1
            line = raw.rstrip(b"\r\n")
            if len(line) > MAX_BYTES:
                raise UsageError(f"{name}, line {number}: larger than SQS takes (1,048,576 bytes)")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise UsageError(
                    f"{name}, line {number}: not UTF-8 text at byte {error.start}"
                ) from error
            if not any_text:
                _check_json(text, f"{name}, line {number}")
            found = True
            yield text
        if not found:
            raise UsageError(f"{name} holds no line to send")
        if not again:
            return
        stream.seek(0)


def _check_json(text: str, place: str) -> None:
    hint = "--any-text takes lines that are no JSON"
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{place}: not JSON: {error.msg} at column {error.colno}", hint=hint
        ) from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{place}: JSON that cannot be read: {error}", hint=hint) from error


class Poison:
    """Replaces the body of a share of the messages by a bad one.

    Which ones depends on ``seed`` and their numbers alone, so that a run can be repeated.
    ``count`` is how many were made so far.
    """

    def __init__(self, share: float, seed: int, body: str = POISON) -> None:
        self._limit = int(share * 2**64)
        self._seed = seed
        self._parts = body.split(_PLACE)
        self._lock = threading.Lock()
        self.count = 0

    def hits(self, number: int) -> bool:
        """Whether message ``number`` is a bad one."""
        digest = hashlib.blake2b(f"{self._seed}:{number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") < self._limit

    def into(self, make: Make) -> Make:
        """The same messages, some of them bad."""

        def made(number: int) -> Outgoing:
            message = make(number)
            if not self.hits(number):
                return message
            with self._lock:
                self.count += 1
            return replace(message, body=str(number).join(self._parts))

        return made


def grouped(make: Make, groups: int) -> Make:
    """The same messages, dealt out to so many message groups in turn: g1, g2, …"""
    names = [f"g{number}" for number in range(1, groups + 1)]
    return lambda number: replace(make(number), group_id=names[(number - 1) % groups])


class Marks:
    """Puts run, number and time into bodies that are JSON objects, under RUN_KEY.

    A consumer that logs what it gets then tells which messages of this run it saw, and when
    each was sent, without anything being kept here. Other bodies stay as they are; ``missed``
    counts them.
    """

    def __init__(self, run: str, now: Callable[[], float] = time.time) -> None:
        self.run = run
        self.missed = 0
        self._now = now
        self._lock = threading.Lock()

    def into(self, make: Make) -> Make:
        """The same messages, marked."""

        def made(number: int) -> Outgoing:
            message = make(number)
            mark = f"{self.run}.{number}.{int(self._now() * 1000)}"
            body = _with_key(message.body, mark)
            if body is None:
                with self._lock:
                    self.missed += 1
                return message
            return replace(message, body=body)

        return made


def _with_key(body: str, mark: str) -> str | None:
    """The object with one key more at its end, the rest character by character as it was."""
    text = body.rstrip()
    if not text.endswith("}"):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    comma = ", " if document else ""
    return f'{text[:-1].rstrip()}{comma}"{RUN_KEY}": "{mark}"}}'


def _numbered(text: str | None) -> list[str] | None:
    return None if text is None else text.split(_PLACE)
