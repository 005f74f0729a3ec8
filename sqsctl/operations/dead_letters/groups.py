"""Dead letters by cause and shape: twelve thousand messages, three reasons."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqsctl.model.dead_letters import DeadLetterGroup
from sqsctl.model.message import Message
from sqsctl.operations.dead_letters.failed_deliveries import failed_delivery
from sqsctl.operations.dead_letters.json_bodies import NOT_JSON, parsed
from sqsctl.operations.dead_letters.readable_bodies import decoded

_SAMPLES = 5
_SHOWN = 120
_DEPTH = 6
_FIELDS = 40
_HEX = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{16,}\b")
_DIGITS = re.compile(r"\d+")
_SPACE = re.compile(r"\s+")


# Cause, shape of the body, the service that could not deliver it, its error.
_Key = tuple[str, str, str, str]


@dataclass(slots=True)
class _Counted:
    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    samples: list[str] = field(default_factory=list)


class Groups:
    """Collects messages one by one; memory grows with the groups, not with the messages."""

    def __init__(self) -> None:
        self._groups: dict[_Key, _Counted] = {}

    def add(self, message: Message, cause: str = "") -> None:
        """Count a message under its cause (empty: unknown) and its body's shape."""
        delivery = failed_delivery(message)
        failed_by, error = "", ""
        body = message.body
        if delivery is not None:
            failed_by, error = delivery.by, _text(delivery.error)[:_SHOWN]
            body = delivery.payload if delivery.payload is not None else body
        key = (cause, fingerprint(body), failed_by, error)
        group = self._groups.setdefault(key, _Counted())
        group.count += 1
        sent = message.sent_at
        if sent is not None:
            group.first_at = min(group.first_at or sent, sent)
            group.last_at = max(group.last_at or sent, sent)
        if len(group.samples) < _SAMPLES:
            group.samples.append(message.message_id)

    def result(self) -> tuple[DeadLetterGroup, ...]:
        """The largest first; known causes before the unknown of the same size."""
        groups = (
            DeadLetterGroup(
                cause,
                shape,
                each.count,
                each.first_at,
                each.last_at,
                tuple(each.samples),
                failed_by,
                error,
            )
            for (cause, shape, failed_by, error), each in self._groups.items()
        )
        return tuple(sorted(groups, key=lambda each: (-each.count, not each.cause, each.cause)))


def grouped(
    messages: tuple[Message, ...], causes: Mapping[str, str] | None = None
) -> tuple[DeadLetterGroup, ...]:
    """Groups of messages at hand; ``causes`` maps message ids to check ids."""
    groups = Groups()
    for each in messages:
        groups.add(each, (causes or {}).get(each.message_id, ""))
    return groups.result()


def fingerprint(body: str) -> str:
    """The same for bodies that differ in values alone, short enough to read.

    JSON becomes its keys and types, text loses its numbers and ids; wrappings (SNS, base64 …) are
    named, and it is what they hold that counts. Where that is too long it is cut off and a hash
    of the whole stands behind it.
    """
    shape = _shape_of(body)
    if len(shape) <= _SHOWN:
        return shape
    mark = hashlib.sha256(shape.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{shape[:_SHOWN]}… {mark}"


def _shape_of(body: str) -> str:
    inside = decoded(body)
    if inside is not None:
        held = inside.value
        said = _text(held) if isinstance(held, str) else _shape(held, _DEPTH)
        return " > ".join((*inside.layers, said))
    document = parsed(body)
    return _text(body) if document is NOT_JSON else _shape(document, _DEPTH)


def _shape(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        if depth == 0:
            return "{…}"
        keys = sorted(value)[:_FIELDS]
        inner = ", ".join(f"{key}: {_shape(value[key], depth - 1)}" for key in keys)
        return f"{{{inner}{', …' if len(value) > _FIELDS else ''}}}"
    if isinstance(value, list):
        if depth == 0:
            return "[…]"
        kinds = sorted({_shape(each, depth - 1) for each in value[:_FIELDS]})
        return f"[{' | '.join(kinds)}]"
    if isinstance(value, bool):
        return "boolean"
    if value is None:
        return "null"
    return "string" if isinstance(value, str) else "number"


def _text(body: str) -> str:
    cut = body[:4096]
    return _SPACE.sub(" ", _DIGITS.sub("#", _HEX.sub("#", cut))).strip()
