"""What ``produce`` sends: message number n, made when its turn comes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType

from sqsctl.model.message import MessageAttribute, Outgoing

Make = Callable[[int], Outgoing]
_PLACE = "{{n}}"


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


def _numbered(text: str | None) -> list[str] | None:
    return None if text is None else text.split(_PLACE)
