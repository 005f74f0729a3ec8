"""A service that the function calls answered with an error.

## What it does
Names errors of databases, HTTP services and AWS services that ended an invocation and have
no check of their own: status codes, read timeouts, reset connections, constraint
violations.

## Why it matters
The messages are good and so is the code's way to the service; the failure is over there, or
in what was asked of it. If it was temporary, a redrive is all that is needed.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.logcheck import MESSAGES, NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.network import ANSWERED_BADLY, DATABASE
from sqsctl.checks.support.payloads import NOT_JSON, json_of_another_service
from sqsctl.checks.support.reads import Origin, parsed_by
from sqsctl.checks.support.services import BOTO, SDK_MARK
from sqsctl.checks.support.shell import dead_letter_commands
from sqsctl.model.finding import Confidence, Finding, Fix, Severity
from sqsctl.model.stack import Stack

# Answers that a call with a condition is made for: the service works. Where one of them ended
# an invocation, the code's own handling of it is at fault.
_EXPECTED = re.compile(
    r"\b(?:ConditionalCheckFailed(?:Exception)?|PreconditionFailed(?:Exception)?|NotModified"
    r"|\w{0,40}Already(?:Exists|InUse|OwnedByYou)(?:Exception|Fault)?|IdempotentParameterMismatch"
    r"(?:Exception)?|DuplicateTransactionException)\b"
)
# Parameters that the SDK itself refuses: no service was asked.
_NEVER_SENT = re.compile(
    r"MissingRequiredParameter|UnexpectedParameter|InvalidParameterType|MultipleValidationErrors"
    r"|ParamValidationError|Parameter validation failed"
)
_NO_ERROR = re.compile(r"DryRunOperation|Request would have succeeded")


class DownstreamError(LogCheck[str]):
    meta = Meta(
        id="downstream-error",
        title="The services that functions call answer well",
        severity=Severity.WARNING,
        needs=NEEDS,
        uses=USES | MESSAGES,
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )
    precedence = 80
    by_message = True

    def recognise(self, case: Case) -> str | None:
        text = case.everything
        if _NO_ERROR.search(text) or _NEVER_SENT.search(case.text) or _EXPECTED.search(case.text):
            return None
        if match := BOTO.search(text):
            return f"{match.group('op')}: {match.group('code')}"
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
        if SDK_MARK.search(text) and case.failure.error_type:
            return case.failure.error_type
        return None

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        times = f" {seen.count} times" if seen.count > 1 else ""
        return self.found(
            f"{seen.who} failed{times} on a service that it calls ({seen.sign})",
            evidence=seen.evidence(),
            fix=Fix(
                "look at that service first; if the fault was temporary, redrive; let the code "
                "retry "
                "with backoff, time out below the function's timeout, and be idempotent",
                commands=dead_letter_commands(stack, seen.function, "groups", "redrive --canary 1"),
            ),
            subject=seen.function,
            confidence=min(seen.confidence, Confidence.MEDIUM),
        )
