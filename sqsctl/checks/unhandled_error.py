"""The code raises an error of its own.

## What it does
Reports errors that ended an invocation and that no other check knows: a bug, or a rule of the
business that the message broke. Lines that code merely logged are never taken for one.

## Why it matters
The message comes back and fails the same way until it is dead-lettered. The error's own words and
trace say where to look.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.logcheck import MESSAGES, NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.shell import dead_letter_commands
from sqsctl.model.finding import Confidence, Finding, Fix, Severity
from sqsctl.model.stack import Stack

_PLACE = re.compile(
    r"(?:/var/task/|file:///var/task/)(?P<file>[\w./@\-]{1,200})(?:\", line |:)(?P<line>\d{1,6})"
)


class UnhandledError(LogCheck[str]):
    meta = Meta(
        id="unhandled-error",
        title="Functions end without an error",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | MESSAGES,
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )
    precedence = 99
    by_message = True

    def recognise(self, case: Case) -> str | None:
        failure = case.failure
        if failure.logged or not (failure.error_type or failure.message):
            return None
        return failure.error_type or "an error"

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        failure = seen.newest.failure
        places = [m for m in _PLACE.finditer(seen.newest.trace) if "node_modules" not in m.group()]
        # JavaScript's trace begins where it failed, Python's ends there.
        first = seen.newest.trace.lstrip().startswith(("at ", seen.sign))
        place = places[0 if first else -1] if places else None
        where = f" at {place.group('file')}:{place.group('line')}" if place else ""
        message = failure.message.strip().split("\n")[0][:160]
        told = f"{seen.sign}: {message}" if message else seen.sign
        times = f" {seen.count} times" if seen.count > 1 else ""
        return self.found(
            f"{seen.who} failed{times} with {told}{where}",
            evidence=seen.evidence(),
            fix=Fix(
                "mend the code, or let it set such a message aside instead of failing; then "
                "redrive",
                commands=dead_letter_commands(stack, seen.function, "groups", "redrive --canary 1"),
            ),
            subject=seen.function,
            confidence=min(seen.confidence, Confidence.MEDIUM),
        )
