"""Entries of the JSON log format: the platform's events, the runtimes' errors, loggers."""

from __future__ import annotations

import re
from datetime import datetime

from sqsctl.logtext import patterns as p
from sqsctl.logtext.entry import LOUD, SUSPECT, WORDED, Entry, Mark, fatal_entry, timeout_error
from sqsctl.logtext.errors import SeenError, error_in
from sqsctl.logtext.json_values import embedded_at, is_record, number_of, text_of
from sqsctl.logtext.text_entries import runtime_id
from sqsctl.logtext.timestamps import parse_stamp
from sqsctl.model.logline import LogEvent


def json_entry(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry | None:
    placed = embedded_at(text)
    if placed is None or placed[1] != 0:
        return None
    record = placed[0]
    kind = record.get("type")
    inner = record.get("record")
    when = at or parse_stamp(text_of(record, "time", "timestamp", "@timestamp"))
    if isinstance(kind, str) and kind.startswith("platform.") and is_record(inner):
        return _platform_event(kind, inner, events, text, when)
    rid = text_of(
        record,
        "requestId",
        "AWSRequestId",
        "function_request_id",
        "awsRequestId",
        "request_id",
        "aws_request_id",
        "lambda_request_id",
        "x_request_id",
    )
    rid = rid.lower() if p.uuid.fullmatch(rid) else ""
    level = _level_of(record)
    error = error_in(text) if SUSPECT.search(text) else None
    message = record.get("message")
    if isinstance(message, str) and (match := p.timeout_line(message.strip())):
        return fatal_entry(
            events, text, when, rid or match.group("rid"), timeout_error(message.strip())
        )
    if error and _crash_form(record):
        if timed := p.timeout_in.search(error.message):
            error = timeout_error(timed.group())
        return fatal_entry(events, text, when, rid or _rid_in(error.message), error, level=level)
    if error and _node_form(record) and not rid and _runtime_named(error.type):
        return fatal_entry(events, text, when, "", error, level=level)
    if error is None and not level and WORDED.search(text):
        error = SeenError("", text)
    if error is None and level in LOUD:
        # A sentence at level error: some services' errors are recognised by their wording.
        words = message if isinstance(message, str) else text_of(record, "msg", "event")
        extra = text_of(record, "error", "err", "exception", "reason", "errorMessage")
        sentence = "\n".join(each for each in (words, extra) if each)
        error = SeenError("", sentence) if sentence else None
    return Entry(
        Mark.ERROR if error else Mark.LINE,
        events,
        text,
        when,
        rid or None,
        error=error,
        level=level,
        runtime_form=_node_form(record),
    )


def _crash_form(record: dict[str, object]) -> bool:
    """An object that only a runtime or the Invoke API writes."""
    if "errorType" not in record and "errorMessage" not in record:
        return False
    # Python's runtime says log_level where the logging module says level.
    logger_keys = {
        "level",
        "logger",
        "levelname",
        "severity",
        "service",
        "location",
        "msg",
        "message",
    }
    return "log_level" in record or not logger_keys & record.keys()


def _node_form(record: dict[str, object]) -> bool:
    """Node.js in JSON format: the error object under ``message``. console.error(e) looks alike."""
    message = record.get("message")
    return is_record(message) and ("errorType" in message or "errorMessage" in message)


def _runtime_named(kind: str) -> bool:
    return kind.startswith(("Runtime.", "Sandbox.", "Extension.")) or kind in _NODE_INIT_TYPES


_NODE_INIT_TYPES = frozenset(
    {
        "ImportModuleError",
        "HandlerNotFound",
        "MalformedHandlerName",
        "UserCodeSyntaxError",
        "MalformedStreamingHandler",
        "NodeJsExit",
        "UnhandledPromiseRejection",
        "ExitError",
    }
)
_LEVEL_NUMBERS = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}


def _level_of(record: dict[str, object]) -> str:
    for key in (
        "level",
        "log_level",
        "levelname",
        "severity",
        "lvl",
        "loglevel",
        "log.level",
        "@l",
    ):
        value = record.get(key)
        if isinstance(value, str):
            return value.upper()
        if isinstance(value, int) and not isinstance(value, bool):
            return _LEVEL_NUMBERS.get(value, "")
    return ""


def _platform_event(
    kind: str,
    record: dict[str, object],
    events: tuple[LogEvent, ...],
    text: str,
    at: datetime | None,
) -> Entry:
    rid = text_of(record, "requestId").lower() or None
    status = text_of(record, "status") or None
    error_type = text_of(record, "errorType") or None
    metrics = record.get("metrics")
    figures = metrics if is_record(metrics) else {}
    match kind:
        case "platform.start":
            return Entry(
                Mark.START, events, text, at, rid, version=text_of(record, "version") or None
            )
        case "platform.report":
            size, used = number_of(figures, "memorySizeMB"), number_of(figures, "maxMemoryUsedMB")
            return Entry(
                Mark.REPORT,
                events,
                text,
                at,
                rid,
                duration_ms=number_of(figures, "durationMs"),
                memory_size_mb=_whole(size),
                max_memory_used_mb=_whole(used),
                init_ms=number_of(figures, "initDurationMs"),
                status=status or "success",
                error_type=error_type,
            )
        case "platform.runtimeDone" | "platform.end":
            return Entry(
                Mark.END,
                events,
                text,
                at,
                rid,
                status=status,
                error_type=error_type,
                duration_ms=number_of(figures, "durationMs"),
            )
        case "platform.initStart":
            return Entry(
                Mark.INIT_START,
                events,
                text,
                at,
                runtime=runtime_id(text_of(record, "runtimeVersion")),
            )
        case "platform.initReport" | "platform.initRuntimeDone":
            return Entry(
                Mark.INIT_REPORT,
                events,
                text,
                at,
                status=status,
                error_type=error_type,
                phase=text_of(record, "phase") or None,
            )
        case _:
            return Entry(Mark.LINE, events, text, at, rid)


def _whole(value: float | None) -> int | None:
    try:
        return None if value is None else int(value)
    except (ValueError, OverflowError):
        return None


def _rid_in(text: str) -> str | None:
    match = re.search(rf"RequestId: ({p.UUID})", text)
    return match.group(1) if match else None
