"""Entries of the text log format: the platform's lines, the runtimes' errors, loggers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sqsctl.logtext import patterns as p
from sqsctl.logtext.entry import (
    LOUD,
    SUSPECT,
    WORDED,
    Entry,
    Mark,
    fatal_entry,
    request_id,
    timeout_error,
)
from sqsctl.logtext.errors import SeenError, error_in, type_in_words
from sqsctl.logtext.timestamps import parse_stamp
from sqsctl.model.logline import LogEvent

# --- the platform's lines, as text ---------------------------------------------------------


_PLATFORM_INITIALS = frozenset("SERIXTL")
_HEAD_INITIALS = frozenset("0123456789abcdefABCDEFu[")
# Something of each form that ``_by_runtime`` knows; cheaper than to try them all on each line.
_RUNTIME_HINT = re.compile(
    r"\[ERROR\]|LAMBDA_WARNING|^(?:Unable|Handler|Bad|module|Syntax|Error|Init|Critical|Uncaught"
    r"|Invoke|Unhandled|\{|PHP |Fatal |Parse )|\[\{\"path\":"
    r"|\n(?:null\s*$|Traceback )|^[^\n]{0,4000}: [\w$.*]{1,200}\s*\n"
)


def platform_line(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry | None:
    """A line that the platform writes about an invocation or an init; None for others."""
    if text[:1] not in _PLATFORM_INITIALS:
        return None
    if match := p.start.match(text):
        return Entry(
            Mark.START,
            events,
            text,
            at,
            request_id(match.group("rid")),
            version=match.group("version"),
        )
    if match := p.end.match(text):
        return Entry(Mark.END, events, text, at, request_id(match.group("rid")))
    if match := p.report.match(text):
        return _report(text, events, at, request_id(match.group("rid")))
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


def text_entry(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry:
    """A block that is no platform line and no JSON."""
    return (
        _by_platform(text, events, at)
        or _by_logger(text, events, at)
        or _by_runtime(text, events, at)
        or _printed(text, events, at)
    )


def _by_platform(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry | None:
    """What Lambda itself says of an invocation that it had to end."""
    first, _, rest = text.lstrip().partition("\n")
    if "Task timed out" in first and (match := p.timeout_line(first)) and not rest.strip():
        stamp = p.stamp.match(first)
        when = at or (parse_stamp(stamp.group()) if stamp else None)
        return fatal_entry(events, text, when, match.group("rid"), timeout_error(first))
    if rust := p.rust_error.search(first):
        told = p.uuid.search(rust.group("fields"))
        error = SeenError("Error", "\n".join(filter(None, (rust.group("msg"), rest.strip()))))
        return fatal_entry(events, text, at, told.group() if told else None, error, level="ERROR")
    if sam := p.sam_timeout.match(text):
        error = timeout_error(f"Task timed out after {sam.group('secs')} seconds")
        return fatal_entry(events, text, at, None, error)
    if "exited" in text and (match := p.exited.match(text)):
        return fatal_entry(events, text, at, match.group("rid"), _exit(match, text))
    if text.startswith("Unknown application error occurred"):
        kind = rest.strip().split("\n")[0]
        known = p.runtime_type.match(kind) is not None
        return fatal_entry(events, text, at, None, SeenError(kind if known else "", first))
    if not text.startswith("RequestId: "):
        return None
    if (match := p.sandbox_error.match(text)) and (match.group("type") or not rest):
        kind = match.group("type") or "Runtime.Unknown"
        error = SeenError(kind, match.group("msg"))
        if timed := p.timeout_in.search(text):
            error = timeout_error(timed.group())
        return fatal_entry(events, text, at, match.group("rid"), error)
    return None


def _by_logger(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry | None:
    """Lines with the head that a runtime's own logger writes."""
    initial = text[:1]  # a program may have printed an empty line
    if initial not in _HEAD_INITIALS:
        return None
    head = p.node_head.match(text) or p.bare_head.match(text)
    if head:
        return _node_entry(head, text, events, at)
    match = p.python_log.match(text)
    if match is None:
        old = p.old_node_head.match(text)
        return _old_node_entry(old, text, events, at) if old else None
    return _logged(
        text[match.end() :],
        events,
        text,
        at or parse_stamp(match.group("ts")),
        match.group("rid"),
        match.group("lvl"),
    )


def _by_runtime(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry | None:
    """Errors in the form that runtimes give them."""
    if not _RUNTIME_HINT.search(text):
        return None
    if p.python_noise.search(text.partition("\n")[0]):
        return Entry(Mark.LINE, events, text, at)
    if match := p.python_error.match(text):
        error = error_in(text)
        if error is None:
            return None
        if p.traceback.search(text) or p.runtime_type.match(match.group("type")):
            return fatal_entry(events, text, at, None, error)
        # A program can print this, too; the runtime puts a traceback below.
        return Entry(Mark.ERROR, events, text, at, error=error, level="ERROR", runtime_form=True)
    if p.old_python.match(text):
        return fatal_entry(events, text, at, None, _old_form(text))
    if any(form.match(text) for form in _FORMS) and (error := error_in(text)):
        return fatal_entry(events, text, at, None, error)
    if (php := p.php_fatal.match(text)) and (error := error_in(text[php.start() :])):
        return fatal_entry(events, text, at, None, error)
    return None


# The object of a runtime or of Invoke is torn here; a whole one is read as JSON.
_FORMS = (
    p.ruby_kind,
    p.node_kind,
    p.old_node,
    p.typed_tail,
    p.typed_frames,
    p.typed_dotnet,
    p.error_object,
)


_GLOG_LEVELS = {"I": "INFO", "W": "WARNING", "E": "ERROR", "F": "FATAL"}


def _printed(text: str, events: tuple[LogEvent, ...], at: datetime | None) -> Entry:
    """Anything else: a line that code or a library printed."""
    if glog := p.glog.match(text):
        return _logged(text[glog.end() :], events, text, at, None, _GLOG_LEVELS[glog.group("lvl")])
    level = p.level_word.match(text)
    if level is None and (named := p.logfmt_level.search(text[:400])):
        return _logged(text, events, text, at, None, named.group("lvl"))
    if level is None and (inside := p.level_inside.match(text)):
        named_level = next(filter(None, inside.groups()), "")
        return _logged(text[inside.end() :], events, text, at, None, named_level)
    body = text[level.end() :] if level else text
    if level and p.node_kind.match(body) and (error := error_in(body)):
        return fatal_entry(events, text, at, None, error)
    entry = _logged(body, events, text, at, None, level.group("lvl") if level else "")
    ended = _FROM_OUTSIDE.match(text) or (entry.error and _NOT_STARTED.search(text))
    return replace(entry, runtime_form=True) if ended else entry


# Frameworks say so before they give up, and what went wrong.
_NOT_STARTED = re.compile(
    r"Failed to start (?:application|quarkus)|Application run failed|APPLICATION FAILED TO START"
    r"|Error starting (?:ApplicationContext|Micronaut)"
)


# A traceback that begins outside of the function's code went up through its handler: runtimes of
# emulators print it bare. What code prints itself begins in the code.
_FROM_OUTSIDE = re.compile(
    r"Traceback \(most recent call last\):\n\s*File \"(?!/var/task/|/opt/|/var/runtime/)"
    r"[^\"\n]{1,300}\", "
    r"line \d+, in (?:run|main|invoke|handle\w*|_?handle_event_request|<module>)\b"
)


def _node_entry(
    head: re.Match[str], text: str, events: tuple[LogEvent, ...], at: datetime | None
) -> Entry:
    groups = head.groupdict()
    at = at or parse_stamp(groups.get("ts") or "")
    rid = head.group("rid")
    body = text[head.end() :]
    known = request_id(rid)
    if p.node_kind.match(body) and (error := error_in(body)):
        return fatal_entry(
            events, text, at, known, error, level=head.group("lvl"), no_request=rid == "undefined"
        )
    if p.timeout_line(body):
        return fatal_entry(events, text, at, known, timeout_error(body))
    entry = _logged(body, events, text, at, known, head.group("lvl"))
    # .NET's runtime logs what went up through the handler at this level; code can, too.
    return replace(entry, runtime_form=True) if head.group("lvl") == "fail" else entry


def _old_node_entry(
    head: re.Match[str], text: str, events: tuple[LogEvent, ...], at: datetime | None
) -> Entry:
    """Node.js before 10 wrote no level: the runtime's own error is the object alone."""
    at, rid, body = at or parse_stamp(head.group("ts")), head.group("rid"), text[head.end() :]
    if p.error_object.match(body) and (error := error_in(body)):
        return fatal_entry(events, text, at, rid, error)
    if body and (own := _by_runtime(body, events, at)):
        return replace(own, text=text, request_id=request_id(rid))
    return _logged(body, events, text, at, rid, "")


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
    worded = WORDED.search(body) is not None
    error = error_in(body) if worded or SUSPECT.search(body) else None
    if error is None and (level in LOUD or worded):
        error = SeenError("", body.strip())
    return Entry(
        Mark.ERROR if error else Mark.LINE,
        events,
        text,
        at,
        request_id(rid),
        error=error,
        level=level,
    )


def _old_form(text: str) -> SeenError:
    """Runtimes of before 2020 wrote the message without a type."""
    return SeenError(type_in_words(text) or "Runtime.InitError", text)


def _exit(match: re.Match[str], text: str) -> SeenError:
    tail = text[match.end() :]
    named = re.search(r"Runtime\.\w{1,40}", tail)
    return SeenError(named.group() if named else "Runtime.ExitError", match.group().strip())
