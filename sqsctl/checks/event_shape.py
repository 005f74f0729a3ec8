"""The code reads a field of the event that is not there.

## What it does
Recognises the errors of code that takes the event for something else: `JSON.parse` of
undefined or of an object, `KeyError: 'body'`, `Cannot read properties of undefined (reading
'body')`, `event.Records is not iterable`, and what Java, Go and .NET say when the event does
not fit the handler's type. Knows from the mappings whether the function consumes a queue.

## Why it matters
An SQS consumer gets `{"Records": [{"body": …}]}`, an HTTP handler `{"body": …}`. With the
other's field every message fails the same way, and all of them are dead-lettered. The
messages are good: once the code is mended, redriving them is safe.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.checks.support.logcheck import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.payloads import OBJECT_PARSED, wrong_field
from sqsctl.checks.support.runtimes import is_python
from sqsctl.model.finding import Finding, Fix, Severity
from sqsctl.model.stack import Stack


class EventShape(LogCheck[tuple[str, bool]]):
    meta = Meta(
        id="event-shape",
        title="The code reads the event as its source sends it",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES,
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html",
    )

    precedence = 46

    def recognise(self, case: Case) -> tuple[str, bool] | None:
        field = wrong_field(case.text, case.trace or case.failure.line, consumer=case.consumer)
        if field is None:
            return None
        return field, bool(OBJECT_PARSED.search(case.text))

    def report(self, seen: Seen[tuple[str, bool]], stack: Stack) -> Finding:
        field, parsed_object = seen.sign
        consumer = seen.newest.consumer
        mapping = next((m for m in stack.mappings if m.function_name == seen.function), None)
        if consumer:
            title = (
                f"{seen.who} reads the event as if it were not from SQS: "
                f"{_what(field, parsed_object)}; a message's text is event.Records[n].body"
            )
        else:
            title = f"{seen.who} reads the wrong field of its event: {_what(field, parsed_object)}"
        return self.found(
            title,
            evidence=(
                *seen.evidence(),
                *((of_mapping(mapping, "EventSourceArn", mapping.queue_arn),) if mapping else ()),
            ),
            fix=Fix(_summary(seen, parsed_object), commands=("serverless deploy",)),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _what(field: str, parsed_object: bool) -> str:
    if parsed_object:
        return "it parses as JSON what is an object already"
    return f"{field} is not where it looks" if field else "the field that it parses is not there"


def _summary(seen: Seen[tuple[str, bool]], parsed_object: bool) -> str:
    python = (
        is_python(seen.runtime) or "KeyError" in seen.newest.text or "NoneType" in seen.newest.text
    )
    if parsed_object and not seen.newest.consumer:
        return (
            "parse the field that holds the text (body), not the event: the event is an object "
            "already"
        )
    if python:
        code = "for record in event['Records']: payload = json.loads(record['body'])"
    else:
        code = "for (const record of event.Records) { const payload = JSON.parse(record.body) }"
    if seen.newest.consumer is False:
        return (
            "read the field that the function's own event source sends (HTTP API: event.body, "
            "which is absent on a request without a body)"
        )
    return f"in a queue's consumer: {code}; then deploy and redrive the dead letters, they are good"
