"""What the line that failed was reading: the event, a message's content, an answer, a variable.

The line comes from the trace (Python writes it there) or from the package's source, and the
names in it are followed through the source a few steps. Nothing is run or parsed: what cannot
be followed is UNKNOWN, and whoever asks then has words alone to go by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.model.finding import Evidence

_HOPS = 5
_MOST = 60_000
_SPAN = 400


class Origin(StrEnum):
    """Where a value came from."""

    EVENT = "event"  # what Lambda handed to the handler, a record of it included
    PAYLOAD = "payload"  # what was parsed out of a message or a request
    ANSWER = "answer"  # what another service answered
    ENVIRON = "environ"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the function's own code; ``text`` is empty where it is not known."""

    path: str
    line: int
    text: str
    column: int = 0


_PYTHON_FRAME = re.compile(
    r"File \"(?P<path>[^\"\n]{1,300})\", line (?P<line>\d{1,6}), in [^\n]{1,120}"
    # Lambda indents with no-break spaces.
    r"(?:\n(?!\s*File \")[^\S\n]*(?P<text>\S[^\n]{0,600}))?"
)
_NODE_FRAME = re.compile(
    r"(?:^|[\s(])(?:file://)?(?P<path>/[\w./@\-]{1,300}):(?P<line>\d{1,6}):(?P<col>\d{1,6})",
    re.MULTILINE,
)
_LIBRARY = re.compile(
    r"site-packages|node_modules|^<|/(?:usr|opt|var/lang|var/runtime|lib)/|/python3\.\d{1,2}/"
)


def places(case: Case) -> tuple[Place, ...]:
    """Lines of the function's own code in the trace, the innermost first."""
    return _places(case.trace or case.failure.line, case.sources)


def code(case: Case) -> str:
    """All that is known of the function's code: its sources, else the trace's own lines."""
    if case.sources:
        return "\n".join(text for path, text in case.sources if _is_code(path))[:_MOST]
    return "\n".join(each.text for each in reversed(places(case)))


@lru_cache(maxsize=512)
def _places(trace: str, sources: tuple[tuple[str, str], ...]) -> tuple[Place, ...]:
    found = [
        Place(m.group("path"), int(m.group("line")), (m.group("text") or "").strip())
        for m in _PYTHON_FRAME.finditer(trace)
        if not _LIBRARY.search(m.group("path"))
    ][::-1]
    if not found:
        found = [
            Place(m.group("path"), int(m.group("line")), "", int(m.group("col")))
            for m in _NODE_FRAME.finditer(trace)
            if not _LIBRARY.search(m.group("path"))
        ]
    return tuple(each if each.text else _with_text(each, sources) for each in found)


def _with_text(place: Place, sources: tuple[tuple[str, str], ...]) -> Place:
    """The place with its line, where the package holds it and it is a line that a person wrote."""
    wanted = place.path.removeprefix("/var/task/").removeprefix("/")
    for path, text in sources:
        if path != wanted or len(text) > _MOST:
            continue
        lines = text.split("\n")
        if place.line <= len(lines):
            line = lines[place.line - 1]
            if len(line) > _SPAN and place.column:
                # Minified, or all on one line: what stands around the place.
                begin = max(0, place.column - _SPAN // 4)
                return Place(
                    place.path, place.line, line[begin : begin + _SPAN], place.column - begin
                )
            return Place(place.path, place.line, line, place.column)
    return place


def _is_code(path: str) -> bool:
    return path.endswith((".py", ".js", ".mjs", ".cjs", ".ts", ".rb"))


def line_evidence(case: Case) -> tuple[Evidence, ...]:
    """The line of the function's own code that failed, where it is known."""
    place = next((each for each in places(case) if each.text), None)
    if place is None:
        return ()
    return (Evidence("the code", f"{place.path}:{place.line}", place.text.strip()[:300]),)


# --- what an expression is ------------------------------------------------------------------

_PARSES = re.compile(r"\bloads?\s*\(|JSON\.parse\s*\(|\bparse_raw\(|\bmodel_validate")
_ANSWERS = re.compile(
    r"\.json\s*\(\s*\)|\burlopen\s*\(|\bfetch\s*\(|\brequests\.|\bhttpx\.|\baxios\b|\bgetresponse\("
    r"|\.get_object\(|\bhttp\.request\("
    r"|\b(?:resp|response|res|answer|reply)\b\s*(?:\.|\)|$)|\.(?:text|content)\b\s*(?:\)|$)"
    r"|\.read\(\)"
)
_ENVIRONS = re.compile(r"\benviron\b|\bgetenv\b|\bprocess\.env\b")
_EVENT_NAMES = frozenset(
    {
        "event", "evt", "lambda_event", "raw_event", "_event", "lambdaEvent", "event_dict",
        "sqs_event", "sqsEvent", "event_data",
    }
)  # fmt: skip
_RECORD_NAMES = frozenset({"record", "rec", "sqs_record", "sqsRecord", "Records"})
# Names that a handler's parameter or a record goes by where nothing shows where it came from.
_LIKELY_NAMES = (
    _EVENT_NAMES | _RECORD_NAMES | frozenset({"e", "ev", "input", "request", "req", "r"})
)
_ROOT = re.compile(r"[\s(!*+]*(?:await\s+)?(?P<name>[A-Za-z_$][\w$]*)")


def named_like_an_event(expression: str) -> bool:
    """Whether an expression begins with a name that events and their records usually have."""
    match = _ROOT.match(expression)
    return match is not None and match.group("name") in _LIKELY_NAMES


def origin(expression: str, source: str, handler: str = "", hops: int = _HOPS) -> Origin:
    """Where the value of an expression came from."""
    expression = expression.strip()[:_SPAN]
    if _ENVIRONS.search(expression):
        return Origin.ENVIRON
    if _PARSES.search(expression):
        inner = _PARSES.split(expression, maxsplit=1)[-1]
        return Origin.ANSWER if _ANSWERS.search(inner) else Origin.PAYLOAD
    if _ANSWERS.search(expression):
        return Origin.ANSWER
    match = _ROOT.match(expression)
    if match is None:
        return Origin.UNKNOWN
    name = match.group("name")
    if hops:
        found = {
            origin(each, source, handler, hops - 1)
            for each in _given(name, source, handler)
            if each.strip() != expression
        }
        known = found - {Origin.UNKNOWN}
        if known:
            return known.pop() if len(known) == 1 else Origin.UNKNOWN
    return Origin.EVENT if name in _EVENT_NAMES | _RECORD_NAMES else Origin.UNKNOWN


_CALLBACK = (
    r"(?P<e>[\w$.\[\]'\"?!() ]{1,120})\.(?:map|forEach|filter|flatMap|reduce|some|every)\(\s*"
    r"(?:async\s*)?\(?\s*(?:\w+\s*,\s*)?NAME\b"
)
# Loops, callbacks of arrays, assignments, destructuring.
_GIVES = (
    (
        r"\bfor\s+(?:await\s*)?(?:\(\s*)?(?:const\s+|let\s+|var\s+)?(?:\w+\s*,\s*)?NAME\s+(?:in|of)\s+"
        r"(?P<e>[^\n]{1,300})"
    ),
    _CALLBACK,
    r"(?:^|[\s;{(,])NAME\s*(?::\s*[\w\[\], .|]{1,60})?=(?![=>])\s*(?P<e>[^\n;]{1,300})",
    r"\{[^{}\n=]{0,200}\bNAME\b[^{}\n=]{0,200}\}\s*=(?![=>])\s*(?P<e>[^\n;]{1,300})",
)


@lru_cache(maxsize=512)
def _given(name: str, source: str, handler: str) -> tuple[str, ...]:
    """The expressions that a name gets its value from."""
    n = re.escape(name)
    found: list[str] = []
    for pattern in _GIVES:
        matches = re.finditer(pattern.replace("NAME", n), source, re.MULTILINE)
        found += [_value(match.group("e"), name) for match in matches]
    found += _arguments(n, source, handler)
    return tuple(dict.fromkeys(found))[:8]


def _value(expression: str, name: str) -> str:
    """The expression without what stands behind it on its line."""
    expression = re.split(r"\)\s*\{|:\s*$|\s+if\s|\]\s*$", expression, maxsplit=1)[0]
    return "" if re.match(rf"\s*{re.escape(name)}\s*$", expression) else expression


_ANY_PARAMETER = (
    r"(?:def\s+(?P<a>\w+)\s*\(|function\s*\*?\s*(?P<b>[\w$]+)\s*\("
    r"|(?:exports\.)?(?P<c>[\w$]+)\s*[=:]\s*(?:async\s*)?(?:function\s*\*?\s*)?\(?)"
)


def _arguments(n: str, source: str, handler: str) -> list[str]:
    """What a function's parameter of this name is called with; ``event`` for the handler's."""
    found: list[str] = []
    pattern = rf"{_ANY_PARAMETER}\s*(?P<before>[^()\n]{{0,80}}?)\b{n}\b[^()\n]{{0,120}}(?:\)|=>)"
    for match in re.finditer(pattern, source):
        function = match.group("a") or match.group("b") or match.group("c")
        if match.group("c") and "=>" not in source[match.start() : match.end() + 6]:
            continue
        before = match.group("before")
        if "=" in before:
            continue
        first = "," not in before or "{" in before
        if function == handler.rsplit(".", 1)[-1] and handler and first:
            found.append("event")
            continue
        calls = re.finditer(
            rf"(?<!def )(?<!function )\b{re.escape(function)}\((?P<e>[^\n]{{1,300}})", source
        )
        found += [call.group("e") for call in calls if not _defines(source, call.start())]
    return found[:4]


def _defines(source: str, at: int) -> bool:
    return bool(re.search(r"(?:def|function)\s+$", source[max(0, at - 12) : at]))


# --- what the failing line does -------------------------------------------------------------


def read_by(case: Case, *, key: str = "") -> tuple[Origin, str]:
    """Where the value came from that the failing line read ``key`` of, and its expression.

    Without a key: the value that it parses. Where the line reads the key of several values, it
    is the message's content that may lack it, before the event.
    """
    place = next((each for each in places(case) if each.text), None)
    if place is None:
        return Origin.UNKNOWN, ""
    expressions = _of_key(place, key) if key else [_parsed(place)]
    source, handler = code(case), case.handler or ""
    found = [(origin(each, source, handler), each) for each in expressions if each]
    # The event itself has no such key then, and is read first; a record has what records have.
    if found and found[0][1] not in _EVENT_NAMES:
        found.sort(key=lambda pair: pair[0] is not Origin.PAYLOAD)
    return found[0] if found else (Origin.UNKNOWN, "")


def indexed_by(case: Case) -> tuple[Origin, str]:
    """The same for a line that took a string as the index of a list or a text.

    Which of several does not show: where one of them is the message's content, it is that.
    """
    place = next((each for each in places(case) if each.text), None)
    if place is None:
        return Origin.UNKNOWN, ""
    source, handler = code(case), case.handler or ""
    found = {
        origin(each, source, handler): each for each in _subscripted(_without_parsed(place.text))
    }
    for likely in (Origin.PAYLOAD, Origin.UNKNOWN, Origin.EVENT):
        if likely in found:
            return likely, found[likely]
    return Origin.UNKNOWN, ""


def parsed_by(case: Case) -> Origin:
    """Where the text came from that was parsed as JSON and is none."""
    found = [each for each in places(case) if each.text]
    if any(_JSON_METHOD.search(each.text) for each in found) and case.consumer is not False:
        return Origin.ANSWER  # no message has such a method
    for place in found:
        if expression := _parsed(place):
            return origin(expression, code(case), case.handler or "")
    return Origin.UNKNOWN


_JSON_METHOD = re.compile(r"\.json\s*\(\s*\)")


def _of_key(place: Place, key: str) -> list[str]:
    """The expressions in front of ``["key"]``, ``.key`` or ``.get("key")``.

    Of several the one that the column points at.
    """
    k = re.escape(key)
    pattern = rf"(?:\[\s*u?\\?[\"'`]{k}\\?[\"'`]\s*\]|\??\.{k}\b|\.pop\(\s*[\"']{k}[\"'])"
    matches = list(re.finditer(pattern, place.text))
    near = [m for m in matches if place.column and m.start() <= place.column <= m.end()]
    return [_before(place.text, each.start()) for each in near[:1] or matches]


def _before(text: str, end: int) -> str:
    """The expression that ends here: names, dots, and whole brackets."""
    index = end
    while index > 0:
        char = text[index - 1]
        if char in ")]":
            depth, index = 1, index - 1
            while index > 0 and depth:
                index -= 1
                depth += (text[index] in ")]") - (text[index] in "([")
        elif char.isalnum() or char in "_$.?":
            index -= 1
        else:
            break
    return text[index:end]


_CALL = re.compile(r"(?:\bloads?|JSON\.parse|\bparse)\s*\(")


def _parsed(place: Place) -> str:
    """The argument of the parse on the line; of several the one that the column points at."""
    found: list[tuple[int, str]] = []
    for match in _CALL.finditer(place.text):
        depth, index = 1, match.end()
        while index < len(place.text) and depth:
            depth += (place.text[index] in "([") - (place.text[index] in ")]")
            index += 1
        found.append((match.start(), place.text[match.end() : index - (0 if depth else 1)]))
    if not found:
        return ""
    near = [each for start, each in found if place.column and start <= place.column <= start + 11]
    return (near or [found[0][1]])[0]


def _without_parsed(text: str) -> str:
    """The line without what its parses are given: that is text, and was."""
    for match in _CALL.finditer(text):
        depth, index = 1, match.end()
        while index < len(text) and depth:
            depth += (text[index] in "([") - (text[index] in ")]")
            index += 1
        text = text[: match.end()] + " " * (index - match.end() - 1) + text[index - 1 :]
    return text


def _subscripted(text: str) -> list[str]:
    """What is in front of each string in brackets."""
    matches = re.finditer(r"\[\s*u?\\?[\"'][\w\-]{1,80}\\?[\"']\s*\]", text)
    return [found for each in matches if (found := _before(text, each.start()))]
