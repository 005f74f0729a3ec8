"""The file that an export writes and a restore reads: JSON Lines, checked to its end.

A header, a line for each message, a footer with their number and the SHA-256 of every byte
before it. Bytes are base64, Number attributes stay text (a float would corrupt them). A
file without its footer, or with another checksum, is partial: what can be read counts,
and it is said.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqsctl.errors import NotFoundError, SqsctlError, UsageError
from sqsctl.model.message import Message, MessageAttribute
from sqsctl.model.queues import Queue
from sqsctl.operations.dead_letters.readable_bodies import Decoded, decoded

FORMAT = 1
_GZIP = b"\x1f\x8b"
Opener = Callable[[str], Decoded | None]
MAX_LINE_BYTES = 16 * 1024 * 1024  # 1 MiB of body, escaped six times over, and attributes


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of an archive and the number of its line, counted from 1."""

    line: int
    message: Message


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a first pass over an archive found; ``problem`` empty where all is well."""

    queue: str
    arn: str
    fifo: bool
    messages: int
    sha256: str
    problem: str = ""


def header(queue: Queue) -> bytes:
    """The first line."""
    return _line(
        {
            "sqsctl_export": FORMAT,
            "queue": queue.name,
            "arn": queue.arn,
            "fifo": queue.fifo,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
    )


def message_line(message: Message, opened: Opener = decoded) -> bytes:
    """A message with everything it carries, the receipt handle apart.

    ``opened`` takes the wrappings off its body.
    """
    document = {
        "message_id": message.message_id,
        "body": message.body,
        "attributes": {
            name: _attribute_document(each) for name, each in message.attributes.items()
        },
        "system": dict(message.system),
    }
    whole = _line(document | _readable(opened(message.body)))
    # What is longer could not be read again: the message itself always can.
    return whole if len(whole) <= MAX_LINE_BYTES else _line(document)


def _readable(found: Decoded | None) -> dict[str, Any]:
    """What the body holds without its wrappings, for readers of the file; restore ignores it."""
    if found is None:
        return {}
    note = {"note": found.note} if found.note else {}
    return {"decoded": {"layers": list(found.layers), "value": found.value, **note}}


def footer(messages: int, sha256: str) -> bytes:
    """The last line."""
    return _line({"end": True, "messages": messages, "sha256": sha256})


def check(path: Path) -> Verdict:
    """Read an archive once, keeping nothing: is it whole, and what is in it?

    Raises UsageError where the file is no archive at all.
    """
    digest = hashlib.sha256()
    messages = 0
    head: dict[str, Any] = {}
    problem = "it has no footer: the export did not come to its end"
    for number, raw in _lines(path):
        document = _document(raw)
        if number == 1:
            if document is None or document.get("sqsctl_export") != FORMAT:
                raise UsageError(
                    f"{path} is not an export of sqsctl",
                    hint="it is compressed: unpack it first" if raw[:2] == _GZIP else None,
                    code="not_an_archive",
                )
            head = document
        elif document is not None and document.get("end") is True:
            problem = _footer_problem(document, messages, digest.hexdigest())
            break
        elif document is None or _entry(document) is None:
            problem = f"line {number} cannot be read"
            break
        else:
            messages += 1
        digest.update(raw)
    if not head:
        raise UsageError(f"{path} is empty", code="not_an_archive")
    return Verdict(
        queue=str(head.get("queue", "")),
        arn=str(head.get("arn", "")),
        fifo=head.get("fifo") is True,
        messages=messages,
        sha256=digest.hexdigest(),
        problem=problem,
    )


def entries(path: Path) -> Iterator[Entry]:
    """The messages, one by one, up to the footer or the first line that cannot be read."""
    for number, raw in _lines(path):
        if number == 1:
            continue
        document = _document(raw)
        message = None if document is None else _entry(document)
        if message is None:
            return
        yield Entry(number, message)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(MAX_LINE_BYTES):
                number += 1
                yield number, raw
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {path}", code="file_not_found") from error
    except OSError as error:
        raise SqsctlError(f"cannot read {path}: {error.strerror or error}") from error


def _footer_problem(document: dict[str, Any], messages: int, sha256: str) -> str:
    if document.get("messages") != messages:
        return f"its footer counts {document.get('messages')} messages, the file has {messages}"
    if document.get("sha256") != sha256:
        return "its checksum is another one: the file was changed"
    return ""


def _document(raw: bytes) -> dict[str, Any] | None:
    """A line's object; None for a torn or foreign one."""
    if not raw.endswith(b"\n"):
        return None
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _entry(document: dict[str, Any]) -> Message | None:
    key, body = document.get("message_id"), document.get("body")
    attributes, system = document.get("attributes", {}), document.get("system", {})
    if not isinstance(key, str) or not isinstance(body, str):
        return None
    if not isinstance(attributes, dict) or not isinstance(system, dict):
        return None
    parsed = {name: _attribute(each) for name, each in attributes.items()}
    known = {name: each for name, each in parsed.items() if each is not None}
    if len(known) < len(parsed) or not all(isinstance(each, str) for each in system.values()):
        return None
    return Message(key, body, attributes=known, system=system)


def _attribute_document(attribute: MessageAttribute) -> dict[str, str]:
    if isinstance(attribute.value, bytes):
        encoded = base64.b64encode(attribute.value).decode("ascii")
        return {"type": attribute.data_type, "base64": encoded}
    return {"type": attribute.data_type, "value": attribute.value}


def _attribute(document: object) -> MessageAttribute | None:
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        return None
    kind: str = document["type"]
    if isinstance(document.get("value"), str):
        return MessageAttribute(kind, document["value"])
    if isinstance(document.get("base64"), str):
        try:
            return MessageAttribute(kind, base64.b64decode(document["base64"], validate=True))
        except (binascii.Error, ValueError):
            return None
    return None


def _line(document: dict[str, Any]) -> bytes:
    # ASCII: a lone surrogate or a bidi override is an escape, and no editor changes it.
    return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"
