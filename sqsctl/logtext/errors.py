"""Find the error that a piece of log text tells of: its type, message and trace.

Knows the error objects that runtimes, logging libraries (Powertools, pino, winston,
bunyan, structlog, python-json-logger, log4j) and SDKs write as JSON, Python tracebacks,
the inspect form of Node.js, and the first lines of Java, Ruby, .NET and Go errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sqsctl.logtext import patterns as p
from sqsctl.logtext.json_values import embedded_at, is_record, records, text_of
from sqsctl.logtext.limits import MESSAGE_CHARACTERS, TRACE_LINES

_TYPE_KEYS = (
    "errorType",
    "exception_name",
    "exceptionType",
    "__type",
    "type",
    "name",
    "class",
    "kind",
    "code",
)
_MESSAGE_KEYS = ("errorMessage", "message", "Message", "msg", "value", "description")
_TRACE_KEYS = (
    "stackTrace",
    "stack",
    "trace",
    "stack_trace",
    "stacktrace",
    "exception",
    "exc_info",
    "traceback",
    "extendedStackTrace",
    "backtrace",
)
_NESTED = (
    "error",
    "err",
    "exception",
    "thrown",
    "cause",
    "exc",
    "stack_trace",
    "reason",
    "errorDetails",
)
_TORN_TYPE = re.compile(r"\\?\"errorType\\?\"\s*:\s*\\?\"([^\"\\\n]{1,200})")
_TORN_MESSAGE = re.compile(r"\\?\"errorMessage\\?\"\s*:\s*\\?\"((?:[^\"\\\n]|\\[^\n]){0,4000})")
# What stands behind a key that is named like an error where there was none.
_NOTHING = frozenset({"undefined", "null", "None", "nil", "false", "{}", "[]"})
# Errors that only say that all of a batch's records failed, around those of the records.
_CHILDREN = ("recordErrors", "childErrors")
_MOST_CHILDREN = 100
_ALL_FAILED = re.compile(r"All records failed processing")
_TORN_CHILDREN = re.compile(r"\"(?:recordErrors|childErrors)\"\s*:\s*\[")
_NOT_A_TYPE = frozenset({"error", "object", "log", "app", "string", "function"})


@dataclass(frozen=True, slots=True)
class SeenError:
    """An error as text shows it. ``structured``: it was an object with its own type and trace."""

    type: str
    message: str
    trace: tuple[str, ...] = ()
    structured: bool = False


def error_in(text: str) -> SeenError | None:
    """The error that the text tells of, the most exact form first; None where there is none."""
    found = (
        _from_json(text)
        or _from_traceback(text)
        or _from_typed_tail(text)
        or _from_head(text)
        or _from_typed_end(text)
    )
    if found is None:
        return None
    if found.type.endswith(_REJECTION):
        found = _reason(found, text)
    return replace(
        found, message=found.message[:MESSAGE_CHARACTERS], trace=found.trace[:TRACE_LINES]
    )


# Node.js wraps what a promise that nobody waited for was rejected with.
_REJECTION = "UnhandledPromiseRejection"
_REASON = re.compile(r"^ {2,8}reason: (?P<reason>\S[^\n]*(?:\n {4,}at [^\n]*){0,60})", re.MULTILINE)


def _reason(found: SeenError, text: str) -> SeenError:
    """The error inside such a wrapper, as far as the text shows it; else the wrapper."""
    told = _REASON.search(text)
    inner = _from_head(told.group("reason") if told else found.message)
    if inner is None:
        return found
    return replace(inner, trace=inner.trace or found.trace, structured=found.structured)


def _from_json(text: str) -> SeenError | None:
    placed = embedded_at(text) if "{" in text else None
    if placed:
        for record in records(placed[0]):
            if found := _from_record(record):
                return found
    if children := _TORN_CHILDREN.search(text):
        text = text[children.end() :] if _TORN_TYPE.search(text, children.end()) else text
    if torn := _TORN_TYPE.search(text):
        message = _TORN_MESSAGE.search(text)
        return SeenError(torn.group(1), _unescape(message.group(1)) if message else "", (), True)
    if (message := _TORN_MESSAGE.search(text)) and message.group(1):
        return SeenError("", _unescape(message.group(1)), (), True)
    return None


# What the runtimes' own errors begin with, where their type is not told.
_IN_WORDS = {
    "Unable to import module": "Runtime.ImportModuleError",
    "Handler '": "Runtime.HandlerNotFound",
    "Bad handler": "Runtime.MalformedHandlerName",
    "Syntax error in module": "Runtime.UserCodeSyntaxError",
}


def type_in_words(message: str) -> str:
    """The type of a runtime's error by how its message begins; empty for any other."""
    return next((kind for start, kind in _IN_WORDS.items() if message.startswith(start)), "")


def _from_record(record: dict[str, object], *, inside: bool = False) -> SeenError | None:
    """An object that is an error: a type or a trace beside a message."""
    if not inside and (child := _of_a_batch(record)):
        return replace(child, structured=True)
    kind = text_of(record, "errorType", "exception_name", "exceptionType")
    if kind.endswith(_REJECTION) and is_record(told := record.get("reason")):
        reason = _from_record(told, inside=True)
        if reason and reason.message:
            return reason
    message = text_of(record, "errorMessage")
    trace = _trace_of(record)
    if kind and trace and not message:
        # The trace ends with the error's own words; the record's are the sentence around it.
        told = error_in_trace(trace)
        if told and told.message and re.split(r"[.:$]", told.type)[-1] == kind:
            return replace(told, type=kind, structured=True)
    if kind or message:
        message = message or text_of(record, *_MESSAGE_KEYS)
        if not trace and not message and not p.runtime_type.match(kind):
            return None
        kind = kind or _type_from(trace, message) or type_in_words(message)
        return SeenError(kind, message, trace, True)
    if nested := _nested_text(record):
        return nested
    if not trace:
        return None
    inner = error_in_trace(trace)
    kind = text_of(record, *_TYPE_KEYS)
    message = text_of(record, *_MESSAGE_KEYS)
    if inner and (kind.lower() in _NOT_A_TYPE or not kind or inner.type.endswith(kind)):
        return replace(inner, structured=True)
    if inner and inner.message and inner.message not in message:
        # The trace is what failed; the record's own message is the sentence around it.
        return replace(inner, structured=True)
    if kind and message:
        return SeenError(kind, message, trace, True)
    return replace(inner, structured=True) if inner else None


def _of_a_batch(record: dict[str, object]) -> SeenError | None:
    """The records' own error in one that says that all of them failed: of several the commonest."""
    lists = [value for key in _CHILDREN if isinstance(value := record.get(key), list)]
    found = [
        error
        for children in lists
        for each in children[:_MOST_CHILDREN]
        if is_record(each) and (error := _from_record(each, inside=True))
    ]
    if not found:
        message = text_of(record, "errorMessage")
        return _of_a_batch_in_words(message) if _ALL_FAILED.search(message) else None
    return _commonest(found)


def _of_a_batch_in_words(text: str) -> SeenError | None:
    """The same from the tracebacks of the records, one below the other."""
    parts = p.traceback.split(text)[1 : _MOST_CHILDREN + 1]
    traces = (f"Traceback (most recent call last):{each}" for each in parts)
    found = [error for each in traces if (error := _from_traceback(each)) and error.type]
    return _commonest(found)


def _commonest(found: list[SeenError]) -> SeenError | None:
    return max(
        found, key=lambda each: sum(each.message == other.message for other in found), default=None
    )


def _nested_text(record: dict[str, object]) -> SeenError | None:
    """An error under a logger's own key, as an object without a trace or as a line of text."""
    for key in _NESTED:
        value = record.get(key)
        if is_record(value):
            kind, message = text_of(value, *_TYPE_KEYS), text_of(value, *_MESSAGE_KEYS)
            if kind and message and not _trace_of(value):
                return SeenError(kind, message, (), True)
        elif isinstance(value, str) and value and "\n" not in value:
            found = _from_head(value)
            if found:
                return replace(found, structured=True)
    return None


def _trace_of(record: dict[str, object]) -> tuple[str, ...]:
    for key in _TRACE_KEYS:
        value = record.get(key)
        if isinstance(value, str) and "\n" in value:
            return tuple(value.replace("\r", "\n").splitlines()[: TRACE_LINES * 2])
        if isinstance(value, list) and value:
            return tuple(_frame(each) for each in value[:TRACE_LINES])
    return ()


def _frame(value: object) -> str:
    """One frame: a line of text, or a list of file, line, function and source."""
    if isinstance(value, list):
        return "  ".join(str(part)[:300] for part in value[:6])
    if is_record(value):
        place = text_of(value, "path", "file", "fileName")
        return f'File "{place}", line {value.get("line", "")}, in {value.get("label", "")}'
    return str(value)[:1000].rstrip("\n")


def error_in_trace(trace: tuple[str, ...]) -> SeenError | None:
    """The error whose trace this is: its line stands first (JavaScript) or last (Python)."""
    text = "\n".join(trace)
    found = _from_traceback(text) or _from_head(text)
    return replace(found, trace=trace) if found else None


def _type_from(trace: tuple[str, ...], message: str) -> str:
    if trace and (head := _from_head(trace[0])):
        return head.type
    head = _from_head(message)
    return head.type if head and message.startswith(head.type) else ""


def _from_traceback(text: str) -> SeenError | None:
    """The last error of a Python traceback: what finally went up."""
    marks = list(p.traceback.finditer(text))
    if not marks:
        return None
    before = text[: marks[0].start()]
    if match := p.python_error.search(before):
        if _ALL_FAILED.match(match.group("msg") or "") and (child := _of_a_batch_in_words(text)):
            return child
        # Lambda's own form has the error above the traceback.
        message = "\n".join(
            part for part in (match.group("msg") or "", before[match.end() :].strip()) if part
        )
        return SeenError(match.group("type"), message, tuple(text[match.end() :].splitlines()))
    lines = text[marks[-1].start() :].split("\n")
    for index, line in enumerate(lines[1:], start=1):
        if line.startswith('File "') or lines[index - 1].startswith('File "'):
            continue  # a copy without its indentation
        if line.strip() and not line[0].isspace():
            kind, _, message = line.partition(": ")
            rest = [each for each in lines[index + 1 :] if each.strip()][:10]
            message = "\n".join([message, *rest]) if line.rstrip().endswith(":") else message
            if re.fullmatch(r"[A-Za-z_][\w.]{0,200}:?", kind.strip()):
                return SeenError(kind.strip().rstrip(":"), message, tuple(lines[:index]))
            break
    # Cut before its last line: an old runtime told the type above it.
    return _from_typed_tail(text) or SeenError("", "", tuple(lines))


def _from_typed_tail(text: str) -> SeenError | None:
    match = p.typed_tail.match(text) or p.typed_frames.match(text)
    if not match:
        return None
    return SeenError(
        match.group("type"), match.group("msg"), tuple(text[match.end("type") :].splitlines())
    )


def _from_typed_end(text: str) -> SeenError | None:
    """`message: LambdaException`: .NET and Java write the type behind the message."""
    match = p.typed_end.match(text)
    if not match:
        return None
    return SeenError(match.group("type"), match.group("msg"), tuple(text.splitlines()[1:]))


def _from_head(text: str) -> SeenError | None:
    if match := p.python_error.search(text):
        message = "\n".join(
            part for part in (match.group("msg") or "", text[match.end() :].strip()) if part
        )
        return SeenError(match.group("type"), message)
    if coded := p.coded_error.match(text):
        extra, frames = _message_and_frames(text[coded.end() :].split("\n"))
        message = "\n".join(each for each in (coded.group("msg"), *extra) if each)
        return SeenError(coded.group("type"), message, tuple(frames))
    if php := p.php_fatal.search(text):
        place = f"{php.group('file')}:{php.group('line')}"
        return SeenError(php.group("type") or "Error", php.group("msg"), (f"at {place}",))
    heads = (p.error_head.search(text), p.plain_error.search(text), p.qualified.search(text))
    for line_match in heads:
        if line_match and (line_match.group("msg") or "").strip(" ,") not in _NOTHING:
            kind = line_match.groupdict().get("type") or "Error"
            code = line_match.groupdict().get("code")
            rest = text[line_match.end() :].split("\n")
            extra, frames = _message_and_frames(rest)
            message = "\n".join(each for each in (line_match.group("msg") or "", *extra) if each)
            return SeenError(kind, f"{message} [{code}]" if code else message, tuple(frames))
    return None


def _message_and_frames(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines of the message that stand before the first frame; then the frames."""
    for index, line in enumerate(lines):
        if p.frame.match(line):
            return [each for each in lines[:index] if each.strip()][:20], lines[index:]
    return [each for each in lines if each.strip()][:20], []


def _unescape(text: str) -> str:
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
