"""The errors that led to an error, as its text tells them: the nearest first, the root last.

Python writes the root first, with a sentence between two tracebacks; Node.js writes ``[cause]:``
inside the error's braces, Java ``Caused by:``, .NET ``--->``, and loggers an object under
``cause``. What a library says in brackets within its own message is no cause here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.logtext.errors import SeenError, error_in
from sqsctl.logtext.json_values import embedded_at, is_record, text_of
from sqsctl.logtext.limits import MESSAGE_CHARACTERS

_MOST = 8
_CHARACTERS = 20_000
_BETWEEN = re.compile(
    r"^\s*(?:The above exception was the direct cause of the following exception"
    r"|During handling of the above exception, another exception occurred):?[ \t]*$",
    re.MULTILINE,
)
# `[cause]: Type: message`, `Caused by: pkg.Type: message`, ` ---> Type: message`.
_BELOW = re.compile(r"^[ \t]*(?:\[cause\]:|Caused by:|--->)[ \t]+(?P<told>\S.*)$", re.MULTILINE)
# .NET puts it behind the message, too.
_BEHIND = re.compile(r"\S ---> (?P<told>[A-Z]\w{0,80}(?:\.\w{1,80}){1,10}: .*)$", re.MULTILINE)
_HEAD = re.compile(
    r"(?P<type>(?:[A-Za-z_$][\w$]{0,80}[.:$/]{1,2}){0,12}[A-Za-z_$][\w$]{0,80})"
    r"(?: \[(?P<code>[\w.]{1,80})\])?(?: \([\w.]{1,80}\))?:[ \t]*(?P<msg>.*)"
)
_ENDS = re.compile(r"^\s*(?:at \S|\.\.\. \d+ (?:more|lines)|--- End of|\[cause\]:|\}|File \")")
_TYPED = re.compile(r"[A-Z]\w*|(?:\w+\.)+[A-Z]\w*")


def causes_in(text: str) -> tuple[SeenError, ...]:
    """The causes that the text of an error tells."""
    text = text[:_CHARACTERS]
    found: list[SeenError] = []
    told = (*_of_python(text), *_of_others(text), *_of_records(text), *_of_a_list(text))
    for each in told:
        if all((each.type, each.message) != (known.type, known.message) for known in found):
            found.append(each)
    return tuple(found[:_MOST])


def _of_python(text: str) -> Iterator[SeenError]:
    """Tracebacks above a sentence that one followed from the other; the root stands first."""
    if not _BETWEEN.search(text):
        return
    *above, _ = _BETWEEN.split(text)
    for each in reversed(above):
        start = each.rfind("Traceback (most recent call last)")
        found = error_in(each[start:] if start >= 0 else each)
        if found and found.type:
            yield found


def _of_others(text: str) -> Iterator[SeenError]:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        match = _BELOW.match(line) or _BEHIND.search(line)
        head = _HEAD.match(match.group("told")) if match else None
        if head is None or not _TYPED.fullmatch(head.group("type")):
            continue
        message = [head.group("msg").removesuffix(" {")]
        for other in lines[number + 1 : number + 12]:
            if _ENDS.match(other) or _BELOW.match(other) or not other.strip():
                break
            message.append(other.strip())
        code = head.group("code")
        told = "\n".join(message).strip()
        kind = head.group("type")
        yield SeenError(kind, (f"{told} [{code}]" if code else told)[:MESSAGE_CHARACTERS])


# `SomethingBatchError: [ValueError('no'), KeyError('id')]`: what each record failed with.
_LIST = re.compile(r"\w{0,40}(?:Batch|Group|Aggregate|Multi)\w{0,40}Error: \[(?P<told>[^\n]+)")
_LISTED = re.compile(
    r"\b(?P<type>(?:[A-Za-z_]\w{0,60}\.){0,4}[A-Z]\w{1,60}(?:Error|Exception))"
    r"\((?P<quote>['\"])(?P<msg>[^\n]{0,600}?)(?P=quote),?\)"
)


def _of_a_list(text: str) -> Iterator[SeenError]:
    match = _LIST.search(text)
    for each in _LISTED.finditer(match.group("told")) if match else ():
        yield SeenError(each.group("type"), each.group("msg"))


def _of_records(text: str) -> Iterator[SeenError]:
    """``cause`` of an error that stands as JSON."""
    placed = embedded_at(text) if '"cause"' in text else None
    record: object = placed[0] if placed else None
    for key in ("error", "err", "exception", "message"):
        inner = record.get(key) if is_record(record) else None
        if is_record(inner) and is_record(inner.get("cause")):
            record = inner
    for _ in range(_MOST):
        record = record.get("cause") if is_record(record) else None
        if not is_record(record):
            return
        kind = text_of(record, "errorType", "name", "type", "code")
        message = text_of(record, "errorMessage", "message")
        if kind or message:
            yield SeenError(kind or "Error", message[:MESSAGE_CHARACTERS])
