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
from itertools import pairwise

from sqsctl.logtext import patterns as p
from sqsctl.logtext.envelopes import line_in, subscription
from sqsctl.logtext.json_values import is_record, loads, text_of, value_at
from sqsctl.logtext.margins import plain_text, without_margin
from sqsctl.logtext.prefix import clean, strip_prefix
from sqsctl.logtext.timestamps import parse_stamp
from sqsctl.model.logline import LogEvent
from sqsctl.model.times import from_epoch_ms

_CSV = re.compile(r"(?:\"?timestamp\"?,\"?message\"?[^\n]{0,80}\n)?\d{13},")
_HEADER = re.compile(
    r"(?=[^\n]{0,200}[\"@,;\t ]message\b)\"?@?[A-Za-z]\w{0,30}\"?(?P<between>[,;\t])"
    r"(?:[\"@\w .]{1,40}[,;\t]){0,10}[\"@\w .]{1,40}\n"
)
_FIELDS = re.compile(r"\s*(?:Field\s+Value\s*\n\s*)?@\w{1,40}(?:\t| {2,})[ \t]*\S")
_FIELD = re.compile(r"\s*(?P<name>@\w{1,40})(?:\t[ \t]*| {2,})(?P<value>\S.*)")
_FOLDED = 20_000
_LISTS = ("events", "logEvents", "results", "Events")
_LEAST_MARKS = frozenset({"timestamp", "message"})
_EXPORT_BEGINS = re.compile(r"^[ \t]*[\[{](?=\s*$|\s*[\[{\"])", re.MULTILINE)
_EXPORT_WITHIN = 20_000
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


# Something of each form that ``line_in`` knows.
_WORTH_UNPACKING = (
    "RequestId: ", "INIT_START", "ERROR", "INFO", "WARN", "DEBUG", "Task timed out", "exited",
    "Unable to import", "missing on module", "errorMessage", "errorType", "platform.", "Z ", "Z\\t",
)  # fmt: skip


def events_from_text(text: str) -> tuple[LogEvent, ...]:
    """Log events from pasted text, a line each, or as the JSON in it says. Never raises."""
    plain = plain_text(text)
    bare = without_margin(plain)
    for each in (plain, bare) if bare != plain else (plain,):
        if found := _from_export(each.lstrip("\ufeff \t\n")):
            return found
    return tuple(_around_export(bare))


def _around_export(text: str) -> Iterator[LogEvent]:
    """Lines, and the first export among them that a person wrote something around."""
    for match in _EXPORT_BEGINS.finditer(text, 0, _EXPORT_WITHIN):
        placed = value_at(text, match.start())
        if placed and _is_export(placed[0]):
            yield from _from_lines(text[: match.start()])
            yield from _oldest_first(tuple(_from_json(placed[0])))
            yield from _from_lines(text[placed[1] :])
            return
    yield from _from_lines(text)


def _is_export(value: object) -> bool:
    """Whether a tool wrote it around log events, rather than a program as its log."""
    if is_record(value):
        if "awslogs" in value or isinstance(value.get("LogResult"), str):
            return True
        value = next((value[key] for key in _LISTS if isinstance(value.get(key), list)), None)
    first = value[0] if isinstance(value, list) and value else None
    if isinstance(first, list):
        return any(is_record(cell) and cell.get("field") == "@message" for cell in first)
    if not is_record(first):
        return False
    return bool({"@message", *_EVENT_MARKS} & first.keys()) or first.keys() >= _LEAST_MARKS


def _from_export(text: str) -> tuple[LogEvent, ...]:
    """Events of a text that is JSON or a table as a whole; none for others."""
    if text[:1] in {"{", "["}:
        value = loads(text)
        if value is not None and (found := tuple(_from_json(value))):
            return _oldest_first(found)
    if _CSV.match(text) and (found := tuple(_from_csv(text))):
        return found
    if header := _HEADER.match(text):
        return _oldest_first(tuple(_from_table(text, header.group("between"))))
    if _FIELDS.match(text) and "@message" in text:
        return _oldest_first(tuple(_from_fields(text)))
    return ()


def _oldest_first(events: tuple[LogEvent, ...]) -> tuple[LogEvent, ...]:
    """Logs Insights and consoles show the newest first."""
    moments = [each.timestamp for each in events]
    if len(events) < 2 or not all(moments):
        return events
    falling = all(a >= b for a, b in pairwise(moments) if a and b)
    return events[::-1] if falling and moments[0] != moments[-1] else events


def _from_table(text: str, between: str) -> Iterator[LogEvent]:
    """An export with a line of column names, as Logs Insights and spreadsheets write it."""
    try:
        for row in csv.DictReader(io.StringIO(text.replace("\0", "")), delimiter=between):
            record: dict[str, object] = {
                key.strip(): value for key, value in row.items() if isinstance(key, str) and value
            }
            if any(isinstance(record.get(key), str) for key in ("@message", "message", "Message")):
                yield _event(record)
    except csv.Error:
        return


def _from_fields(text: str) -> Iterator[LogEvent]:
    """A record of Logs Insights as the console unfolds it: a field and its value a line."""
    record: dict[str, object] = {}
    name = ""
    for line in text.split("\n"):
        match = _FIELD.match(line)
        if match is None:
            if name and line.strip():
                record[name] = f"{record[name]}\n{line}"
            continue
        if match.group("name") in record:
            if isinstance(record.get("@message"), str):
                yield _event(record)
            record = {}
        name = match.group("name")
        record[name] = match.group("value")
    if isinstance(record.get("@message"), str):
        yield _event(record)


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
        if line.startswith("{") and (event := _own_line(line) or _shipped(line)):
            yield event
            continue
        cut = strip_prefix(line)
        # A continuation line carries no prefix: it belongs to the one before. A blank line ends it.
        moment = cut.timestamp or (moment if cut.text == line and line else None)
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


def _shipped(line: str) -> LogEvent | None:
    """A JSON line that a shipper of logs put around a line."""
    if not any(form in line for form in _WORTH_UNPACKING):
        return None
    value = loads(line)
    return line_in(value) if is_record(value) else None


def _from_json(value: object) -> Iterator[LogEvent]:
    if is_record(value):
        value = subscription(value) or value
        for key in _LISTS:
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
        if event := line_in(value):
            yield event
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
            elif event := line_in(each):
                yield event
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
