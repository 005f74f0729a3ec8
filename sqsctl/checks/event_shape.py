"""The code reads a field of the event that is not there.

## What it does
Recognises the errors of code that takes the event for something else: `JSON.parse` of
undefined or of an object, `KeyError: 'body'`, `Cannot read properties of undefined (reading
'body')`, `event.Records is not iterable`, and what Java, Go and .NET say when the event does
not fit the handler's type. Knows from the mappings whether the function consumes a queue, and
from the line that failed whether it was the event that was read. An error in what was parsed
out of a message is not meant: it is the message's (unhandled-error). Before anything failed it
follows a consumer's handler through its package, in Python and JavaScript: a field that a queue's
event does not have, and that the code cannot go on without, with nothing around that asks for it.

## Why it matters
An SQS consumer gets `{"Records": [{"body": …}]}`, an HTTP handler `{"body": …}`. With the
other's field every message fails the same way, and all of them are dead-lettered, however
good they are: once the code is mended, they can be redriven.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqsctl.checks.base import Meta
from sqsctl.checks.support.code_fixes import each_record, rewritten
from sqsctl.checks.support.event_types import NOT_LOADED, Misfit, mending, misfit, title_of
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.checks.support.failures.failed_reads import (
    Origin,
    indexed_by,
    line_evidence,
    named_like_an_event,
    places,
    read_by,
)
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.languages import language
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.payloads import (
    EVENT_FIELDS,
    NAMES_EVENT,
    OBJECT_PARSED,
    WRONG_INDEX,
    wrong_field,
)
from sqsctl.handlercode.frames import Fault, Sighting
from sqsctl.handlercode.packages import consumer_of
from sqsctl.handlercode.rewrites import own_body
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.functions import EventSourceMapping, Function
from sqsctl.model.intents import ChangeCode, Redrive, Remedy, remedy
from sqsctl.model.stack import Fact, Stack

# What only another source's event has, which a queue's never does.
_ENVELOPES = {
    "detail": "an EventBridge event",
    "detail-type": "an EventBridge event",
    "Sns": "an SNS event",
    "s3": "an S3 event",
    "dynamodb": "a DynamoDB stream's event",
    "kinesis": "a Kinesis event",
    "queryStringParameters": "an HTTP request",
    "pathParameters": "an HTTP request",
    "headers": "an HTTP request",
    "requestContext": "an HTTP request",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The field, whether an object was parsed, and whether the line read the event for sure."""

    field: str
    parsed_object: bool
    sure: bool


class EventShape(LogCheck[Shape | Misfit]):
    meta = Meta(
        id="event-shape",
        title="The code reads the event as its source sends it",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | {Fact.QUEUES},
        reference="https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html",
    )

    precedence = 46

    def recognise(self, case: Case) -> Shape | Misfit | None:
        if found := misfit(case):
            return found
        if _OF_AN_ATTRIBUTE.search(case.text) or NOT_LOADED.search(case.text):
            return None
        parsed = bool(OBJECT_PARSED.search(case.text))
        field = _read_of_event(case)
        if field is not None:
            return Shape(field, parsed, sure=True)
        field = wrong_field(case.text, case.trace or case.failure.line, consumer=case.consumer)
        if field is None:
            return None
        source, expression = read_by(case, key=field)
        if WRONG_INDEX.search(case.text):
            source, expression = indexed_by(case)
        elif not field:
            source, expression = read_by(case)
            last = expression.rsplit(".", 1)[-1]
            field = last if source is Origin.EVENT and last in EVENT_FIELDS and not parsed else ""
        if source not in {Origin.UNKNOWN, Origin.EVENT} or _ATTRIBUTE.search(expression):
            return None
        if parsed and _BODY.search(expression):
            # Every source sends a body as text: whoever called the handler had parsed it.
            return None
        # Undefined can be anybody's; what has a value of its own and another name is no event.
        has_value = (
            field not in {"", *_OF_THE_API} or parsed or WRONG_INDEX.search(case.text) is not None
        )
        if source is Origin.UNKNOWN and has_value and _named_otherwise(expression, case.text):
            return None
        sure = source is Origin.EVENT or NAMES_EVENT.search(case.text) is not None
        return Shape(field, parsed, sure=sure)

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told: set[str] = set()
        for finding in super().diagnose(stack):
            if not finding.past:
                told.add(finding.subject)
            yield finding
        mapped = {each.function_name: each for each in stack.mappings}
        for package in stack.packages:
            function, mapping = stack.function(package.function), mapped.get(package.function)
            if function is None or mapping is None or function.name in told:
                continue
            if found := consumer_of(function, package).first(Fault.SHAPE):
                yield self._in_the_code(function, mapping, found)

    def _in_the_code(
        self, function: Function, mapping: EventSourceMapping, found: Sighting
    ) -> Finding:
        return self.found(
            f"{function.name} reads {found.detail}, which is not in what SQS sends; a message's "
            "text is event.Records[n].body",
            evidence=(
                Evidence(f"code of {function.name}", f"{found.path}:{found.line}", found.detail),
                of_mapping(mapping, "EventSourceArn", mapping.queue_arn),
            ),
            remedy=remedy(
                "read each record's own body",
                each_record(found),
                afterwards=Redrive(),
            ),
            subject=function.name,
        )

    def report(self, seen: Seen[Shape | Misfit], stack: Stack) -> Finding:
        sign = seen.sign
        if isinstance(sign, Misfit):
            return self.found(
                title_of(sign, seen.who),
                evidence=(*seen.evidence(), *line_evidence(seen.newest)),
                remedy=mending(sign),
                subject=seen.function,
                confidence=seen.confidence,
            )
        consumer = seen.newest.consumer
        mapping = next((m for m in stack.mappings if m.function_name == seen.function), None)
        what = _what(sign)
        if consumer and not sign.sure:
            title = (
                f"{seen.who} reads something that is not there: {what}; a message's text is "
                "event.Records[n].body"
            )
        elif consumer:
            title = (
                f"{seen.who} reads the event as if it were not from SQS: "
                f"{what}; a message's text is event.Records[n].body"
            )
        else:
            likely = "" if sign.sure else "most likely "
            title = f"{seen.who} {likely}reads the wrong field of its event: {what}"
        return self.found(
            title,
            evidence=(
                *seen.evidence(),
                *line_evidence(seen.newest),
                *((of_mapping(mapping, "EventSourceArn", mapping.queue_arn),) if mapping else ()),
            ),
            remedy=_read_it(seen, sign),
            subject=seen.function,
            confidence=seen.confidence if sign.sure else min(seen.confidence, Confidence.MEDIUM),
        )


# Fields of what ReceiveMessage returns, which nobody's own data has: in Lambda they begin small.
_OF_THE_API = frozenset({"Body", "ReceiptHandle", "MD5OfBody"})
_BODY = re.compile(r"(?:\[\s*[\"']body[\"']\s*\]|\.body|\.get\(\s*[\"']body[\"']\s*\))\s*$")
_ITERATED = re.compile(r"\b(?P<name>[A-Za-z_$][\w$]{0,60})\.\w{1,20}(?:\.\w{1,20})? is not ")


def _named_otherwise(expression: str, text: str) -> bool:
    """Whether the line, or the error itself, names what was read, and not as an event."""
    if not expression and (match := _ITERATED.search(text)):
        expression = match.group("name")
    return bool(expression) and not named_like_an_event(expression)


_UNDEFINED = re.compile(
    r"Cannot read propert(?:y|ies) (?:'(?P<a>[\w\-]{1,60})' )?of (?:undefined|null)"
    r"(?: \(reading '(?P<b>[\w\-]{1,60})'\))?"
)
_KEY = re.compile(r"KeyError: u?'(?P<key>[^'\n]{1,80})'")
# An attribute that a message lacks is the message's matter: with the source and without it.
_OF_AN_ATTRIBUTE = re.compile(
    r"Cannot (?:read|destructure) [^\n]{0,60}"
    r"'(?:(?:[sS]tring|[bB]inary)(?:Value|ListValues)|dataType)'"
    r"|KeyError: u?'(?:string|binary)Value'"
)
_ATTRIBUTE = re.compile(r"essageAttributes\W")


def _read_of_event(case: Case) -> str | None:
    """The event's field that was not there, where the source shows that it was the event."""
    if match := _UNDEFINED.search(case.text):
        source, expression = read_by(case, key=match.group("a") or match.group("b") or "")
        last = expression.rstrip("?").rsplit(".", 1)[-1]
        return last if source is Origin.EVENT and last in EVENT_FIELDS else None
    if match := _KEY.search(case.text):
        source, expression = read_by(case, key=match.group("key"))
        return match.group("key") if source is Origin.EVENT and expression.isidentifier() else None
    if WRONG_INDEX.search(case.text):
        source, expression = indexed_by(case)
        return "" if source is Origin.EVENT and not _ATTRIBUTE.search(expression) else None
    return None


def _what(sign: Shape) -> str:
    if sign.parsed_object:
        return "it parses as JSON what is an object already"
    if sign.sure and sign.field in _ENVELOPES:
        return f"it looks for {sign.field}, as in {_ENVELOPES[sign.field]}"
    return (
        f"{sign.field} is not where it looks"
        if sign.field
        else "the field that it parses is not there"
    )


_LOOPS: dict[str, tuple[str, ...]] = {
    "python": ('for record in event["Records"]:', '    payload = json.loads(record["body"])'),
    "node": (
        "for (const record of event.Records) {",
        "  const payload = JSON.parse(record.body)",
        "}",
    ),
    "ruby": ("event['Records'].each do |record|", "  payload = JSON.parse(record['body'])", "end"),
    "java": ("for (SQSMessage message : event.getRecords())", "  handle(message.getBody());"),
    "go": ("for _, record := range event.Records {", "\thandle(record.Body)", "}"),
    "dotnet": ("foreach (var message in input.Records)", "    await Handle(message.Body);"),
}


def _read_it(seen: Seen[Shape | Misfit], sign: Shape) -> Remedy:
    """The field as the function's own source sends it, in its language."""
    spoken = language(seen.newest)
    lines = _LOOPS.get(spoken, ())
    code = " ".join(each.strip() for each in lines) or "event.Records[n].body"
    place = next((each for each in places(seen.newest)), None)
    path, line = (place.path, place.line) if place else ("", None)
    if sign.parsed_object and not seen.newest.consumer:
        said = (
            "parse the field that holds the text (body), not the event: the event is an object "
            "already"
        )
        return remedy(said, ChangeCode(said, path, line), afterwards=Redrive())
    if seen.newest.consumer is False:
        said = (
            "read the field that the function's own event source sends (HTTP API: event.body, "
            "which is absent on a request without a body)"
        )
        return remedy(said, ChangeCode(said, path, line), afterwards=Redrive())
    if not sign.sure:
        said = (
            f"look at the line that failed, and read a message's text with {code}; where it does "
            "so, the message itself lacks the field"
        )
        return remedy(
            said, ChangeCode(said, path, line, spoken, lines), afterwards=Redrive(edit=True)
        )
    change = ChangeCode("read the message's text from its record", path, line, spoken, lines)
    return remedy(
        f"in a queue's consumer: {code}; then deploy",
        rewritten(change, seen.newest.sources, own_body),
        afterwards=Redrive(),
    )
