"""A service that the function calls answered with an error.

## What it does
Names errors of databases, HTTP services and AWS services that ended an invocation and have
no check of their own: status codes, read timeouts, reset connections, constraint
violations. Tells whose fault the answer is, as far as it says: the service's, or the call's,
which asks for what is not there, sends what is not taken, or comes with the wrong key.

## Why it matters
The code's way to the service is good; the failure is over there, or in what was asked of it. If it
was temporary, a redrive is all that is needed; a call that is wrong fails again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqsctl.checks.base import Meta
from sqsctl.checks.support.answer_remedies import told_by_itself
from sqsctl.checks.support.failures.failed_reads import Origin, parsed_by
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import MESSAGES, NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.network import ANSWERED_BADLY, DATABASE
from sqsctl.checks.support.payloads import NOT_JSON, json_of_another_service
from sqsctl.checks.support.service_faults import EXPECTED, Fault, fault_of
from sqsctl.checks.support.services import ANSWERED, BOTO, SDK_CODE, SDK_FRAME, SDK_TYPE
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.intents import ChangeCode, Redrive, Remedy, Tell, remedy
from sqsctl.model.stack import Stack

# Parameters that the SDK itself refuses: no service was asked.
_NEVER_SENT = re.compile(
    r"MissingRequiredParameter|UnexpectedParameter|InvalidParameterType|MultipleValidationErrors"
    r"|ParamValidationError|Parameter validation failed|parameter validator found"
)
# What a language raises where a value is of the wrong kind: no service was asked either.
_LANGUAGES_OWN = re.compile(
    r"(?:builtins\.)?(?:Type|Value|Key|Index|Attribute|Name|Assertion|Reference|Range|Syntax|Unicode\w*)"
    r"Error"
)
# The same of Java and .NET, which qualify it.
_OF_THE_LANGUAGE = re.compile(r"(?:java\.(?:lang|util)|kotlin|System)\.[A-Z]\w{2,60}")
_FRAME = re.compile(r"^\s*(?:at |File \"|from |/var/)")
_NO_ERROR = re.compile(r"DryRunOperation|Request would have succeeded")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said, and whose fault that is."""

    what: str
    fault: Fault


class DownstreamError(LogCheck[Answer]):
    meta = Meta(
        id="downstream-error",
        title="The services that functions call answer well",
        severity=Severity.WARNING,
        needs=NEEDS,
        uses=USES | MESSAGES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )
    precedence = 80
    by_message = True

    def recognise(self, case: Case) -> Answer | None:
        what = self._what(case)
        if what is None:
            return None
        return Answer(what, fault_of(f"{what}\n{case.text}\n{case.failure.line}"))

    def _what(self, case: Case) -> str | None:
        text = case.everything
        if _NO_ERROR.search(text) or _NEVER_SENT.search(case.text) or EXPECTED.search(case.text):
            return None
        if match := BOTO.search(text):
            return f"{match.group('op')}: {match.group('code')}"
        if match := SDK_CODE.search(f"{case.text}\n{case.failure.line}"):
            return next(each for each in match.groups() if each)
        for pattern in (ANSWERED_BADLY, DATABASE):
            found = [*pattern.finditer(case.text), *pattern.finditer(case.failure.line)]
            if found:
                # A status says more than the name of the library's error.
                told = next((m for m in found if any(c.isdigit() for c in m.group())), found[0])
                return told.group().strip()
        if json_of_another_service(case.text, case.trace or case.failure.line) or (
            NOT_JSON.search(case.text) and parsed_by(case) is Origin.ANSWER
        ):
            return "an answer that is not JSON"
        if _LANGUAGES_OWN.fullmatch(case.failure.error_type):
            return None
        return case.failure.error_type if _thrown_by_an_sdk(case) else None

    def report(self, seen: Seen[Answer], stack: Stack) -> Finding:
        del stack
        times = f" {seen.count} times" if seen.count > 1 else ""
        return self.found(
            f"{seen.who} {_did(seen.sign.fault, times)} ({seen.sign.what})",
            evidence=seen.evidence(),
            remedy=_answered(seen),
            subject=seen.function,
            confidence=min(seen.confidence, Confidence.MEDIUM),
        )


def _thrown_by_an_sdk(case: Case) -> bool:
    """Whether the error is an SDK's: its type or words are, or the frame that threw it is.

    Frames of an SDK, a tracer or the runtime further down say who called, not who failed.
    """
    failure = case.failure
    if not failure.error_type or _OF_THE_LANGUAGE.fullmatch(failure.error_type):
        return False
    told = "\n".join((case.text, failure.line.partition("\n")[0]))
    if ANSWERED.search(told) or SDK_TYPE.search(failure.error_type):
        return True
    frames = [each for each in failure.trace if _FRAME.match(each)]
    if not frames:
        return False
    # Python's trace ends with the frame that raised, the others' begin with it.
    python = frames[0].lstrip().startswith('File "')
    return SDK_FRAME.search(frames[-1 if python else 0]) is not None


def _did(fault: Fault, times: str) -> str:
    match fault:
        case Fault.CALL:
            return f"makes a call that the service does not take as it is{times}"
        case Fault.ABSENT:
            return f"asks a service for what is not there{times}"
        case Fault.REFUSED:
            return f"is refused{times} by a service that it calls"
        case _:
            return f"failed{times} on a service that it calls"


def _in_its_words(case: Case) -> str:
    """The service's own sentence, which names what it does not take."""
    boto = BOTO.search(case.everything)
    said = (boto.group("msg") if boto else "") or case.failure.message.strip().split("\n")[0]
    told = re.sub(r" \((?:Service: |RequestId)[^\n]*", "", said).strip()
    return f" (the service says: {told[:200]})" if told else ": the error names what is wrong"


_KINDS_OF_THING = (
    (re.compile(r"ParameterNotFound"), "the SSM parameter that the code asks for"),
    (re.compile(r"GetSecretValue|specified secret"), "the secret that the code asks for"),
)


def _asked_for(case: Case) -> str:
    """What is not there, by the service's own words for it."""
    text = case.everything
    return next((told for said, told in _KINDS_OF_THING if said.search(text)), "what is asked for")


def _answered(seen: Seen[Answer]) -> Remedy:
    """What to do by whose fault it is; a message that is at fault itself fails again as it is."""
    known = told_by_itself(seen.newest.everything, service=seen.sign.fault is Fault.SERVICE)
    if known:
        return known
    match seen.sign.fault:
        case Fault.CALL:
            said = (
                f"mend what the call sends{_in_its_words(seen.newest)}; where that comes out of "
                "the message, set such a message aside"
            )
            return remedy(said, ChangeCode(said), afterwards=Redrive(edit=True))
        case Fault.ABSENT:
            said = (
                f"compare the name, the region and the stage of {_asked_for(seen.newest)} with "
                "what is there; where a key comes out of the message, set such a message aside"
            )
            return remedy(said, Tell(said), afterwards=Redrive(edit=True))
        case Fault.REFUSED:
            said = (
                "check the key, token or password that the function sends: expired, of another "
                "stage, or without the right to this"
            )
            return remedy(said, Tell(said), afterwards=Redrive())
        case _ if seen.sign.what == "fetch failed":
            said = (
                "let the code log the error's cause: its code says whether the name is unknown, "
                "the connection refused, silent or cut off; fetch itself says no more"
            )
            return remedy(said, ChangeCode(said))
        case _:
            said = (
                "look at that service first; let the code retry with backoff, time out below the "
                "function's timeout, and be idempotent"
            )
            return remedy(said, Tell(said), afterwards=Redrive())
