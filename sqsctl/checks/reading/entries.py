"""What one block of the log is: a mark of the platform, an error, or an ordinary line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqsctl.checks.reading import patterns as p
from sqsctl.checks.reading.blocks import Block
from sqsctl.checks.reading.errors import SeenError, error_in
from sqsctl.checks.reading.jsons import embedded_at, is_record, number_of, text_of
from sqsctl.checks.reading.stamps import parse_stamp
from sqsctl.model.logline import LogEvent


class Mark(StrEnum):
    """The kinds of entries."""

    START = "start"
    END = "end"
    REPORT = "report"
    INIT_START = "init start"
    INIT_REPORT = "init report"
    FATAL = "fatal"  # the runtime or the platform says that an error ended something
    ERROR = "error"  # code logged an error; whether it ended anything is not said
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Entry:
    """A block, understood. Durations are milliseconds, memory megabytes."""

    mark: Mark
    events: tuple[LogEvent, ...]
    text: str
    at: datetime | None = None
    request_id: str | None = None
    no_request: bool = False
    error: SeenError | None = None
    level: str = ""
    duration_ms: float | None = None
    memory_size_mb: int | None = None
    max_memory_used_mb: int | None = None
    init_ms: float | None = None
    status: str | None = None
    error_type: str | None = None
    version: str | None = None
    runtime: str | None = None
    phase: str | None = None
    runtime_form: bool = False  # JSON in the runtime's own keys, which console.error shares


_SUSPECT = re.compile(
    r"rror|xception|[Tt]raceback|denied|Denied|not authorized|Task timed out|Runtime exited|panic"
    r"|FATAL|CRITICAL|Rejection|Failure|Fault|E[A-Z]{4,}|DoesNotExist|NotFound|[Tt]hrottl|Exceeded"
    r"|exited|differs from|Could not|Cannot|Unable|signal: |OutOfMemory|\bfail\b|SEVERE"
)
_NODE_RUNTIME_LEVELS = frozenset({"ERROR", "FATAL"})


def understand(block: Block) -> Entry:
    """Say what a block is. Never raises."""
    text = block.text
    events = tuple(block.events)
    at = events[0].timestamp
    if platform := _platform_line(text, events, at):
        return platform
    if text.startswith("{") and (entry := _json_entry(text, events, at)):
        return entry
    return _text_entry(text, events, at)


# --- the platform's lines, as text ---------------------------------------------------------


def _platform_line(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry | None:
    if match := p.start.match(text):
        return Entry(
            Mark.START, events, text, at, _id(match.group("rid")), version=match.group("version")
        )
    if match := p.end.match(text):
        return Entry(Mark.END, events, text, at, _id(match.group("rid")))
    if match := p.report.match(text):
        return _report(text, events, at, _id(match.group("rid")))
    if match := p.init_start.match(text):
        return Entry(Mark.INIT_START, events, text, at, runtime=runtime_id(match.group("runtime")))
    if p.init_report.match(text):
        return Entry(
            Mark.INIT_REPORT,
            events,
            text,
            at,
            status=_field(p.field_status, text),
            error_type=_field(p.field_error_type, text),
            phase=_field(p.field_phase, text),
        )
    if p.sls_start.match(text):
        return Entry(Mark.START, events, text, at)
    if match := p.sls_end.match(text):
        return Entry(
            Mark.REPORT,
            events,
            text,
            at,
            duration_ms=_float(match.group("dur")),
            init_ms=_float(match.group("init")),
            max_memory_used_mb=_int(match.group("used")),
        )
    if p.other_platform.match(text):
        return Entry(Mark.LINE, events, text, at)
    return None


def _id(text: str | None) -> str | None:
    return text.lower() if text else None


def _report(text: str, events: tuple[LogEvent, ...], at: datetime | None, rid: str | None) -> Entry:
    return Entry(
        Mark.REPORT,
        events,
        text,
        at,
        rid,
        duration_ms=_float(_field(p.field_duration, text)),
        memory_size_mb=_int(_field(p.field_size, text)),
        max_memory_used_mb=_int(_field(p.field_used, text)),
        init_ms=_float(_field(p.field_init, text)),
        status=_field(p.field_status, text),
        error_type=_field(p.field_error_type, text),
    )


def _field(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group(1) if match else None


def _float(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _int(text: str | None) -> int | None:
    return int(text) if text else None


def runtime_id(version: str) -> str | None:
    """``python:3.10.v11`` and ``nodejs:18.v5`` as the runtime's id: python3.10, nodejs18.x."""
    family, colon, number = version.partition(":")
    number = re.sub(r"\.[vD]\w*$|\.v\d.*$", "", number)
    if not colon or not re.fullmatch(r"[\w.]{1,20}", number):
        return None
    if family == "nodejs":
        return f"nodejs{number.removesuffix('.x')}.x"
    return f"{family}{number}"


# --- JSON log format -----------------------------------------------------------------------


def _json_entry(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry | None:
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
    error = error_in(text) if _SUSPECT.search(text) else None
    message = record.get("message")
    if isinstance(message, str) and (match := p.timeout.match(message.strip())):
        return _fatal(events, text, when, rid or match.group("rid"), _timeout(message.strip()))
    if error and _crash_form(record):
        if timed := p.timeout_in.search(error.message):
            error = _timeout(timed.group())
        return _fatal(events, text, when, rid or _rid_in(error.message), error, level=level)
    if error and _node_form(record) and not rid and _runtime_named(error.type):
        return _fatal(events, text, when, "", error, level=level)
    if error is None and not level and _WORDED.search(text):
        error = SeenError("", text)
    if error is None and level in _LOUD:
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
_LOUD = frozenset({"ERROR", "FATAL", "CRITICAL", "SEVERE", "FAIL", "CRIT"})


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


# --- text log format -----------------------------------------------------------------------


def _text_entry(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry:
    first, _, rest = text.partition("\n")
    if (match := p.timeout.match(first)) and not rest.strip():
        stamp = p.stamp.match(first)
        when = at or (parse_stamp(stamp.group()) if stamp else None)
        return _fatal(events, text, when, match.group("rid"), _timeout(first))
    if match := p.exited.match(text):
        return _fatal(events, text, at, match.group("rid"), _exit(match, text))
    if (match := p.sandbox_error.match(text)) and (match.group("type") or not rest):
        kind = match.group("type") or "Runtime.Unknown"
        error = SeenError(kind, match.group("msg"))
        if timed := p.timeout_in.search(text):
            error = _timeout(timed.group())
        return _fatal(events, text, at, match.group("rid"), error)
    head = p.node_head.match(text) or p.bare_head.match(text)
    if head:
        return _node_entry(head, text, events, at)
    if match := p.python_log.match(text):
        return _logged(
            text[match.end() :],
            events,
            text,
            at or parse_stamp(match.group("ts")),
            match.group("rid"),
            match.group("lvl"),
        )
    if p.python_noise.search(first):
        return Entry(Mark.LINE, events, text, at)
    if p.python_error.match(text) or p.old_python.match(text):
        told = error_in(text) if p.python_error.match(text) else _old_form(text)
        if told:
            return _fatal(events, text, at, None, told)
    if p.ruby_kind.match(text) or p.node_kind.match(text) or p.old_node.match(text):
        told = error_in(text)
        if told:
            return _fatal(events, text, at, None, told)
    if p.typed_tail.match(text) and (told := error_in(text)):
        return _fatal(events, text, at, None, told)
    level = p.level_word.match(text)
    if level is None and (named := p.logfmt_level.search(text[:400])):
        return _logged(text, events, text, at, None, named.group("lvl"))
    body = text[level.end() :] if level else text
    if level and p.node_kind.match(body) and (told := error_in(body)):
        return _fatal(events, text, at, None, told)
    return _logged(body, events, text, at, None, level.group("lvl") if level else "")


def _node_entry(
    head: re.Match[str], text: str, events: tuple[LogEvent, ...], at: datetime | None
) -> Entry:
    groups = head.groupdict()
    at = at or parse_stamp(groups.get("ts") or "")
    rid = head.group("rid")
    body = text[head.end() :]
    known = None if rid == "undefined" else rid.lower()
    if p.node_kind.match(body) and (error := error_in(body)):
        return _fatal(
            events, text, at, known, error, level=head.group("lvl"), no_request=known is None
        )
    if p.timeout.match(body):
        return _fatal(events, text, at, known, _timeout(body))
    return _logged(body, events, text, at, known, head.group("lvl"))


def _logged(
    body: str,
    events: tuple[LogEvent, ...],
    text: str,
    at: datetime | None,
    rid: str | None,
    level: str,
) -> Entry:
    """A line that code wrote itself: an error where it shows one or is at level error."""
    level = level.upper()
    worded = _WORDED.search(body) is not None
    error = error_in(body) if worded or _SUSPECT.search(body) else None
    if error is None and (level in _LOUD or worded):
        error = SeenError("", body.strip())
    return Entry(
        Mark.ERROR if error else Mark.LINE,
        events,
        text,
        at,
        rid.lower() if rid else None,
        error=error,
        level=level,
    )


# Wordings that only AWS or an SDK writes, also without an error type beside them.
_WORDED = re.compile(
    r"is not authorized to perform|An error occurred \(\w{1,80}[\w.]{0,80}\) when calling|specified queue does not exist|Queue visibility timeout: "
    r"|differs from SQSClient|no longer supported for creating or updating|Rate [Ee]xceeded"
    r"|does not have permissions to call|Region is missing|must specify a region"
    r"|not authorized to access|Credential should be scoped|FATAL ERROR|exec format error"
    r"|Access to the resource \S{1,300} is denied|Error loading shared library"
    r"|KMS access was denied|specified handler assembly|Unable to load type '"
    r"|Couldn't find valid bootstrap|event source mapping \S{0,60} ?(?:is|was) disabled"
    r"|\"EventSourceArn\"[\s\S]{0,2000}\"State\": ?\"Disabl"
)


def _old_form(text: str) -> SeenError:
    """Runtimes of before 2020 wrote the message without a type."""
    first = text.split("\n", 1)[0]
    if first.startswith("Unable to import module"):
        return SeenError("Runtime.ImportModuleError", text)
    if first.startswith("Handler '"):
        return SeenError("Runtime.HandlerNotFound", text)
    if first.startswith("Bad handler"):
        return SeenError("Runtime.MalformedHandlerName", text)
    if first.startswith("Syntax error"):
        return SeenError("Runtime.UserCodeSyntaxError", text)
    return SeenError("Runtime.InitError", text)


def _timeout(text: str) -> SeenError:
    match = p.timeout_in.search(text)
    return SeenError("Sandbox.Timedout", match.group() if match else text)


def _exit(match: re.Match[str], text: str) -> SeenError:
    tail = text[match.end() :]
    named = re.search(r"Runtime\.\w{1,40}", tail)
    return SeenError(named.group() if named else "Runtime.ExitError", match.group().strip())


def _rid_in(text: str) -> str | None:
    match = re.search(rf"RequestId: ({p.UUID})", text)
    return match.group(1) if match else None


def _fatal(
    events: tuple[LogEvent, ...],
    text: str,
    at: datetime | None,
    rid: str | None,
    error: SeenError,
    *,
    level: str = "",
    no_request: bool = False,
) -> Entry:
    return Entry(
        Mark.FATAL,
        events,
        text,
        at,
        rid.lower() if rid else None,
        no_request=no_request,
        error=error,
        level=level,
    )
