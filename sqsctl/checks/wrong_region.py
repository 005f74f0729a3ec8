"""A call goes to the wrong region, or to none.

## What it does
Reads the errors of a missing region, of a signature for another region, of a bucket that
lies elsewhere, and of host names with a region that does not exist; and the SDK's warning
that a queue's URL is not of the client's region.

## Why it matters
What is asked for exists, only not there: the answers are "not found", "not valid" or a
timeout, none of which names the region as the fault.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.network import UNREACHABLE
from sqsctl.checks.support.services import WRONG_REGION, unknown_region
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.intents import ChangeCode, Redrive, remedy
from sqsctl.model.stack import Stack


class WrongRegion(LogCheck[str]):
    meta = Meta(
        id="wrong-region",
        title="Calls go to the region where the resource is",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES_SWALLOWED,
        reference="https://docs.aws.amazon.com/general/latest/gr/rande.html",
    )
    precedence = 35
    minds_swallowed = True

    def recognise(self, case: Case) -> str | None:
        text = case.everything
        for each in (text, *case.failure.context):
            if match := WRONG_REGION.search(each):
                groups = match.groupdict()
                return (
                    f"expected {groups.get('wants') or groups.get('there')}"
                    if groups.get("wants") or groups.get("there")
                    else "the queue's URL is of another region"
                    if groups.get("url")
                    else "no region is set"
                    if "egion is missing" in match.group()
                    or "specify a region" in match.group()
                    or "NoRegion" in match.group()
                    or "Missing" in match.group()
                    else "the resource is in another region"
                )
        wrong = unknown_region(text) if UNREACHABLE.search(text) else None
        return f"there is no region {wrong}" if wrong else None

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        del stack
        return self.found(
            f"{seen.who} calls AWS in the wrong region: {seen.sign}",
            evidence=seen.evidence(),
            remedy=remedy(
                "let the SDK take the region of the function (AWS_REGION, which Lambda sets), or "
                "name the resource's own region when the client is made",
                ChangeCode(
                    "make the client without a region of its own, or with the resource's: "
                    f"{_wanted(seen.sign)}"
                ),
                afterwards=Redrive(),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _wanted(sign: str) -> str:
    """The region that the error names, where it names one."""
    return sign.removeprefix("expected ") if sign.startswith("expected ") else "as its ARN has it"
