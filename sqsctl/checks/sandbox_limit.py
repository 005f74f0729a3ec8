"""The sandbox has no more of something, or never had it.

## What it does
Recognises, in the words of each language, that open files (1,024) or threads and processes (1,024)
ran out, that a file was to be written outside of /tmp, that /tmp is full, that a program which the
code starts is not there or may not be executed, and that a file of the package may not be read. A
name that cannot be resolved, or a socket that cannot be opened, for want of open files is no fault
of the network.

## Why it matters
The limits are fixed and belong to one environment, which is used again: what was not closed, not
deleted or not joined by earlier invocations is missing in this one. More memory does not raise
them, and a message that met one fails again as long as the code is the same.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failed_reads import line_evidence
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.languages import language
from sqsctl.checks.support.failures.log_check import MESSAGES, NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.sandbox_limits import Limit, limit
from sqsctl.checks.support.sandbox_remedies import mending
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.stack import Stack

_TITLES = {
    "open files": "{who} ran out of open files and sockets (1,024 in a sandbox)",
    "threads": "{who} could start no further thread or process (1,024 in a sandbox)",
    "read-only file system": "{who} writes{at}, where nothing can be written but in /tmp",
    "full disk": "{who} has no space left in /tmp",
    "program": "{who} starts the program {name}, which is not there",
    "program's permission": "{who} starts the program {name}, which may not be executed",
    "file's permission": "{who} may not read its own file {name}: its mode forbids it",
}


class SandboxLimit(LogCheck[Limit]):
    meta = Meta(
        id="sandbox-limit",
        title="Functions stay within the limits of their sandbox",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | MESSAGES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    )
    # Java's lack of threads calls itself a lack of memory.
    precedence = 4
    by_message = True

    def recognise(self, case: Case) -> Limit | None:
        return limit(case)

    def report(self, seen: Seen[Limit], stack: Stack) -> Finding:  # noqa: ARG002 - in the text
        sign = seen.sign
        at = f" {sign.name}" if sign.name else ""
        return self.found(
            _TITLES[sign.what].format(who=seen.who, at=at, name=sign.name),
            evidence=(*seen.evidence(), *line_evidence(seen.newest)),
            remedy=mending(sign, language(seen.newest), seen.function),
            subject=seen.function,
            confidence=seen.confidence,
        )
