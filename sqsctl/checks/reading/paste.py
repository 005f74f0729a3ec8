"""Pasted text to log events: whatever a person can copy from somewhere.

Understands a console copy, ``aws logs tail``, ``sam logs``, ``sls logs``, ``awslogs``, the
JSON of ``filter-log-events``, ``get-log-events`` and of a Logs Insights query, the answer of
a failed Invoke (with its base64 ``LogResult``), and JSON lines of this program.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqsctl.checks.reading import patterns as p
from sqsctl.checks.reading.jsons import is_record, loads, text_of
from sqsctl.checks.reading.prefix import clean, strip_prefix
from sqsctl.checks.reading.stamps import parse_stamp
from sqsctl.model.logline import LogEvent
from sqsctl.model.times import from_epoch_ms

_CSV = re.compile(r"(?:\"?timestamp\"?,\"?message\"?[^\n]{0,80}\n)?\d{13},")
_FOLDED = 20_000
_EVENT_MARKS = frozenset(
    {
        "eventId",
        "event_id",
        "logStreamName",
        "ingestionTime",
        "log_group",
        "logStream",
        "log_stream",
    }
)


def events_from_text(text: str) -> tuple[LogEvent, ...]:
    """Log events from pasted text, a line each, or as the JSON in it says. Never raises."""
    stripped = text.lstrip("\ufeff \t\r\n")
    if stripped[:1] in {"{", "["}:
        value = loads(stripped)
        if value is not None:
            found = tuple(_from_json(value))
            if found:
                return found
    if _CSV.match(stripped) and (found := tuple(_from_csv(stripped))):
        return found
    return tuple(_from_lines(text))


def _from_csv(text: str) -> Iterator[LogEvent]:
    """The console's CSV export: epoch milliseconds, and the message with its line breaks."""
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\0", ""))))
    except csv.Error:
        return
    for row in rows:
        if len(row) >= 2 and row[0].strip().isdigit():
            yield LogEvent(clean(",".join(row[1:])), timestamp=from_epoch_ms(row[0]))


def _from_lines(text: str) -> Iterator[LogEvent]:
    moment: datetime | None = None
    stream = group = ""
    for raw in _unfolded(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        line = clean(raw)
        if line.startswith("{") and (event := _own_line(line)):
            yield event
            continue
        cut = strip_prefix(line)
        # A continuation line carries no prefix: it belongs to the one before.
        moment = cut.timestamp or (moment if cut.text == line else None)
        stream = cut.stream or stream
        group = cut.group or group
        if cut.text.strip():
            yield LogEvent(cut.text, timestamp=cut.timestamp or moment, stream=stream, group=group)


def _unfolded(lines: Iterable[str]) -> Iterator[str]:
    """Lines, those that lost their line breaks in copying torn where the platform begins one."""
    for line in lines:
        if "RequestId: " in line[1:] and len(line) < _FOLDED and '{"' not in line[:2]:
            match = p.stamp.match(line.lstrip())
            # A time before START belongs to it: that is a prefix, no lost break.
            start = match.end() + 2 if match else 0
            first, *rest = p.lost_break.split(line[start:])
            yield line[:start] + first
            yield from rest
        else:
            yield line


def _own_line(line: str) -> LogEvent | None:
    """A JSON line that is an event around a message, not a message."""
    if not any(f'"{mark}"' in line[:2000] for mark in _EVENT_MARKS):
        return None
    value = loads(line)
    if is_record(value) and isinstance(value.get("message"), str):
        return _event(value)
    return None


def _from_json(value: object) -> Iterator[LogEvent]:
    if is_record(value):
        for key in ("events", "logEvents", "results", "Events"):
            inner = value.get(key)
            if isinstance(inner, list):
                yield from _from_list(inner)
                return
        if isinstance(value.get("LogResult"), str) or "FunctionError" in value:
            yield from _from_invoke(value)
            return
        if isinstance(value.get("message"), str) and _EVENT_MARKS & value.keys():
            yield _event(value)
            return
        yield LogEvent(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, list):
        yield from _from_list(value)


def _from_list(items: Iterable[object]) -> Iterator[LogEvent]:
    for each in items:
        if is_record(each):
            message = each.get("message", each.get("@message", each.get("Message")))
            if isinstance(message, str) and (
                _EVENT_MARKS & each.keys() or "timestamp" in each or "@message" in each
            ):
                yield _event(each)
            else:
                yield LogEvent(json.dumps(each, ensure_ascii=False))
        elif isinstance(each, list):
            # Logs Insights: a row is a list of {field, value}.
            row = {text_of(cell, "field"): cell.get("value") for cell in each if is_record(cell)}
            if isinstance(row.get("@message"), str):
                yield _event(row)
        elif isinstance(each, str):
            yield from _from_lines(each)


def _from_invoke(value: dict[str, object]) -> Iterator[LogEvent]:
    """What ``aws lambda invoke`` prints: the log's tail in base64, and maybe the payload."""
    tail = value.get("LogResult")
    if isinstance(tail, str):
        try:
            decoded = base64.b64decode(tail, validate=False).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            decoded = ""
        yield from _from_lines(decoded)
    for key in ("Payload", "payload", "ResponsePayload", "Body"):
        payload = value.get(key)
        if isinstance(payload, str) and payload.strip():
            yield LogEvent(payload)
        elif is_record(payload):
            yield LogEvent(json.dumps(payload, ensure_ascii=False))


def _event(record: dict[str, object]) -> LogEvent:
    message = record.get("message", record.get("@message", record.get("Message")))
    stamp = record.get("timestamp", record.get("@timestamp", record.get("time")))
    at = parse_stamp(stamp) if isinstance(stamp, str) else None
    return LogEvent(
        clean(str(message)),
        timestamp=at or from_epoch_ms(stamp),
        stream=text_of(record, "logStreamName", "@logStream", "stream", "logStream", "log_stream"),
        group=text_of(record, "logGroupName", "@log", "log_group", "group"),
        event_id=text_of(record, "eventId", "event_id", "@ptr"),
    )
