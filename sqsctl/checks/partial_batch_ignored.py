"""The consumer reports failed records, and is not understood.

## What it does
Follows the consumer's handler through its package to what it reports as `batchItemFailures`
(Powertools' batch processor and middy's middleware do so, too), and compares it with the mapping:

- the mapping does not ask for ReportBatchItemFailures: the report means nothing;
- the list has another name, stands inside an HTTP body, or is never returned: there is no report;
- an entry is no object with `itemIdentifier`, or that is not the record's `messageId` (its receipt
  handle, the record itself, its place in the list, an id of the message's content, an error's
  text): the report is invalid;
- the mapping asks for reports, and code that gets batches gives none.

## Why it matters
An answer without batchItemFailures is success to Lambda, and so is any answer where the mapping
does not listen: the whole batch is deleted, the failed records with it. An invalid entry fails the
whole batch: records that were handled come back, are handled again, and go to the dead-letter
queue with the one that failed. Without a report, one error brings the whole batch back.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.code_fixes import by_message_id
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.handlercode.batch_answers import Mistake, Problem
from sqsctl.handlercode.consumer import Consumer
from sqsctl.handlercode.packages import consumer_of, reports_somewhere
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.intents import ChangeCode, Set, remedy
from sqsctl.model.stack import (
    Fact,
    Package,
    Stack,
)

_WHAT = {
    Mistake.KEY: "names its list of failed records {detail}",
    Mistake.NESTED: "puts its batchItemFailures into an HTTP {detail}",
    Mistake.UNHEARD: "makes a report of failed records, and its handler does not return it",
    Mistake.ENTRY: "reports failed records by {detail} instead of itemIdentifier",
    Mistake.ID: "reports {detail} as a failed record's itemIdentifier instead of its messageId",
    Mistake.STRINGS: "reports failed records as texts instead of objects with an itemIdentifier",
}
_REPORT = "return {batchItemFailures: [{itemIdentifier: record.messageId}, …]} from the handler"


class PartialBatchIgnored(Check):
    meta = Meta(
        id="partial-batch-ignored",
        title="Reported failures of single records are heard",
        severity=Severity.ERROR,
        needs=frozenset({Fact.PACKAGES, Fact.MAPPINGS, Fact.FUNCTIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for mapping in stack.mappings:
            function = stack.function(mapping.function_name)
            for package in stack.packages:
                if function and package.function == function.name:
                    yield from self._compared(mapping, function, package)

    def _compared(
        self, mapping: EventSourceMapping, function: Function, package: Package
    ) -> Iterator[Finding]:
        code = consumer_of(function, package)
        if not mapping.reports_batch_item_failures:
            place = _place(code.reports) or (
                "" if code.followed else reports_somewhere(function, package)
            )
            if place:
                yield self._ignored(function, mapping, place)
            return
        if code.problems:
            worst = min(code.problems, key=lambda each: not each.mistake.deletes)
            yield self._wrong(function, mapping, worst, code)
        elif (
            mapping.batch_size > 1
            and _never_reports(code)
            and not reports_somewhere(function, package)
        ):
            yield self._unused(function, mapping)

    def _ignored(self, function: Function, mapping: EventSourceMapping, place: str) -> Finding:
        return self.found(
            f"{function.name} reports failed records, but its mapping does not listen: the whole "
            "batch is deleted",
            evidence=(
                Evidence(f"code of {function.name}", place, "batchItemFailures"),
                of_mapping(
                    mapping, "FunctionResponseTypes", ", ".join(mapping.response_types) or "none"
                ),
            ),
            remedy=remedy(
                "let the mapping ask for ReportBatchItemFailures",
                Set(
                    "mapping",
                    mapping.uuid,
                    {"FunctionResponseTypes": ["ReportBatchItemFailures"]},
                    {"FunctionResponseTypes": list(mapping.response_types)},
                ),
                disposition="safe",
            ),
            subject=function.name,
            confidence=Confidence.MEDIUM,
        )

    def _wrong(
        self, function: Function, mapping: EventSourceMapping, found: Problem, code: Consumer
    ) -> Finding:
        alone = mapping.batch_size == 1 and not found.mistake.deletes
        if found.mistake.deletes:
            outcome = "Lambda finds no report, and deletes the failed records, too"
        elif alone:
            outcome = "Lambda fails the whole batch for it, which is one message here"
        else:
            outcome = "Lambda fails the whole batch for it, and what was handled comes back"
        severity = Severity.ERROR if found.mistake.deletes else Severity.WARNING
        what = _WHAT[found.mistake].format(detail=found.detail)
        return self.found(
            f"{function.name} {what}: {outcome}",
            evidence=(
                Evidence(f"code of {function.name}", f"{found.path}:{found.line}", found.detail),
                of_mapping(mapping, "FunctionResponseTypes", ", ".join(mapping.response_types)),
                of_mapping(mapping, "BatchSize", mapping.batch_size),
            ),
            remedy=remedy(_REPORT, by_message_id(found)),
            subject=function.name,
            severity=Severity.INFO if alone else severity,
            kind=Kind.RISK if alone else Kind.CAUSE,
            confidence=Confidence.HIGH if code.followed else Confidence.MEDIUM,
        )

    def _unused(self, function: Function, mapping: EventSourceMapping) -> Finding:
        return self.found(
            f"{function.name} is asked for reports of single failed records, and gives none: one "
            f"error brings a whole batch of up to {mapping.batch_size} back",
            evidence=(
                of_mapping(mapping, "FunctionResponseTypes", ", ".join(mapping.response_types)),
                of_mapping(mapping, "BatchSize", mapping.batch_size),
            ),
            remedy=remedy(_REPORT, ChangeCode(_REPORT, pattern="partial-batch")),
            subject=function.name,
            severity=Severity.INFO,
            kind=Kind.RISK,
            confidence=Confidence.MEDIUM,
        )


def _place(reports: tuple[tuple[str, int], ...]) -> str:
    return ":".join(map(str, reports[0])) if reports else ""


def _never_reports(code: Consumer) -> bool:
    """Whether the code is known to report nothing, and loses nothing without it."""
    return code.followed and not code.reports and not code.faults and not code.problems
