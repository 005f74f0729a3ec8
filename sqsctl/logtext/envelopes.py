"""JSON that shippers of logs put around a line: the line in it is what counts.

Docker, Fluent Bit, Datadog, Elasticsearch and subscriptions of CloudWatch Logs each have
their own keys. What gives the line away is its own form, that of Lambda's platform or of a
runtime; a text that merely sits in some field of a record stays where it is.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from datetime import datetime

from sqsctl.logtext import patterns as p
from sqsctl.logtext.json_values import is_record, loads, records, text_of
from sqsctl.logtext.timestamps import parse_stamp
from sqsctl.model.logline import LogEvent
from sqsctl.model.times import from_epoch_ms

_LINE_KEYS = ("message", "log", "@message", "line", "msg", "textPayload", "Message", "text")
_STAMP_KEYS = ("timestamp", "@timestamp", "time", "ts", "date")
_OWN = frozenset({"requestId", "AWSRequestId", "function_request_id", "log_level", "errorType"})
_FORMS = (
    p.start, p.end, p.report, p.init_start, p.node_head, p.old_node_head, p.python_log,
    p.python_error, p.timeout, p.exited, p.old_python, p.error_object,
)  # fmt: skip
_PLATFORM_JSON = re.compile(
    r"\{\s*\"(?:time|timestamp)\"\s*:[^\n]{0,60}\"type\"\s*:\s*\"platform\."
)
_MOST = 8_000_000


def line_in(record: dict[str, object]) -> LogEvent | None:
    """The runtime's line in a shipper's record; None where the record is the line itself."""
    if _OWN & record.keys():
        return None
    for each in records(record):
        text = text_of(each, *_LINE_KEYS).strip("\r\n")
        if text and _is_line(text):
            return LogEvent(
                text,
                timestamp=_moment(each) or _moment(record),
                stream=text_of(each, "logStream", "log_stream", "logStreamName"),
            )
    return None


def _is_line(text: str) -> bool:
    head = text[:2_000]
    return any(form.match(head) for form in _FORMS) or _PLATFORM_JSON.match(head) is not None


def _moment(record: dict[str, object]) -> datetime | None:
    for key in _STAMP_KEYS:
        value = record.get(key)
        if isinstance(value, str) and (found := parse_stamp(value)):
            return found
        if isinstance(value, int | float) and (found := from_epoch_ms(value)):
            return found
    return None


def subscription(record: dict[str, object]) -> dict[str, object] | None:
    """What a subscription of CloudWatch Logs hands over: base64 of gzip of JSON."""
    inner = record.get("awslogs")
    data = inner.get("data") if is_record(inner) else None
    if not isinstance(data, str):
        return None
    try:
        unpacker = zlib.decompressobj(wbits=31)
        raw = unpacker.decompress(base64.b64decode(data, validate=False), _MOST)
    except (binascii.Error, ValueError, zlib.error):
        return None
    value = loads(raw.decode("utf-8", "replace"))
    return value if is_record(value) else None
