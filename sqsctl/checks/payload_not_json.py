"""A message's text is not the JSON that the code expects.

## What it does
Recognises the parse errors of every language's JSON library. Errors of parsing what is not there
(`undefined`, None) are event-shape. An HTML page where JSON was expected is downstream-error, and
so is any answer of another service, as the line that parsed it or the trace's frames tell.

## Why it matters
A poison pill: the message can never be handled as it is. It fails until it is dead-lettered, and
in a batch without partial responses it takes its neighbours along. Redriving it as it is only
repeats that.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failed_reads import Origin, parsed_by
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import MESSAGES, NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.payloads import NOT_JSON, NOTHING_PARSED, json_of_another_service
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.intents import ChangeCode, Redrive, Remedy, remedy
from sqsctl.model.stack import Stack

# Engines before 2016 did not say that it was JSON: the frame does.
_OLD_ENGINE = re.compile(r"SyntaxError: Unexpected (?:token|end|number|string)")
_PARSE_FRAME = re.compile(r"at (?:JSON|Object)\.parse \((?:native|<anonymous>)\)")
_CODE_FILE = re.compile(r"UserCodeSyntaxError|Cannot find module|package\.json")
_INVALID = re.compile(
    r"'(?P<input>[^'\n]{1,60})', input_type"
    r"|\"(?P<quoted>[^\"\n]{1,60})\"(?:\.\.\.)? is not valid JSON|token '(?P<token>[^'\n]{1,60})'"
)


class PayloadNotJson(LogCheck[str]):
    meta = Meta(
        id="payload-not-json",
        title="Every message can be parsed",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | MESSAGES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )
    precedence = 48
    by_message = True

    def recognise(self, case: Case) -> str | None:
        text, trace = case.text, case.trace or case.failure.line
        old = _OLD_ENGINE.search(text) and not NOT_JSON.search(text)
        if old and _PARSE_FRAME.search(f"{trace}\n{case.failure.line}"):
            return None if NOTHING_PARSED.search(text) else "json"
        if not NOT_JSON.search(text):
            text = f"{text}\n{case.failure.line}" if not case.failure.message else text
            chained = case.trace if "JSON" in case.trace else ""
            if not NOT_JSON.search(text) and not NOT_JSON.search(chained):
                return None
            text = f"{text}\n{chained}"
        if NOTHING_PARSED.search(text) or _CODE_FILE.search(case.text):
            return None
        if json_of_another_service(text, trace):
            return None
        return None if parsed_by(case) in {Origin.ANSWER, Origin.ENVIRON} else "json"

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        del stack
        match = _INVALID.search(seen.newest.text)
        found = next((each for each in match.groups() if each), "") if match else ""
        what = f" ({found!r})" if found else ""
        source = "a message" if seen.newest.consumer is not False else "a request's body"
        times = f" {seen.count} times" if seen.count > 1 else ""
        return self.found(
            f"{seen.who} failed{times} on {source} that is not JSON{what}",
            evidence=seen.evidence(),
            remedy=_refused(seen),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _refused(seen: Seen[str]) -> Remedy:
    """A function behind an API has no message to set aside."""
    said = "refuse it where it comes in (the producer validates)"
    if seen.newest.consumer is False:
        said = f"{said}, and let the code answer 400 instead of failing"
        return remedy(said, ChangeCode(said))
    return remedy(
        f"{said}, and let the consumer set it aside instead of failing",
        ChangeCode("set aside what cannot be parsed, and go on", pattern="refuse-unreadable"),
        afterwards=Redrive(edit=True),
    )
