"""The consumer reports failed records, and nobody listens.

## What it does
Scans the consumer's source for batchItemFailures (or Powertools' batch processor), and
looks whether the mapping asks for ReportBatchItemFailures.

## Why it matters
Without the response type the answer means nothing: Lambda takes it for success and deletes
the whole batch, the failed records with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.checks.support.shell import mapping_settings, yml_function
from sqsctl.checks.support.sources import answers_partially
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.stack import EventSourceMapping, Fact, Function, Stack


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
            if function is None or mapping.reports_batch_item_failures:
                continue
            for package in stack.packages:
                if package.function == function.name:
                    place = answers_partially(function, package)
                    if place:
                        yield self._ignored(function, mapping, place, stack)

    def _ignored(
        self, function: Function, mapping: EventSourceMapping, place: str, stack: Stack
    ) -> Finding:
        return self.found(
            f"{function.name} reports failed records, but its mapping does not listen: the whole "
            "batch is "
            "deleted",
            evidence=(
                Evidence(f"code of {function.name}", place, "batchItemFailures"),
                of_mapping(
                    mapping, "FunctionResponseTypes", ", ".join(mapping.response_types) or "none"
                ),
            ),
            fix=mapping_settings(
                stack,
                mapping,
                "let the mapping ask for ReportBatchItemFailures",
                safe=True,
                words=("--function-response-types", "ReportBatchItemFailures"),
                yml=yml_function(
                    function,
                    "events:",
                    "  - sqs:",
                    "      functionResponseType: ReportBatchItemFailures",
                ),
                FunctionResponseTypes=["ReportBatchItemFailures"],
            ),
            subject=function.name,
            confidence=Confidence.MEDIUM,
        )
